"""Tables whose rows have any number of labels."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from studio.data.importing import ImportRequest, PreparedImport, prepare_import
from studio.data.label_sets import guess_separator, read_cells
from studio.tasks.multilabel import MULTILABEL
from tests.conftest import write_csv

WORDS = ("bread", "train", "rain", "music", "paper")


def texts(rows: int = 60) -> list[str]:
    return [f"message {number} about {WORDS[number % 5]} and {WORDS[number % 3]}" for number in range(rows)]


def topics(number: int) -> list[str]:
    return sorted({WORDS[number % 5], WORDS[number % 3]} - {"paper"})


def prepare(path: Path, **options: object) -> PreparedImport:
    return prepare_import(ImportRequest(path=path, name="t", task="multilabel", **options), MULTILABEL)  # type: ignore[arg-type]


def codes(prepared: PreparedImport) -> set[str]:
    return {problem.code for problem in prepared.problems}


@pytest.mark.parametrize(
    "write",
    [
        lambda found: "|".join(found),
        lambda found: "; ".join(found),
        lambda found: ", ".join(found),
        lambda found: "、".join(found),
        lambda found: str(found),
        lambda found: str(found).replace("'", '"'),
    ],
    ids=["bar", "semicolon", "comma", "chinese", "python", "json"],
)
def test_labels_of_one_column_are_read_however_they_are_written(write, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    rows = [[text, write(topics(number))] for number, text in enumerate(texts())]
    prepared = prepare(write_csv(tmp_path / "t.csv", rows, ("text", "topics")))
    assert prepared.roles == {"text": "text", "labels": "topics"}
    assert prepared.labels == ("bread", "music", "rain", "train")
    kept = pd.concat(prepared.frames.values()).sort_values("line")
    wanted = ["[" + ", ".join(f'"{name}"' for name in topics(number)) + "]" for number in range(60)]
    assert kept["labels"].tolist() == wanted
    assert prepared.class_counts["train"]["rain"] > 0


def test_a_column_for_each_label_is_found_by_its_marks(tmp_path: Path) -> None:
    rows = [
        [str(number), text, *("1" if name in topics(number) else "0" for name in WORDS[:4])]
        for number, text in enumerate(texts())
    ]
    prepared = prepare(write_csv(tmp_path / "t.csv", rows, ("id", "text", *WORDS[:4])))
    assert prepared.roles == {"text": "text", "labels": "bread, train, rain, music"}
    assert prepared.labels == ("bread", "music", "rain", "train")
    assert not any(problem.severity == "error" for problem in prepared.problems)
    again = prepare(tmp_path / "t.csv", roles={"labels": "Bread,Rain"})
    assert again.roles["labels"] == "bread, rain"
    assert again.labels == ("bread", "rain")


def test_a_mark_that_is_none_is_an_error_with_its_line(tmp_path: Path) -> None:
    rows = [[text, "1", "0"] for text in texts()]
    rows[4][2] = "2"
    path = write_csv(tmp_path / "t.csv", rows, ("text", "bread", "rain"))
    prepared = prepare(path, roles={"text": "text", "labels": "bread, rain"})
    (wrong,) = [problem for problem in prepared.problems if problem.severity == "error"]
    assert (wrong.code, list(wrong.rows)) == ("unreadable_labels", [6])
    dropped = prepare(path, roles={"text": "text", "labels": "bread, rain"}, drop_bad_rows=True)
    assert sum(map(len, dropped.frames.values())) == 59
    missing = prepare(path, roles={"text": "text", "labels": "bread, snow"})
    assert "has no column 'snow'" in next(p.message for p in missing.problems if p.severity == "error")


def test_what_is_worth_knowing_about_labels_is_said(tmp_path: Path) -> None:
    rows = [[text, "|".join(topics(number))] for number, text in enumerate(texts())]
    rows[0][1], rows[1][1], rows[2][0], rows[2][1] = "", "snow|rain", rows[3][0], "snow"
    found = codes(prepare(write_csv(tmp_path / "t.csv", rows, ("text", "topics"))))
    assert {"few_rows_of_label", "rows_without_labels", "conflicting_labels"} <= found
    single = [[text, WORDS[number % 5]] for number, text in enumerate(texts())]
    assert "one_label_at_most" in codes(prepare(write_csv(tmp_path / "s.csv", single, ("text", "topics"))))
    empty = [[text, ""] for text in texts()]
    none = prepare(write_csv(tmp_path / "e.csv", empty, ("text", "topics")), roles={"labels": "topics"})
    assert "no_label" in codes(none)


def test_files_of_one_dataset_are_read_alike(tmp_path: Path) -> None:
    rows = [[text, "|".join(topics(number))] for number, text in enumerate(texts())]
    train = write_csv(tmp_path / "train.csv", rows, ("text", "topics"))
    # Alone, this file does not tell what stands between labels.
    test = write_csv(tmp_path / "test.csv", [["a new message", "rain|train"]], ("text", "topics"))
    prepared = prepare(train, test=test)
    assert prepared.frames["test"]["labels"].tolist() == ['["rain", "train"]']


def test_labels_with_blanks_or_commas_in_sentences_are_not_torn() -> None:
    assert guess_separator(pd.Series(["very good", "quite bad", "very good"] * 5)) == ""
    assert read_cells(pd.Series(["a", "b", "a"])).tolist() == ['["a"]', '["b"]', '["a"]']
