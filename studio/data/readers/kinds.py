"""Recognise files that are no text table by their bytes, and say what they are."""

from __future__ import annotations

import re

from studio.errors import InvalidInput

AS_CSV = "Open it, save it as CSV (UTF-8), and import that."
SIGNATURES: tuple[tuple[bytes, str, str], ...] = (
    (b"PK\x03\x04", "an Excel workbook or a zip archive", AS_CSV),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook or another Office file", AS_CSV),
    (b"PAR1", "a Parquet file", "Save it as CSV (UTF-8), and import that."),
    (b"\x1f\x8b", "a gzip archive", "Unpack it, and import the table inside."),
    (b"BZh", "a bzip2 archive", "Unpack it, and import the table inside."),
    (b"\xfd7zXZ\x00", "an xz archive", "Unpack it, and import the table inside."),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "Unpack it, and import the table inside."),
    (b"Rar!", "a RAR archive", "Unpack it, and import the table inside."),
    (b"%PDF", "a PDF document", "Export the table from its source as CSV."),
    (b"MZ", "a program", "Choose a CSV or TSV file."),
    (b"\x7fELF", "a program", "Choose a CSV or TSV file."),
    (b"\x89PNG", "a picture", "Choose a CSV or TSV file."),
    (b"\xff\xd8\xff", "a picture", "Choose a CSV or TSV file."),
    (b"GIF8", "a picture", "Choose a CSV or TSV file."),
    (b"SQLite format 3\x00", "a database", "Export the table from it as CSV."),
)
SHORT_MARKS = (b"MZ", b"BZh", b"PAR1", b"Rar!", b"GIF8")
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
PROBED_BYTES = 65_536
# Text has none of these; a stray one or two comes from a damaged export and is reported by row.
CONTROL_BYTE = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
BINARY_SHARE = 0.002
JSON_START = re.compile(rb"\s*(\[\s*[\[{]|\{\s*\")")
HTML_START = re.compile(rb"\s*<(!doctype html|html|\?xml)", re.IGNORECASE)


def refuse_other_kinds(data: bytes, name: str) -> None:
    """Raise InvalidInput with what the file is, where it is not text in rows."""
    probe = data[:PROBED_BYTES]
    if probe.startswith(UTF16_MARKS):
        return
    binary = len(CONTROL_BYTE.findall(probe)) > max(2, BINARY_SHARE * len(probe))
    for mark, kind, hint in SIGNATURES:
        if data.startswith(mark) and (binary or mark not in SHORT_MARKS):
            raise InvalidInput(f"{name} is {kind}, not a text table.", hint)
    if binary:
        raise InvalidInput(
            f"{name} holds bytes that are no text.",
            "Save it as CSV in UTF-8, or check that it is the right file.",
        )
    body = probe.removeprefix(b"\xef\xbb\xbf")
    if JSON_START.match(body):
        raise InvalidInput(
            f"{name} holds JSON, not rows of cells.", "Convert it to CSV with one row per text."
        )
    if HTML_START.match(body):
        raise InvalidInput(
            f"{name} is a web page or XML, not a table.",
            "Download the file itself: the link may have led to a page about it.",
        )
