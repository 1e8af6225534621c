"""Files are read whole, cell for cell, and what was understood is told."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from studio.data.readers import ReadOptions, Table, read_table
from studio.errors import InvalidInput, NotFound
from tests.data.tables import CHINESE, ENGLISH, many_rows, write_table, write_text

SEPARATORS = [",", ";", "\t", "|"]


def cells(table: Table) -> list[tuple[str, ...]]:
    """All rows as tuples."""
    return list(table.frame.itertuples(index=False, name=None))


def codes(table: Table) -> dict[str, tuple[str, int, tuple[int, ...]]]:
    """Problems by code: severity, count, rows."""
    return {problem.code: (problem.severity, problem.count, problem.rows) for problem in table.problems}


@pytest.mark.parametrize("has_header", [True, False])
@pytest.mark.parametrize("delimiter", SEPARATORS)
@pytest.mark.parametrize(
    ("encoding", "rows"),
    [
        ("utf-8", ENGLISH),
        ("utf-8", CHINESE),
        ("utf-8-sig", ENGLISH),
        ("utf-8-sig", CHINESE),
        ("gb18030", CHINESE),
        ("cp1252", ENGLISH),
    ],
)
def test_every_encoding_and_separator_comes_back_cell_for_cell(
    tmp_path: Path, encoding: str, rows: list[tuple[str, str]], delimiter: str, has_header: bool
) -> None:
    written = [("text", "label"), *rows] if has_header else rows
    table = read_table(write_table(tmp_path / "table.csv", written, encoding, delimiter))
    assert cells(table) == list(rows)
    assert (table.report.encoding, table.report.delimiter) == (encoding, delimiter)
    assert table.report.header is has_header
    assert list(table.frame.columns) == (["text", "label"] if has_header else ["column_1", "column_2"])
    assert (table.report.rows_read, table.report.rows_dropped) == (len(rows), 0)
    assert table.problems == ()


def test_the_name_of_the_file_does_not_matter(tmp_path: Path) -> None:
    for name in ("DATA.CSV", "data.TSV", "data.txt", "data", "data.xlsx"):
        table = read_table(write_table(tmp_path / name, [("text", "label"), *ENGLISH]))
        assert cells(table) == ENGLISH


def test_lines_are_those_of_the_file(tmp_path: Path) -> None:
    path = write_text(tmp_path / "t.csv", 'text,label\n"one\ntwo",a\n\nthree,b\n')
    assert read_table(path).lines.tolist() == [2, 5]


def test_rows_of_another_width_are_reported_with_their_lines_and_never_lost(tmp_path: Path) -> None:
    path = write_text(tmp_path / "t.csv", "text,label\none,a\ntwo\nthree, or so,b\nfour,b\nfive,a\n")
    table = read_table(path)
    assert cells(table) == [("one", "a"), ("four", "b"), ("five", "a")]
    assert codes(table) == {"too_few_fields": ("error", 1, (3,)), "too_many_fields": ("error", 1, (4,))}
    assert (table.report.rows_read, table.report.rows_dropped) == (3, 2)
    assert "line 3" in table.problems[0].message


def test_broken_quotes_are_reported_with_their_line(tmp_path: Path) -> None:
    path = write_text(tmp_path / "t.csv", 'text,label\n"a, b",x\n"c" d, e",y\n"f, g",x\n')
    table = read_table(path)
    assert codes(table) == {"broken_quotes": ("error", 1, (3,))}
    assert (table.report.rows_read, table.report.rows_dropped) == (2, 1)


def test_one_row_with_broken_quotes_leaves_no_quotes_in_the_texts_of_others(tmp_path: Path) -> None:
    texts = [f'"text {number}"' if number % 3 else f"text {number}" for number in range(60)]
    for broken in ('"open to the end', '"a "word" in it"'):
        rows = [f"{text},{'ab'[number % 2]}" for number, text in enumerate([*texts, broken, *texts])]
        table = read_table(write_text(tmp_path / "t.csv", "\n".join(["text,label", *rows, ""])))
        assert {row[0] for row in cells(table)} == {f"text {number}" for number in range(60)}
        assert codes(table) == {"broken_quotes": ("error", 1, (62,))}


def test_a_quote_that_is_never_closed_is_a_warning_and_loses_nothing(tmp_path: Path) -> None:
    path = write_text(tmp_path / "t.csv", 'text,label\nfine day,a\n"open to the end,b\nlast one,a\n')
    table = read_table(path)
    assert [row[0] for row in cells(table)] == ["fine day", '"open to the end', "last one"]
    assert codes(table) == {"lone_quote": ("warning", 1, (3,))}


def test_empty_rows_are_left_out_and_named(tmp_path: Path) -> None:
    path = write_text(tmp_path / "t.csv", "text,label\none,a\n\n,\n  ,\t\ntwo,b\n")
    table = read_table(path)
    assert cells(table) == [("one", "a"), ("two", "b")]
    assert codes(table) == {"empty_rows": ("note", 3, (3, 4, 5))}


def test_a_duplicated_header_works_and_is_reported(tmp_path: Path) -> None:
    table = read_table(write_text(tmp_path / "t.csv", "text,label,label\none,a,x\ntwo,b,y\n"))
    assert list(table.frame.columns) == ["text", "label", "label_2"]
    assert codes(table) == {"duplicated_header": ("warning", 1, (1,))}


def test_a_header_with_blanks_around_its_names_works(tmp_path: Path) -> None:
    table = read_table(write_text(tmp_path / "t.csv", " text , label\none,a\ntwo,b\n"))
    assert list(table.frame.columns) == ["text", "label"]
    assert codes(table) == {"padded_header": ("note", 2, (1,))}


def test_a_header_that_ends_in_separators_is_no_extra_column(tmp_path: Path) -> None:
    table = read_table(write_text(tmp_path / "t.csv", "text,label,\none,a\ntwo,b\n"))
    assert list(table.frame.columns) == ["text", "label"]
    assert table.report.rows_read == 2


def test_a_header_that_names_fewer_columns_than_the_rows_have_gets_names(tmp_path: Path) -> None:
    table = read_table(write_text(tmp_path / "t.csv", "text,label\none,a,1\ntwo,b,2\n"))
    assert list(table.frame.columns) == ["text", "label", "column_3"]
    assert "unnamed_columns" in codes(table)


def test_options_overrule_what_would_be_found(tmp_path: Path) -> None:
    path = write_text(tmp_path / "t.csv", "text,label\none;x,a\ntwo;y,b\n")
    table = read_table(path, ReadOptions(delimiter=";", encoding="latin-1", header=False))
    assert table.report.delimiter == ";"
    assert table.report.encoding == "iso8859-1"
    assert list(table.frame.columns) == ["column_1", "column_2"]
    assert read_table(path, ReadOptions(delimiter="comma")).report.delimiter == ","


def test_what_cannot_separate_cells_is_refused_with_a_sentence(tmp_path: Path) -> None:
    path = write_text(tmp_path / "t.csv", "text,label\none,a\n")
    for delimiter in ('"', "a\nb", "x" * 21):
        with pytest.raises(InvalidInput, match="cannot be a separator"):
            read_table(path, ReadOptions(delimiter=delimiter))


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b" \n\n", "is empty"),
        (b"text,label\n", "has a header and no rows"),
        (b"PK\x03\x04rest of a workbook", "damaged"),
        (b"PAR1\x00\x01\x02\x00\x00\x00\x00", "Parquet"),
        (b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00", "is a program"),
        (bytes(range(256)) * 20, "holds bytes that are no text"),
        (b'[{"text": "a", "label"]', "is not valid JSON: line 1, column 23"),
        (b"<!DOCTYPE html><html></html>", "is a web page"),
    ],
)
def test_what_is_no_table_gets_one_sentence_with_its_name(tmp_path: Path, data: bytes, sentence: str) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(data)
    with pytest.raises(InvalidInput, match=sentence) as caught:
        read_table(path, file_name="upload.csv")
    assert "upload.csv" in caught.value.message
    assert caught.value.hint


def test_a_text_that_starts_like_a_program_is_still_a_text(tmp_path: Path) -> None:
    table = read_table(write_text(tmp_path / "t.csv", "MZ text,label\none,a\ntwo,b\n"))
    assert table.report.rows_read == 2


def test_a_missing_file_and_a_folder_get_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="There is no file"):
        read_table(tmp_path / "absent.csv")
    with pytest.raises(InvalidInput, match="holds no table"):
        read_table(tmp_path)


def test_a_file_that_cannot_be_opened_gets_a_sentence_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # the name of a socket may not be long
    with socket.socket(socket.AF_UNIX) as line:
        line.bind("line.csv")
        with pytest.raises(InvalidInput, match=r"^May\.csv cannot be read: .+\.$") as caught:
            read_table(Path("line.csv"), file_name="May.csv")
    assert caught.value.hint
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_table(tmp_path / ("long" * 100 + ".csv"))


def test_a_few_nul_bytes_stay_in_their_cell(tmp_path: Path) -> None:
    rows = "".join(f"message {index},a\n" for index in range(50))
    table = read_table(write_text(tmp_path / "t.csv", f"text,label\n{rows}bro\x00ken,b\n"))
    assert codes(table) == {}
    assert table.frame["text"].iloc[-1] == "bro\x00ken"


def test_bytes_that_cannot_be_decoded_are_shown_and_counted(tmp_path: Path) -> None:
    good = "".join(f"schöne Größe {index},a\n" for index in range(50)).encode()
    path = tmp_path / "t.csv"
    path.write_bytes(b"text,label\n" + good + b"damaged \xff here,b\n")
    table = read_table(path)
    assert table.report.encoding == "utf-8"
    assert codes(table) == {"undecodable_bytes": ("warning", 1, (52,))}


def test_one_column_is_read_as_one_column(tmp_path: Path) -> None:
    table = read_table(write_text(tmp_path / "t.txt", "text\nfirst, of all\nsecond\nthird\nfourth\n"))
    assert table.frame.shape[1] == 1


def test_a_very_long_cell_is_read(tmp_path: Path) -> None:
    table = read_table(write_text(tmp_path / "t.csv", f"text,label\n{'word ' * 100_000},a\nshort,b\n"))
    assert len(table.frame["text"].iloc[0]) == 500_000


def test_keeping_some_rows_counts_the_others_as_dropped(tmp_path: Path) -> None:
    table = read_table(write_table(tmp_path / "t.csv", [("text", "label"), *many_rows(5)]))
    kept = table.keep(table.frame["label"].to_numpy() == "good")
    assert (kept.report.rows_read, kept.report.rows_dropped) == (3, 2)
    assert kept.lines.tolist() == [2, 4, 6]


def test_an_encoding_that_is_not_sure_is_a_warning(tmp_path: Path) -> None:
    rows = "".join(f"where is my order number {index}?,complaint\n" for index in range(20))
    table = read_table(write_text(tmp_path / "t.csv", f"text,label\n{rows}just one ñ,other\n", "cp1252"))
    assert codes(table) == {"unsure_encoding": ("warning", 0, ())}
    assert "cp1252" in table.problems[0].message


def test_a_preview_reads_the_start_of_a_long_file_and_says_so(tmp_path: Path) -> None:
    rows = "".join(f"message number {index},{index % 3}\n" for index in range(90_000))
    path = write_text(tmp_path / "t.csv", f"text,label\n{rows}")
    told: list[tuple[float, str]] = []
    whole = read_table(path, progress=lambda share, sentence: told.append((share, sentence)))
    assert (whole.report.rows_read, whole.report.complete) == (90_000, True)
    assert whole.lines.tolist() == list(range(2, 90_002))
    assert [share for share, _ in told] == sorted(share for share, _ in told)
    assert told[-1][1] == "Reading the file"
    start = read_table(path, ReadOptions(preview=True))
    assert not start.report.complete
    assert 20_000 <= start.report.rows_read < 90_000
    assert start.frame.equals(whole.frame.iloc[: len(start.frame)])
    short = write_text(tmp_path / "s.csv", "text,label\none,a\ntwo,b\n")
    assert read_table(short, ReadOptions(preview=True)).report.complete


def test_progress_can_stop_the_reading(tmp_path: Path) -> None:
    path = write_text(tmp_path / "t.csv", "text,label\n" + "a b c,1\n" * 120_000)

    def stop(share: float, sentence: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_table(path, progress=stop)


def test_quotes_that_start_far_down_a_large_file_are_seen(tmp_path: Path) -> None:
    plain = "".join(f"a plain message number {index},{index % 2}\n" for index in range(80_000))
    quoted = '"one, two",1\n' * 5
    path = write_text(
        tmp_path / "t.csv", f'text,label\n{plain}{quoted}"one, two\nthree",1\n"open,0\nlast,1\n{plain}'
    )
    table = read_table(path)
    assert (table.report.quote, table.report.rows_read, table.report.rows_dropped) == ('"', 160_007, 1)
    assert table.frame["text"].iloc[80_005] == "one, two\nthree"
    assert codes(table) == {"broken_quotes": ("error", 1, (80_009,))}
    assert table.left_out[0].raw == '"open,0'
    assert table.lines[80_006] == 80_010


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ("text,label\n" + "x" * 50_000_000 + ",a\n", "Line 2 of t.csv is longer"),
        ("x" * 25_000_000, "Line 1 of t.csv is longer"),
        (",".join(["name"] * 10_001) + "\n" + ",".join(["1"] * 10_001) + "\n", "has 10,001 columns"),
    ],
    ids=["a cell of 50 MB", "one line", "10,001 columns"],
)
def test_what_is_beyond_measure_gets_a_sentence(tmp_path: Path, data: str, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence) as caught:
        read_table(write_text(tmp_path / "t.csv", data))
    assert caught.value.hint


def test_thousands_of_columns_and_long_names_are_read(tmp_path: Path) -> None:
    names = [f"n{index}" for index in range(2_000)]
    path = write_text(tmp_path / "t.csv", ",".join(names) + "\n" + ",".join(["a"] * 2_000) + "\n")
    assert read_table(path).frame.shape == (1, 2_000)
    path = write_text(tmp_path / "u.csv", "n" * 5000 + ",label\none,a\ntwo,b\n")
    assert read_table(path).frame.columns[0].startswith("nnn")
