"""An import follows its plan: the column is found, rows without a side are errors, formats that know win."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from studio.data.answers.registry import kind_of
from studio.data.dataset import SplitDescription
from studio.data.fixes import FixChoice
from studio.data.importing import ImportRequest, PreparedImport, prepare_import
from studio.data.mending import mend_rows
from studio.data.planning import settle_plan
from studio.data.readers import ReadOptions, read_table
from studio.data.splits import SplitPlan
from studio.data.splits.plans import PLAN_CELLS
from studio.errors import InvalidInput
from tests.data.tables import many_rows, write_table


def write_dated(tmp_path: Path, days: list[str], name: str = "t.csv") -> Path:
    """Rows with a text, a label and a third column."""
    rows = [(*row, day) for row, day in zip(many_rows(len(days)), days, strict=True)]
    return write_table(tmp_path / name, [("text", "label", "When"), *rows])


def ask(path: Path, **more: object) -> PreparedImport:
    """Prepare an import of a file."""
    return prepare_import(ImportRequest(path=path, name="tickets", **more))  # type: ignore[arg-type]


def test_an_import_follows_a_time_column_found_whatever_its_case(tmp_path: Path) -> None:
    days = [f"2025-{1 + number // 25:02d}-{1 + number % 25:02d}" for number in range(200)]
    prepared = ask(write_dated(tmp_path, days), plan=SplitPlan("time", column="when"))
    assert prepared.rows == {"train": 160, "validation": 20, "test": 20}
    assert prepared.frames["test"]["line"].tolist() == list(range(182, 202))
    assert set(prepared.frames["test"].columns) == {"text", "label", "line", "file", "marks"}
    assert (prepared.split.kind, prepared.split.column) == ("time", "When")


def test_rows_without_a_side_block_until_they_are_dropped(tmp_path: Path) -> None:
    path = write_dated(tmp_path, [str(number) for number in range(98)] + ["soon", "later"])
    plan = SplitPlan("time", column="When")
    prepared = ask(path, plan=plan)
    assert [problem.rows for problem in prepared.problems if problem.severity == "error"] == [(100, 101)]
    dropped = ask(path, plan=plan, drop_bad_rows=True)
    assert not dropped.blocking
    assert sum(dropped.rows.values()) == 98
    assert (dropped.reader.rows_read, dropped.reader.rows_dropped) == (98, 2)


def test_a_column_that_is_not_there_is_an_error_that_lists_the_others(tmp_path: Path) -> None:
    prepared = ask(write_dated(tmp_path, ["1"] * 20), plan=SplitPlan("groups", column="user"))
    (problem,) = [problem for problem in prepared.problems if problem.severity == "error"]
    assert "no column 'user'" in problem.message
    assert "text, label, When" in problem.hint


def test_an_own_test_file_takes_no_share_and_needs_no_plan_column(tmp_path: Path) -> None:
    test = write_table(tmp_path / "test.csv", [("text", "label"), *[(f"own {n}", "good") for n in range(10)]])
    path = write_dated(tmp_path, [f"user {number // 3}" for number in range(90)])
    prepared = ask(path, test=test, plan=SplitPlan("groups", column="When"))
    assert prepared.rows["test"] == 10
    assert abs(prepared.rows["validation"] - 10) <= 3
    with pytest.raises(InvalidInput, match="Folds need no test file"):
        ask(path, test=test, plan=SplitPlan("folds"))


def test_a_format_that_knows_its_splits_is_followed_unless_another_way_is_asked_for(tmp_path: Path) -> None:
    path = write_dated(tmp_path, ["train"] * 10)
    table = replace(read_table(path, ReadOptions()), split_column="When")
    assert settle_plan(None, {"all": table})[0] == SplitPlan("column", column="When")
    other = SplitPlan("groups", column="label")
    assert settle_plan(other, {"all": table})[0] == other


def test_a_description_and_its_plan_survive_json_and_old_ones_are_read(tmp_path: Path) -> None:
    path = write_dated(tmp_path, [f"user {number // 3}" for number in range(90)])
    plan = SplitPlan("folds", seed=4, column="When", folds=3, fold=2)
    split = ask(path, plan=plan).split
    assert split.plan == plan
    assert SplitDescription.from_json(json.loads(json.dumps(split.to_json()))) == split
    assert split.notes == ("Fold 3 of 3 is the test part.",)
    old = {"ratios": [0.8, 0.1, 0.1], "seed": 1, "stratified": True, "kept_together": "", "own_files": {}}
    assert SplitDescription.from_json(old).plan == SplitPlan(seed=1)


def test_a_request_with_a_plan_survives_json(tmp_path: Path) -> None:
    request = ImportRequest(path=tmp_path, name="a", plan=SplitPlan("folds", column="user", folds=3))
    assert ImportRequest.from_json(json.loads(json.dumps(request.to_json()))) == request


def test_fixes_pass_over_the_cells_that_rows_are_divided_by() -> None:
    rows = pd.DataFrame({"text": ["one", "one", "two"], "label": ["a", "a", "b"], PLAN_CELLS: ["", "u1", ""]})
    rows = rows.assign(line=[2, 3, 4], file="t.csv", split="all")
    choices = [FixChoice("duplicate_text", "drop_repeats"), FixChoice("missing_text", "drop_rows")]
    mended = mend_rows(rows, choices)
    assert mended.rows["text"].tolist() == ["one", "two"]
    assert mended.rows[PLAN_CELLS].tolist() == ["", ""]


def test_rows_are_divided_by_their_rarest_label_or_by_tenths_of_their_numbers() -> None:
    sets = pd.DataFrame(
        {"labels": ['["a", "b"]', '["a"]', "[]", '["a", "b"]', '["a", "c"]']}, index=[4, 3, 2, 1, 0]
    )
    strata_of = kind_of(sets).strata
    assert strata_of(sets, "ratios").tolist() == ["b", "a", "", "b", "c"]
    assert set(strata_of(sets, "groups")) == {""}
    numbers = pd.DataFrame({"number": [str(number % 7) for number in range(200)]})
    strata_of = kind_of(numbers).strata
    tenths = strata_of(numbers, "ratios")
    assert tenths.value_counts().tolist() == [20] * 10
    assert numbers["number"][tenths == "0"].max() <= numbers["number"][tenths == "9"].min()
    assert set(strata_of(numbers[:50], "ratios")) == {""}
