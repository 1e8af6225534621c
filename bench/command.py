"""Run the studio's own commands from a benchmark, as a user's script would."""

from __future__ import annotations

import json
import os
import platform
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from studio.computing import GLIBC, KEPT_PAGES, learning_environment

ROOT = Path(__file__).resolve().parents[1]


def run_studio(home: Path, *arguments: str) -> Any:
    """One command with --json; its value. Ends the benchmark with the command's own words where it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "studio", "--home", str(home), "--json", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"'studio {' '.join(arguments)}' ended with {done.returncode}.")
    return json.loads(done.stdout)


def run_program(program: str, path: Path) -> dict[str, Any]:
    """What a piece of Python prints as JSON about a file, run in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return dict(json.loads(done.stdout))


def start_as_jobs_do() -> None:
    """Start this program again with the environment of processes that learn, which is read at the start."""
    if KEPT_PAGES not in os.environ.get(GLIBC, ""):
        os.execve(sys.executable, sys.orig_argv, {**os.environ, **learning_environment(os.environ)})


def clean_up_on_sigterm() -> None:
    """Let SIGTERM end a benchmark by way of every ``finally``, as Ctrl+C does."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def describe_machine() -> str:
    """The machine in one line, for the head of a table."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{platform.system()} {platform.machine()}, {cores} CPU cores, Python {platform.python_version()}"
