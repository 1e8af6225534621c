"""JSON and JSONL: objects or lists, one per row, to a table of the texts they hold."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from studio.data.names import show_name
from studio.data.problems import Problem, count_of, first_rows, name_rows
from studio.data.readers.cells import PREVIEW_ROWS, CellColumns, cut_chunks
from studio.data.readers.characters import Origin, find_text_problems
from studio.data.readers.encodings import decode_bytes
from studio.data.readers.grids import read_grid
from studio.data.readers.headers import name_columns
from studio.data.readers.jsontext import Listed, Scanner, to_cell
from studio.data.readers.label_studio import open_task
from studio.data.readers.nested import MOST_PARTS, Opener
from studio.data.readers.sources import read_bytes
from studio.data.readers.squad import articles_of, is_cmrc, is_squad, read_squad
from studio.data.readers.table import LeftOut, ReaderReport, ReadOptions, Table
from studio.errors import InvalidInput

MOST_LEFT_OUT = 1_000
RAW_CHARACTERS = 2_000
SHOWN_PARTS = 10
Record = tuple[int, dict[str, Any]]
"""The line of an object, and its values by key."""
NO_ROWS_HINT = "A table in JSON is a list of objects with the same keys, or one such object per line."


@dataclass
class Noted:
    """What is said of records beside their cells: lines, by what is odd about them."""

    broken: array[int] = field(default_factory=lambda: array("q"))
    empty: array[int] = field(default_factory=lambda: array("q"))
    left_out: list[LeftOut] = field(default_factory=list)
    missing: dict[str, list[int]] = field(default_factory=dict)
    doubled: int = 0
    opener: Opener = field(default_factory=Opener)

    def leave_out(self, line: int, raw: str) -> None:
        """Note a record that is none."""
        self.broken.append(line)
        if len(self.left_out) < MOST_LEFT_OUT:
            self.left_out.append(LeftOut(line, "broken_json", raw[:RAW_CHARACTERS]))


def read_json(path: Path, options: ReadOptions, name: str) -> Table:
    """Read a file that is one JSON value: a list of objects or lists, an object with one list inside, or
    columns by name; SQuAD and CMRC 2018 into their own shape.

    ``lines`` are those on which the records start. Raises InvalidInput where it is not valid, or no table.
    """
    decoded = decode_bytes(read_bytes(path, name), options.encoding)
    scanner = Scanner(decoded.text, name)
    origin = Origin.of(path, name, decoded)
    report = report_of("json", origin)
    if scanner.peek() == "[":
        table = read_array(scanner.items(), report, options, origin, decoded.text)
    else:
        members = dict(scanner.members())
        if scanner.peek() == "{":
            raise scanner.broken(scanner.position, "A second object follows; write a list, or one per line")
        table = read_object(members, report, options, origin, decoded.text)
    if not options.preview and scanner.peek():
        raise scanner.broken(scanner.position, "Something follows the end")
    return replace(table, problems=(*find_doubled(scanner.doubled, name), *table.problems))


def report_of(kind: str, origin: Origin) -> ReaderReport:
    """What is known of a file of records before its rows are read."""
    return ReaderReport(kind, origin.encoding, "", None, True, 0, 0)


def read_array(
    items: Iterator[tuple[int, Any]], report: ReaderReport, options: ReadOptions, origin: Origin, text: str
) -> Table:
    """The table that a list is: CMRC 2018, or a row for each item."""
    head = list(islice(items, 1))
    items = chain(head, items)
    if head and is_cmrc(head[0][1]):
        return read_squad(articles_of(items, origin.name), report, origin, text)
    return read_list(items, report, options, origin)


def read_list(
    items: Iterable[tuple[int, Any]],
    report: ReaderReport,
    options: ReadOptions,
    origin: Origin,
    noted: Noted | None = None,
) -> Table:
    """Rows from objects (by key), from lists (by place), or from plain values (one column)."""
    items = iter(items)
    head = list(islice(items, 1))
    if not head:
        raise InvalidInput(f"{origin.name} is an empty list.", NO_ROWS_HINT)
    first = head[0][1]
    items = chain(head, items)
    if isinstance(first, dict):
        return read_records(items, report, options, Source(origin, noted or Noted()))
    if isinstance(first, list):
        rows = ((line, [to_cell(cell) for cell in listed(value)]) for line, value in items)
        return read_grid(rows, report, options, origin)
    plain = ((line, [to_cell(value)]) for line, value in items)
    return read_grid(plain, report, replace(options, header=bool(options.header)), origin)


def listed(value: Any) -> list[Any]:
    """A list as it is, anything else as the only item of one."""
    return value if isinstance(value, list) else [value]


@dataclass(frozen=True)
class Source:
    """A file of records, and what is noted on the way."""

    origin: Origin
    noted: Noted

    @property
    def name(self) -> str:
        """What the file is called."""
        return self.origin.name


def read_records(
    items: Iterable[tuple[int, Any]], report: ReaderReport, options: ReadOptions, source: Source
) -> Table:
    """A table with a column for each key that any record has, in the order in which they come."""
    cells, noted = CellColumns(source.name), source.noted
    items = iter(items)
    limited = islice(items, PREVIEW_ROWS) if options.preview else items
    for records in record_chunks(limited, noted):
        add_records(cells, records, noted)
    if not len(cells):
        raise InvalidInput(f"{source.name} holds no records.", NO_ROWS_HINT)
    keys = cells.names
    columns = name_columns(keys, len(keys))
    frame = cells.frame().set_axis(columns.names, axis=1)
    complete = not options.preview or next(items, None) is None
    dropped = len(noted.broken) + len(noted.empty)
    report = replace(report, rows_read=len(frame), rows_dropped=dropped, complete=complete)
    table = Table(frame, cells.lines(), report, (), source.name, tuple(noted.left_out))
    problems = (
        *find_records(noted, source.name),
        *find_text_problems(cells, table, source.origin),
    )
    return replace(table, problems=problems)


def record_chunks(items: Iterable[tuple[int, Any]], noted: Noted) -> Iterator[list[Record]]:
    """The objects among the items, some thousand at a time, opened; what is none is noted."""
    for chunk in cut_chunks(items, lambda item: characters_of(item[1])):
        records = [(line, open_task(value)) for line, value in chunk if is_record(line, value, noted)]
        opened = noted.opener.open([value for _, value in records])
        yield [(line, value) for (line, _), value in zip(records, opened, strict=True)]


def characters_of(value: Any) -> int:
    """About how many characters a value holds."""
    if not isinstance(value, dict):
        return len(value) if isinstance(value, str) else 0
    return sum(len(cell) for cell in value.values() if isinstance(cell, str))


def is_record(line: int, value: Any, noted: Noted) -> bool:
    """Whether a value is an object that holds anything; notes it where it is not."""
    if not isinstance(value, dict):
        noted.leave_out(line, to_cell(value))
        return False
    if not any(item is not None and item != "" for item in value.values()):
        noted.empty.append(line)
        return False
    return True


def add_records(cells: CellColumns, records: list[Record], noted: Noted) -> None:
    """Append records, with empty cells where one lacks a key that others have."""
    keys = dict.fromkeys(chain(cells.names, *(value for _, value in records)))
    if any(len(value) < len(keys) for _, value in records):
        for key in keys:
            lacking = [line for line, value in records if key not in value]
            if lacking:
                noted.missing.setdefault(key, []).extend(lacking)
    earlier = cells.lines().tolist() if any(key not in cells.names for key in keys) else []
    for key in keys:
        if earlier and key not in cells.names:
            noted.missing.setdefault(key, [])[:0] = earlier
    cells.add(columns_of(records, keys), [line for line, _ in records])


def columns_of(records: list[Record], keys: Iterable[str]) -> dict[str, list[str]]:
    """The cells of records by key, empty where one lacks it."""
    columns: dict[str, list[str]] = {}
    for key in keys:
        values = [value.get(key) for _, value in records]
        columns[key] = [value if type(value) is str else to_cell(value) for value in values]
    return columns


def read_object(
    members: Mapping[str, Any], report: ReaderReport, options: ReadOptions, origin: Origin, text: str
) -> Table:
    """The table inside an object: SQuAD, columns by name, the longest list, or the object as one row."""
    if is_squad(members):
        return read_squad(members["data"].items, report, origin, text)
    lists = {key: value.items for key, value in members.items() if isinstance(value, Listed)}
    name = origin.name
    source = Source(origin, Noted())
    if "columns" in lists and "data" in lists:
        rows = chain([(1, [value for _, value in lists["columns"]])], lists["data"])
        return read_list(rows, report, replace(options, header=True), origin)
    if (columns := find_columns(members)) is not None:
        return read_records(rows_of(columns), report, options, source)
    if lists:
        key = max(lists, key=lambda key: (holds_objects(lists[key]), len(lists[key])))
        table = read_list(lists[key], report, options, origin)
        table = replace(table, report=replace(table.report, parts=tuple(lists)))
        return replace(table, problems=(*find_other_lists(key, lists, name), *table.problems))
    if not members:
        raise InvalidInput(f"{name} is an empty object.", NO_ROWS_HINT)
    return read_list([(1, dict(members))], report, options, origin)


def holds_objects(items: list[tuple[int, Any]]) -> int:
    """2 for a list of objects, 1 for a list of lists, else 0."""
    kinds = {type(value) for _, value in items[:20]}
    return 2 if kinds == {dict} else int(kinds == {list})


def find_columns(members: Mapping[str, Any]) -> dict[str, list[tuple[int, Any]]] | None:
    """The columns of a table that is written column by column, each a list or an object with the same keys.

    None where the members are something else.
    """
    columns = {
        key: value.items if isinstance(value, Listed) else [(1, item) for item in value.values()]
        for key, value in members.items()
        if isinstance(value, Listed | dict)
    }
    keys = {tuple(value) for value in members.values() if isinstance(value, dict)}
    lengths = {len(items) for items in columns.values()}
    plain = not any(isinstance(value, dict | list) for items in columns.values() for _, value in items[:20])
    if len(columns) < 2 or len(columns) < len(members) or len(lengths) > 1 or 0 in lengths:
        return None
    return columns if plain and len(keys) <= 1 else None


def rows_of(columns: Mapping[str, list[tuple[int, Any]]]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Records from columns; each has the line of its first value."""
    for cells in zip(*columns.values(), strict=True):
        yield cells[0][0], dict(zip(columns, (value for _, value in cells), strict=True))


def find_other_lists(key: str, lists: Mapping[str, Any], file: str) -> Iterator[Problem]:
    """Lists of an object that were not read."""
    others = [show_name(other) for other in lists if other != key]
    if others:
        yield Problem(
            "note",
            "other_lists",
            f"The list '{show_name(key)}' was read; {', '.join(others[:SHOWN_PARTS])} "
            f"{'was' if len(others) == 1 else 'were'} not.",
            "A dataset is made from one table.",
            "Write the other list to a file of its own, if the table is there.",
            file,
            count=len(others),
        )


def find_doubled(doubled: int, file: str) -> Iterator[Problem]:
    """Objects that name a key twice."""
    if doubled:
        yield Problem(
            "warning",
            "doubled_keys",
            f"{count_of(doubled, 'object names', 'objects name')} a key twice; the last one counts.",
            "One of the two values is lost.",
            "Give each value a key of its own, if both are needed.",
            file,
            count=doubled,
        )


def find_records(noted: Noted, file: str) -> Iterator[Problem]:
    """Lines that are no records, records without a value, and keys that some records lack."""
    if noted.broken:
        yield Problem(
            "error",
            "broken_json",
            f"{count_of(len(noted.broken), 'record')} cannot be read as a JSON object: "
            f"{name_rows(noted.broken)}.",
            "It is unclear what they hold, so they cannot be used as they are.",
            "Repair these records, or drop them.",
            file,
            count=len(noted.broken),
            rows=first_rows(noted.broken),
            fixes=("drop_rows",),
        )
    if noted.empty:
        yield Problem(
            "note",
            "empty_rows",
            f"{count_of(len(noted.empty), 'empty record was', 'empty records were')} left out: "
            f"{name_rows(noted.empty)}.",
            "They hold no text and no label.",
            "Nothing to do.",
            file,
            count=len(noted.empty),
            rows=first_rows(noted.empty),
        )
    for key, parts in list(noted.opener.parts.items())[:SHOWN_PARTS]:
        yield tell_opened(key, list(parts), noted.opener.kept[key], file)
    for key, lines in list(noted.missing.items())[:SHOWN_PARTS]:
        yield Problem(
            "note",
            "missing_keys",
            f"{count_of(len(lines), 'record has', 'records have')} no '{show_name(key)}': "
            f"{name_rows(lines)}.",
            "Their cell in this column is empty.",
            "Nothing to do, if you do not need this column.",
            file,
            column=show_name(key),
            count=len(lines),
            rows=first_rows(lines),
        )


def tell_opened(key: str, parts: list[str], kept: int, file: str) -> Problem:
    """Objects whose parts became columns of their own, and how many stay whole."""
    named = ", ".join(map(show_name, parts[:SHOWN_PARTS]))
    whole = (
        f" {count_of(kept, 'object stays', 'objects stay')} whole in '{show_name(key)}': a column of a part "
        f"is there already, or there would be more than {MOST_PARTS}."
    )
    return Problem(
        "note",
        "opened_objects",
        f"'{show_name(key)}' holds objects, whose parts are columns of their own: {named}"
        f"{' ...' if len(parts) > SHOWN_PARTS else '.'}{whole if kept else ''}",
        "A column holds one text, number or label.",
        "Nothing to do; choose those of these columns that you need.",
        file,
        column=show_name(key),
    )
