"""Tables whose rows have any number of labels."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from studio.data.fixes import FixChoice
from studio.data.importing import ImportRequest, PreparedImport, prepare_import
from studio.data.label_sets import guess_separator
from studio.data.splits import SplitPlan
from tests.conftest import write_csv

WORDS = ("bread", "train", "rain", "music", "paper")


def texts(rows: int = 60) -> list[str]:
    return [f"message {number} about {WORDS[number % 5]} and {WORDS[number % 3]}" for number in range(rows)]


def topics(number: int) -> list[str]:
    return sorted({WORDS[number % 5], WORDS[number % 3]} - {"paper"})


def prepare(path: Path, **options: object) -> PreparedImport:
    return prepare_import(ImportRequest(path=path, name="t", task="multilabel", **options))  # type: ignore[arg-type]


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
    assert {"few_rows_of_label", "rows_without_labels", "conflicting_label_sets"} <= found
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


def test_labels_with_blanks_or_slashes_are_not_torn_and_the_sign_taken_is_told(tmp_path: Path) -> None:
    assert guess_separator(pd.Series(["very good", "quite bad", "very good"] * 5)) == ""
    assert guess_separator(pd.Series(["TCP/IP", "I/O", "DNS"] * 5)) == ""
    rows = [[text, "; ".join(topics(number))] for number, text in enumerate(texts())]
    prepared = prepare(write_csv(tmp_path / "t.csv", rows, ("text", "topics")))
    (told,) = [problem for problem in prepared.problems if problem.code == "labels_parted"]
    assert "parted by ';'" in told.message


def test_names_of_labels_decide_how_cells_are_read_and_which_are_wrong(tmp_path: Path) -> None:
    rows = [[text, ", ".join(topics(number))] for number, text in enumerate(texts())]
    rows[7][1] = "bread, snow"
    table = write_csv(tmp_path / "t.csv", rows, ("text", "topics"))
    names = tmp_path / "names.txt"
    names.write_text("train\nrain\nmusic\nbread\nnever\n")
    prepared = prepare(table, labels_file=names)
    (wrong,) = [problem for problem in prepared.problems if problem.severity == "error"]
    assert (wrong.code, list(wrong.rows)) == ("label_not_in_file", [9])
    good = prepare(table, labels_file=names, drop_bad_rows=True)
    assert good.labels == ("train", "rain", "music", "bread", "never")
    assert "unused_labels" in codes(good)


def test_columns_whose_names_hold_commas_are_found(tmp_path: Path) -> None:
    rows = [[text, str(number % 2), str(number % 3 % 2)] for number, text in enumerate(texts())]
    prepared = prepare(write_csv(tmp_path / "t.csv", rows, ("text", "food, drinks", "service")))
    assert prepared.roles["labels"] == "food, drinks, service"
    assert prepared.labels == ("food, drinks", "service")


def test_a_list_of_something_else_than_labels_is_an_error(tmp_path: Path) -> None:
    rows = [[text, str(topics(number)).replace("'", '"')] for number, text in enumerate(texts())]
    rows[3][1] = '["rain", null]'
    found = prepare(write_csv(tmp_path / "t.csv", rows, ("text", "topics")))
    assert [list(p.rows) for p in found.problems if p.code == "unreadable_labels"] == [[5]]


def test_a_label_that_the_division_leaves_no_training_row_is_told(tmp_path: Path) -> None:
    rows = [
        [text, "late" if number > 55 else "|".join(topics(number)), f"2024-01-{1 + number // 2:02d}"]
        for number, text in enumerate(texts())
    ]
    table = write_csv(tmp_path / "t.csv", rows, ("text", "topics", "day"))
    prepared = prepare(table, plan=SplitPlan("time", column="day"))
    assert prepared.class_counts["train"]["late"] == 0
    assert "label_not_in_training" in codes(prepared)


ONE_SPELLING = (FixChoice("similar_labels", "merge_labels"),)


def spelled(number: int) -> list[str]:
    """Rain in three rows of four, RAIN in the fourth; the last row has both."""
    other = "RAIN" if number % 4 == 3 else "rain"
    return ["bread", "RAIN", "rain"] if number == 59 else ["bread", other][number % 2 :]


@pytest.mark.parametrize(
    "write",
    ["|".join, "; ".join, lambda found: json.dumps(found), lambda found: str(found)],
    ids=["bar", "semicolon", "json", "python"],
)
def test_spellings_of_a_label_are_found_among_several_and_become_one(
    write: Callable[[list[str]], str], tmp_path: Path
) -> None:
    rows = [[text, write(spelled(number))] for number, text in enumerate(texts())]
    table = write_csv(tmp_path / "t.csv", rows, ("text", "topics"))
    found = prepare(table)
    assert found.labels == ("RAIN", "bread", "rain")
    (similar,) = [problem for problem in found.problems if problem.code == "similar_labels"]
    assert (similar.count, similar.rows[:2], similar.fixes) == (15, (5, 9), ("merge_labels",))
    assert "They are: 'rain', 'RAIN'." in similar.message
    mended = prepare(table, fixes=ONE_SPELLING)
    assert mended.labels == ("bread", "rain")
    assert "similar_labels" not in codes(mended)
    kept = pd.concat(mended.frames.values()).sort_values("line")["labels"].tolist()
    assert (kept[3], kept[59]) == ('["rain"]', '["bread", "rain"]')
    assert [step.message for step in mended.steps] == ["15 rows got the commonest spelling of the label."]


def test_columns_of_a_label_spelled_in_two_ways_become_one(tmp_path: Path) -> None:
    rows = [
        [text, *(str(int(name in spelled(number))) for name in ("bread", "rain", "RAIN"))]
        for number, text in enumerate(texts())
    ]
    table = write_csv(tmp_path / "t.csv", rows, ("text", "bread", "rain", "RAIN"))
    assert "similar_labels" in codes(prepare(table))
    assert prepare(table, fixes=ONE_SPELLING).labels == ("bread", "rain")


def test_a_label_with_few_rows_is_joined_with_another_among_several(tmp_path: Path) -> None:
    rows = [[text, "|".join(topics(number))] for number, text in enumerate(texts())]
    rows[3][1] += "|snow"
    table = write_csv(tmp_path / "t.csv", rows, ("text", "topics"))
    found = prepare(table)
    (few,) = [problem for problem in found.problems if problem.code == "few_rows_of_label"]
    assert few.fixes == ("join_labels",)
    joined = prepare(table, fixes=(FixChoice.join("few_rows_of_label", "snow", "rain"),))
    assert "snow" not in joined.labels and "few_rows_of_label" not in codes(joined)
