"""Turn a pickle of weights into safetensors, in a child process that reads nothing but weights from it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from jobs.durable import fsync_path, rename
from studio.checkpoints.inspect import PICKLE, PICKLE_INDEX, SAFETENSORS
from studio.errors import InvalidInput, WorkFailed

REFUSED_EXIT = 3
PACKAGE_PARENT = Path(__file__).parents[2]
CONVERTED = "Its weights came as a pickle and were converted once to safetensors."


def pickle_files(folder: Path) -> list[Path]:
    """List the pickles that hold a folder's weights: one file, or the parts its index names."""
    if (folder / PICKLE).is_file():
        return [folder / PICKLE]
    index = json.loads((folder / PICKLE_INDEX).read_text(encoding="utf-8"))
    return [folder / Path(name).name for name in sorted(set(index["weight_map"].values()))]


def convert_pickle(folder: Path) -> list[str]:
    """Write model.safetensors beside a folder's pickles and remove them; return notes to show.

    Only weights are read from a pickle, and no code in it is run. Raises InvalidInput where it holds
    something else, WorkFailed where the conversion breaks off.
    """
    sources = pickle_files(folder)
    target = folder / SAFETENSORS
    partial = target.with_suffix(".partial")
    paths = [str(path.resolve()) for path in (partial, *sources)]
    command = [sys.executable, "-m", "studio.checkpoints.conversion", str(os.getpid()), *paths]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, cwd=PACKAGE_PARENT
    )
    if done.returncode == REFUSED_EXIT:
        partial.unlink(missing_ok=True)
        raise InvalidInput(
            f"The weights file of '{folder.name}' holds more than weights, so it was not opened.",
            "Choose a checkpoint with safetensors, or ask its authors for one.",
        )
    if done.returncode != 0:
        partial.unlink(missing_ok=True)
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        raise WorkFailed(
            f"The weights of '{folder.name}' could not be converted: {last[0]}",
            "Check that the disk and the memory are large enough, then try again.",
        )
    fsync_path(partial)
    rename(partial, target)
    for source in (*sources, folder / PICKLE_INDEX):
        source.unlink(missing_ok=True)
    return [CONVERTED, *json.loads(done.stdout.strip().splitlines()[-1])]
