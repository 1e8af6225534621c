"""The rows of a file that are answered already, kept so that whoever goes on need not answer them again.

    rows          the beginning of the result, byte for byte; it only grows
    kept.json     how much of it counts, its checksum, and of what it is a beginning

A piece is on the disk before the note that counts it. What stands behind the last note is written anew.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import BinaryIO

from jobs.durable import fsync_file, rename, write_file

ROWS, NOTE = "rows", "kept.json"
BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class Note:
    """How far it is: rows of the file, those of them without an answer, bytes and their CRC-32."""

    fingerprint: str
    rows: int = 0
    unanswered: int = 0
    size: int = 0
    checksum: int = 0


class Kept:
    """A result that grows in a folder of its own; ``note`` says how far it is.

    What was kept there under another fingerprint, or is not what was written, is given up. Used in a ``with``
    statement; raises OSError where the disk has no room.
    """

    def __init__(self, folder: Path, fingerprint: str, to: Path) -> None:
        self.note = Note(fingerprint)
        self._folder, self._to = folder, to
        self._stream: BinaryIO

    def __enter__(self) -> Kept:
        self._folder.mkdir(parents=True, exist_ok=True)
        path, found = self._folder / ROWS, self._read_note()
        if found is not None and not path.exists() and self._to.exists():
            rename(self._to, path)  # whoever finished it was killed before that was known
        self._stream = path.open("r+b" if path.exists() else "w+b")
        if found is not None and found.fingerprint == self.note.fingerprint and self._holds(found):
            self.note = found
        self._stream.truncate(self.note.size)
        self._stream.seek(self.note.size)
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def add(self, content: bytes, rows: int = 0, unanswered: int = 0) -> None:
        """Keep what follows: the bytes of so many rows."""
        self._stream.write(content)
        fsync_file(self._stream)
        self.note = replace(
            self.note,
            rows=self.note.rows + rows,
            unanswered=self.note.unanswered + unanswered,
            size=self.note.size + len(content),
            checksum=zlib.crc32(content, self.note.checksum),
        )
        write_file(self._folder / NOTE, json.dumps(asdict(self.note)))

    def finish(self) -> None:
        """Give the whole result its name; the note stays, and tells that nothing is left to do."""
        self._stream.close()
        rename(self._folder / ROWS, self._to)

    def _read_note(self) -> Note | None:
        try:
            return Note(**json.loads((self._folder / NOTE).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def _holds(self, note: Note) -> bool:
        """Whether the file begins with what was noted."""
        checksum, left = 0, note.size
        while left and (block := self._stream.read(min(left, BLOCK_BYTES))):
            checksum, left = zlib.crc32(block, checksum), left - len(block)
        return not left and checksum == note.checksum
