"""Read a delimited text file of any size into a table of text cells, and say what was understood."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from studio.data.readers.accounts import Account
from studio.data.readers.collecting import CHUNK_ROWS, Chunk, Collector, frame_of
from studio.data.readers.dialects import SEPARATOR_LINE, find_dialect, returns_end_lines
from studio.data.readers.encodings import Encoding, find_encoding
from studio.data.readers.findings import Reading, find_problems
from studio.data.readers.headers import Columns, name_columns
from studio.data.readers.layout import Layout, find_layout
from studio.data.readers.lines import check_lines, cut_lines, is_damaged, open_text, read_blocks, take_sample
from studio.data.readers.parsing import Rows
from studio.data.readers.repairs import ColumnKinds, know_columns
from studio.data.readers.second_tables import CODE, cut_second_table
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
    passing = Passing(plan)
    chunks = [*passing.chunks(progress)]
    account = passing.account
    frame, lines = frame_of(chunks, plan.columns.names), np.concatenate([chunk.lines for chunk in chunks])
    if (start := cut_second_table(account, plan.layout, plan.kinds)) is not None:
        frame, lines = drop_from(start, frame, lines, account, plan.layout.dialect.delimiter)
    reading = Reading(
        name=name,
        frame=frame,
        lines=lines,
        layout=plan.layout,
        columns=plan.columns,
        account=account,
        comments=passing.comments,
        encoding=plan.encoding,
        joinable=plan.kinds.text is not None,
        damaged=lambda: not plan.encoding.name.startswith("utf") or is_damaged(path, plan.encoding.name),
    )
    return Table(
        frame,
        lines,
        report_on(plan, account, len(frame), passing.complete),
        find_problems(reading),
        name,
        left_out=tuple(account.left_out),
    )


def drop_from(
    start: int, frame: pd.DataFrame, lines: np.ndarray, account: Account, delimiter: str
) -> tuple[pd.DataFrame, np.ndarray]:
    """The rows above a second table; those from its line on are noted as dropped."""
    kept = lines < start
    others = frame[~kept].itertuples(index=False, name=None)
    for line, cells in zip(lines[~kept].tolist(), others, strict=True):
        account.drop(CODE, line, delimiter.join(cells))
    account.sort_left_out(CODE, start)
    return frame[kept].reset_index(drop=True), lines[kept]


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


class Passing:
    """One reading of the rows under the header, a chunk at a time.

    Once its chunks were taken, ``account`` and ``comments`` hold what became of the other lines, and
    ``complete`` whether the end was reached.
    """

    def __init__(self, plan: Plan) -> None:
        self.complete = False
        self.comments: list[int] = []
        self._plan = plan
        chunk_rows = PREVIEW_ROWS if plan.options.preview else CHUNK_ROWS
        self._collector = Collector(plan.layout, plan.kinds, plan.options.repairs, chunk_rows)

    @property
    def account(self) -> Account:
        """What became of each line that is no plain row."""
        return self._collector.account

    def chunks(self, progress: Progress | None = None) -> Iterator[Chunk]:
        """The rows that fit, to the end; of a preview the first ones."""
        plan, layout, taken = self._plan, self._plan.layout, 0
        size = max(1, plan.path.stat().st_size)
        with plan.path.open("rb") as stream:
            text = open_text(stream, plan.encoding.name, layout.dialect.returns_end_lines)
            rows = Rows(
                read_blocks(text, layout.first_line - 1), layout.dialect, layout.first_line, layout.width
            )
            self.comments = rows.comments
            for chunk in self._collector.chunks(rows):
                taken += len(chunk.lines)
                if progress:
                    progress(min(1.0, stream.tell() / size), "Reading the file")
                yield chunk
                if plan.options.preview and (taken >= PREVIEW_ROWS or stream.tell() >= PREVIEW_BYTES):
                    break
            self.complete = rows.is_at_end()
            text.detach()


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
        rows_dropped=account.rows_dropped,
        escape=dialect.escape,
        comment=dialect.comment,
        header_line=layout.header_line,
        header_lines=layout.header_lines,
        skipped_lines=(layout.header_line or layout.first_line) - 1,
        rows_repaired=sum(map(len, account.repaired.values())),
        blank_lines=len(account.blank),
        complete=complete,
    )
