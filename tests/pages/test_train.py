"""The Train page: the form, its address, the plan beside it, and one job for one form."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from jobs.queue import NewJob
from studio.bootstrap import Studio
from studio.data.dataset import Dataset
from studio.pages.train import choices, fields, plan
from studio.pages.train.desk import TrainDesk
from studio.pages.train.page import read, show_plan
from studio.pages.train.wish import Wish, key_of, read_wish
from studio.services.datasets import ImportRequest
from studio.training.recipe import FieldSpec
from tests.conftest import small_rows, write_csv
from tests.encoders import build_encoder

SPECS = {spec.name: spec for spec in fields.SPECS}


@pytest.fixture(scope="module")
def dataset(studio: Studio) -> Dataset:
    """The sample that comes with the studio."""
    return studio.datasets.import_sample()


@pytest.fixture
def desk(studio: Studio) -> TrainDesk:
    return TrainDesk(studio)


@pytest.fixture
def wish(dataset: Dataset) -> Wish:
    return Wish(dataset=dataset.name)


def asked_of(address: str) -> dict[str, str]:
    """The parts of an address."""
    return dict(parse_qsl(urlsplit(address).query))


def form_values(desk: TrainDesk, wish: Wish, **typed: object) -> list[object]:
    """What the fields hold: the preset's values with what was typed."""
    values = {**desk.preset_values(wish.request("minilm-l6")), **wish.changes, **typed}
    return [values[name] for name in fields.NAMES]


@pytest.mark.parametrize("spec", fields.SPECS, ids=lambda spec: spec.name)
def test_every_field_of_the_recipe_is_in_the_form_with_label_and_help(spec: FieldSpec) -> None:
    component = fields.make_component(spec)
    assert component.label == spec.title
    assert spec.help in component.info
    assert component.get_config()["name"] == ("dropdown" if spec.choices else "number")


@pytest.mark.parametrize("spec", fields.SPECS, ids=lambda spec: spec.name)
def test_a_field_takes_what_it_wrote_into_the_address(spec: FieldSpec) -> None:
    if spec.default is not None:
        assert fields.same(fields.read_value(spec, fields.write_value(spec.default)), spec.default)


def test_a_form_comes_back_from_its_address() -> None:
    wish = Wish(
        "客服 1", "org/model-x", "best", {"learning_rate": 3e-5, "epochs": 5, "method": "lora"}, "my model"
    )
    parts = asked_of(wish.address())
    assert "0.00003" in wish.address()
    assert read_wish(parts.get) == wish


def test_an_address_with_values_that_are_none_is_read_without_them() -> None:
    wish = read_wish({"dataset": "a", "epochs": "many", "method": "magic", "seed": "7"}.get)
    assert wish.changes == {"seed": 7}


def test_the_guide_chooses_until_a_person_does(desk: TrainDesk, wish: Wish) -> None:
    shown = desk.show(wish)
    assert shown.checkpoint == "minilm-l6"
    assert wish.guided and wish.address().count("checkpoint") == 0
    assert shown.cards.count("data-pick=") == 3
    assert shown.cards.count('aria-pressed="true"') == 1
    assert shown.suggested == f"{wish.dataset}-minilm-l6"


def test_a_checkpoint_beside_the_three_gets_a_card_of_its_own(desk: TrainDesk, wish: Wish) -> None:
    shown = desk.show(Wish(wish.dataset, checkpoint="bert-base-chinese"))
    assert shown.cards.count("data-pick=") == 4
    assert "BERT base, Chinese" in shown.cards
    assert "not on this machine yet" in shown.planned.plan
    assert shown.planned.can_start


def test_a_checkpoint_that_only_a_pickle_brings_asks_for_agreement(desk: TrainDesk, wish: Wish) -> None:
    pickled = next(
        view.checkpoint.id for view in desk.studio.checkpoints.list() if view.checkpoint.pickle_only
    )
    assert desk.show(Wish(wish.dataset, checkpoint=pickled)).planned.asks_agreement
    assert not desk.show(wish).planned.asks_agreement


def test_an_unknown_checkpoint_gets_its_sentence_in_place_of_the_plan(desk: TrainDesk, wish: Wish) -> None:
    shown = desk.show(Wish(wish.dataset, checkpoint="bert-bas-uncased"))
    assert "bert-bas-uncased" in shown.planned.plan
    assert "bert-base-uncased" in shown.planned.plan
    assert not shown.planned.can_start


def test_the_plan_says_what_will_happen(desk: TrainDesk, wish: Wish, dataset: Dataset) -> None:
    shown = desk.show(wish)
    for part in ("Training rows", f"{dataset.rows['train']:,d}", "about", "Memory", "rows each"):
        assert part in shown.planned.plan
    assert " train --dataset customer-messages --checkpoint" in shown.planned.command
    assert all(preset in shown.presets for preset in ("Quick", "Balanced", "Best"))
    assert shown.presets.count("epochs") == 3
    assert "is the same as" not in shown.presets


def test_where_rows_are_few_a_preset_that_changes_nothing_says_so(
    studio: Studio, desk: TrainDesk, tmp_path: Path
) -> None:
    table = write_csv(tmp_path / "few.csv", small_rows(), ("text", "label"))
    few = studio.datasets.import_file(ImportRequest(path=table, name="few rows"))
    shown = desk.show(Wish(few.name))
    studio.datasets.delete(few.name)
    assert shown.presets.count("it is the same as “Quick”") == 1


def test_cut_texts_come_with_one_click_to_a_greater_length(desk: TrainDesk, wish: Wish) -> None:
    short = Wish(wish.dataset, changes={"max_length": 16})
    planned = desk.show(short).planned
    assert "longer than 16 tokens and will be cut" in planned.plan
    assert 'data-pick="32"' in planned.plan
    enough = desk.show(Wish(wish.dataset, changes={"max_length": 512})).planned
    assert "No text is cut" in enough.plan and "data-pick" not in enough.plan


def test_longer_validation_and_test_texts_are_named_beside_the_training_texts(
    desk: TrainDesk, wish: Wish
) -> None:
    planned = desk.studio.training.plan(replace(wish, changes={"max_length": 64}).request("minilm-l6"))
    short = replace(planned, cut_share=0.0, longest={"train": 23, "validation": 30, "test": 5312})
    said = plan.length_piece(short, None)
    assert "No training text is longer than 64 tokens." in said
    assert "The longest test text has 5,312 and will be cut." in said
    assert plan.longer_length(short, 512) == 128
    both = replace(short, cut_share=0.04, longest={"train": 70, "validation": 90, "test": 23})
    assert "4.0 % of the training texts are longer than 64 tokens" in plan.length_piece(both, None)
    assert "The longest validation text has 90 and will be cut." in plan.length_piece(both, None)
    rare = replace(short, longest={"train": 70, "test": 70})
    assert "Under 1 % of the training texts" in plan.length_piece(rare, None)
    assert "longest" not in plan.length_piece(rare, None)
    none = replace(short, longest={"train": 23, "validation": 30, "test": 64})
    assert "No text is cut: the longest has 64 tokens" in plan.length_piece(none, None)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"epochs": 0}, "Epochs (epochs) is"),
        ({"epochs": 2.5}, "a whole number from 1 to 100"),
        ({"learning_rate": None}, "Learning rate: there is no value."),
        ({"max_length": 4096}, "minilm-l6 reads at most 512 tokens"),
    ],
)
def test_a_value_that_does_not_fit_gets_a_sentence_and_no_start(
    desk: TrainDesk, wish: Wish, changes: dict[str, object], words: str
) -> None:
    planned = desk.plan(Wish(wish.dataset, changes=changes), "minilm-l6")
    assert words in planned.plan
    assert "Traceback" not in planned.plan
    assert not planned.can_start


def test_what_is_typed_becomes_a_change_that_is_marked(desk: TrainDesk, wish: Wish) -> None:
    values = form_values(desk, wish, epochs=9.0)
    edited, preset_values = desk.edit(wish, "minilm-l6", values)
    assert edited.changes == {"epochs": 9}
    updates = dict(
        zip(
            fields.NAMES,
            fields.updates(preset_values, edited.changes, fields.values_by_name(values)),
            strict=True,
        )
    )
    assert updates["epochs"]["label"] == "Epochs · changed, was 4"
    assert "value" not in updates["epochs"], "what is being typed must not be written over"
    assert updates["seed"]["label"] == "Seed"


def test_what_is_typed_back_is_no_change_any_more(desk: TrainDesk, wish: Wish) -> None:
    edited, _ = desk.edit(Wish(wish.dataset, changes={"epochs": 9}), "minilm-l6", form_values(desk, wish))
    assert edited.changes == {}


def test_the_learning_rate_follows_the_method_until_it_is_changed_by_hand(
    desk: TrainDesk, wish: Wish
) -> None:
    values = form_values(desk, wish, method="lora")
    edited, preset_values = desk.edit(wish, "minilm-l6", values)
    assert edited.changes == {"method": "lora"}
    updates = dict(
        zip(
            fields.NAMES,
            fields.updates(preset_values, edited.changes, fields.values_by_name(values)),
            strict=True,
        )
    )
    assert updates["learning_rate"]["value"] == preset_values["learning_rate"] == 2e-3
    assert updates["lora_rank"]["visible"]
    by_hand, _ = desk.edit(wish, "minilm-l6", form_values(desk, wish, method="lora", learning_rate=2e-4))
    assert by_hand.changes == {"method": "lora", "learning_rate": 2e-4}


def test_another_preset_refills_what_was_changed(desk: TrainDesk, wish: Wish) -> None:
    changed = Wish(wish.dataset, changes={"epochs": 9})
    best = desk.show(changed.with_preset("best"))
    assert best.preset_values["epochs"] == 6
    assert changed.with_preset("best").changes == {}


def test_the_title_of_advanced_counts_the_changes(desk: TrainDesk, wish: Wish) -> None:
    changed = Wish(wish.dataset, changes={"epochs": 9, "seed": 3})
    filled = show_plan(changed, desk.plan(changed, "minilm-l6"), [])
    assert "2 changed" in filled[2]["label"]
    assert filled[3]["visible"]
    assert fields.load_changes(filled[0]) == changed.changes


def test_a_suggested_name_is_no_name_that_was_typed() -> None:
    values = ("tickets", "", "balanced", "{}", "tickets-minilm-l6", "tickets-minilm-l6", False, "minilm-l6")
    assert read(values)[0].name == ""
    assert read((*values[:4], " mine ", *values[5:]))[0].name == "mine"


def test_two_clicks_on_one_form_queue_one_job(desk: TrainDesk, wish: Wish) -> None:
    form = Wish(wish.dataset, changes={"epochs": 2})
    first = desk.start(form, "minilm-l6", "nonce")
    assert desk.start(form, "minilm-l6", "nonce") == first
    assert desk.start(form, "minilm-l6", "another page") != first
    job = desk.studio.jobs.get(asked_of(first)["job"])
    assert job.payload["recipe"]["epochs"] == 2
    assert job.payload["dataset"] == wish.dataset


def test_a_changed_form_has_another_key() -> None:
    one = Wish("tickets", changes={"epochs": 2})
    keys = {
        key_of("n", one, "minilm-l6"),
        key_of("n", one, "bert-base-cased"),
        key_of("n", Wish("tickets", changes={"epochs": 3}), "minilm-l6"),
        key_of("n", Wish("tickets", changes={"epochs": 2}, name="other"), "minilm-l6"),
    }
    assert len(keys) == 4


def test_new_from_a_job_brings_its_recipe_back(desk: TrainDesk, wish: Wish) -> None:
    form = Wish(wish.dataset, preset="quick", changes={"method": "lora", "seed": 11, "dropout": 0.2})
    address = desk.start(form, "minilm-l6", "from")
    opened = desk.open({"from": asked_of(address)["job"]}.get)
    assert opened.wish.preset == "quick"
    assert opened.wish.checkpoint == "minilm-l6"
    assert opened.wish.changes == form.changes
    asked = {"from": asked_of(address)["job"], "batch_size": "8", "dropout": "0.1"}
    opened = desk.open(asked.get)
    assert opened.wish.changes == {**form.changes, "batch_size": 8, "dropout": 0.1}, "what the address adds"


def test_new_from_a_job_whose_dataset_is_gone_keeps_the_rest_and_says_so(
    desk: TrainDesk, wish: Wish, tmp_path: Path
) -> None:
    table = write_csv(tmp_path / "a.csv", small_rows(), ("text", "label"))
    desk.studio.datasets.import_file(ImportRequest(path=table, name="short-lived"))
    address = desk.start(Wish("short-lived", preset="quick"), "minilm-l6", "gone")
    job = asked_of(address)["job"]
    desk.studio.jobs.cancel(job)
    desk.studio.datasets.delete("short-lived")
    opened = desk.open({"from": job}.get)
    assert "short-lived" in opened.problem
    assert (opened.wish.dataset, opened.wish.preset) == ("", "quick")
    assert wish.dataset in [name for _, name in opened.options]


def test_new_from_a_job_whose_checkpoint_is_gone_says_so_and_the_guide_chooses(
    desk: TrainDesk, wish: Wish, tmp_path: Path
) -> None:
    folder = build_encoder(tmp_path / "enc")
    form = Wish(wish.dataset, changes={"max_length": 32})
    address = desk.start(form, str(folder), "folder")
    shutil.rmtree(folder)
    opened = desk.open({"from": asked_of(address)["job"]}.get)
    assert "enc" in opened.problem
    assert opened.wish.dataset == wish.dataset and opened.wish.guided
    assert desk.show(opened.wish).planned.can_start


def test_new_from_a_job_that_is_gone_or_has_no_recipe_opens_the_form_with_a_notice(
    desk: TrainDesk, dataset: Dataset
) -> None:
    fetch = desk.studio.jobs.submit(NewJob("fetch", "nowhere.handler", {}, title="Fetch it"))
    for job, words in (("vanished", "not there any more"), (fetch.id, "Fetch it")):
        opened = desk.open({"from": job}.get)
        assert words in opened.problem
        assert dataset.name in [name for _, name in opened.options]
        assert "Choose a dataset" in desk.show(opened.wish).planned.plan


def test_a_table_kept_to_score_models_on_is_not_offered(
    desk: TrainDesk, dataset: Dataset, tmp_path: Path
) -> None:
    table = write_csv(tmp_path / "later.csv", small_rows(), ("text", "label"))
    desk.studio.datasets.import_for_scoring(ImportRequest(path=table, name="later"), ["animals", "tools"])
    assert desk.studio.datasets.list()[0].name == "later"
    opened = desk.open({}.get)
    assert opened.wish.dataset == dataset.name
    assert "later" not in [name for _, name in opened.options]
    asked = desk.open({"dataset": "later"}.get)
    assert "&#39;later&#39; has no training rows" in asked.problem and asked.wish.dataset == ""


def test_a_dataset_that_is_gone_is_said_and_none_is_chosen(desk: TrainDesk, dataset: Dataset) -> None:
    opened = desk.open({"dataset": "vanished"}.get)
    assert "vanished" in opened.problem
    assert opened.wish.dataset == ""
    assert "Choose a dataset" in desk.show(opened.wish).planned.plan


def test_the_list_of_all_checkpoints_is_narrowed_by_its_filters(desk: TrainDesk, dataset: Dataset) -> None:
    views = desk.studio.checkpoints.list()
    every = choices.checkpoint_table(views, choices.Filters(), "minilm-l6")
    assert every.count("data-pick=") == len(views)
    assert every.count("s-chosen") == 1
    here = choices.checkpoint_table(views, choices.Filters(place="here"), "")
    assert "MiniLM-L6" in here and here.count("data-pick=") < len(views)
    chinese = choices.Filters(language="Chinese", size="medium")
    found = [view.checkpoint for view in views if choices.matches(view, chinese)]
    assert found and all(one.language == "Chinese" and one.parameters < 150e6 for one in found)
    nothing = choices.checkpoint_table(views, choices.Filters(language="Klingon"), "")
    assert "No checkpoint passes" in nothing


def test_more_memory_than_there_is_gets_a_warning(desk: TrainDesk, wish: Wish) -> None:
    planned = desk.studio.training.plan(wish.request("minilm-l6"))
    tight = plan.plan_piece(planned, plan.Place("cpu", 10**9), None)
    assert "there are 1.00 GB" in tight and "smaller batch size" in tight
    assert "smaller batch size" not in plan.plan_piece(planned, plan.Place("cpu", 10**11), None)
