"""Rows taken along: complete, exact, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pandas as pd
import pytest

from studio.data.dataset import Dataset
from studio.data.exporting import export_rows
from studio.data.importing import ImportRequest, prepare_import
from studio.data.library import Library
from studio.data.splits import SPLITS
from studio.data.splits.plans import SplitPlan
from studio.errors import InvalidInput
from tests.data.tables import many_rows, write_table

FORMULAS = [
    "=cmd|' /C calc'!A0",
    "+1+2",
    "-1 of them",
    "@SUM(A1)",
    "＝1+1",
    'say "=1", please',
    "two\nlines; 退款",
    "'quoted",
    " =1",
]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Library, Dataset]:
    """A dataset with formulas among its texts."""
    folder = tmp_path_factory.mktemp("exporting")
    rows = [("text", "label"), *((text, "good") for text in FORMULAS), *many_rows(6_000)]
    path = write_table(folder / "t.csv", rows)
    library = Library(folder / "datasets")
    return library, library.save(prepare_import(ImportRequest(path=path, name="tickets")))


def all_rows(kept: tuple[Library, Dataset]) -> list[tuple[str, str, str, int]]:
    """Text, label, split and line of every row."""
    library, dataset = kept
    return [
        (row.text, row.label, split, row.line)
        for split in SPLITS
        for row in library.frame(dataset.id, split).itertuples()
    ]


def test_csv_holds_every_row_and_no_formula(kept: tuple[Library, Dataset], tmp_path: Path) -> None:
    path = export_rows(*kept, tmp_path / "out.csv")
    with path.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["text", "label", "split", "line"]
    safe = {text: f"'{text}" for text in FORMULAS[:5]}
    assert [tuple(row) for row in rows] == [
        (safe.get(text, text), label, split, str(line)) for text, label, split, line in all_rows(kept)
    ]
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.csv"]


def test_numbers_below_zero_come_back_as_they_were(tmp_path: Path) -> None:
    numbers = ["-12.5", "3.5", "-1e-05", "2.25"]
    rows = [("text", "price"), *((f"text number {at}", numbers[at % 4]) for at in range(120))]
    library = Library(tmp_path / "datasets")
    asked = ImportRequest(path=write_table(tmp_path / "t.csv", rows), name="prices", task="regression")
    dataset = library.save(prepare_import(asked))
    path = export_rows(library, dataset, tmp_path / "out.csv")
    assert set(pd.read_csv(path)["number"]) == {-12.5, 3.5, -1e-05, 2.25}
    again = prepare_import(ImportRequest(path=path, name="again", task="regression"))
    assert again.roles["number"] == "number"


def test_raw_csv_is_exact(kept: tuple[Library, Dataset], tmp_path: Path) -> None:
    path = export_rows(*kept, tmp_path / "out.csv", raw=True)
    with path.open(encoding="utf-8", newline="") as file:
        assert [tuple(row[:3]) for row in list(csv.reader(file))[1:]] == [row[:3] for row in all_rows(kept)]


def test_jsonl_and_parquet_are_exact(kept: tuple[Library, Dataset], tmp_path: Path) -> None:
    lines = export_rows(*kept, tmp_path / "out.jsonl", "jsonl").read_text(encoding="utf-8").split("\n")
    assert lines.pop() == ""
    assert [tuple(json.loads(line).values()) for line in lines] == all_rows(kept)
    frame = pd.read_parquet(export_rows(*kept, tmp_path / "out.parquet", "parquet"))
    assert list(frame.columns) == ["text", "label", "split", "line"]
    assert list(frame.itertuples(index=False, name=None)) == all_rows(kept)


def test_another_format_or_folder_gets_a_sentence(kept: tuple[Library, Dataset], tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be written as 'xlsx'"):
        export_rows(*kept, tmp_path / "out.xlsx", "xlsx")
    with pytest.raises(InvalidInput, match="There is no folder"):
        export_rows(*kept, tmp_path / "absent" / "out.csv")


@pytest.mark.parametrize("format", ["jsonl", "parquet"])
def test_what_was_taken_along_comes_back_with_the_same_splits(
    kept: tuple[Library, Dataset], tmp_path: Path, format: str
) -> None:
    library, dataset = kept
    path = export_rows(library, dataset, tmp_path / f"rows.{format}", format)
    plan = SplitPlan(kind="column", column="split")
    again = library.save(prepare_import(ImportRequest(path=path, name="again", plan=plan)))
    assert again.roles == {"text": "text", "label": "label"}
    assert again.split_fingerprints == dataset.split_fingerprints
    assert again.fingerprint == dataset.fingerprint


def test_csv_begins_with_a_mark_for_spreadsheets_and_raw_with_its_first_letter(
    kept: tuple[Library, Dataset], tmp_path: Path
) -> None:
    marked = export_rows(*kept, tmp_path / "out.csv").read_bytes()
    assert marked.startswith(b'\xef\xbb\xbf"text",')
    assert export_rows(*kept, tmp_path / "raw.csv", raw=True).read_bytes().startswith(b'"text",')
    assert export_rows(*kept, tmp_path / "out.jsonl", "jsonl").read_bytes().startswith(b"{")
