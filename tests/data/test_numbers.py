"""Tables of texts with a number: the column is found, cells without a number are named, far ones are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.data.guessing import guess_roles
from studio.data.importing import ImportRequest, PreparedImport, prepare_import
from studio.data.readers import read_table
from studio.errors import InvalidInput
from studio.tasks.regression import REGRESSION
from tests.conftest import write_csv

HEADER = ("id", "sentence1", "sentence2", "score")


def pairs(count: int = 60) -> list[list[str]]:
    """Pairs of sentences, scored from 0 to 5 with a decimal."""
    return [
        [str(number), f"a cat sits on mat {number}", f"a dog lies on rug {number}", f"{number % 11 / 2}"]
        for number in range(count)
    ]


def prepare(path: Path, **options: object) -> PreparedImport:
    """The import as a task of numbers."""
    return prepare_import(ImportRequest(path=path, name="scores", task="regression", **options))


def test_the_columns_of_both_texts_and_of_the_number_are_found(tmp_path: Path) -> None:
    table = read_table(write_csv(tmp_path / "sts.csv", pairs(), HEADER))
    assert guess_roles(table, REGRESSION) == {"text": "sentence1", "text_b": "sentence2", "number": "score"}
    plain = [[f"this film is number {n} of all", str(n % 7)] for n in range(40)]
    table = read_table(write_csv(tmp_path / "plain.csv", plain, ("review", "how many")))
    assert guess_roles(table, REGRESSION) == {"text": "review", "number": "how many"}


def test_a_table_of_numbers_becomes_splits_without_labels(tmp_path: Path) -> None:
    made = prepare(write_csv(tmp_path / "sts.csv", pairs(), HEADER))
    assert not made.blocking and made.labels == () and sum(made.rows.values()) == 60
    assert set(made.frames["train"]["number"]) <= {f"{step / 2}" for step in range(11)}


def test_cells_without_a_number_are_named_with_their_lines_and_can_be_dropped(tmp_path: Path) -> None:
    rows = pairs()
    rows[3][3], rows[7][3], rows[8][3] = "", "good", "4 stars"
    path = write_csv(tmp_path / "sts.csv", rows, HEADER)
    made = prepare(path)
    found = {problem.code: problem for problem in made.problems if problem.severity == "error"}
    assert found["missing_number"].rows == (5,) and found["not_a_number"].rows == (9, 10)
    assert found["not_a_number"].column == "score" and found["not_a_number"].fixes == ("drop_rows",)
    with pytest.raises(InvalidInput):
        made.raise_if_blocking()
    assert sum(prepare(path, drop_bad_rows=True).rows.values()) == 57


def test_a_number_far_from_all_others_is_told_and_one_number_alone_refused(tmp_path: Path) -> None:
    rows = pairs()
    rows[5][3] = "450"
    made = prepare(write_csv(tmp_path / "far.csv", rows, HEADER))
    (far,) = (problem for problem in made.problems if problem.code == "far_number")
    assert far.rows == (7,) and "between 0 and 5" in far.message and not made.blocking
    same = [[*row[:3], "2.5"] for row in pairs()]
    made = prepare(write_csv(tmp_path / "same.csv", same, HEADER))
    assert [problem.code for problem in made.problems if problem.severity == "error"] == ["one_number"]
