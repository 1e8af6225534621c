"""A workbook gives the texts a person sees, with the row numbers of its sheet."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from studio.errors import InvalidInput
from tests.data.readers.made import codes_of, read, rows_of, write_bytes, write_ods, write_xls, write_xlsx

TABLE = [
    ("text", "label", "stars", "share"),
    ("Where is my order?", "delivery", 5, 0.25),
    ("007", "other", 4, 1.5),
    ("NA", "other", 3, 2),
    ("两个盒子都破了", "delivery", 2, 1e-7),
    ("line\nbreak ", "other", 1, 123456789012345),
]
EXPECTED = [
    ("Where is my order?", "delivery", "5", "0.25"),
    ("007", "other", "4", "1.5"),
    ("NA", "other", "3", "2"),
    ("两个盒子都破了", "delivery", "2", "1e-07"),
    ("line\nbreak ", "other", "1", "123456789012345"),
]
WRITERS = {"xlsx": write_xlsx, "xls": write_xls}


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("name", ["table", "table.csv", "TABLE.XLSX"])
def test_a_workbook_is_read_by_its_content_cell_for_cell(tmp_path: Path, kind: str, name: str) -> None:
    table = read(WRITERS[kind](tmp_path / name, {"Sheet1": TABLE}))
    assert rows_of(table) == EXPECTED
    assert list(table.frame.columns) == ["text", "label", "stars", "share"]
    assert table.lines.tolist() == [2, 3, 4, 5, 6]
    report = table.report
    assert (report.format, report.encoding, report.delimiter, report.sheet) == (kind, "", "", "Sheet1")
    assert (report.rows_read, report.rows_dropped, report.header_line) == (5, 0, 1)
    assert table.problems == ()


def test_an_ods_workbook_is_read_cell_for_cell(tmp_path: Path) -> None:
    rows = [("text", "label", "stars"), ("007", "a", 5), ("文本", "b", 2.5), ("NA", "a", True)]
    table = read(write_ods(tmp_path / "t", {"Blatt": rows}))
    assert rows_of(table) == [("007", "a", "5"), ("文本", "b", "2.5"), ("NA", "a", "TRUE")]
    assert (table.report.format, table.report.sheet) == ("ods", "Blatt")


def test_dates_booleans_and_formulas_are_what_a_person_sees(tmp_path: Path) -> None:
    moment = datetime.datetime(2024, 1, 31, 10, 30)
    rows = [
        ("text", "when", "flag"),
        ("one", datetime.date(2024, 1, 31), True),
        ("two", moment, False),
        ("three", datetime.time(8, 15), None),
        ("four", datetime.timedelta(hours=30), "=1+1"),
    ]
    table = read(write_xlsx(tmp_path / "t.xlsx", {"S": rows}))
    assert rows_of(table) == [
        ("one", "2024-01-31", "TRUE"),
        ("two", "2024-01-31 10:30:00", "FALSE"),
        ("three", "08:15:00", ""),
        ("four", "30:00:00", ""),  # openpyxl writes no value beside a formula
    ]


def test_a_formula_that_would_run_a_program_is_text(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["text", "label"])
    book.active.append(["x", "a"])
    book.active["A2"].value = "=cmd|' /C calc'!A0"
    book.active["A2"].data_type = "s"
    book.active.append(["fine", "b"])
    book.save(tmp_path / "t.xlsx")
    assert read(tmp_path / "t.xlsx").frame["text"].tolist() == ["=cmd|' /C calc'!A0", "fine"]


def test_the_first_sheet_with_a_table_is_read_and_the_others_are_named(tmp_path: Path) -> None:
    sheets = {
        "About": [("Made by the support team",), ("in May",)],
        "Empty": [],
        "Data": [("text", "label"), ("one", "a"), ("two", "b")],
        "Old": [("text", "label"), ("three", "c")],
    }
    path = write_xlsx(tmp_path / "t.xlsx", sheets)
    table = read(path)
    assert rows_of(table) == [("one", "a"), ("two", "b")]
    assert (table.report.sheet, table.report.parts) == ("Data", ("About", "Empty", "Data", "Old"))
    assert codes_of(table)["other_sheets"] == ("note", 3, ())
    assert rows_of(read(path, sheet="Old")) == [("three", "c")]
    with pytest.raises(InvalidInput, match="no such sheet") as caught:
        read(path, sheet="New")
    assert "About, Empty, Data, Old" in caught.value.hint


def test_titles_above_the_table_and_empty_columns_beside_it_are_left_out(tmp_path: Path) -> None:
    rows = [
        (None, "Tickets of May"),
        (),
        (None, "text", "label", "team"),
        (None, "so slow", "speed", "x"),
        (),
        (None, "too dear", "price", "y"),
    ]
    table = read(write_xlsx(tmp_path / "t.xlsx", {"S": rows}))
    assert rows_of(table) == [("so slow", "speed", "x"), ("too dear", "price", "y")]
    assert table.lines.tolist() == [4, 6]
    assert codes_of(table) == {"preamble": ("note", 1, (1,)), "empty_rows": ("note", 1, (5,))}
    assert (table.report.header_line, table.report.skipped_lines, table.report.rows_dropped) == (3, 1, 1)
    without = read(tmp_path / "t.xlsx", skip_lines=3, header=False)
    assert rows_of(without) == [("so slow", "speed", "x"), ("too dear", "price", "y")]
    assert list(without.frame.columns) == ["column_1", "column_2", "column_3"]


def test_two_header_rows_become_one_name_per_column(tmp_path: Path) -> None:
    rows = [("mail", "mail"), ("text", "label"), ("hello there", "a"), ("bye", "b")]
    table = read(write_xlsx(tmp_path / "t.xlsx", {"S": rows}), header_lines=2, header=True)
    assert list(table.frame.columns) == ["mail text", "mail label"]
    assert len(table.frame) == 2


def test_rows_under_a_merged_cell_are_named(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in [("text", "label"), ("one", "a"), ("two", None), ("three", "b")]:
        book.active.append(row)
    book.active.merge_cells("B2:B3")
    book.save(tmp_path / "t.xlsx")
    table = read(tmp_path / "t.xlsx")
    assert rows_of(table) == [("one", "a"), ("two", ""), ("three", "b")]
    assert codes_of(table) == {"merged_cells": ("warning", 1, (3,))}


def test_a_preview_stops_early_and_says_so(tmp_path: Path) -> None:
    rows = [("text", "label"), *((f"text {number}", "a") for number in range(3000))]
    table = read(write_xlsx(tmp_path / "t.xlsx", {"S": rows}), preview=True)
    assert len(table.frame) == 1000
    assert not table.report.complete


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda path: write_xlsx(path, {"S": []}), "nothing but empty sheets"),
        (lambda path: write_xlsx(path, {"S": [("text", "label")]}), "a header and no rows"),
        (lambda path: write_bytes(path, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4000)), "damaged"),
    ],
    ids=["empty", "header alone", "no workbook inside"],
)
def test_a_workbook_without_a_table_gets_a_sentence(
    tmp_path: Path, make: Callable[[Path], Path], sentence: str
) -> None:
    with pytest.raises(InvalidInput, match=sentence) as caught:
        read(make(tmp_path / "t.xlsx"))
    assert caught.value.hint
