"""Where fetched and converted checkpoints lie in the studio's home, and what is noted beside them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from studio.checkpoints.inspect import read_optional_json
from studio.settings import Settings

NOTE_NAME = "fetched.json"


@dataclass(frozen=True)
class FetchNote:
    """Where a checkpoint in the home came from and what was done to it."""

    source: str
    revision: str
    notes: tuple[str, ...] = ()


def folder_name(repo: str) -> str:
    """Write a repository's name as a folder's.

    >>> folder_name("google-bert/bert-base-cased")
    'google-bert--bert-base-cased'
    """
    return repo.replace("/", "--")


def fetched_path(repo: str, settings: Settings) -> Path:
    """Where a hub checkpoint lies once it is complete."""
    return settings.checkpoints_dir / "hub" / folder_name(repo)


def partial_path(repo: str, revision: str, settings: Settings) -> Path:
    """Where a hub checkpoint grows while it is fetched."""
    return settings.checkpoints_dir / "partial" / folder_name(repo) / revision


def converted_path(folder: Path, settings: Settings) -> Path:
    """Where the converted copy of a local folder lies; another one once the folder's files change."""
    facts = sorted(
        (path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in folder.glob("*.bin*")
    )
    digest = hashlib.sha256(repr((str(folder.resolve()), facts)).encode()).hexdigest()[:12]
    return settings.checkpoints_dir / "converted" / f"{folder.resolve().name}-{digest}"


def find_fetched(repo: str | None, settings: Settings) -> Path | None:
    """Return the folder of a complete hub checkpoint, or None."""
    if not repo:
        return None
    folder = fetched_path(repo, settings)
    return folder if (folder / NOTE_NAME).is_file() else None


def write_note(folder: Path, source: str, revision: str, notes: Sequence[str]) -> None:
    """Note beside a checkpoint where it came from."""
    text = json.dumps({"source": source, "revision": revision, "notes": list(notes)}, indent=2)
    (folder / NOTE_NAME).write_text(text, encoding="utf-8")


def read_note(folder: Path) -> FetchNote | None:
    """Return what is noted beside a checkpoint, or None for a folder the studio did not make."""
    kept = read_optional_json(folder / NOTE_NAME)
    if "source" not in kept:
        return None
    return FetchNote(kept["source"], kept.get("revision", ""), tuple(kept.get("notes", ())))
