"""The pieces of a table, joined, are the table; and what is said of its cells is true of them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.data.readers import ReadOptions, read_table
from studio.data.readers.pieces import Pieces, open_pieces
from studio.errors import InvalidInput, StudioError
from tests.data.text_cases import HAND_MADE, Case, encoded_cases

HEAD = "id,text,label\n"
AWKWARD = {
    "quotes with line ends": ("utf-8", '7,"one\n""two"", three\r\n",a\n8,plain,b\n'),
    "every row over two lines": ("utf-8", '7,"one\ntwo, and a half",a\n'),
    "GBK": ("gb18030", "7,卡丢了，请帮忙,甲\n8,“服务很好”,乙\n"),
    "a mark and ;": ("utf-8-sig", "7;naïve, café;a\n8;卡;b\n"),
    "tabs and quotes that are plain": ("utf-8", '7\tthe 5" screen\ta\n8\t"half\tb\n'),
    "short and long rows": ("utf-8", "7,one,a\n8,two\n9,three,b,c\n"),
    "quotes that do not add up": ("utf-8", '7,"one, two",a\n8,"three" four, five",b\n9,six,a\n'),
    "blank lines": ("utf-8", "7,one,a\n\n8,two,b\n\n\n,,\n"),
    "carriage returns": ("utf-8", "7,one,a\r8,two,b\r"),
    "UTF-16": ("utf-16", "7,one,a\n8,zwei,b\n"),
    "the header again": ("utf-8", f"7,one,a\n{HEAD}8,two,b\n"),
}
SEPARATORS = {"a mark and ;": ";", "tabs and quotes that are plain": "\t"}


def joined(pieces: Pieces) -> pd.DataFrame:
    """All pieces in one."""
    frames = list(pieces.frames())
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(pieces.columns))


def check(path: Path, options: ReadOptions | None = None) -> int:
    """Compare the pieces of a file with the whole; how many there are."""
    try:
        table = read_table(path, options)
    except StudioError as error:
        with pytest.raises(type(error)) as caught, open_pieces(path, options) as pieces:
            list(pieces.frames())
        assert caught.value.message == error.message
        return 0
    with open_pieces(path, options) as pieces:
        found = joined(pieces)
        assert list(pieces.columns) == list(table.frame.columns)
        assert found.equals(table.frame) or (found.empty and table.frame.empty)
        for name in ("format", "encoding", "delimiter", "quote", "header", "rows_read", "rows_dropped"):
            assert getattr(pieces.report, name) == getattr(table.report, name)
        cells = "".join("".join(table.frame[name]) for name in table.frame)
        marks = (table.report.delimiter, "\n", "\r")
        if table.report.delimiter and not table.report.quote:
            assert pieces.survey.has_breaks == any(mark in cells for mark in marks)
        if table.report.encoding:
            encoded = cells.encode(table.report.encoding, "ignore").decode(table.report.encoding)
            assert pieces.survey.is_encodable == (encoded == cells)
        return sum(1 for _ in pieces.frames())


@pytest.mark.parametrize("case", [*HAND_MADE, *encoded_cases()], ids=str)
def test_the_pieces_of_a_file_are_the_table_it_means(tmp_path: Path, case: Case) -> None:
    path = tmp_path / "table.txt"
    path.write_bytes(case.to_bytes())
    check(path, case.options)


@pytest.mark.parametrize("name", AWKWARD)
def test_a_long_awkward_file_is_cut_anywhere_and_nothing_changes(tmp_path: Path, name: str) -> None:
    encoding, rows = AWKWARD[name]
    long = rows.replace("7", "7" * 1500, 1)  # a piece ends where it holds eight million characters
    head = HEAD.replace(",", SEPARATORS.get(name, ",")).replace("\n", "\n" if "\n" in rows else "\r")
    path = tmp_path / "long.csv"
    path.write_bytes((head + long * 6200).rstrip("\r\n").encode(encoding))
    assert check(path) == 2


drawn = st.lists(st.text("ab \",;\t'\r\n卡é\\#", max_size=12), min_size=1, max_size=30)


@given(drawn, st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_a_text_holds_its_pieces_are_the_table(
    tmp_path: Path, drawn: list[str], encoding: str
) -> None:
    path = tmp_path / "drawn.csv"
    path.write_bytes("\n".join(drawn).encode(encoding))
    check(path)


def test_rows_below_a_second_table_are_no_rows_of_a_piece(tmp_path: Path) -> None:
    path = tmp_path / "two.csv"
    rows = "".join(f"{number},text number {number},a\n" for number in range(110_000))
    path.write_text(f"{HEAD}{rows}\nname,what,score\nx,y,1\nv,w,2\nonly two,cells\n")
    assert check(path) > 1
    with open_pieces(path) as pieces:
        assert (pieces.report.rows_read, pieces.report.rows_dropped) == (110_000, 4)


def test_prose_is_read_line_by_line_though_its_first_thousands_look_like_a_table(tmp_path: Path) -> None:
    path = tmp_path / "prose.txt"
    head = "well, said the heron\nno, said the toad\n" * 3000
    rest = "it went on, and on, and on\nuntil it ended\n\n" * 30_000
    path.write_text(head + rest)
    assert check(path) > 1
    with open_pieces(path) as pieces:
        assert pieces.report.format == "text"


def test_json_lines_have_all_columns_from_the_first_piece_on(tmp_path: Path) -> None:
    records = [{"id": number, "text": f"text {number}", "more": [1, None]} for number in range(50_000)]
    late = {"text": "late \ud800", "extra": "only here"}
    lines = [json.dumps(record) for record in records]
    lines[7:7] = ["{broken", "", "{}", "[1, 2]"]
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join([*lines, json.dumps(late)]))
    assert check(path) > 1
    with open_pieces(path) as pieces:
        first = next(pieces.frames())
        assert list(first.columns) == ["id", "text", "more", "extra"]
        assert first["extra"].unique().tolist() == [""]


@pytest.mark.parametrize(
    "content", ['["text","label"]\n["one","a"]\n["two","b"]\n', '"one"\n"two"\n', "{}\n"]
)
def test_json_lines_of_other_values_are_read_as_a_whole(tmp_path: Path, content: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(content)
    check(path)


def test_parquet_arrow_workbooks_and_compressed_files_come_as_they_are_read(tmp_path: Path) -> None:
    count = 45_000
    table = pa.table(
        {
            "text": [f"text {number}" for number in range(count)],
            "number": pa.array(range(count), pa.float64()),
            "list": [[number] if number % 3 else None for number in range(count)],
        }
    )
    pq.write_table(table, tmp_path / "rows.parquet", row_group_size=7000)
    with (
        pa.OSFile(str(tmp_path / "rows.arrow"), "wb") as sink,
        pa.ipc.new_stream(sink, table.schema) as writer,
    ):
        writer.write_table(table, max_chunksize=10_000)
    frame = table.to_pandas()[["text", "number"]]
    frame.head(50).to_excel(tmp_path / "rows.xlsx", index=False)
    with gzip.open(tmp_path / "rows.csv.gz", "wt") as stream:
        frame.to_csv(stream, index=False)
    pieces = [check(tmp_path / name) for name in ("rows.parquet", "rows.arrow", "rows.csv.gz", "rows.xlsx")]
    assert pieces[:2] >= [2, 2] and pieces[3] == 1


def test_a_parquet_file_of_long_rows_has_few_rows_in_a_piece(tmp_path: Path) -> None:
    texts = [f"{number} " + "x" * 20_000 for number in range(3000)]
    pq.write_table(pa.table({"text": texts}), tmp_path / "long.parquet", use_dictionary=False)
    with open_pieces(tmp_path / "long.parquet") as pieces:
        assert max(len(frame) for frame in pieces.frames()) < 500


def test_a_file_that_is_packed_twice_or_damaged_is_refused_as_by_read_table(tmp_path: Path) -> None:
    (tmp_path / "twice.gz").write_bytes(gzip.compress(gzip.compress(b"text\nhello\n")))
    pq.write_table(pa.table({"text": ["a"] * 100}), tmp_path / "cut.parquet")
    cut = (tmp_path / "cut.parquet").read_bytes()
    (tmp_path / "cut.parquet").write_bytes(cut[: len(cut) // 2])
    for name in ("twice.gz", "cut.parquet", "missing.csv"):
        check(tmp_path / name)
    with pytest.raises(InvalidInput), open_pieces(tmp_path / "twice.gz"):
        pass
