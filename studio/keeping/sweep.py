"""What processes that were killed left half-written, and its removal once nobody writes it any more."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from jobs.durable import PART, is_abandoned
from studio.files import GONE

UNFINISHED = (PART, GONE)  # how names end of what is being written or removed
# A download goes on where it broke off, and the pages look after their own uploads.
NOT_OURS = ("checkpoints/partial", "uploads/pages")


def find_unfinished(home: Path) -> list[Path]:
    """Every file and folder of a home that is being written or removed, or was when its process ended."""
    return sorted(walk_unfinished(home, [home / name for name in NOT_OURS]))


def walk_unfinished(folder: Path, skipped: Collection[Path] = ()) -> Iterator[Path]:
    """The same below one folder; what lies within something unfinished is not named again."""
    for where, folders, files in os.walk(folder):
        here = Path(where)
        yield from (here / name for name in [*folders, *files] if name.endswith(UNFINISHED))
        folders[:] = [
            name for name in folders if not name.endswith(UNFINISHED) and here / name not in skipped
        ]


def sweep(unfinished: Iterable[Path], home: Path, is_settled: Callable[[str], bool]) -> None:
    """Remove of these what nobody goes on writing.

    ``is_settled`` tells of the id of a job that the home knows it and that no process works on it.
    """
    for path in unfinished:
        if is_left(path, home, is_settled):
            remove(path)


def is_left(path: Path, home: Path, is_settled: Callable[[str], bool]) -> bool:
    """Whether nobody goes on with something unfinished: its process or its job says so."""
    if path.name.startswith("."):
        return path.name.endswith(GONE) or is_abandoned(path)
    room, owner = path.relative_to(home).parts[:2] if path.parent != home else ("", "")
    return room in {"jobs", "models"} and is_settled(owner)


def remove(path: Path) -> None:
    """Remove a file or folder; another may do so at the same time."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
