"""Read a delimited text file of any size into a table of text cells, and say what was understood."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from studio.data.readers.accounts import Account
from studio.data.readers.collecting import CHUNK_ROWS, Collector
from studio.data.readers.dialects import SEPARATOR_LINE, find_dialect, returns_end_lines
from studio.data.readers.encodings import Encoding, find_encoding
from studio.data.readers.findings import Reading, find_problems
from studio.data.readers.headers import Columns, name_columns
from studio.data.readers.layout import Layout, find_layout
from studio.data.readers.lines import check_lines, cut_lines, is_damaged, open_text, read_blocks, take_sample
from studio.data.readers.parsing import Rows
from studio.data.readers.repairs import ColumnKinds, know_columns
from studio.data.readers.second_tables import cut_second_table
from studio.data.readers.table import Progress, ReaderReport, ReadOptions, Table
from studio.errors import InvalidInput

TABLE_LIMIT_COLUMNS = 10_000
PREVIEW_ROWS = 20_000
PREVIEW_BYTES = 8 << 20


@dataclass(frozen=True)
class Plan:
    """What is known of a file before its rows are read."""

    path: Path
    name: str
    options: ReadOptions
    encoding: Encoding
    layout: Layout
    columns: Columns
    kinds: ColumnKinds
    skipped: int


def read_delimited(path: Path, options: ReadOptions, name: str, progress: Progress | None = None) -> Table:
    """Read a CSV, TSV or TXT file.

    Raises InvalidInput where it cannot be read or holds no table.
    """
    plan = plan_reading(path, options, name)
    collector, rows, complete = read_rows(plan, progress)
    frame, lines = collector.frame(plan.columns.names), np.array(collector.lines, dtype=np.int64)
    frame, lines = cut_second_table(frame, lines, collector.account, plan.layout, plan.kinds)
    reading = Reading(
        name=name,
        frame=frame,
        lines=lines,
        layout=plan.layout,
        columns=plan.columns,
        account=collector.account,
        comments=rows.comments,
        encoding=plan.encoding,
        joinable=plan.kinds.text is not None,
        damaged=lambda: not plan.encoding.name.startswith("utf") or is_damaged(path, plan.encoding.name),
    )
    return Table(
        frame,
        lines,
        report_on(plan, collector.account, len(frame), complete),
        find_problems(reading),
        name,
        left_out=tuple(collector.account.left_out),
    )


def plan_reading(path: Path, options: ReadOptions, name: str) -> Plan:
    """Find encoding, dialect, header and width on a sample: the whole of a small file."""
    with path.open("rb") as stream:
        check_lines(stream, name)
        encoding = find_encoding(stream, options.encoding)
    text, blocks, whole = take_sample(path, encoding.name)
    ends = returns_end_lines(text, options)
    head = cut_lines(text, ends, whole, head=True)
    named = SEPARATOR_LINE.fullmatch(head[0]) if head else None
    skipped = max(options.skip_lines or 0, 1 if named else 0)
    if named and not options.delimiter:
        options = replace_delimiter(options, named[1])
    lines = head[skipped:]
    for block in blocks:
        lines += cut_lines(block, ends, False, head=False)
    layout = find_layout(head, find_dialect(lines, options, ends), options, skipped)
    check_layout(layout, name)
    columns = name_columns(layout.header, layout.width)
    return Plan(
        path, name, options, encoding, layout, columns, know_columns(layout.body, layout.width), skipped
    )


def replace_delimiter(options: ReadOptions, delimiter: str) -> ReadOptions:
    """The options with the separator that the file itself names."""
    return ReadOptions(**{**vars(options), "delimiter": delimiter})


def check_layout(layout: Layout, name: str) -> None:
    """Raise InvalidInput where there is no table, or one too wide."""
    if layout.width == 0 and layout.header is None:
        raise InvalidInput(
            f"{name} holds no rows that can be read.", "Check that it is the right file, saved as CSV or TSV."
        )
    if not layout.body and not layout.broken:
        raise InvalidInput(
            f"{name} has a header and no rows under it.",
            "Add rows. If its one line is a row, say that the file has no header.",
        )
    if layout.width > TABLE_LIMIT_COLUMNS:
        raise InvalidInput(
            f"{name} has {layout.width:,} columns; at most {TABLE_LIMIT_COLUMNS:,} are read.",
            "Check the separator, or keep only the columns you need.",
        )


def read_rows(plan: Plan, progress: Progress | None) -> tuple[Collector, Rows, bool]:
    """Read the rows under the header, and whether they were read to the end."""
    layout = plan.layout
    chunk = PREVIEW_ROWS if plan.options.preview else CHUNK_ROWS
    collector = Collector(layout, plan.kinds, plan.options.repairs, chunk)
    size = max(1, plan.path.stat().st_size)
    with plan.path.open("rb") as stream:
        text = open_text(stream, plan.encoding.name, layout.dialect.returns_end_lines)
        blocks = read_blocks(text, layout.first_line - 1)
        rows = Rows(blocks, layout.dialect, layout.first_line, layout.width)
        each_chunk = follow_chunks(stream.tell, size, plan.options.preview, progress)
        complete = collector.take(rows, each_chunk) or next(blocks, None) is None
        text.detach()
    return collector, rows, complete


def follow_chunks(
    position: Callable[[], int], size: int, preview: bool, progress: Progress | None
) -> Callable[[int], bool]:
    """What happens after each chunk: progress is told, and a preview says when it has enough."""

    def each_chunk(count: int) -> bool:
        if progress:
            progress(min(1.0, position() / size), "Reading the file")
        return preview and (count >= PREVIEW_ROWS or position() >= PREVIEW_BYTES)

    return each_chunk


def report_on(plan: Plan, account: Account, read: int, complete: bool) -> ReaderReport:
    """Sum up what was understood."""
    layout, dialect = plan.layout, plan.layout.dialect
    return ReaderReport(
        format="tsv" if dialect.delimiter == "\t" else "csv",
        encoding=plan.encoding.name,
        delimiter=dialect.delimiter,
        quote=dialect.quote,
        header=layout.header is not None,
        rows_read=read,
        rows_dropped=sum(map(len, account.dropped.values())),
        escape=dialect.escape,
        comment=dialect.comment,
        header_line=layout.header_line,
        header_lines=layout.header_lines,
        skipped_lines=(layout.header_line or layout.first_line) - 1,
        rows_repaired=sum(map(len, account.repaired.values())),
        complete=complete,
    )
