"""Files and folders that appear whole or not at all, and go without a trace."""

from __future__ import annotations

import json
import shutil
import uuid
from pathlib import Path
from typing import Any

from jobs.durable import rename, replacing
from studio.errors import Damaged

GONE = ".gone"  # how the names of folders end whose removal did not come to its end


def write_json(path: Path, value: Any) -> None:
    """Write JSON to a file that is there whole or not at all, and stays after a loss of power."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as waiting, waiting.open("w", encoding="utf-8") as stream:
        json.dump(value, stream, ensure_ascii=False, indent=2, allow_nan=False)


def read_json(path: Path, what: str) -> Any:
    """The value of a JSON file; Damaged, naming ``what`` it holds, where it is there but cannot be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise Damaged(
            f"{what} cannot be read: the file {path.name} is damaged.",
            "Restore the studio's folder from a backup, or make it again.",
        ) from error


def remove_folder(folder: Path) -> None:
    """Remove a folder with all in it; nothing happens where it is not there.

    It is renamed first, so that nobody finds it half gone.
    """
    doomed = folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:8]}{GONE}")
    try:
        rename(folder, doomed)
    except FileNotFoundError:
        return
    shutil.rmtree(doomed, ignore_errors=True)


def folder_bytes(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
