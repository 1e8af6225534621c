"""Putting another content into a home so that a crash half-way leaves the old or the new, never a mixture.

What is to be done is noted in the home first. Whoever opens the home next finds the note and does the rest.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from jobs.durable import fsync_path, fsync_tree, rename
from studio.errors import WorkFailed
from studio.files import read_json, write_json
from studio.keeping.archive import DATABASE
from studio.keeping.database import BESIDE, free_name

NOTE = "restore.json"


def swap_in(home: Path, staged: Path, aside: Path, names: Sequence[str]) -> None:
    """Move each of ``names`` from the folder ``staged`` into the home, and what was there to ``aside``.

    Both folders are in the home. Raises WorkFailed, with nothing changed, where a name is a disk of its own.
    """
    for name in names:
        if os.path.ismount(home / name):
            raise WorkFailed(
                f"{home / name} is a disk of its own, which a restore cannot replace.",
                "Restore into an empty folder with --home, and move the files from there.",
            )
    fsync_tree(staged)
    write_json(home / NOTE, {"staged": staged.name, "aside": aside.name, "names": list(names)})
    finish_swap(home)


def is_swap_pending(home: Path) -> bool:
    """Whether a restore was cut off after it had begun to change the home."""
    return (home / NOTE).exists()


def finish_swap(home: Path) -> None:
    """Do what is noted and not done yet; safe to repeat after a crash at any point."""
    if not is_swap_pending(home):
        return
    note = read_json(home / NOTE, "The note of the last restore")
    staged, aside = home / note["staged"], home / note["aside"]
    aside.mkdir(exist_ok=True)
    for name in note["names"]:
        if (staged / name).exists():
            put_aside(home, name, aside)
            rename(staged / name, home / name)
    shutil.rmtree(staged, ignore_errors=True)
    if not any(aside.iterdir()):
        aside.rmdir()
    (home / NOTE).unlink()
    fsync_path(home)


def put_aside(home: Path, name: str, aside: Path) -> None:
    """Move one thing of the home away; folders without anything in them are not worth it."""
    # The log of a database before the database: a new one must never meet it.
    for old in (*(f"{name}{ending}" for ending in BESIDE if name == DATABASE), name):
        path = home / old
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
        elif path.exists():
            rename(path, free_name(aside / old))
