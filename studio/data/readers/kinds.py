"""What kind of file it is, by its first bytes, never by its name; and why some kinds are not read."""

from __future__ import annotations

import json
import re
from pathlib import Path

from studio.data.readers.archives import WORKBOOK_SUFFIXES
from studio.data.readers.conll import looks_like_conll
from studio.data.readers.encodings import guess_wide
from studio.data.readers.sources import read_start
from studio.errors import InvalidInput

CHOOSE_TABLE = "Choose a table: CSV, TSV, XLSX, XLS, ODS, JSON, JSONL or Parquet."
UNPACK = "Unpack it, and import the table inside, or pack the files as ZIP."
# What is read is named by a word, what is not by what it is and what to do.
READ: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "xls"),
    (b"PAR1", "parquet"),
    (b"ARROW1\x00\x00", "arrow"),
    (b"\xff\xff\xff\xff", "arrow"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
)
REFUSED: tuple[tuple[bytes, str, str], ...] = (
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", UNPACK),
    (b"Rar!", "a RAR archive", UNPACK),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive", UNPACK),
    (b"%PDF", "a PDF document", "Get the table from where the PDF was made, as CSV or XLSX."),
    (b"{\\rtf", "a text document (RTF)", "Copy the table into a spreadsheet, and save it as XLSX or CSV."),
    (b"MZ", "a program", CHOOSE_TABLE),
    (b"\x7fELF", "a program", CHOOSE_TABLE),
    (b"\xca\xfe\xba\xbe", "a program", CHOOSE_TABLE),
    (b"\xcf\xfa\xed\xfe", "a program", CHOOSE_TABLE),
    (b"\x89PNG", "a picture", CHOOSE_TABLE),
    (b"\xff\xd8\xff", "a picture", CHOOSE_TABLE),
    (b"GIF8", "a picture", CHOOSE_TABLE),
    (b"SQLite format 3\x00", "a database (SQLite)", "Export the table from it as CSV."),
)
SHORT_MARKS = (b"MZ", b"BZh", b"PAR1", b"Rar!", b"GIF8")
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
PROBED_BYTES = 65_536
TAR_MARK, TAR_OFFSET = b"ustar", 257
# Text has none of these; a stray one or two comes from a damaged export and is reported by row.
CONTROL_BYTE = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
BINARY_SHARE = 0.002
# Some databases separate cells by one of these.
FIELD_SEPARATORS = (b"\x01", b"\x1f")
JSON_START = re.compile(r"\s*(\[\s*[\[{]|\{\s*[\"}])")
SCALARS_START = re.compile(r"\s*\[\s*(\"|-?\d|true\b|false\b|null\b|\])")
HTML_START = re.compile(
    r"\s*(<!--.*?-->\s*)?<(!doctype html|html|head|body|table|meta)", re.IGNORECASE | re.DOTALL
)
XML_START = re.compile(r"\s*<\?xml", re.IGNORECASE)
WHOLE_LINES = 20


def recognise(path: Path, name: str) -> str:
    """The kind: zip, xls, parquet, arrow, gzip, bzip2, xz, json, jsonl, conll or text.

    Raises InvalidInput with what the file is, where it is nothing that holds a table.
    """
    probe = read_start(path, name, PROBED_BYTES)
    if probe.startswith(UTF16_MARKS):
        return kind_of_text(probe.decode("utf-16", errors="ignore"), name, len(probe) == PROBED_BYTES)
    binary = is_binary(probe)
    for mark, kind in READ:
        if probe.startswith(mark) and (binary or mark not in SHORT_MARKS):
            return kind
    for mark, what, hint in REFUSED:
        if probe.startswith(mark) and (binary or mark not in SHORT_MARKS):
            raise InvalidInput(f"{name} is {what}, not a table.", hint)
    if probe[TAR_OFFSET : TAR_OFFSET + len(TAR_MARK)] == TAR_MARK:
        raise InvalidInput(f"{name} is a tar archive, not a table.", UNPACK)
    if binary and (wide := guess_wide(probe)):
        return kind_of_text(probe.decode(wide, errors="ignore"), name, len(probe) == PROBED_BYTES)
    if binary:
        raise InvalidInput(
            f"{name} holds bytes that are no text.",
            "Save it as CSV in UTF-8, or check that it is the right file.",
        )
    text = probe.removeprefix(b"\xef\xbb\xbf").decode("utf-8", errors="replace")
    kind = kind_of_text(text, name, len(probe) == PROBED_BYTES)
    if (
        kind == "text"
        and name.lower().endswith(WORKBOOK_SUFFIXES)
        and not any(map(text.__contains__, ",;\t|"))
    ):
        raise InvalidInput(
            f"{name} is no workbook: it holds plain text without columns.",
            "Save the table as XLSX or CSV in the spreadsheet program, or download it again.",
        )
    return kind


def is_binary(probe: bytes) -> bool:
    """Whether there are more control bytes than a damaged text has."""
    separators = max(map(probe.count, FIELD_SEPARATORS))
    return len(CONTROL_BYTE.findall(probe)) - separators > max(2, BINARY_SHARE * len(probe))


def kind_of_text(text: str, name: str, cut: bool) -> str:
    """The kind of a text by its start; ``cut`` where it goes on."""
    if HTML_START.match(text) or XML_START.match(text):
        raise refuse_markup(text, name)
    if JSON_START.match(text) or (SCALARS_START.match(text) and is_json_array(text, cut)):
        return "jsonl" if holds_a_value_per_line(text, cut) else "json"
    return "conll" if looks_like_conll(text, cut) else "text"


def refuse_markup(text: str, name: str) -> InvalidInput:
    """The sentence for a web page, or for a workbook written as XML."""
    start = text.casefold()
    if "excel.sheet" in start or "<workbook" in start or "office:spreadsheet" in start:
        return InvalidInput(
            f"{name} is a workbook written as XML, not a table.",
            "Open it in a spreadsheet program, save it as XLSX or CSV (UTF-8), and import that.",
        )
    if "<table" in start or "<tr" in start:
        return InvalidInput(
            f"{name} is a web page with a table in it, whatever its name says.",
            "Open it in a spreadsheet program, save it as CSV (UTF-8) or XLSX, and import that.",
        )
    return InvalidInput(
        f"{name} is a web page or XML, not a table.",
        "Download the file itself: the link may have led to a page about it.",
    )


def is_json_array(text: str, cut: bool) -> bool:
    """Whether a text that starts like a list of plain values is one, and no sentence in brackets.

    >>> is_json_array('["a", "b"]', False), is_json_array('[1] first,x', False)
    (True, False)
    """
    start = len(text) - len(text.lstrip())
    try:
        _, end = json.JSONDecoder().raw_decode(text, start)
    except ValueError as error:
        return cut and getattr(error, "pos", 0) > len(text) // 2
    except RecursionError:
        return True
    rest = text[end:].lstrip(" \t\r")
    return not rest.strip() or (rest[0] == "\n" and rest.lstrip()[0] in "[{")


def holds_a_value_per_line(text: str, cut: bool) -> bool:
    """Whether most lines are objects or lists of their own; a single line is not enough.

    >>> holds_a_value_per_line('{"a": 1}\\n{"a": 2}\\n', cut=False)
    True
    >>> holds_a_value_per_line('[\\n{"a": 1}\\n]', cut=False)
    False
    """
    lines = [line for line in text.split("\n") if line.strip()]
    if cut and len(lines) > 1:
        lines.pop()
    lines = lines[:WHOLE_LINES]
    whole = [is_whole_value(line) for line in lines]
    return (len(lines) > 1 or cut) and (whole[0] or sum(whole) > len(lines) / 2)


def is_whole_value(line: str) -> bool:
    """Whether a line is one JSON object or list."""
    if line.lstrip()[:1] not in ("{", "["):
        return False
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True
