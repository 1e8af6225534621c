"""JSONL: one record per line, read line by line so that a long file is never in memory as a whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from studio.data.readers.characters import Origin
from studio.data.readers.encodings import find_encoding
from studio.data.readers.jsontext import Decoder
from studio.data.readers.records import Noted, find_doubled, read_list, report_of
from studio.data.readers.table import Progress, ReadOptions, Table
from studio.errors import InvalidInput

BLOCK_BYTES = 1 << 20
LINES_PER_REPORT = 20_000


def read_json_lines(path: Path, options: ReadOptions, name: str, progress: Progress | None = None) -> Table:
    """Read a file with a JSON object (or list) on each line; lines that are none are left out and named.

    Raises InvalidInput where no line can be read.
    """
    origin = origin_of(path, options, name)
    decoder, noted = Decoder(), Noted()
    items = read_items(origin, decoder, noted, progress)
    if (first := next(items, None)) is None:
        raise InvalidInput(
            f"No line of {name} is valid JSON; the first is line {noted.broken[0]}.",
            'Each line must hold one object, such as {"text": "...", "label": "..."}.',
        )
    table = read_list(together(first, items), report_of("jsonl", origin), options, origin, noted)
    return replace(table, problems=(*find_doubled(decoder.doubled, name), *table.problems))


def origin_of(path: Path, options: ReadOptions, name: str) -> Origin:
    """The file and its encoding."""
    with path.open("rb") as stream:
        found = find_encoding(stream, options.encoding)
    return Origin(path, name, found.name, found.sure)


def read_items(
    origin: Origin, decoder: Decoder, noted: Noted, progress: Progress | None = None
) -> Iterator[tuple[int, Any]]:
    """The value of each line with its number; lines that are no JSON are noted."""
    with origin.path.open(encoding=origin.encoding, errors="replace", newline="\n") as file:
        size = max(origin.path.stat().st_size, 1)
        yield from parse_lines(follow_lines(file, size, origin.name, progress), decoder, noted)


def together(first: tuple[int, Any], rest: Iterator[tuple[int, Any]]) -> Iterator[tuple[int, Any]]:
    """The first record and then the others."""
    yield first
    yield from rest


def follow_lines(file: Any, size: int, name: str, progress: Progress | None) -> Iterator[str]:
    """The lines of a text file; says how far reading has come."""
    for number, line in enumerate(file):
        if progress and number % LINES_PER_REPORT == 0:
            progress(min(file.buffer.tell() / size, 1.0), f"Reading {name}: line {number:,}.")
        yield line


def parse_lines(lines: Iterator[str], decoder: Decoder, noted: Noted) -> Iterator[tuple[int, Any]]:
    """The value of each line with its number; blank lines are passed over, a comma at the end is too."""
    for number, line in enumerate(lines, start=1):
        text = line.strip().removeprefix("\ufeff")
        if not text:
            continue
        try:
            value, end = decoder.raw_decode(text)
        except (json.JSONDecodeError, RecursionError):
            noted.leave_out(number, text)
            continue
        if text[end:].strip() not in ("", ","):
            noted.leave_out(number, text)
            continue
        yield number, value
