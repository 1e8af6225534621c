"""A folder per class with a text file per row, as film reviews and newsgroups are shared."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from studio.data.names import show_name
from studio.data.problems import Problem, count_of
from studio.data.readers.archives import Budget
from studio.data.readers.cells import PREVIEW_ROWS, CellColumns
from studio.data.readers.encodings import check_encoding, find_encoding
from studio.data.readers.kinds import PROBED_BYTES, is_binary
from studio.data.readers.members import Member, split_of_folder
from studio.data.readers.table import Progress, ReaderReport, ReadOptions, Table
from studio.errors import InvalidInput

DOCUMENT_ENDINGS = frozenset({"", ".txt", ".text", ".story", ".eml"})
DOCUMENT_SHARE = 0.8
ROLES = {"text": "text", "label": "label"}
FILES_PER_REPORT = 1_000
MOST_PARTS = 1_000
SHOWN_FILES = 8
JUDGED_FILES = 200


@dataclass(frozen=True)
class Document:
    """A text file that is one row: its class, and its split ("" without)."""

    member: Member
    label: str
    split: str


def find_classes(members: list[Member]) -> list[Document]:
    """The documents, where nearly all files are texts in two folders or more that are no splits."""
    documents = [Document(member, *place_of(member)) for member in members if is_document(member)]
    documents = [document for document in documents if document.label]
    labels = {document.label for document in documents}
    folders = {document.member.name.parent for document in documents}
    if len(labels) < 2 or len(documents) < 2 * len(folders) or len(documents) < DOCUMENT_SHARE * len(members):
        return []
    if any(document.split for document in documents):
        return [document for document in documents if document.split]
    return documents


def is_document(member: Member) -> bool:
    """Whether a file is named like a text; a number may stand where others have an ending."""
    ending = member.name.suffix.lower()
    return ending in DOCUMENT_ENDINGS or ending[1:].isdigit()


def place_of(member: Member) -> tuple[str, str]:
    """The class and the split of a file, by the folders it is in."""
    folders = member.name.parts[:-1]
    splits = [split for part in folders if (split := split_of_folder(part))]
    label = "/".join(part for part in folders if not split_of_folder(part))
    return label, splits[0] if splits else ""


def read_classes(
    documents: list[Document], budget: Budget, options: ReadOptions, name: str, progress: Progress | None
) -> Table:
    """A row per file: its text, the class it is in, its name, and its split where folders are named so.

    Every row stands on line 1 of its own file. Raises InvalidInput where no file is a text.
    """
    complete = not options.preview or len(documents) <= PREVIEW_ROWS
    if not complete:
        step = len(documents) // PREVIEW_ROWS + 1
        documents = documents[::step]
    texts, encoding = read_texts(documents, budget, options, name, progress)
    read = [document for document, text in zip(documents, texts, strict=True) if text is not None]
    broken = [document for document, text in zip(documents, texts, strict=True) if text is None]
    if not read:
        raise InvalidInput(f"{name} holds folders of files that are no texts.", "Choose text files (TXT).")
    columns: dict[str, Any] = {
        "text": [text for text in texts if text is not None],
        "label": [document.label for document in read],
        "file_name": [str(document.member.name) for document in read],
    }
    has_splits = any(document.split for document in read)
    if has_splits:
        columns["split"] = [document.split for document in read]
    cells = CellColumns(name)
    cells.add(columns, np.ones(len(read), dtype=np.int64))
    labels = sorted({document.label for document in read})
    report = ReaderReport(
        "folder", encoding, "", None, False, len(read), len(broken), parts=tuple(labels[:MOST_PARTS]),
        complete=complete,
    )  # fmt: skip
    trains = any(document.split == "train" for document in read)
    frame = cells.frame()
    return Table(
        frame,
        cells.lines(),
        report,
        tuple(find_broken(broken, name)),
        name,
        roles=dict(ROLES),
        split_column="split" if has_splits and trains else None,
        files=frame["file_name"],
    )


def read_texts(
    documents: list[Document], budget: Budget, options: ReadOptions, name: str, progress: Progress | None
) -> tuple[list[str | None], str]:
    """The texts, None for a file that is none, and the encoding of those that are not UTF-8."""
    texts: list[str | None] = []
    strange: dict[int, bytes] = {}
    encoding = check_encoding(options.encoding) if options.encoding else ""
    for index, document in enumerate(documents):
        if progress and index % FILES_PER_REPORT == 0:
            progress(index / len(documents), f"Reading {name}: file {index:,} of {len(documents):,}.")
        data = read_document(document.member, budget)
        text = None if is_binary(data[:PROBED_BYTES]) else decode_document(data, encoding or "utf-8")
        if text is None and not is_binary(data[:PROBED_BYTES]):
            strange[index] = data
        texts.append(text)
    if strange:
        sample = b"\n".join(list(strange.values())[:JUDGED_FILES])
        encoding = encoding or find_encoding(io.BytesIO(sample)).name
        for index, data in strange.items():
            texts[index] = data.decode(encoding, errors="replace").rstrip("\r\n")
    return texts, encoding or "utf-8"


def read_document(member: Member, budget: Budget) -> bytes:
    """All bytes of a file, within the budget."""
    blocks = []
    with member.open() as file:
        while block := file.read(1 << 20):
            budget.take(len(block))
            blocks.append(block)
    return b"".join(blocks)


def decode_document(data: bytes, encoding: str) -> str | None:
    """The text of a file without the line end at its end, None where the bytes are not of the encoding."""
    try:
        return data.decode(encoding).removeprefix("\ufeff").rstrip("\r\n")
    except UnicodeDecodeError:
        return None


def find_broken(broken: list[Document], name: str) -> Iterator[Problem]:
    """Files that are no texts."""
    if broken:
        shown = ", ".join(show_name(str(document.member.name)) for document in broken[:SHOWN_FILES])
        yield Problem(
            "error",
            "no_text",
            f"{count_of(len(broken), 'file holds', 'files hold')} bytes that are no text: {shown}.",
            "There is nothing in them to learn from.",
            "Take them out of the folders, or drop them.",
            name,
            count=len(broken),
            fixes=("drop_rows",),
        )
