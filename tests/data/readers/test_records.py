"""JSON and JSONL come with their texts exactly as written, and with the line of each record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from studio.errors import InvalidInput
from tests.data.readers.made import codes_of, read, rows_of, write_bytes, write_json, write_lines

RECORDS = [
    {"text": "so good", "label": "a"},
    {"text": "服务很好，环境也不错", "label": "b"},
    {"text": "not, for; me", "label": "a"},
]
EXPECTED = [tuple(record.values()) for record in RECORDS]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("write", [write_json, write_lines], ids=["json", "jsonl"])
def test_records_are_read_in_every_encoding(tmp_path: Path, write: Any, encoding: str) -> None:
    table = read(write(tmp_path / "data.csv", RECORDS, encoding))
    assert rows_of(table) == EXPECTED
    assert list(table.frame.columns) == ["text", "label"]
    assert table.report.encoding == encoding
    assert table.report.format == ("json" if write is write_json else "jsonl")
    assert table.lines.tolist() == [1, 2, 3]
    assert (table.report.rows_read, table.report.rows_dropped, table.problems) == (3, 0, ())


def test_values_keep_their_digits_and_nested_ones_are_compact_json(tmp_path: Path) -> None:
    text = (
        '[{"a": 1e5, "b": 1.10, "c": 12345678901234567890123, "d": null, "e": true},\n'
        ' {"a": -0, "b": "007", "c": {"x": [1.50, null, "é"]}, "d": "null", "e": "NA"}]'
    )
    table = read(write_bytes(tmp_path / "t", text.encode()))
    assert rows_of(table) == [
        ("1e5", "1.10", "12345678901234567890123", "", "true"),
        ("-0", "007", '{"x":[1.50,null,"é"]}', "null", "NA"),
    ]
    assert table.lines.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("value", "columns", "rows"),
    [
        (
            [["text", "label"], ["so good", 1], ["not", 0]],
            ["text", "label"],
            [("so good", "1"), ("not", "0")],
        ),
        ({"version": "1", "data": RECORDS}, ["text", "label"], EXPECTED),
        ({"text": ["one", "two"], "label": [1, 0]}, ["text", "label"], [("one", "1"), ("two", "0")]),
        (
            {"text": {"0": "one", "1": "two"}, "label": {"0": "a", "1": "b"}},
            ["text", "label"],
            [("one", "a"), ("two", "b")],
        ),
        (
            {"columns": ["text", "label"], "index": [0, 1], "data": [["one", "a"], ["two", "b"]]},
            ["text", "label"],
            [("one", "a"), ("two", "b")],
        ),
        (["card_arrival", "lost_card"], ["column_1"], [("card_arrival",), ("lost_card",)]),
        ({"text": "a single one", "label": "x"}, ["text", "label"], [("a single one", "x")]),
    ],
    ids=["lists", "list inside", "columns", "columns by index", "split", "plain values", "one record"],
)
def test_every_common_shape_of_json_is_a_table(
    tmp_path: Path, value: Any, columns: list[str], rows: list[tuple[str, ...]]
) -> None:
    for indent in (None, 2):
        table = read(write_json(tmp_path / "t.json", value, indent=indent))
        assert list(table.frame.columns) == columns
        assert rows_of(table) == rows


def test_records_of_an_indented_file_have_the_lines_on_which_they_start(tmp_path: Path) -> None:
    table = read(write_json(tmp_path / "t.json", {"data": RECORDS}, indent=1))
    assert table.lines.tolist() == [3, 7, 11]


def test_records_that_lack_a_key_have_an_empty_cell_and_are_named(tmp_path: Path) -> None:
    records = [{"text": "one"}, {"text": "two", "label": "a"}, {"label": "b", "text": "three", "id": 7}]
    table = read(write_lines(tmp_path / "t.jsonl", records))
    assert rows_of(table) == [("one", "", ""), ("two", "a", ""), ("three", "b", "7")]
    missing = [(p.column, p.rows) for p in table.problems if p.code == "missing_keys"]
    assert missing == [("label", (1,)), ("id", (1, 2))]


def test_broken_lines_are_left_out_and_named_and_never_lost(tmp_path: Path) -> None:
    good, last = '{"text": "one", "label": "a"}', '{"text": "three", "label": "b"},'
    text = f'{good}\n\n{{"text": "two", "label"\nnonsense\n{last}\n'
    table = read(write_bytes(tmp_path / "t.jsonl", text.encode()))
    assert rows_of(table) == [("one", "a"), ("three", "b")]
    assert table.lines.tolist() == [1, 5]
    assert codes_of(table) == {"broken_json": ("error", 2, (3, 4))}
    assert table.problems[0].fixes == ("drop_rows",)
    assert (table.report.rows_read, table.report.rows_dropped) == (2, 2)
    assert [(out.line, out.raw) for out in table.left_out][1] == (4, "nonsense")


def test_a_key_named_twice_and_half_a_character_are_warned_of(tmp_path: Path) -> None:
    text = '[{"text": "one", "text": "two"},\n{"text": "cut \\ud83d"},\n{"text": "whole \\ud83d\\ude00"}]'
    table = read(write_bytes(tmp_path / "t.json", text.encode()))
    assert table.frame["text"].tolist() == ["two", "cut \ufffd", "whole 😀"]
    assert codes_of(table) == {"doubled_keys": ("warning", 1, ()), "half_characters": ("warning", 1, (2,))}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[{"a": 007}]', "line 1, column 9"),
        ('[{"a": 1},\n {"a" 2}]', "line 2, column 7"),
        ('[{"a": 1},\n]', "line 1, column 10: There is a comma with nothing after it"),
        ('[{"a": "one', "line 1, column 8"),
        ('[{"a": 1}, {"a": 2}', "the file ends too early"),
        ('{"a": [1, 2]} x', "Something follows the end"),
        ("[]", "an empty list"),
        ("{}", "an empty object"),
        ("[{}]", "no records"),
        ('[["a"' + "," * 3, "not valid JSON"),
    ],
)
def test_json_that_is_none_gets_a_sentence_with_the_place(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence) as caught:
        read(write_bytes(tmp_path / "t.json", text.encode()))
    assert "t.json" in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("text", ["[URGENT] help,label\nplease,a\n[1] first,b\n", '{x},y\n"a",b\n'])
def test_a_table_that_starts_with_a_bracket_is_still_a_table(tmp_path: Path, text: str) -> None:
    assert read(write_bytes(tmp_path / "t.csv", text.encode())).report.format == "csv"


def test_lists_of_another_length_are_named_and_can_be_filled(tmp_path: Path) -> None:
    value = [["text", "label"], ["one", "a"], ["two"], ["three", "b", "x"], ["four", "a"]]
    path = write_json(tmp_path / "t.json", value, indent=None)
    table = read(path)
    assert rows_of(table) == [("one", "a"), ("four", "a")]
    assert set(codes_of(table)) == {"too_few_fields", "too_many_fields"}
    filled = read(path, repairs=frozenset({"fill_fields"}))
    assert rows_of(filled) == [("one", "a"), ("two", ""), ("four", "a")]
    assert filled.report.rows_repaired == 1
