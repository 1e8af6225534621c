"""Zip archives and compressed files: what is inside, unpacked within limits and never by its own name."""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, BinaryIO

from studio.errors import InvalidInput

UNPACKED_LIMIT_BYTES = 2 << 30
# Text shrinks to a third or a tenth; only what was made for it, or is all the same, shrinks more than this.
RATIO_LIMIT = 200
RATIO_FREE_BYTES = 64 << 20
MEMBER_LIMIT = 200_000
BLOCK_BYTES = 1 << 20
LOCAL_HEADER = struct.Struct("<4s5H3I2H")
UTF8_FLAG, ENCRYPTED_FLAG = 0x800, 0x1
KNOWN_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
UNPACKING_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, lzma.LZMAError, struct.error)
WORKBOOK_SUFFIXES = (".xlsx", ".xlsm", ".xlsb", ".ods")
OPENERS: dict[str, Callable[..., Any]] = {"gzip": gzip.open, "bzip2": bz2.open, "xz": lzma.open}
# What a zip file really is, by a member that only this kind has; the text is what is not read, and why.
OFFICE_MEMBERS = (
    ("xl/workbook.xml", "xlsx", ""),
    ("xl/workbook.bin", "xlsb", ""),
    ("word/document.xml", "", "a Word document"),
    ("ppt/presentation.xml", "", "a PowerPoint presentation"),
    ("Index/Document.iwa", "", "a Numbers or Pages document"),
)
OPEN_DOCUMENT = "application/vnd.oasis.opendocument."


class Budget:
    """How many bytes may still be unpacked from a file of so many bytes."""

    def __init__(self, name: str, packed_bytes: int, limit_bytes: int = UNPACKED_LIMIT_BYTES) -> None:
        self._name = name
        self._packed = max(packed_bytes, 1)
        self._limit = limit_bytes
        self.unpacked = 0

    def take(self, size: int) -> None:
        """Count bytes that were unpacked; InvalidInput where they are more than allowed."""
        self.unpacked += size
        if self.unpacked > self._limit:
            raise InvalidInput(
                f"{self._name} unpacks to more than {self._limit >> 20:,} MB.",
                "Split it into smaller files, or keep only what you need.",
            )
        if self.unpacked > RATIO_FREE_BYTES and self.unpacked > RATIO_LIMIT * self._packed:
            raise InvalidInput(
                f"{self._name} unpacks to more than {RATIO_LIMIT} times its size, as files do that are made "
                "to fill a disk.",
                "If it is a table of yours, import it unpacked.",
            )


@contextmanager
def decompressed(path: Path, kind: str, name: str) -> Iterator[Path]:
    """A temporary unpacked copy of a compressed file; InvalidInput where it is damaged or grows too large."""
    with TemporaryDirectory(prefix="studio-unpack-") as folder:
        target = Path(folder) / "unpacked"
        try:
            with OPENERS[kind](path, "rb") as source:
                copy_bounded(source, target, Budget(name, path.stat().st_size))
        except (OSError, *UNPACKING_ERRORS) as error:
            raise damaged(name) from error
        yield target


def copy_bounded(source: IO[bytes], target: Path, budget: Budget) -> None:
    """Copy block by block, within the budget."""
    with target.open("wb") as file:
        while block := source.read(BLOCK_BYTES):
            budget.take(len(block))
            file.write(block)


@contextmanager
def open_zip(path: Path, name: str) -> Iterator[zipfile.ZipFile]:
    """A zip file that can be read; InvalidInput where it is damaged or has too many members."""
    try:
        with zipfile.ZipFile(path) as archive:
            check_members(archive.infolist(), name)
            yield archive
    except UNPACKING_ERRORS as error:
        raise damaged(name) from error


def check_members(members: list[zipfile.ZipInfo], name: str) -> None:
    """Raise InvalidInput for too many members, a password, or a packing that is not known."""
    if len(members) > MEMBER_LIMIT:
        raise InvalidInput(f"{name} holds more than {MEMBER_LIMIT:,} files.", "Pack only the files you need.")
    if any(member.flag_bits & ENCRYPTED_FLAG for member in members):
        raise InvalidInput(f"{name} is locked with a password.", "Pack it without one, and import that.")
    if any(member.compress_type not in KNOWN_PACKINGS for member in members):
        raise InvalidInput(
            f"{name} is packed in a way that is not read here.",
            "Pack it again as plain ZIP, and import that.",
        )


def damaged(name: str) -> InvalidInput:
    """The sentence for an archive that cannot be unpacked."""
    return InvalidInput(
        f"{name} cannot be unpacked: it is damaged or cut off.",
        "Save it again in the spreadsheet program, or download it again."
        if name.lower().endswith(WORKBOOK_SUFFIXES)
        else "Pack it again, or download it again.",
    )


def kind_of_zip(path: Path, name: str) -> str:
    """xlsx, xlsb, ods, or zip for an archive of files; InvalidInput for other documents."""
    with open_zip(path, name) as archive:
        members = set(archive.namelist())
        for member, kind, what in OFFICE_MEMBERS:
            if member in members:
                if what:
                    raise refuse_document(name, what)
                return kind
        if "mimetype" in members:
            with archive.open("mimetype") as file:
                written = file.read(200).decode("ascii", "replace").strip()
            if written.startswith(OPEN_DOCUMENT + "spreadsheet"):
                return "ods"
            raise refuse_document(name, "a document" if written.startswith(OPEN_DOCUMENT) else "an e-book")
    return "zip"


def refuse_document(name: str, what: str) -> InvalidInput:
    """The sentence for an office document that is no workbook."""
    return InvalidInput(
        f"{name} is {what}, not a table.",
        "Copy the table into a spreadsheet, save it as XLSX or CSV (UTF-8), and import that.",
    )


def check_workbook(path: Path, name: str) -> None:
    """Unpack every part of a workbook into nothing, counting what really comes out.

    The sizes a zip file states may be lies, and other readers do not stop at them.
    """
    budget = Budget(name, path.stat().st_size)
    with open_zip(path, name) as archive, path.open("rb") as file:
        for member in archive.infolist():
            if member.compress_type == zipfile.ZIP_DEFLATED:
                count_inflated(file, member, budget)
            else:
                with archive.open(member) as part:
                    while block := part.read(BLOCK_BYTES):
                        budget.take(len(block))


def count_inflated(file: BinaryIO, member: zipfile.ZipInfo, budget: Budget) -> None:
    """Inflate a member to its true end."""
    file.seek(member.header_offset)
    header = LOCAL_HEADER.unpack(file.read(LOCAL_HEADER.size))
    file.seek(header[9] + header[10], 1)
    left = member.compress_size
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    while left > 0 and not inflater.eof:
        block = file.read(min(BLOCK_BYTES, left))
        if not block:
            break
        left -= len(block)
        while block:
            budget.take(len(inflater.decompress(block, BLOCK_BYTES)))
            block = inflater.unconsumed_tail
