"""Versions of a dataset: made by edits, undone, restored, deleted; the earlier ones never change."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from studio.bootstrap import Studio, open_studio
from studio.data.browsing import RowQuery
from studio.data.dataset import Dataset, Profile
from studio.data.editing import Edit
from studio.data.fixes import FixChoice
from studio.data.problems import Problem
from studio.errors import Conflict, InvalidInput, NotFound
from studio.pages.predict.chosen import find_examples
from studio.services.datasets import ImportRequest
from studio.settings import Settings
from tests.conftest import small_rows
from tests.results.kept_models import keep_evaluation, keep_model


@pytest.fixture
def tickets(studio: Studio, small_table: Path) -> Studio:
    """A studio with the dataset 'tickets', 80 rows in two classes."""
    studio.datasets.import_file(ImportRequest(path=small_table, name="tickets"))
    return studio


def test_edits_become_one_version_and_the_first_stays_as_it_was(tickets: Studio) -> None:
    datasets = tickets.datasets
    first = datasets.get("tickets")
    before = datasets.rows("tickets", "train", 0, 3)
    other = next(label for label in first.labels if label != before[0]["label"])
    datasets.add_edit("tickets", Edit("train", 0, "set_label", other), Edit("train", 1, "drop"))
    datasets.add_edit("tickets", Edit("train", 2, "move", "test"))
    second = datasets.save_edits("tickets")
    assert (second.version, second.parent, second.name) == (2, first.id, "tickets")
    assert datasets.get("tickets") == second
    assert datasets.get("tickets@1") == first
    assert [one.version for one in datasets.versions("tickets")] == [2, 1]
    assert [one.version for one in datasets.list()] == [2]
    assert second.rows == {**first.rows, "train": first.rows["train"] - 2, "test": first.rows["test"] + 1}
    assert datasets.rows("tickets", "train", 0, 1)[0] == {**before[0], "label": other}
    assert datasets.rows("tickets", "test", 0, 1)[0] == before[2]
    assert datasets.rows("tickets@1", "train", 0, 3) == before
    assert [(step.action, step.rows, step.lines) for step in second.steps] == [
        ("set_label", 1, (before[0]["line"],)),
        ("move", 1, (before[2]["line"],)),
        ("drop", 1, (before[1]["line"],)),
    ]
    assert sum(second.class_counts["train"].values()) == second.rows["train"]
    assert second.fingerprint != first.fingerprint
    assert second.split_fingerprints["validation"] == first.split_fingerprints["validation"]
    assert datasets.edits("tickets") == datasets.edits("tickets@1") == ()


def test_a_draft_outlives_the_page_and_shows_on_the_rows(tickets: Studio, settings: Settings) -> None:
    label = tickets.datasets.get("tickets").labels[0]
    tickets.datasets.add_edit("tickets", Edit("test", 1, "set_label", label), Edit("test", 2, "drop"))
    later = open_studio(settings).datasets
    rows = later.browse("tickets", RowQuery(split="test")).rows
    assert [row["edited"] for row in rows[:3]] == [False, True, True]
    assert rows[1]["draft"] == {"label": label, "split": None, "dropped": False}
    assert later.undo_edit("tickets")
    assert later.edits("tickets") == (Edit("test", 1, "set_label", label),)
    later.discard_edits("tickets")
    assert later.edits("tickets") == ()
    assert not later.undo_edit("tickets")


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (Edit("train", 0, "set_label", "animal"), "'animal' is not among the labels: 'animals', 'tools'"),
        (Edit("train", 0, "set_label", " "), "cannot be empty"),
        (Edit("train", 900, "drop"), "no row 900 among its train rows"),
        (Edit("dev", 0, "drop"), "no row 0 among its dev rows"),
        (Edit("train", 0, "move", "dev"), "cannot be moved to 'dev'"),
        (Edit("train", 0, "burn"), "'burn' is no edit"),
    ],
)
def test_an_edit_that_cannot_be_done_is_refused_with_a_sentence(
    tickets: Studio, edit: Edit, words: str
) -> None:
    with pytest.raises(InvalidInput, match=words):
        tickets.datasets.add_edit("tickets", Edit("train", 1, "drop"), edit)
    assert tickets.datasets.edits("tickets") == ()


def test_a_new_label_is_taken_where_it_is_meant(tickets: Studio) -> None:
    datasets = tickets.datasets
    datasets.add_edit("tickets", Edit("train", 0, "set_label", "plants", new_label=True))
    datasets.add_edit("tickets", Edit("train", 1, "set_label", "plants"))
    assert datasets.save_edits("tickets").labels == ("animals", "plants", "tools")


def test_a_label_that_only_test_rows_would_have_is_refused(tickets: Studio) -> None:
    tickets.datasets.add_edit("tickets", Edit("test", 0, "set_label", "plants", new_label=True))
    if tickets.datasets.get("tickets").rows["test"]:
        with pytest.raises(InvalidInput, match="would not be usable"):
            tickets.datasets.save_edits("tickets")
    assert len(tickets.datasets.edits("tickets")) == 1
    assert len(tickets.datasets.versions("tickets")) == 1


def test_a_split_never_loses_its_last_row(tickets: Studio) -> None:
    for index in range(tickets.datasets.get("tickets").rows["test"]):
        tickets.datasets.add_edit("tickets", Edit("test", index, "drop"))
    with pytest.raises(InvalidInput, match="No test row would be left in 'tickets'"):
        tickets.datasets.save_edits("tickets")


def test_edits_that_change_nothing_make_no_version(tickets: Studio) -> None:
    datasets = tickets.datasets
    with pytest.raises(InvalidInput, match="no edits to save"):
        datasets.save_edits("tickets")
    label = datasets.rows("tickets", "train", 0, 1)[0]["label"]
    datasets.add_edit("tickets", Edit("train", 0, "set_label", label), Edit("train", 0, "move", "train"))
    with pytest.raises(InvalidInput, match="change nothing"):
        datasets.save_edits("tickets")
    assert len(datasets.versions("tickets")) == 1


def test_a_step_is_undone_and_the_others_stay(tickets: Studio) -> None:
    datasets = tickets.datasets
    datasets.add_edit("tickets", Edit("train", 0, "drop"), Edit("train", 1, "move", "test"))
    second = datasets.save_edits("tickets")
    third = datasets.undo_step("tickets", [step.action for step in second.steps].index("drop") + 1)
    first = datasets.get("tickets@1")
    assert third.rows == {**first.rows, "train": first.rows["train"] - 1, "test": first.rows["test"] + 1}
    assert (third.version, third.parent) == (3, first.id)
    assert [step.action for step in third.steps] == ["move", "undo"]
    fourth = datasets.undo_step("tickets", 1)
    assert fourth.fingerprint == first.fingerprint
    assert [step.action for step in fourth.steps] == ["undo"]
    for number in (0, 2):
        with pytest.raises(InvalidInput, match="has no step"):
            datasets.undo_step("tickets", number)
    with pytest.raises(InvalidInput, match="only says what was done"):
        datasets.undo_step("tickets", 1)
    with pytest.raises(InvalidInput, match="has no step 1"):
        datasets.undo_step("tickets@1", 1)


def test_an_earlier_version_is_restored_as_a_new_one(tickets: Studio) -> None:
    datasets = tickets.datasets
    datasets.add_edit("tickets", Edit("train", 0, "drop"))
    datasets.save_edits("tickets")
    third = datasets.restore("tickets", 1)
    assert (third.version, third.fingerprint) == (3, datasets.get("tickets@1").fingerprint)
    assert datasets.rows("tickets", "train") == datasets.rows("tickets@1", "train")
    with pytest.raises(InvalidInput, match="has the rows of version 1 already"):
        datasets.restore("tickets", 1)
    with pytest.raises(NotFound, match="has no version 9"):
        datasets.restore("tickets", 9)


def test_an_open_draft_is_not_left_behind_by_another_version(tickets: Studio) -> None:
    datasets = tickets.datasets
    datasets.add_edit("tickets", Edit("train", 0, "drop"))
    datasets.save_edits("tickets")
    datasets.add_edit("tickets", Edit("train", 0, "drop"))
    with pytest.raises(Conflict, match="1 edit that is not saved"):
        datasets.restore("tickets", 1)


def test_undoing_an_edit_keeps_the_draft_of_an_earlier_version(tickets: Studio) -> None:
    datasets = tickets.datasets
    datasets.add_edit("tickets", Edit("train", 0, "drop"), Edit("train", 1, "move", "test"))
    datasets.save_edits("tickets")
    datasets.add_edit("tickets@1", Edit("train", 5, "drop"))
    datasets.undo_step("tickets", 1)
    assert datasets.edits("tickets@1") == (Edit("train", 5, "drop"),)


def test_of_two_fixes_at_once_none_undoes_the_other(mixed: Studio, settings: Settings) -> None:
    datasets = mixed.datasets
    ready = threading.Barrier(2)

    def fix(choice: FixChoice) -> str:
        ready.wait()
        try:
            return f"version {datasets.apply_fixes('mixed', [choice]).version}"
        except Conflict:
            return "conflict"

    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(fix, (TRIM, REPEATS)))
    versions = datasets.versions("mixed")
    parents = [one.parent for one in versions[:-1]]
    assert parents == [one.id for one in versions[1:]]
    assert len(versions) == 1 + sum(one.startswith("version") for one in found)
    assert {path.name for path in settings.datasets_dir.iterdir()} == {one.id for one in versions}


def test_a_model_finds_the_version_it_was_trained_on(tickets: Studio) -> None:
    datasets = tickets.datasets
    model = keep_model(tickets, "tickets", "early")
    datasets.add_edit("tickets", Edit("train", 0, "drop"))
    datasets.save_edits("tickets")
    own = datasets.by_id(model.dataset_id)
    assert own is not None and own.address == "tickets@1"
    assert tickets.predictions.likely_columns(model) == {"text": "text"}
    assert datasets.used_by("tickets") == datasets.used_by("tickets@1") == ["early"]
    assert datasets.used_by("tickets@2") == []
    job = tickets.evaluations.start("early", None, "train")
    assert job is not None and job.payload["dataset_id"] == model.dataset_id


def test_no_version_is_swept_away_at_the_start(tickets: Studio, settings: Settings) -> None:
    datasets = tickets.datasets
    datasets.add_edit("tickets", Edit("train", 0, "drop"))
    datasets.save_edits("tickets")
    datasets._library.sweep(datasets._rows.ids(), older_than_seconds=-60)
    assert sorted(datasets._library.ids()) == sorted(one.id for one in datasets.versions("tickets"))


def test_one_version_is_deleted_or_all_of_them(tickets: Studio) -> None:
    datasets = tickets.datasets
    datasets.add_edit("tickets", Edit("train", 0, "drop"))
    second = datasets.save_edits("tickets")
    datasets.delete("tickets@1")
    assert [one.id for one in datasets.versions("tickets")] == [second.id]
    assert len(datasets.rows("tickets", "train")) > 0
    with pytest.raises(NotFound, match="'tickets' has no version 1"):
        datasets.get("tickets@1")
    with pytest.raises(NotFound, match="is not kept"):
        datasets.undo_step("tickets", 1)
    datasets.delete("tickets")
    assert list(datasets._library.datasets_dir.iterdir()) == []


def test_a_version_in_use_by_a_job_is_not_deleted(tickets: Studio) -> None:
    datasets = tickets.datasets
    keep_model(tickets, "tickets", "early")
    datasets.add_edit("tickets", Edit("train", 0, "drop"))
    datasets.save_edits("tickets")
    tickets.evaluations.start("early", None, "train")
    for name in ("tickets", "tickets@1"):
        with pytest.raises(Conflict, match="in use by the job"):
            datasets.delete(name)
    datasets.delete("tickets@2")
    assert datasets.get("tickets").version == 1


@pytest.fixture
def mixed(studio: Studio, write_table: Callable[..., Path]) -> Studio:
    """A studio whose dataset 'mixed' has a padded label, labels of two spellings and repeats."""
    rows = small_rows()
    rows[3][1], rows[4][1] = " animals", "Animals"
    table = write_table([*rows, *rows[:2], *rows[50:52]], name="mixed.csv")
    studio.datasets.import_file(ImportRequest(path=table, name="mixed"))
    return studio


TRIM, MERGE = FixChoice("padded_label", "trim_labels"), FixChoice("similar_labels", "merge_labels")
REPEATS = FixChoice("duplicate_text", "drop_repeats")


def test_fixes_make_a_version_without_the_findings(mixed: Studio) -> None:
    datasets = mixed.datasets
    first = datasets.get("mixed")
    second = datasets.apply_fixes("mixed", [REPEATS, TRIM, MERGE])
    assert (second.version, second.parent) == (2, first.id)
    assert sum(second.rows.values()) == sum(first.rows.values()) - 4
    assert second.labels == ("animals", "tools")
    gone = {"padded_label", "similar_labels", "duplicate_text"}
    assert gone <= {problem.code for problem in first.problems}
    assert not gone & {problem.code for problem in second.problems}
    assert {(step.code, step.action) for step in second.steps} == {
        (choice.code, choice.action) for choice in (REPEATS, TRIM, MERGE)
    }
    assert datasets.get("mixed@1") == first


def test_a_fix_is_undone_and_the_other_fixes_stay(mixed: Studio) -> None:
    datasets = mixed.datasets
    second = datasets.apply_fixes("mixed", [REPEATS, TRIM])
    number = [step.action for step in second.steps].index("drop_repeats") + 1
    third = datasets.undo_step("mixed", number)
    assert third.rows == datasets.get("mixed@1").rows
    assert [step.action for step in third.steps] == ["trim_labels", "undo"]
    assert " animals" not in third.labels
    assert "duplicate_text" in {problem.code for problem in third.problems}


def test_a_label_that_was_joined_stays_joined_where_another_fix_is_undone(mixed: Studio) -> None:
    datasets = mixed.datasets
    join = FixChoice.join("single_row_label", "Animals", "animals")
    second = datasets.apply_fixes("mixed", [REPEATS, join])
    assert "Animals" not in second.labels
    assert datasets.get("mixed").steps == second.steps
    number = [step.action for step in second.steps].index("drop_repeats") + 1
    third = datasets.undo_step("mixed", number)
    assert third.rows == datasets.get("mixed@1").rows and "Animals" not in third.labels
    assert third.steps[0].choice == join
    with pytest.raises(InvalidInput, match="would change no row"):
        datasets.apply_fixes("mixed", [FixChoice.join("rare_label", "animals", "no such label")])


def test_a_fix_that_changes_nothing_makes_no_version_and_says_so(mixed: Studio) -> None:
    datasets = mixed.datasets
    datasets.apply_fixes("mixed", [REPEATS])
    with pytest.raises(InvalidInput, match="stays as it is: duplicate_text=drop_repeats would change no row"):
        datasets.apply_fixes("mixed", [REPEATS])
    with pytest.raises(InvalidInput, match="done while a file is read"):
        datasets.apply_fixes("mixed", [FixChoice("too_few_fields", "fill_fields")])
    with pytest.raises(InvalidInput, match="No fix was chosen"):
        datasets.apply_fixes("mixed", [])
    with pytest.raises(InvalidInput, match="no action 'burn'"):
        datasets.apply_fixes("mixed", [FixChoice("duplicate_text", "burn")])
    assert datasets.get("mixed").version == 2


def test_accepting_a_finding_is_recorded_and_keeps_the_rows(mixed: Studio) -> None:
    second = mixed.datasets.apply_fixes("mixed", [FixChoice("duplicate_text", "ignore")])
    assert second.fingerprint == mixed.datasets.get("mixed@1").fingerprint
    assert [step.action for step in second.steps] == ["ignore"]
    assert "duplicate_text" in {problem.code for problem in mixed.datasets.findings("mixed")}
    assert "duplicate_text" not in {problem.code for problem in second.open_problems}


def test_what_was_decided_stays_so_in_later_versions_until_that_is_undone(mixed: Studio) -> None:
    first = mixed.datasets.get("mixed")
    accepted = FixChoice("duplicate_text", "ignore")
    mixed.datasets.apply_fixes("mixed", [accepted])
    edited = mixed.datasets.edit_rows("mixed", [Edit("train", 0, "drop")])
    assert edited.answered == (accepted,)
    assert len(edited.open_problems) == len(edited.problems) - 1
    assert mixed.datasets.restore("mixed", 1).answered == ()
    assert mixed.datasets.restore("mixed", 3).answered == (accepted,)
    mixed.datasets.restore("mixed", 1)
    again = mixed.datasets.apply_fixes("mixed", [accepted])
    undone = mixed.datasets.undo_step(again.name, 1)
    assert (undone.answered, undone.open_problems) == ((), first.open_problems)


def test_rows_that_an_import_left_out_or_mended_as_asked_leave_nothing_to_decide(
    studio: Studio, tmp_path: Path
) -> None:
    rows = "".join(f"{text},{label},x\n" for text, label in small_rows())
    table = tmp_path / "broken.csv"
    table.write_text(f"text,label,more\n{rows},refund,x\nthe last one,refund\n", encoding="utf-8")
    fixes = ("missing_text=drop_rows", "too_few_fields=fill_fields")
    request = ImportRequest(path=table, name="broken", fixes=tuple(map(FixChoice.parse, fixes)))
    made = studio.datasets.import_file(request)
    assert {"missing_text", "filled_rows"} <= {problem.code for problem in made.problems}
    assert not {"missing_text", "filled_rows"} & {problem.code for problem in made.open_problems}
    assert studio.datasets.get("broken").answered == made.answered
    earlier = {key: value for key, value in made.to_json().items() if key != "answered"}
    assert Dataset.from_json(earlier).answered == made.answered, "as earlier releases kept it"


def test_what_only_the_file_could_tell_is_kept(studio: Studio, tmp_path: Path) -> None:
    rows = "".join(f"{text},{label}\n" for text, label in small_rows())
    table = tmp_path / "padded.csv"
    table.write_text(f"text, label \n{rows}{rows.splitlines()[0]}\n", encoding="utf-8")
    first = studio.datasets.import_file(ImportRequest(path=table, name="padded"))
    read = [problem for problem in first.problems if problem.code in first.reading_codes]
    assert read
    second = studio.datasets.apply_fixes("padded", [REPEATS])
    assert [problem for problem in second.problems if problem.code in first.reading_codes] == read


def test_rows_of_a_finding_that_came_later_can_be_left_out(tickets: Studio) -> None:
    datasets = tickets.datasets
    first = datasets.get("tickets")
    marks = {split: np.zeros(count, np.int64) for split, count in first.rows.items()}
    marks["train"][2] = 1
    problem = Problem("warning", "odd_text", "Odd.", "Why.", "Hint.", "small.csv", "text", 1)
    datasets._library.write_profile(first.id, Profile((problem,), ("odd_text",), marks))
    assert problem in datasets.findings("tickets")
    row = datasets.browse("tickets", RowQuery(finding="odd_text")).rows[0]
    second = datasets.apply_fixes("tickets", [FixChoice("odd_text", "drop_rows")])
    assert second.rows["train"] == first.rows["train"] - 1
    assert datasets.browse("tickets", RowQuery(search=row["text"])).total == 0
    assert datasets.browse("tickets@1", RowQuery(search=row["text"])).total == 1


def test_labels_that_training_never_had_do_not_block_later_versions(mixed: Studio) -> None:
    datasets = mixed.datasets
    first = datasets.get("mixed")
    moved = [row["index"] for row in datasets.browse("mixed", RowQuery(split="train", label="Animals")).rows]
    frames = {split: datasets._library.frame(first.id, split) for split in first.rows}
    frames["test"] = pd.concat([frames["test"], frames["train"].loc[moved]], ignore_index=True)
    frames["train"] = frames["train"].drop(index=moved).reset_index(drop=True)
    counts = {split: frame["label"].value_counts().to_dict() for split, frame in frames.items()}
    rows = {split: len(frame) for split, frame in frames.items()}
    late = replace(first, id="e" * 32, name="late", class_counts=counts, rows=rows)
    datasets._library.keep(late, frames)
    datasets._rows.add(late)
    second = datasets.apply_fixes("late", [REPEATS])
    assert second.version == 2
    assert second.sketches["train"] and second.sketches != first.sketches


def test_a_report_on_a_version_is_found_by_its_address_and_a_later_version_is_scored_anew(
    tickets: Studio, small_table: Path
) -> None:
    datasets, evaluations = tickets.datasets, tickets.evaluations
    model = keep_model(tickets, "tickets", "early")
    datasets.import_file(ImportRequest(path=small_table, name="may"))
    keep_evaluation(tickets, model, "may")
    datasets.edit_rows("may", [Edit("train", 0, "drop")])
    rows = datasets.get("may@1").rows["test"]
    assert evaluations.report("early", "may@1", "test").rows == rows
    assert evaluations.report("early", "may", "test").rows == rows
    job = evaluations.start("early", "may", "test")
    assert job is not None
    assert job.payload["dataset_id"] == datasets.get("may@2").id
    assert job.payload["dataset"] == "may@2"
    assert evaluations.start("early", "may@1", "test") is None


def test_texts_to_try_come_from_the_version_the_model_was_trained_on(tickets: Studio) -> None:
    model = keep_model(tickets, "tickets", "early")
    before = find_examples(tickets, model)
    dropped = [row["index"] for row in tickets.datasets.browse("tickets", RowQuery(split="test")).rows][:-2]
    tickets.datasets.edit_rows("tickets", [Edit("test", index, "drop") for index in dropped])
    assert find_examples(tickets, model) == before
