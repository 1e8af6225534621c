"""A wish to train becomes a recipe and a job, or a sentence that says what does not fit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio.bootstrap import Studio
from studio.checkpoints.resolve import resolve
from studio.data.editing import Edit
from studio.data.importing import ImportRequest
from studio.data.sample import SAMPLES
from studio.errors import InvalidInput, Unavailable
from studio.services.training import TrainRequest
from tests.conftest import write_csv
from tests.encoders import build_encoder


@pytest.fixture
def dataset(studio: Studio, small_table: Path) -> str:
    """The name of a dataset with 80 rows."""
    return studio.datasets.import_file(ImportRequest(path=small_table, name="small")).name


@pytest.mark.parametrize("field", ["task", "checkpoint", "preset"])
def test_what_is_chosen_beside_the_recipe_cannot_be_changed_inside_it(
    studio: Studio, dataset: str, field: str
) -> None:
    changes = {"epochs": 2, field: {"task": "sentiment", "checkpoint": "other/one", "preset": "best"}[field]}
    with pytest.raises(InvalidInput, match=f"'{field}'") as caught:
        studio.training.recipe(TrainRequest(dataset, "minilm-l6", changes=changes))
    assert ("Leave it out" if field == "task" else f"--{field}") in caught.value.hint


def test_a_folder_named_from_here_is_the_same_folder_for_the_job_that_runs_elsewhere(
    studio: Studio, dataset: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = build_encoder(tmp_path / "models" / "enc")
    (tmp_path / "elsewhere").mkdir()
    for written in ("models/enc", "./models/enc", "./models/../models/enc/"):
        monkeypatch.chdir(tmp_path)
        job = studio.training.start(TrainRequest(dataset, written, changes={"max_length": 32}))
        assert job.payload["recipe"]["checkpoint"] == job.payload["checkpoint"]
        monkeypatch.chdir(tmp_path / "elsewhere")
        found = resolve(job.payload["checkpoint"], studio.settings)
        assert (found.source, found.folder) == ("folder", folder.resolve())


def test_a_training_that_the_disk_has_no_room_for_is_planned_with_a_warning_and_refused(
    studio: Studio, dataset: str, tmp_path: Path
) -> None:
    folder = build_encoder(tmp_path / "vast")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"vocab_size": 10**12}))
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").touch()
    request = TrainRequest(dataset, str(folder), allow_pickle=True)
    words = r"needs 64,[\d,.]+ GB of the disk for its snapshots and the model; it has room for [\d,.]+ GB"
    with pytest.raises(Unavailable, match=words) as caught:
        studio.training.start(request)
    assert "lora" in caught.value.hint
    assert studio.training.plan(request).warnings[0] == caught.value.message
    small = studio.training.plan(TrainRequest(dataset, "minilm-l6"))
    assert not any("disk" in warning for warning in small.warnings)


@pytest.mark.parametrize("task", [task for task in SAMPLES if task != "classification"])
def test_a_plan_on_few_rows_says_what_that_means_for_the_score(studio: Studio, task: str) -> None:
    made = studio.datasets.import_sample(task)
    few = studio.datasets.edit_rows(
        made.name,
        [
            Edit(split, index, "drop")
            for split, kept in (("train", 8), ("validation", 2), ("test", 2))
            for index in range(kept, made.rows[split])
        ],
    )
    told = [text for text in warned(studio, few.address) if "to learn from" in text]
    assert told == [
        "There are only 12 rows: 8 to learn from and 2 test rows to measure with. Each of these counts for "
        "50 % of the score, so chance decides much of it. Import a table with more rows, 100 at least."
    ]
    assert not any("to learn from" in text for text in warned(studio, f"{made.name}@1"))


def test_a_plan_on_few_texts_with_labels_says_the_same(studio: Studio, dataset: str) -> None:
    told = warned(studio, dataset)
    assert told[0].startswith("There are only 80 rows: 64 to learn from and 8 test rows to measure with.")


def warned(studio: Studio, dataset: str) -> tuple[str, ...]:
    """What the plan of a small training on a dataset warns of."""
    return studio.training.plan(TrainRequest(dataset, "minilm-l6")).warnings


@pytest.mark.parametrize(
    ("text", "checkpoint", "words"),
    [
        ("我要退款，还没收到货 {}", "minilm-l6", "was made for English texts, and these look Chinese"),
        ("Wo ist mein Paket {} und wann kommt es", "minilm-l6", "those of other languages"),
        ("where is my parcel {} please", "minilm-l6", ""),
        (
            "where is my parcel {} please",
            "bert-base-chinese",
            "made for Chinese texts, and these look Engl",
        ),
        ("Wo ist mein Paket {} und wann kommt es", "bert-multilingual", ""),
    ],
)
def test_a_checkpoint_of_another_language_than_the_texts_is_warned_of(
    studio: Studio, tmp_path: Path, text: str, checkpoint: str, words: str
) -> None:
    rows = [[text.format(number), "ab"[number % 2]] for number in range(40)]
    table = write_csv(tmp_path / "t.csv", rows, ("text", "label"))
    dataset = studio.datasets.import_file(ImportRequest(path=table, name="texts"))
    found = [
        warning
        for warning in studio.training.plan(TrainRequest(dataset.name, checkpoint)).warnings
        if "made for" in warning
    ]
    assert words in found[0] if words else not found


def test_passages_that_are_read_in_parts_take_no_less_time_for_being_cut_short(studio: Studio) -> None:
    asked = studio.datasets.import_sample("question-answering").name
    texts = studio.datasets.import_sample("classification").name

    def share(dataset: str) -> float:
        short, long = (
            studio.training.plan(TrainRequest(dataset, "minilm-l6", changes={"max_length": length})).estimate
            for length in (16, 128)
        )
        return short.seconds / long.seconds

    assert share(asked) > 1.0
    assert share(texts) < 0.95
