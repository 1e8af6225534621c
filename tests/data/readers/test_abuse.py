"""Files that are made to do harm, or are far too large, end in one sentence or as plain text."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from studio.data.readers import read_table
from studio.data.readers.archives import MEMBER_LIMIT, Budget, check_members
from studio.errors import InvalidInput
from tests.data.readers.made import read, rows_of, write_bytes, write_json, write_xlsx, write_zip

ROOT = Path(__file__).resolve().parents[3]
TABLE = b"text,label\none,a\ntwo,b\n"
BOMB_BYTES = 65 << 20
READ_EACH = """
import json, resource, sys
from studio.data.readers import read_table
from studio.errors import StudioError
said = {}
for path in sys.argv[1:]:
    try:
        said[path.rsplit("/", 1)[1]] = str(read_table(path).frame.shape)
    except StudioError as error:
        said[path.rsplit("/", 1)[1]] = error.message
# What the kernel says of this program alone; ru_maxrss begins with what its parent held.
own = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")]
peaks = [int(own[0]) >> 10, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10]
print(json.dumps({"said": said, "peaks_mb": peaks}))
"""
SHEET = """<?xml version="1.0" encoding="UTF-8"?>
<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>
"""


def with_sheet(path: Path, rows: str, extra: Mapping[str, bytes] | None = None) -> Path:
    """A workbook whose only sheet has these rows, written by hand."""
    plain = write_xlsx(path.with_suffix(".plain"), {"S": [("text", "label")]})
    with zipfile.ZipFile(plain) as source:
        members = {info.filename: source.read(info) for info in source.infolist()}
    sheet = next(name for name in members if name.startswith("xl/worksheets/"))
    members[sheet] = SHEET.format(rows=rows).encode()
    return write_zip(path, {**members, **(extra or {})})


def with_zeros(path: Path) -> Path:
    """A zip with a table that is nothing but zeros."""
    return write_zip(path, {"train.csv": b"text,label\n" + bytes(BOMB_BYTES)})


def with_lying_sizes(path: Path) -> Path:
    """A workbook that says of a part of 65 MB that it has 10 bytes."""
    with_sheet(path, "", {"xl/media/zeros.bin": bytes(BOMB_BYTES)})
    data = path.read_bytes().replace(BOMB_BYTES.to_bytes(4, "little"), (10).to_bytes(4, "little"))
    return write_bytes(path, data)


def with_corners(path: Path) -> Path:
    """A workbook with one cell in the first corner and one in the last."""
    cell = '<row r="{row}"><c r="{at}"><v>1</v></c></row>'
    return with_sheet(path, cell.format(row=1, at="A1") + cell.format(row=1048576, at="XFD1048576"))


def with_deep_json(path: Path) -> Path:
    """Lists in lists, 100,000 deep."""
    return write_bytes(path, b"[" * 100_000 + b"]" * 100_000)


def with_long_json(path: Path) -> Path:
    """One record with a text of 50 MB."""
    return write_json(path, [{"text": "x" * (50 << 20), "label": "a"}])


BOMBS: dict[str, tuple[Callable[[Path], Path], str]] = {
    "zip": (with_zeros, "unpacks to more than 200 times its size"),
    "gzip": (
        lambda path: write_bytes(path, gzip.compress(bytes(BOMB_BYTES), 1)),
        "unpacks to more than 200 times its size",
    ),
    "xlsx": (
        lambda path: with_sheet(path, "", {"xl/media/zeros.bin": bytes(BOMB_BYTES)}),
        "unpacks to more than 200 times its size",
    ),
    "lying": (with_lying_sizes, "unpacks to more than 200 times its size"),
    "corners": (with_corners, "needs more memory than a workbook may take"),
    "deep": (with_deep_json, "nests objects or lists too deeply"),
    "long": (with_long_json, "(1, 2)"),
}


def test_bombs_end_in_a_sentence_with_little_memory_and_leave_nothing_behind(tmp_path: Path) -> None:
    paths = [make(tmp_path / name) for name, (make, _) in BOMBS.items()]
    room = tmp_path / "room"
    room.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", READ_EACH, *map(str, paths)],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(room)},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    result = json.loads(done.stdout)
    for name, (_, sentence) in BOMBS.items():
        assert sentence in result["said"][name], name
    assert max(result["peaks_mb"]) < 800
    assert list(room.iterdir()) == []


def test_what_is_unpacked_is_counted_against_a_limit_of_its_own() -> None:
    budget = Budget("t.zip", packed_bytes=1 << 30, limit_bytes=1000)
    budget.take(1000)
    with pytest.raises(InvalidInput, match=r"t\.zip unpacks to more than"):
        budget.take(1)


def test_an_archive_of_too_many_files_is_refused() -> None:
    with pytest.raises(InvalidInput, match="more than 200,000 files"):
        check_members([zipfile.ZipInfo("x")] * (MEMBER_LIMIT + 1), "t.zip")


@pytest.mark.parametrize("name", ["../../evil.csv", "/etc/evil.csv", "C:/evil.csv", "a\\..\\..\\evil.csv"])
def test_a_name_that_leads_out_of_the_archive_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInput, match="leads out of the archive"):
        read(write_zip(tmp_path / "t.zip", {name: TABLE}))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t.zip"]


def test_a_workbook_by_name_alone_is_refused_but_a_table_in_it_is_read(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="is no workbook: it holds plain text"):
        read(write_bytes(tmp_path / "fake.xlsx", b"this is no workbook at all\n"))
    assert rows_of(read(write_bytes(tmp_path / "export.xlsx", TABLE))) == [("one", "a"), ("two", "b")]


def test_an_archive_in_an_archive_is_refused(tmp_path: Path) -> None:
    inner = write_zip(tmp_path / "inner.zip", {"a.csv": TABLE, "b.csv": TABLE}).read_bytes()
    for data in (inner, gzip.compress(TABLE)):
        with pytest.raises(InvalidInput, match="an archive inside another one"):
            read(write_zip(tmp_path / "t.zip", {"inner": data}))
        with pytest.raises(InvalidInput, match="an archive inside another one"):
            read(write_bytes(tmp_path / "t.gz", gzip.compress(data)))


def test_a_locked_archive_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "t.zip", {"a.csv": TABLE})
    data = bytearray(path.read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + place] |= 1
    with pytest.raises(InvalidInput, match="locked with a password"):
        read(write_bytes(path, bytes(data)))


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_an_archive_that_is_cut_off_is_refused(tmp_path: Path, share: float) -> None:
    rows = b"text,label\n" + b"".join(b"row %d,a\n" % number for number in range(5000))
    for data in (gzip.compress(rows), write_zip(tmp_path / "t.zip", {"a.csv": rows}).read_bytes()):
        with pytest.raises(InvalidInput, match="damaged or cut off"):
            read(write_bytes(tmp_path / "cut", data[: int(share * len(data))]))


def test_a_damaged_member_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "t.zip", {"a.csv": TABLE * 50})
    data = bytearray(path.read_bytes())
    data[50] ^= 0xFF
    with pytest.raises(InvalidInput, match="damaged or cut off"):
        read(write_bytes(path, bytes(data)))


def test_a_link_in_an_archive_or_folder_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "t.zip"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("train.csv")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("test.csv", TABLE)
    assert read(path).report.parts == ("test.csv",)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "table.csv").write_bytes(TABLE)
    (folder / "passwords.csv").symlink_to("/etc/passwd")
    assert read(folder).report.parts == ("table.csv",)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\may.csv", "may.csv"),
        ("gpj.\u202evsc.exe", "gpj.vsc.exe"),
        ("two\nlines\x00.csv", "two lines.csv"),
        ("..", "the file"),
    ],
)
def test_a_name_is_shown_without_its_path_and_without_hidden_characters(
    tmp_path: Path, given: str, shown: str
) -> None:
    assert read_table(write_bytes(tmp_path / "t", TABLE), file_name=given).file == shown


def test_a_name_of_5000_characters_is_shortened_in_the_middle(tmp_path: Path) -> None:
    table = read_table(write_bytes(tmp_path / "t", TABLE), file_name="x" * 5000 + ".csv")
    assert len(table.file) == 80
    assert table.file.endswith("x.csv")


def test_a_column_name_of_5000_characters_or_with_hidden_ones_is_made_safe(tmp_path: Path) -> None:
    header = ["t" * 5000, "la\u202ebel", "two\nlines"]
    rows = [header, ["so good", "a", "x"], ["not", "b", "y"]]
    for path in (
        write_xlsx(tmp_path / "t.xlsx", {"S": rows}),
        write_json(tmp_path / "t.json", [dict(zip(header, row, strict=True)) for row in rows[1:]]),
    ):
        names = list(read(path, header=True).frame.columns)
        assert len(names[0]) <= 200
        assert names[1:] == ["label", "two lines"]


def test_10000_columns_are_read_and_one_more_is_refused(tmp_path: Path) -> None:
    rows = [[f"c{number}" for number in range(10_001)], ["x"] * 10_001]
    assert read(write_xlsx(tmp_path / "t.xlsx", {"S": [row[:-1] for row in rows]})).frame.shape == (1, 10_000)
    with pytest.raises(InvalidInput, match="10,001 columns; at most 10,000 are read"):
        read(write_xlsx(tmp_path / "t.xlsx", {"S": rows}))
    with pytest.raises(InvalidInput, match="10,001 columns"):
        read(write_json(tmp_path / "t.json", [dict.fromkeys(rows[0], "x")]))


def test_a_value_nested_deeply_inside_a_record_gets_a_sentence(tmp_path: Path) -> None:
    text = '[{"text": ' + "[" * 700 + "]" * 700 + "}]"
    with pytest.raises(InvalidInput, match="too deeply"):
        read(write_bytes(tmp_path / "t.json", text.encode()))


def test_formulas_in_text_files_are_text(tmp_path: Path) -> None:
    rows = [{"text": "=cmd|' /C calc'!A0", "label": "+1"}, {"text": "@SUM(1)", "label": "-1"}]
    assert rows_of(read(write_json(tmp_path / "t.json", rows))) == [tuple(row.values()) for row in rows]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"%PDF-1.7\n%\xe2\xe3", "is a PDF document"),
        (b"Rar!\x1a\x07\x01\x00\x00\x00\x00\x00", "is a RAR archive"),
        (b"7z\xbc\xaf\x27\x1c\x00\x04", "is a 7-Zip archive"),
        (b"SQLite format 3\x00\x10\x00", "is a database"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "is a picture"),
        (b"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00", "is a program"),
        (b"<html><body><table><tr><td>x</td></tr></table></body></html>", "a web page with a table in it"),
        (b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook>', "written as XML"),
        (b"a/" + bytes(255) + b"ustar\x0000" + bytes(300), "is a tar archive"),
    ],
)
def test_what_is_not_read_is_named_with_the_next_step(tmp_path: Path, data: bytes, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence) as caught:
        read(write_bytes(tmp_path / "table.csv", data))
    assert "table.csv" in caught.value.message
    assert caught.value.hint


def test_a_word_document_is_told_from_a_workbook(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="is a Word document"):
        read(write_zip(tmp_path / "t.xlsx", {"[Content_Types].xml": b"", "word/document.xml": b"<w/>"}))
