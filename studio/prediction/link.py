"""One predictor process and the line to it: requests out, answers back to whoever waits (no torch)."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from studio.computing import SLEEPING_THREADS
from studio.tasks.base import Row

REPOSITORY = Path(__file__).resolve().parents[2]
GRACE_SECONDS = 1.0
COMMAND = (sys.executable, "-m", "studio.prediction.predictor")

Answers = list[dict[str, Any]]


class ChildGone(Exception):
    """The predictor process ended before it answered."""


@dataclass(frozen=True)
class Waiting:
    """A request on its way: where its answer goes, and when it was sent (monotonic seconds)."""

    future: Future[Answers]
    asked_at: float


class PredictorLink:
    """A running predictor process; every method may be called from any thread."""

    def __init__(self, log_path: Path, command: Sequence[str] = COMMAND) -> None:
        """Start the process, told whose it is; libraries are still being imported when this returns."""
        self.loaded: tuple[str, ...] = ()
        self._heard_at = time.monotonic()
        # Two locks: a writer blocked on a full pipe must not keep answers from being read.
        self._write_lock = threading.Lock()
        self._lock = threading.Lock()
        self._waiting: dict[int, Waiting] = {}
        self._next_id = 1
        self._open = True
        with open(log_path, "ab") as log:
            self._process = subprocess.Popen(
                [*command, str(os.getpid())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=REPOSITORY,
                env=child_environment(),
                start_new_session=True,
            )
        assert self._process.stdout is not None
        self._reader = threading.Thread(
            target=self._read, args=(self._process.stdout,), name="predictor-answers", daemon=True
        )
        self._reader.start()

    @property
    def alive(self) -> bool:
        """Whether requests can still be sent."""
        return self._open and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Process id of the predictor."""
        return self._process.pid

    @property
    def silent_seconds(self) -> float:
        """How long the oldest unanswered request has seen no answer of any kind; 0 where none waits."""
        with self._lock:
            asked = [waiting.asked_at for waiting in self._waiting.values()]
        return time.monotonic() - max(min(asked), self._heard_at) if asked else 0.0

    def ask(self, op: str, folder: str, rows: Sequence[Row] = ()) -> Future[Answers]:
        """Send one request; the future holds its answers, or ChildGone, or a RemoteError."""
        waiting = Waiting(Future(), time.monotonic())
        with self._lock:
            number = self._next_id
            self._next_id += 1
            self._waiting[number] = waiting
        request = {"id": number, "op": op, "folder": folder, "rows": list(rows)}
        try:
            self._write(json.dumps(request).encode() + b"\n")
        except (OSError, ValueError) as error:
            with self._lock:
                self._waiting.pop(number, None)
            raise ChildGone from error
        return waiting.future

    def _write(self, line: bytes) -> None:
        with self._write_lock:
            if not self.alive or self._process.stdin is None:
                raise BrokenPipeError
            self._process.stdin.write(line)
            self._process.stdin.flush()

    def end(self) -> None:
        """Close the line, give the process a moment, then kill it; safe to repeat."""
        self._open = False
        # A writer may be blocked for good on a hung process: wait for it only so long.
        if self._process.stdin is not None and self._write_lock.acquire(timeout=GRACE_SECONDS):
            with contextlib.suppress(OSError):
                self._process.stdin.close()
            self._write_lock.release()
        try:
            self._process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(GRACE_SECONDS)

    def _read(self, stream: BinaryIO) -> None:
        try:
            # A process that is killed while it answers leaves half a line: nothing can follow.
            with contextlib.suppress(ValueError):
                for line in stream:
                    self._heard_at = time.monotonic()
                    self._deliver(json.loads(line))
        finally:
            with self._lock:
                self._open = False
                left, self._waiting = self._waiting, {}
            for waiting in left.values():
                waiting.future.set_exception(ChildGone())

    def _deliver(self, reply: dict[str, Any]) -> None:
        self.loaded = tuple(reply["loaded"])
        with self._lock:
            waiting = self._waiting.pop(reply["id"], None)
        if waiting is None:
            return
        if reply["ok"]:
            waiting.future.set_result(reply["answers"])
        else:
            waiting.future.set_exception(RemoteError(**reply["error"]))


class RemoteError(Exception):
    """What the predictor said it could not do, in its own words."""

    def __init__(self, message: str, hint: str = "", code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code


def child_environment() -> dict[str, str]:
    """The environment of the predictor: offline, silent, and no tokenizer threads of its own."""
    return {
        **os.environ,
        **SLEEPING_THREADS,
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "PYTHONIOENCODING": "utf-8",
        "PYTHONUNBUFFERED": "1",
    }
