"""Files that survive a loss of power: the only places of fsync and of renaming into place."""

from __future__ import annotations

import hashlib
import os
import re
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from jobs.faults import fault
from jobs.processes import mark_of, place_of_numbers

PART = ".part"  # how the name of a file or folder ends that is not complete yet
WRITER = re.compile(r"\.(?P<place>[0-9a-f]{6})-(?P<process>\d+)-(?P<start>\d+)\.[0-9a-f]{8}\.part$")


def fsync_file(file: IO[Any] | int) -> None:
    """Wait until what was written to an open file is on the disk."""
    fault("fsync")
    if not isinstance(file, int):
        file.flush()
        file = file.fileno()
    os.fsync(file)


def fsync_path(path: Path) -> None:
    """The same for a file that another library wrote, or for the names in a folder.

    Windows cannot do so for a folder, and need not.
    """
    if not path.is_dir():
        with path.open("rb+") as stream:
            fsync_file(stream)
    elif os.name != "nt":
        handle = os.open(path, os.O_RDONLY)
        try:
            fsync_file(handle)
        finally:
            os.close(handle)


def fsync_tree(folder: Path) -> None:
    """The same for everything below a folder, and for the folder itself."""
    for path in sorted(folder.rglob("*"), reverse=True):
        fsync_path(path)
    fsync_path(folder)


def rename(source: Path, target: Path) -> None:
    """Give a complete file or folder its name; a file that has it gives way.

    Raises OSError where ``target`` is a folder with something in it.
    """
    fault("rename")
    os.replace(source, target)
    fsync_path(target.parent)


def temporary_name(path: Path) -> Path:
    """A name beside ``path`` for what is still being written; it says which process writes it."""
    end = path.name.encode()[-150:].decode(errors="ignore")
    writer = f"{short_place()}-{os.getpid()}-{short_start(os.getpid())}"
    return path.with_name(f".{end}.{writer}.{uuid.uuid4().hex[:8]}{PART}")


def short_place() -> str:
    """Six characters that stand for the place within which process numbers mean the same."""
    return hashlib.sha256(place_of_numbers().encode()).hexdigest()[:6]


def short_start(process: int) -> str:
    """When a process of this place started, in digits; empty where there is none of that number."""
    return (mark_of(process) or "").rpartition(":")[2].replace(".", "")


def is_abandoned(path: Path, after_seconds: float = 86_400.0) -> bool:
    """Whether the process that wrote what has a temporary name is gone.

    One of another place is taken for gone ``after_seconds`` without a change. False for any other name.
    """
    named = WRITER.search(path.name)
    if named is None:
        return False
    if named["place"] == short_place():
        return short_start(int(named["process"])) != named["start"]
    try:
        return time.time() - path.stat().st_mtime > after_seconds
    except OSError:
        return False


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A name to write a file under; it becomes ``path`` where the block ends well, else it is removed."""
    waiting = temporary_name(path)
    try:
        yield waiting
        fsync_path(waiting)
        rename(waiting, path)
    finally:
        waiting.unlink(missing_ok=True)


def write_file(path: Path, content: bytes | str) -> None:
    """Write a small file that is there whole or not at all."""
    with replacing(path) as waiting:
        waiting.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
