"""Every way of writing a delimited file, and of writing it wrong, gives the table it means."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.detection import read_share
from studio.data.readers import ReadOptions, Table, read_table
from studio.data.readers.delimited import read_delimited
from tests.data.text_cases import HAND_MADE, Case, encoded_cases

ROW_CODES = {"too_few_fields", "too_many_fields", "broken_quotes", "second_table"}


def cells(table: Table) -> list[tuple[str, ...]]:
    """All rows as tuples."""
    return list(table.frame.itertuples(index=False, name=None))


def check(case: Case, folder: Path) -> None:
    """Read a case and compare everything that it says."""
    path = folder / "table.txt"
    path.write_bytes(case.to_bytes())
    table = read_table(path, case.options)
    assert cells(table) == case.rows
    assert tuple(table.frame.columns) == case.columns
    assert table.lines.tolist() == case.lines
    dropped: dict[str, tuple[int, ...]] = {}
    for left in table.left_out:
        dropped[left.code] = (*dropped.get(left.code, ()), left.line)
    assert dropped == case.dropped
    report = table.report
    assert (report.rows_read, report.rows_repaired) == (len(case.rows), case.repaired)
    assert report.rows_dropped == sum(map(len, case.dropped.values()))
    assert report.complete
    found = {problem.code: problem.rows for problem in table.problems}
    errors = {code: lines for code, lines in case.dropped.items() if code in ROW_CODES}
    assert found == {**errors, **case.notes}


@pytest.mark.parametrize("case", HAND_MADE, ids=str)
def test_a_file_gives_the_table_it_means(tmp_path: Path, case: Case) -> None:
    check(case, tmp_path)


@pytest.mark.parametrize("case", encoded_cases(), ids=str)
def test_each_encoding_separator_and_quoting_is_found(tmp_path: Path, case: Case) -> None:
    check(case, tmp_path)


def test_there_are_as_many_cases_as_promised() -> None:
    names = [str(case) for case in [*HAND_MADE, *encoded_cases()]]
    assert len(set(names)) == len(names) >= 150


def test_the_findings_offer_what_can_mend_them(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    rows = "".join(f"text number {index},{'ab'[index % 2]}\n" for index in range(9))
    path.write_text(f'text,label\n{rows}"x, y",a\nshort\nlong, long,a\n"c" d,b\n')
    fixes = {problem.code: problem.fixes for problem in read_table(path).problems}
    assert fixes == {
        "too_few_fields": ("drop_rows", "fill_fields"),
        "too_many_fields": ("drop_rows", "join_fields"),
        "broken_quotes": ("drop_rows", "plain_quotes"),
    }
    mended = read_table(path, ReadOptions(repairs=frozenset({"fill_fields", "join_fields", "plain_quotes"})))
    assert (mended.report.rows_dropped, mended.report.rows_repaired) == (0, 3)
    assert cells(mended)[-3:] == [("short", ""), ("long, long", "a"), ('"c" d', "b")]


def test_what_was_left_out_is_kept_as_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("text,label\n" + "a b,x\nc d,y\n" * 1000 + "too, many, cells\n" * 1500)
    table = read_table(path)
    assert (table.report.rows_read, table.report.rows_dropped) == (2000, 1500)
    assert [(left.line, left.raw) for left in table.left_out] == [
        (line, "too, many, cells") for line in range(2002, 3002)
    ]


TEXT = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufeff", include_characters="\n\t"),
    min_size=0,
    max_size=12,
)
LATIN = st.text(st.sampled_from("abcxyz ,;|\t\"'\\éüß€\n0#/"), max_size=12)


@st.composite
def written_tables(draw: st.DrawFn) -> tuple[bytes, list[tuple[str, ...]], ReadOptions]:
    """A table as Python's csv module writes it, in any dialect and encoding, and the options that say so."""
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32", "gb18030", "cp1252"]))
    cell = LATIN if encoding == "cp1252" else TEXT
    width = draw(st.integers(2, 4))
    row = st.tuples(*[cell] * width).filter(lambda cells: any(map(str.strip, cells)))
    rows = draw(st.lists(row, min_size=1, max_size=8))
    quoting = draw(st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONE]))
    doubled = quoting != csv.QUOTE_NONE and draw(st.booleans())
    quote = draw(st.sampled_from(['"', "'"]))
    delimiter = draw(st.sampled_from([",", ";", "\t", "|", ":", "~"]))
    end = draw(st.sampled_from(["\n", "\r\n", "\r"] if quoting == csv.QUOTE_ALL else ["\n", "\r\n"]))
    text = io.StringIO(newline="")
    writer = csv.writer(
        text,
        delimiter=delimiter,
        quotechar=quote,
        doublequote=doubled,
        escapechar=None if doubled else "\\",
        quoting=quoting,
        lineterminator=end,
    )
    writer.writerows(rows)
    options = ReadOptions(
        delimiter=delimiter,
        encoding=encoding,
        header=False,
        quote="" if quoting == csv.QUOTE_NONE else quote,
        escape="" if doubled else "\\",
        comment="",
        skip_lines=0,
    )
    return text.getvalue().encode(encoding), rows, options


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(written=written_tables())
def test_what_csv_wrote_comes_back_cell_for_cell_when_the_dialect_is_given(
    tmp_path: Path, written: tuple[bytes, list[tuple[str, ...]], ReadOptions]
) -> None:
    data, rows, options = written
    path = tmp_path / "table.csv"
    path.write_bytes(data)
    table = read_delimited(path, options, path.name)
    assert (cells(table), table.report.rows_dropped) == (rows, 0)


def test_detection_alone_reads_nearly_every_generated_file_right() -> None:
    share, failed = read_share(count=300, seed=1)
    assert share >= 0.98, failed[:5]
