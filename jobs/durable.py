"""Files that survive a loss of power: the only places of fsync and of renaming into place."""

from __future__ import annotations

import hashlib
import os
import re
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import psutil

from jobs.faults import fault

PART = ".part"  # how the name of a file or folder ends that is not complete yet
WRITER = re.compile(r"\.(?P<machine>[0-9a-f]{6})-(?P<process>\d+)-(?P<start>\d+)\.[0-9a-f]{8}\.part$")


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
    writer = f"{mark_of_machine()}-{os.getpid()}-{start_of(os.getpid())}"
    return path.with_name(f".{end}.{writer}.{uuid.uuid4().hex[:8]}{PART}")


def mark_of_machine() -> str:
    """Six characters that stand for this machine in temporary names."""
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:6]


def start_of(process: int) -> str | None:
    """When a process of this machine began, in a unit of the system; None where there is none of that number.

    On Linux it counts from the start of the machine, so that a clock that is set changes nothing.
    """
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        if Path("/proc/self/stat").exists():
            return None
    try:
        return str(int(psutil.Process(process).create_time()))
    except psutil.NoSuchProcess:
        return None


def is_abandoned(path: Path, after_seconds: float = 86_400.0) -> bool:
    """Whether the process that wrote what has a temporary name is gone.

    One of another machine is taken for gone ``after_seconds`` without a change. False for any other name.
    """
    named = WRITER.search(path.name)
    if named is None:
        return False
    if named["machine"] == mark_of_machine():
        return start_of(int(named["process"])) != named["start"]
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
