"""A table tells of its task by what stands in its columns; one that could be for several tells nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio.data.guessing import guess_task
from studio.data.readers import read_table
from studio.data.sample import SAMPLES
from studio.tasks.registry import list_tasks

TEXTS = [f"message {number} about a broken tap in the kitchen" for number in range(40)]
ENTITY = '[{"start": 0, "end": 7, "label": "thing"}]'


def told(folder: Path, columns: dict[str, list[object]]) -> str | None:
    """The task that a table of these columns tells of."""
    path = folder / "table.jsonl"
    rows = zip(*columns.values(), strict=True)
    path.write_text("\n".join(json.dumps(dict(zip(columns, row, strict=True))) for row in rows), "utf-8")
    return guess_task(read_table(path), list_tasks())


def numbered(*cells: object) -> list[object]:
    """A column of the cells in turn."""
    return [cells[number % len(cells)] for number in range(len(TEXTS))]


@pytest.mark.parametrize("task", SAMPLES)
def test_every_sample_is_known_for_what_it_is(task: str) -> None:
    found = guess_task(read_table(SAMPLES[task].path), list_tasks())
    assert found == (None if task == "classification" else task)


@pytest.mark.parametrize(
    ("columns", "task"),
    [
        ({"tags": numbered(ENTITY, "broken", ENTITY)}, "token-classification"),
        ({"label": numbered("B-PER O O", "O O")}, "token-classification"),
        ({"topics": numbered(["a", "b"], ["c"])}, "multilabel"),
        ({"topics": numbered("a|b", "b", "c|a")}, "multilabel"),
        ({"loud": numbered(0, 1), "dirty": numbered(1, 0, 0), "dear": numbered(0, 0, 1)}, "multilabel"),
        ({"score": [number / 7 for number in range(40)]}, "regression"),
        ({"A": numbered("yes"), "B": numbered("no"), "C": numbered("both"), "answer": numbered("A", "C")},
         "multiple-choice"),
        ({"options": numbered(["yes", "no"]), "label": numbered(0, 1)}, "multiple-choice"),
        ({"question": numbered("What is broken?"), "answer": numbered("tap", "kitchen")},
         "question-answering"),
    ],
)  # fmt: skip
def test_what_a_table_is_for_stands_in_its_columns(
    tmp_path: Path, columns: dict[str, list[object]], task: str
) -> None:
    assert told(tmp_path, {"text": list(TEXTS), **columns}) == task


@pytest.mark.parametrize(
    "columns",
    [
        {"label": numbered("good", "bad")},
        {"label": numbered(1, 2, 3, 4, 5)},
        {"label": numbered("good", "bad, very", "so, so")},
        {"label": numbered("good", "bad"), "price": [number / 7 for number in range(40)]},
        {
            "label": numbered("good", "bad"),
            "sold": numbered(0, 1),
            "new": numbered(1, 0),
            "big": numbered(0, 1),
        },
        {"sentence1": numbered("a"), "sentence2": numbered("b"), "label": numbered(0, 1)},
        {"question": numbered("What is broken?"), "answer": numbered("a shoe", "nothing at all")},
        {"label": numbered(1, 2, 3), "note1": numbered("x"), "note2": numbered("y"), "note3": numbered("z")},
    ],
)
def test_a_table_that_could_be_for_several_tells_nothing(
    tmp_path: Path, columns: dict[str, list[object]]
) -> None:
    assert told(tmp_path, {"text": list(TEXTS), **columns}) is None
