"""The log of a job: the form of its lines, how large it may grow, and reading it while it grows.

The newest part is in ``log.txt``, what came before in ``log.1.txt``; anything older is gone. A position in
a log counts its bytes from the first that was ever written, so it stays true when the file is cut.
"""

from __future__ import annotations

import codecs
import fcntl
import os
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from jobs.durable import rename, temporary_name

LOG_NAME = "log.txt"
MAX_LOG_BYTES = 10 * 1024 * 1024
BLOCK_BYTES = 1024 * 1024
OVERFULL = 2  # so many times the limit, and the log is cut though there is no room to keep the older part
ATTEMPTS = 3  # readings of a log that is cut meanwhile


def format_line(text: str, level: str = "info", at: float | None = None, **fields: object) -> str:
    """One line of the studio's own: time in UTC, level, fields as key=value, then the text.

    ``at`` is seconds since 1970, now by default.

    >>> format_line("half way", at=1795655491.0, attempt=2)
    '2026-11-26T01:11:31Z info attempt=2 half way'
    >>> format_line("two\\nlines", "warning", at=0.0, reason="no room")
    '1970-01-01T00:00:00Z warning reason="no room" two | lines'
    """
    moment = datetime.fromtimestamp(time.time() if at is None else at, UTC)
    named = [f"{name}={quote(str(value))}" for name, value in fields.items() if value is not None]
    line = " | ".join(text.splitlines()) or "-"
    return " ".join([moment.strftime("%Y-%m-%dT%H:%M:%SZ"), level, *named, line])


def quote(value: str) -> str:
    """A field's value in one piece, in quotes where it needs them.

    >>> quote("cuda:0"), quote('a "b"')
    ('cuda:0', '"a \\\\"b\\\\""')
    """
    if value and not any(letter.isspace() or letter in '"=\\' for letter in value):
        return value
    escaped = " ".join(value.replace("\\", "\\\\").replace('"', '\\"').split())
    return f'"{escaped}"'


def limit_log(path: Path, max_bytes: int = MAX_LOG_BYTES) -> bool:
    """Cut a log that has grown over ``max_bytes``; its end moves to the older part. True where it was cut.

    Its writers need not know of it, as long as they append (O_APPEND). What is written in the instant
    between the copy and the cut is lost. Where the disk has no room for the older part the log is left
    alone until it is twice as large, and then cut without one.
    """
    try:
        with path.open("r+b") as log:
            fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
            first, size = read_start(path), os.fstat(log.fileno()).st_size
            if size <= max_bytes:
                return False
            older = keep_older(log, older_part(path), max(0, size - max_bytes))
            if older is None and size <= max_bytes * OVERFULL:
                return False
            cut(path, log, older, first)
    except (FileNotFoundError, BlockingIOError):
        return False
    return True


def keep_older(log: BinaryIO, path: Path, begin: int) -> BinaryIO | None:
    """Copy the log from byte ``begin`` on; the copy is left open. None where there is no room for it."""
    part = temporary_name(path)
    copy = part.open("wb")
    try:
        log.seek(begin)
        shutil.copyfileobj(log, copy, BLOCK_BYTES)
        copy.flush()
        rename(part, path)
    except OSError:
        copy.close()
        part.unlink(missing_ok=True)
        return None
    return copy


def cut(path: Path, log: BinaryIO, older: BinaryIO | None, first: int) -> None:
    """Empty the log, whose first byte has the position ``first``, and note where it goes on."""
    if older is None:
        older_part(path).unlink(missing_ok=True)
    else:
        with older:
            older.write(log.read())  # what was written while the copy was made
    end = first + log.tell() if older else first + os.fstat(log.fileno()).st_size
    write_start(path, first, end)
    os.ftruncate(log.fileno(), 0)
    write_start(path, end, end)


def older_part(path: Path) -> Path:
    """Where the part before the present one is.

    >>> older_part(Path("log.txt")).name, older_part(Path("worker.log")).name
    ('log.1.txt', 'worker.1.log')
    """
    return path.with_name(f"{path.stem}.1{path.suffix}")


def start_file(path: Path) -> Path:
    """Where the position of the log's first byte is kept once it was cut."""
    return path.with_name(f".{path.name}.start")


def read_start(path: Path) -> int:
    """The position of the first byte in the log's file.

    Two are kept, before and after the last cut: where a kill came between, the file's size tells them apart.
    """
    try:
        before, after = map(int, start_file(path).read_bytes().split())
    except (FileNotFoundError, ValueError):
        return 0
    return before if size_of(path) >= after - before else after


def write_start(path: Path, before: int, after: int) -> None:
    """Note both positions in one write, which no reader sees half."""
    descriptor = os.open(start_file(path), os.O_WRONLY | os.O_CREAT, 0o644)
    try:
        os.pwrite(descriptor, b"%020d %020d\n" % (before, after), 0)
    finally:
        os.close(descriptor)


def read_tail(path: Path, max_bytes: int) -> str:
    """The last whole lines of a log; empty where there is none."""
    end = end_of(path)
    begin, tail = read_bytes(path, max(0, end - max_bytes), max_bytes)
    if begin > 0 and b"\n" in tail:
        tail = tail.split(b"\n", 1)[1]
    return tail.decode("utf-8", errors="replace")


def read_after(path: Path, position: int, max_bytes: int = 1_000_000) -> tuple[str, int]:
    """What the log gained since ``position``, at most ``max_bytes``, and the position after it.

    A letter of which only some bytes are there yet is left for the next call. Where what comes next is
    gone, reading goes on with the oldest that is there.
    """
    begin, gained = read_bytes(path, position, max_bytes)
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text = decoder.decode(gained)
    return text, begin + len(gained) - len(decoder.getstate()[0])


def end_of(path: Path) -> int:
    """The position after the log's last byte."""
    return read_start(path) + size_of(path)


def size_of(path: Path) -> int:
    """Bytes of a file; 0 where there is none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def read_bytes(path: Path, position: int, max_bytes: int) -> tuple[int, bytes]:
    """At most ``max_bytes`` from ``position`` on, over both parts, and where they really begin."""
    for _ in range(ATTEMPTS):
        first = read_start(path)
        oldest = first - size_of(older_part(path))
        begin = max(position, oldest, 0)
        found = b""
        if begin < first:
            found = read_file(older_part(path), begin - oldest, max_bytes)
        if len(found) < max_bytes:
            found += read_file(path, max(0, begin - first), max_bytes - len(found))
        if read_start(path) == first:
            break
    return begin, found


def read_file(path: Path, begin: int, max_bytes: int) -> bytes:
    """Part of a file; empty where there is none."""
    try:
        with path.open("rb") as file:
            file.seek(begin)
            return file.read(max_bytes)
    except FileNotFoundError:
        return b""
