"""What a training leaves so that it can go on where it was: whole snapshots, each verified before it is used.

    snapshot-120/         weights, optimizer, chance, state.json, and manifest.json with size and hash of each
    kept-2.safetensors    the weights of the best epoch so far, named in the manifests that need it

A snapshot is written under a temporary name, made durable, then renamed: under its name it is whole.
Nothing here imports torch.
"""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobs.durable import PART, fsync_tree, rename, replacing, temporary_name

MANIFEST, STATE = "manifest.json", "state.json"
SNAPSHOTS_KEPT = 2
Write = Callable[[Path], None]
Log = Callable[[str], None]


@dataclass(frozen=True)
class Snapshot:
    """One whole snapshot: its folder, the optimizer step it was taken after, and its state.json."""

    folder: Path
    step: int
    state: dict[str, Any]


def free_bytes(folder: Path) -> int:
    """Bytes that may still be written where the folder lies."""
    return shutil.disk_usage(folder).free


class Snapshots:
    """The snapshots of one training: the last two, and the weights of the best epoch."""

    def __init__(
        self,
        folder: Path,
        recipe: dict[str, Any],
        log: Log = lambda _: None,
        free: Callable[[Path], int] = free_bytes,
    ) -> None:
        self.folder = folder
        self.recipe = recipe
        self._log = log
        self._free = free
        self._facts_of_kept: dict[str, dict[str, Any]] = {}

    def open(self) -> None:
        """Make the folder, and remove what an attempt left half-written."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for path in self.folder.glob(f".*{PART}"):
            remove(path)

    def clear(self) -> None:
        """Forget all snapshots, for a training from the start."""
        for pattern in ("snapshot-*", "damaged-*", "kept-*"):
            for path in self.folder.glob(pattern):
                remove(path)

    def kept_path(self, epoch: int) -> Path:
        """Where the weights of an epoch lie that was the one to keep when it ended."""
        return self.folder / f"kept-{epoch}.safetensors"

    def keep(self, epoch: int, write: Write) -> None:
        """Put the weights of an epoch aside, and drop earlier ones that no snapshot needs."""
        path = self.kept_path(epoch)
        with replacing(path) as waiting:
            write(waiting)
        self._facts_of_kept.pop(path.name, None)
        self._drop_unnamed(path.name)

    def has(self, step: int) -> bool:
        """Whether there is a snapshot of a step."""
        return self._folder_of(step).exists()

    def write(self, step: int, state: dict[str, Any], kept_epoch: int | None, write: Write) -> None:
        """Leave a whole snapshot of a step, then drop what it replaces.

        ``write`` puts its files into the folder it is given; ``kept_epoch`` names the weights that were put
        aside. Raises OSError where the disk has no room; nothing half-written stays.
        """
        waiting = temporary_name(self._folder_of(step))
        waiting.mkdir()
        try:
            write(waiting)
            text = json.dumps({"recipe": self.recipe, "step": step, **state})
            (waiting / STATE).write_text(text, encoding="utf-8")
            manifest = {
                "files": {path.name: facts_of(path) for path in sorted(waiting.iterdir())},
                "kept": self._facts_of(kept_epoch),
            }
            (waiting / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
            fsync_tree(waiting)
            rename(waiting, self._folder_of(step))
        finally:
            remove(waiting)
        self._drop_replaced()

    def newest(self) -> Snapshot | None:
        """Return the newest snapshot of the same recipe that is what it was when it was written.

        One that is damaged is renamed, and the one before it is looked at.
        """
        for folder in reversed(self._all()):
            fault = find_fault(folder)
            if fault:
                self._set_aside(folder, fault)
                continue
            state = json.loads((folder / STATE).read_text(encoding="utf-8"))
            if state["recipe"] == self.recipe:
                return Snapshot(folder, state["step"], state)
        return None

    def make_room(self, size_bytes: int, reserve_bytes: int) -> None:
        """Drop all but the newest snapshot where one of that size would not leave the reserve free.

        Raises OSError (no space left) where that does not help; the newest is never given up.
        """
        needed = size_bytes + reserve_bytes
        if self._free(self.folder) < needed:
            for folder in self._all()[:-1]:
                remove(folder)
        free = self._free(self.folder)
        if free < needed:
            megabytes = [number / 1e6 for number in (size_bytes, free, reserve_bytes)]
            words = "A snapshot takes {:,.0f} MB; {:,.0f} MB are free, of which {:,.0f} MB are to stay so"
            raise OSError(errno.ENOSPC, words.format(*megabytes))

    def _folder_of(self, step: int) -> Path:
        return self.folder / f"snapshot-{step}"

    def _all(self) -> list[Path]:
        """Folders of whole snapshots, the oldest first."""
        return sorted(self.folder.glob("snapshot-*"), key=lambda path: int(path.name.rpartition("-")[2]))

    def _set_aside(self, folder: Path, fault: str) -> None:
        aside = folder.with_name(folder.name.replace("snapshot", "damaged"))
        remove(aside)
        rename(folder, aside)
        self._log(f"The snapshot of step {folder.name.rpartition('-')[2]} is damaged ({fault}): not used.")

    def _facts_of(self, epoch: int | None) -> dict[str, dict[str, Any]]:
        if epoch is None:
            return {}
        path = self.kept_path(epoch)
        if path.name not in self._facts_of_kept:
            self._facts_of_kept[path.name] = facts_of(path)
        return {path.name: self._facts_of_kept[path.name]}

    def _drop_replaced(self) -> None:
        """Leave the last snapshots and the kept weights that they name."""
        folders = self._all()
        for path in [*folders[:-SNAPSHOTS_KEPT], *self.folder.glob("damaged-*")]:
            remove(path)
        self._drop_unnamed()

    def _drop_unnamed(self, *but: str) -> None:
        """Drop kept weights that no snapshot names, but for those of these names."""
        named = {name for folder in self._all() for name in names_of_kept(folder)}.union(but)
        for path in self.folder.glob("kept-*"):
            if path.name not in named:
                remove(path)


def remove(path: Path) -> None:
    """Remove a file or a folder; nothing happens where it is not there."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def facts_of(path: Path) -> dict[str, Any]:
    """Size and hash of a file."""
    with path.open("rb") as stream:
        return {"bytes": path.stat().st_size, "sha256": hashlib.file_digest(stream, "sha256").hexdigest()}


def read_manifest(folder: Path) -> dict[str, Any]:
    """What a snapshot consists of; raises OSError or ValueError where it cannot be read."""
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    if set(manifest) != {"files", "kept"} or STATE not in manifest["files"]:
        raise ValueError("not a manifest")
    return manifest


def names_of_kept(folder: Path) -> list[str]:
    """Names of the weights that a snapshot needs beside its own files; none where that cannot be read."""
    try:
        return list(read_manifest(folder)["kept"])
    except (OSError, ValueError):
        return []


def find_fault(folder: Path) -> str:
    """Say what is wrong with a snapshot; empty where every file is what it was when it was written."""
    try:
        manifest = read_manifest(folder)
        for path, facts in named_files(folder, manifest):
            if path.stat().st_size != facts["bytes"]:
                return f"{path.name} has {path.stat().st_size} bytes instead of {facts['bytes']}"
            if facts_of(path) != facts:
                return f"{path.name} has changed"
    except OSError as error:
        return f"{Path(error.filename or folder).name}: {error.strerror}"
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"{MANIFEST} cannot be read"
    return ""


def named_files(folder: Path, manifest: dict[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every file that a manifest names, with its size and hash."""
    for name, facts in manifest["files"].items():
        yield folder / name, facts
    for name, facts in manifest["kept"].items():
        yield folder.parent / name, facts
