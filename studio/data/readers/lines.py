"""The physical lines of a text file, decoded as they are needed; a file of any size takes little memory."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from studio.data.readers.encodings import blocks_of, is_strict
from studio.errors import InvalidInput

LONGEST_LINE = 20_000_000
BLOCK_CHARACTERS = 1_000_000
WHOLE_BYTES = 4 << 20
HEAD_BYTES = 1 << 20
BLOCK_BYTES = 1 << 18
MOST_BLOCKS = 4


def open_text(stream: BinaryIO, encoding: str, returns_end_lines: bool) -> io.TextIOWrapper:
    """Text of a file from its start; only where asked does a lone carriage return end a line."""
    stream.seek(0)
    return io.TextIOWrapper(
        stream, encoding=encoding, errors="replace", newline="" if returns_end_lines else "\n"
    )


def read_blocks(text: io.TextIOWrapper, skipped: int) -> Iterator[list[str]]:
    """Lines with their ends, some hundred thousand characters at a time, without the first ``skipped``."""
    first = text.readline().removeprefix("\ufeff")
    lines = [first] if first else []
    while lines or (lines := text.readlines(BLOCK_CHARACTERS)):
        if skipped < len(lines):
            yield lines[skipped:] if skipped else lines
        skipped = max(0, skipped - len(lines))
        lines = []


def check_lines(stream: BinaryIO, name: str) -> None:
    """Raise InvalidInput where a file has a line that is no line of a table, before it is held in memory."""
    length = number = 0
    for block in blocks_of(stream):
        ends = block.count(b"\n") or block.count(b"\r")
        if ends:
            last = max(block.rfind(b"\n"), block.rfind(b"\r"))
            length, number = len(block) - last, number + ends
        else:
            length += len(block)
        if length > LONGEST_LINE:
            raise InvalidInput(
                f"Line {number + 1:,} of {name} is longer than {LONGEST_LINE:,} bytes.",
                "Check that it is a table with one row per line, and that its lines end as usual.",
            )


def split_lines(text: str, returns_end_lines: bool = False) -> list[str]:
    """Physical lines with their ends.

    >>> split_lines("a\\rb\\nc"), split_lines("a\\rb\\r\\nc", returns_end_lines=True)
    (['a\\rb\\n', 'c'], ['a\\r', 'b\\r\\n', 'c'])
    """
    return io.StringIO(text, newline="" if returns_end_lines else "\n").readlines()


def take_sample(path: Path, encoding: str) -> tuple[str, list[str], bool]:
    """Text of the head of a file, texts from further down, and whether the head is the whole file.

    Further blocks come from the middle, the end, and the places where the first quotes stand.
    """
    size = path.stat().st_size
    with path.open("rb") as stream:
        if size <= WHOLE_BYTES:
            return decode(stream.read(), encoding), [], True
        head = stream.read(HEAD_BYTES)
        places = [size // 3, 2 * size // 3, size - BLOCK_BYTES]
        if b'"' not in head and (quote := first_place(stream, b'"')) is not None:
            places.append(max(0, quote - BLOCK_BYTES // 2))
        blocks = []
        for place in places[:MOST_BLOCKS]:
            stream.seek(place // 4 * 4)
            blocks.append(decode(stream.read(BLOCK_BYTES), unmarked(encoding, head)))
    return decode(head, encoding), blocks, False


def decode(data: bytes, encoding: str) -> str:
    """Text of a piece of a file; U+FFFD stands for what is cut or damaged."""
    return data.decode(encoding, errors="replace").removeprefix("\ufeff")


def unmarked(encoding: str, head: bytes) -> str:
    """The name under which bytes from the middle of a file are decoded: with the byte order of its mark."""
    if encoding not in ("utf-16", "utf-32"):
        return "utf-8" if encoding == "utf-8-sig" else encoding
    return f"{encoding}-{'le' if head[:1] == bytes((0xFF,)) else 'be'}"


def first_place(stream: BinaryIO, mark: bytes) -> int | None:
    """Where a byte first stands in a file; None where it does not."""
    stream.seek(0)
    place = 0
    while block := stream.read(HEAD_BYTES):
        if (found := block.find(mark)) >= 0:
            return place + found
        place += len(block)
    return None


def cut_lines(text: str, returns_end_lines: bool, whole: bool, head: bool) -> list[str]:
    """Lines of a piece of a file, without those that the piece cuts off."""
    lines = split_lines(text, returns_end_lines)
    first = 0 if head else 1
    return lines[first:] if whole else lines[first:-1] or lines[:1]


def is_damaged(path: Path, encoding: str) -> bool:
    """Whether a file holds bytes that are not of its encoding."""
    with path.open("rb") as stream:
        return not is_strict(stream, encoding)
