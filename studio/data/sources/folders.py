"""Folders of this machine that the operator opened: which tables are in them, and nothing outside."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from studio.errors import InvalidInput, NotFound

PREFIX = "server:"
MOST_LISTED = 1_000
MOST_VISITED = 20_000
TEXT_ENDINGS = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".conll")
OTHER_ENDINGS = (".parquet", ".arrow", ".feather", ".xlsx", ".xls", ".ods", ".zip", ".gz", ".bz2", ".xz")
TABLE_ENDINGS = frozenset((*TEXT_ENDINGS, *OTHER_ENDINGS))


@dataclass(frozen=True)
class ServerTable:
    """A file in an allowed folder; ``address`` is what an import takes."""

    address: str
    name: str
    size_bytes: int


def list_tables(folders: Sequence[Path]) -> list[ServerTable]:
    """Up to 1,000 files that look like tables, by folder and name; links that lead outside are left out."""
    found: list[ServerTable] = []
    for folder in folders:
        root = folder.resolve()
        for path in walk(root):
            if path.suffix.lower() in TABLE_ENDINGS and is_inside(path, root) and path.is_file():
                name = path.relative_to(root).as_posix()
                found.append(ServerTable(f"{PREFIX}{root / name}", name, path.stat().st_size))
            if len(found) >= MOST_LISTED:
                return found
    return found


def walk(root: Path) -> Iterator[Path]:
    """Files below a folder in order of name, hidden ones aside; links to folders are not followed."""
    visited = 0
    for place, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            visited += 1
            if visited > MOST_VISITED:
                return
            if not name.startswith("."):
                yield Path(place, name)


def is_inside(path: Path, root: Path) -> bool:
    """Whether what a path leads to, links followed, lies in a folder."""
    real = Path(os.path.realpath(path))
    return real == root or root in real.parents


def open_table(address: str, folders: Sequence[Path]) -> Path:
    """The file or folder that ``server:PATH`` means, links followed.

    PATH is absolute, or starts in one of the folders. Raises InvalidInput for anything outside, NotFound
    where there is nothing.
    """
    if not folders:
        raise InvalidInput(
            "No folder of this server is open for imports.",
            "Upload the file, or let the operator open a folder with STUDIO_DATA_FOLDERS.",
        )
    wanted = address.removeprefix(PREFIX).strip()
    if not wanted or "\0" in wanted:
        raise InvalidInput("No file is named.", f"Write for example {PREFIX}{folders[0] / 'tickets.csv'}.")
    for folder in folders:
        root = folder.resolve()
        path = root / wanted
        if is_inside(path, root) and os.path.lexists(path):
            real = Path(os.path.realpath(path))
            if real.is_dir():
                refuse_links_outside(real, root)
            return real
    if any(is_inside(folder.resolve() / wanted, folder.resolve()) for folder in folders):
        raise NotFound(f"There is no '{wanted}' in the folders that are open.", "Check the name.")
    raise InvalidInput(
        f"'{wanted}' is not in a folder that is open for imports.",
        f"Choose a file in {', '.join(str(folder) for folder in folders)}.",
    )


def refuse_links_outside(folder: Path, root: Path) -> None:
    """Raise InvalidInput where something in a folder leads out of the allowed one."""
    for place, folders, names in os.walk(folder):
        for name in [*folders, *names]:
            if not is_inside(Path(place, name), root):
                raise InvalidInput(
                    f"'{name}' in '{folder.name}' is a link that leads out of the folders that are open.",
                    "Choose another folder, or put a copy in place of the link.",
                )
