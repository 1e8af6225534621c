"""A dataset of a Hugging Face hub, brought here by a process of its own: its library may load anything."""

from __future__ import annotations

import json
import os
import queue
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from studio import errors
from studio.data.readers import Progress
from studio.data.sources.rules import Fetched, SourceRules
from studio.errors import InvalidInput, StudioError, TooLarge, Unavailable

HUB_PREFIX = "hf:"
NAME = re.compile(r"^[\w.-]+(?:/[\w.-]+)?$")
SOURCE_ROOT = Path(__file__).resolve().parents[3]
POLL_SECONDS = 0.5
# Downloads, the library's own copy of them and the table written from it lie side by side for a while.
MOST_COPIES = 6
DOWNLOADS, LOG = "hub", "log.txt"
BESIDE_THE_TABLE = (DOWNLOADS, "cache")
CHILD = "studio.data.sources.hub_child"


def fetch_dataset(address: str, rules: SourceRules, folder: Path, progress: Progress) -> Fetched:
    """Bring ``hf:OWNER/NAME`` or ``hf:OWNER/NAME#CONFIG`` here as one Parquet file.

    The names of its splits are kept in a column; nothing else is left in ``folder``. Raises InvalidInput,
    NotFound, TooLarge or Unavailable.
    """
    repo, _, config = address.strip()[len(HUB_PREFIX) :].partition("#")
    if not NAME.match(repo) or ".." in repo:
        raise InvalidInput(f"'{repo[:100]}' is no name of a hub dataset.", "Write hf:OWNER/NAME.")
    if rules.offline:
        raise Unavailable(
            f"'{repo}' is not fetched, since the studio works offline.",
            "Unset HF_HUB_OFFLINE and start the studio again, or import a file.",
        )
    order = {
        "repo": repo,
        "config": config or None,
        "endpoint": rules.hub_endpoint,
        "token": rules.hub_token,
        "max_bytes": rules.max_bytes,
        "folder": str(folder),
    }
    try:
        for message in run_child(order, rules, folder):
            if "error" in message:
                raise read_error(message["error"])
            if "path" in message:
                return Fetched(Path(message["path"]), message["name"], message["split_column"])
            progress(float(message["share"]), str(message["sentence"]))
    finally:
        for name in BESIDE_THE_TABLE:
            shutil.rmtree(folder / name, ignore_errors=True)
        (folder / LOG).unlink(missing_ok=True)
    raise Unavailable(
        f"The table of '{repo}' could not be made.", "Download one of its files and import that."
    )


def run_child(order: dict[str, Any], rules: SourceRules, folder: Path) -> Iterator[dict[str, Any]]:
    """What the process says until it ends; it is ended where it takes too long or too much room."""
    process = subprocess.Popen(
        [sys.executable, "-m", CHILD],
        cwd=SOURCE_ROOT,
        env=child_environment(rules, folder),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=(folder / LOG).open("wb"),
    )
    assert process.stdin and process.stdout, "pipes were asked for"
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=pass_on, args=(process.stdout, lines), daemon=True).start()
    deadline = time.monotonic() + rules.total_seconds
    try:
        process.stdin.write(json.dumps(order).encode())
        process.stdin.close()
        while True:
            try:
                line = lines.get(timeout=POLL_SECONDS)
            except queue.Empty:
                line = b"\n"
            if not line:
                return
            if line.strip():
                yield json.loads(line)
            check_limits(order, rules, folder, deadline)
    finally:
        process.kill()
        process.wait()


def pass_on(stream: IO[bytes], lines: queue.SimpleQueue[bytes]) -> None:
    """Lines as they come, and b"" at the end."""
    for line in stream:
        lines.put(line)
    lines.put(b"")


def child_environment(rules: SourceRules, folder: Path) -> dict[str, str]:
    """The environment of the child: this hub alone, its files in the folder, no torch, no telemetry."""
    ours = {
        "HF_HOME": str(folder / DOWNLOADS),
        "HF_ENDPOINT": rules.hub_endpoint,
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1",
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_DOWNLOAD_TIMEOUT": str(int(rules.stall_seconds)),
        "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
        "USE_TORCH": "0",
        "USE_TF": "0",
        "USE_JAX": "0",
    }
    kept = {name: value for name, value in os.environ.items() if name not in {"HF_TOKEN", "HF_HUB_OFFLINE"}}
    return {**kept, **ours}


def check_limits(order: dict[str, Any], rules: SourceRules, folder: Path, deadline: float) -> None:
    """Raise Unavailable where the time is up, TooLarge where the disk fills."""
    if time.monotonic() > deadline:
        raise Unavailable(
            f"'{order['repo']}' did not arrive within {rules.total_seconds:.0f} seconds.", "Try again later."
        )
    used = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    if used > MOST_COPIES * rules.max_bytes:
        raise TooLarge(
            f"'{order['repo']}' unpacks to more than may be fetched.",
            "Import a part of it, or raise STUDIO_MAX_UPLOAD_MB.",
        )


def read_error(value: dict[str, str]) -> StudioError:
    """The error that the child met."""
    kind = getattr(errors, value["kind"])
    error: StudioError = kind(value["message"], value["hint"])
    return error
