"""Delimited files as people have them, made by chance from a seed, each with the table it holds."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from bench.phrases import ENGLISH, LANGUAGES, UNICODE

SEPARATORS = {",": 30, ";": 16, "\t": 18, "|": 8, "||": 4, "::": 4, "##$$&&": 4, "@@": 2, "~": 2, "^": 2}
SEPARATORS |= {"|||": 2, "<SEP>": 2, ":": 1}
HEADERS = (
    ("text", "label"),
    ("review", "category"),
    ("sentence", "target"),
    ("内容", "标签"),
    ("Message", "Topic"),
)
LINE_ENDS = {"\n": 6, "\r\n": 5, "\r": 1}
QUOTING = {"minimal": 6, "all": 3, "none": 3, "single": 1, "backslash": 1}
ABOVE = {"nothing": 10, "title": 1, "comments": 1, "sep": 1}
FEWEST, MOST = 4, 60


@dataclass(frozen=True)
class Shape:
    """How a file is written; ``quoting`` is minimal, all, none, single or backslash."""

    language: str
    encoding: str
    separator: str
    quoting: str
    line_end: str
    header: bool
    above: str
    columns: int

    def __str__(self) -> str:
        return (
            f"{self.language} {self.encoding} sep={self.separator!r} {self.quoting} end={self.line_end!r} "
            f"header={self.header} above={self.above} columns={self.columns}"
        )


@dataclass(frozen=True)
class Sample:
    """The bytes of a file and the table in it."""

    shape: Shape
    data: bytes
    names: tuple[str, ...] | None
    rows: list[tuple[str, ...]]


def pick(chance: random.Random, weights: dict[str, int]) -> str:
    """One of the keys, by weight."""
    return chance.choices(list(weights), list(weights.values()))[0]


def make_samples(count: int, seed: int = 0) -> Iterator[Sample]:
    """So many files of mixed shapes; the same for the same seed."""
    chance = random.Random(seed)
    while count:
        sample = make_sample(chance, pick_shape(chance))
        if sample is not None:
            count -= 1
            yield sample


def pick_shape(chance: random.Random) -> Shape:
    """A shape by chance, the usual ones more often."""
    language = chance.choice(list(LANGUAGES))
    encoding = chance.choice(LANGUAGES[language][2] if chance.random() < 0.5 else UNICODE)
    separator = pick(chance, SEPARATORS)
    above = pick(chance, ABOVE)
    return Shape(
        language=language,
        encoding=encoding,
        separator=separator,
        quoting=pick(chance, QUOTING),
        line_end=pick(chance, LINE_ENDS),
        header=chance.random() < 0.75 or above == "title",
        above=above if above != "sep" or separator in ",;|\t" else "nothing",
        columns=chance.choice((2, 2, 2, 3, 4)),
    )


def make_sample(chance: random.Random, shape: Shape) -> Sample | None:
    """A file of the shape; None where its texts cannot be written so."""
    rows = make_rows(chance, shape)
    names = header_for(chance, shape) if shape.header else None
    written = [*([names] if names else []), *rows]
    marks = (shape.separator, '"', "'", "\n", "\r")
    if shape.quoting == "none" and any(
        shape.separator in cell or cell[:1] in ('"', "'") for row in written for cell in row
    ):
        rows = [tuple(strip_marks(cell, marks) for cell in row) for row in rows]
        written = [*([names] if names else []), *rows]
    lines = [shape.separator.join(write_cell(cell, shape) for cell in row) for row in written]
    text = shape.line_end.join([*lines_above(shape), *lines]) + shape.line_end
    try:
        return Sample(shape, text.encode(shape.encoding), names, rows)
    except UnicodeEncodeError:
        return None


def make_rows(chance: random.Random, shape: Shape) -> list[tuple[str, ...]]:
    """Rows of texts and labels, some with numbers and a language beside."""
    phrases, labels, _ = LANGUAGES[shape.language]
    rows = []
    for number in range(chance.randint(FEWEST, MOST)):
        text = chance.choice(phrases)
        if chance.random() < 0.5:
            text = f"{text} {chance.choice(phrases)}"
        if chance.random() < 0.2:
            text = f"{text} ({chance.randint(2, 999)})"
        if chance.random() < 0.05 and shape.quoting in ("minimal", "all"):
            text = f"{text}{shape.line_end}{chance.choice(phrases)}"
        if chance.random() < 0.1 and shape.language != "simplified":
            text = f"{text} {chance.choice(ENGLISH[4:11])}"
        label = chance.choice(labels) if shape.columns < 4 else str(chance.randint(0, 4))
        row = (text, label, beside(chance, number), chance.choice((*phrases, "")))[: shape.columns]
        rows.append(row)
    return rows


def beside(chance: random.Random, number: int) -> str:
    """A number, an amount, a moment, an address or nothing: what stands beside texts."""
    return chance.choice(
        (
            str(number),
            str(number),
            f"{chance.randint(1, 99)},{chance.randint(10, 99)}",
            f"2024-03-{chance.randint(1, 28):02} 12:{chance.randint(10, 59)}:00",
            f"https://example.org/{number}?a=1&b=2",
            "",
        )
    )


def header_for(chance: random.Random, shape: Shape) -> tuple[str, ...]:
    """Names that the encoding can hold."""
    usable = []
    for names in HEADERS:
        try:
            "".join(names).encode(shape.encoding)
        except UnicodeEncodeError:
            continue
        usable.append(names)
    return (*chance.choice(usable), "id", "remark")[: shape.columns]


def lines_above(shape: Shape) -> list[str]:
    """What stands above the table."""
    return {
        "nothing": [],
        "title": ["Export 2024-03-01", ""],
        "comments": ["# exported by the shop", "# all orders"],
        "sep": [f"sep={shape.separator}"],
    }[shape.above]


def write_cell(cell: str, shape: Shape) -> str:
    """A cell as programs write it."""
    if shape.quoting == "none":
        return cell
    quote = "'" if shape.quoting == "single" else '"'
    special = any(mark in cell for mark in (shape.separator, quote, "\n", "\r"))
    if not special and shape.quoting in ("minimal", "backslash"):
        return cell
    if shape.quoting == "backslash":
        return f'"{cell.replace(quote, chr(92) + quote)}"'
    return f"{quote}{cell.replace(quote, quote * 2)}{quote}"


def strip_marks(cell: str, marks: tuple[str, ...]) -> str:
    """A cell without what an unquoted table cannot hold."""
    for mark in marks:
        cell = cell.replace(mark, " ")
    return cell.strip()
