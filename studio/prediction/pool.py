"""Answers of any trained model, from a process that keeps the last few in memory (no torch)."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from pathlib import Path
from typing import Any, Literal

from studio.errors import AnswererEnded, NotFound, StudioError, Unavailable, WorkFailed
from studio.prediction.link import ChildGone, PredictorLink, RemoteError
from studio.prediction.reading import Reading
from studio.tasks.base import Row

ModelState = Literal["cold", "loading", "ready"]
Answer = dict[str, Any]

ROWS_PER_REQUEST = 64
CHARACTERS_PER_REQUEST = 4000
SILENCE_SECONDS = 120.0
KINDS_OF_ERROR = {"not_found": NotFound}


class PredictorPool:
    """One predictor process, started when first needed and again where it has died.

    Every method may be called from any thread. Long lists travel in small requests, so a
    single text asked for meanwhile waits for one of them at most.
    """

    def __init__(self, log_dir: Path) -> None:
        """Keep the predictor's log in ``log_dir``; no process is started yet."""
        self._log_path = Path(log_dir) / "predictor.log"
        self._lock = threading.Lock()
        self._link: PredictorLink | None = None
        self._loading: dict[str, int] = {}
        self._closed = False

    @property
    def process_id(self) -> int | None:
        """Process id of the running predictor, None where there is none."""
        with self._lock:
            return self._link.pid if self._link is not None and self._link.alive else None

    def predict(
        self,
        folder: str | Path,
        rows: Sequence[Row],
        timeout_seconds: float = 60.0,
        progress: Callable[[int], None] | None = None,
    ) -> list[Answer]:
        """One ``{label, confidence, probabilities: {label: p}}`` per row, in the order given.

        ``timeout_seconds`` bounds the wait for each request of up to 64 rows, the loading of the
        model included; ``progress`` is called with the number of rows answered so far.
        Where the predictor ends meanwhile it is asked once more. Raises NotFound where the folder holds no
        model, Unavailable where no answer came in time or the predictor ended again, WorkFailed where it
        could not answer.
        """
        return self._ask_in_parts("predict", folder, rows, timeout_seconds, progress)

    def read(
        self, folder: str | Path, rows: Sequence[Row], timeout_seconds: float = 60.0
    ) -> list[list[Reading]]:
        """The sequences that the model makes of each row, in the order given; else as ``predict``."""
        answers = self._ask_in_parts("read", folder, rows, timeout_seconds)
        return [[Reading.from_json(one) for one in answer["sequences"]] for answer in answers]

    def state(self, folder: str | Path) -> ModelState:
        """``ready`` where the model is in memory, ``loading`` on its way there, else ``cold``."""
        with self._lock:
            link, loading = self._link, self._loading.get(str(folder), 0)
        if link is None or not link.alive:
            return "cold"
        if str(folder) in link.loaded:
            return "ready"
        return "loading" if loading else "cold"

    def warm(self, folder: str | Path) -> None:
        """Have the model loaded, without waiting; whether it can be is told by the next predict."""
        if self.state(folder) != "cold":
            return
        with contextlib.suppress(ChildGone):
            self._send("load", str(folder), [])

    def forget(self, folder: str | Path) -> None:
        """Have the memory of a model given back, without waiting: it is being deleted."""
        if self.state(folder) == "cold":
            return
        with contextlib.suppress(ChildGone):
            self._send("forget", str(folder), [])

    def close(self) -> None:
        """End the predictor process; later calls are refused. Safe to repeat."""
        with self._lock:
            self._closed = True
            link, self._link = self._link, None
        if link is not None:
            link.end()

    def _ask_in_parts(
        self,
        op: str,
        folder: str | Path,
        rows: Sequence[Row],
        timeout_seconds: float,
        progress: Callable[[int], None] | None = None,
    ) -> list[Answer]:
        answers: list[Answer] = [{} for _ in rows]
        done = 0
        for numbers in cut_requests(rows):
            asked = [clean_row(rows[number]) for number in numbers]
            part = self._ask(op, str(folder), asked, timeout_seconds)
            for number, answer in zip(numbers, part, strict=True):
                answers[number] = answer
            done += len(numbers)
            if progress:
                progress(done)
        return answers

    def _ask(self, op: str, folder: str, rows: list[Row], timeout_seconds: float) -> list[Answer]:
        try:
            return self._ask_once(op, folder, rows, timeout_seconds)
        except ChildGone:
            pass  # an answer changes nothing, so that it may be asked for again
        try:
            return self._ask_once(op, folder, rows, timeout_seconds)
        except ChildGone as error:
            raise AnswererEnded(
                "The process that answers has ended unexpectedly, twice in a row.",
                "It starts again with your next request. If this repeats, the machine may be out of "
                f"memory; its log is {self._log_path.name} in {self._log_path.parent}.",
            ) from error

    def _ask_once(self, op: str, folder: str, rows: list[Row], timeout_seconds: float) -> list[Answer]:
        link: PredictorLink | None = None
        try:
            link, future = self._send(op, folder, rows)
            return future.result(timeout_seconds)
        except FutureTimeout as error:
            raise self._give_up(link, timeout_seconds) from error
        except RemoteError as error:
            raise KINDS_OF_ERROR.get(error.code, WorkFailed)(error.message, error.hint) from error

    def _send(self, op: str, folder: str, rows: list[Row]) -> tuple[PredictorLink, Future[list[Answer]]]:
        link = self._running_link()
        if folder not in link.loaded and op != "forget":
            self._count_loading(folder, +1)
            try:
                future = link.ask(op, folder, rows)
            except ChildGone:
                self._count_loading(folder, -1)
                raise
            future.add_done_callback(lambda _: self._count_loading(folder, -1))
            return link, future
        return link, link.ask(op, folder, rows)

    def _running_link(self) -> PredictorLink:
        with self._lock:
            if self._closed:
                raise Unavailable("The studio is closing.", "Start it again, then repeat the request.")
            if self._link is None or not self._link.alive:
                self._log_path.parent.mkdir(parents=True, exist_ok=True)
                if self._link is not None:
                    self._link.end()
                self._loading.clear()
                self._link = PredictorLink(self._log_path)
            return self._link

    def _count_loading(self, folder: str, change: int) -> None:
        with self._lock:
            count = self._loading.get(folder, 0) + change
            if count > 0:
                self._loading[folder] = count
            else:
                self._loading.pop(folder, None)

    def _give_up(self, link: PredictorLink | None, timeout_seconds: float) -> StudioError:
        # A busy process is left alone; one that has said nothing for minutes is hung.
        if link is not None and link.silent_seconds > SILENCE_SECONDS:
            link.end()
        return Unavailable(
            f"The model did not answer within {timeout_seconds:.3g} seconds.",
            "It may still be loading, or the machine is busy. Try again in a moment.",
        )


def cut_requests(rows: Sequence[Row]) -> Iterator[list[int]]:
    """Row numbers in requests of similar length, short rows first, bounded in number and size.

    >>> list(cut_requests([{"text": "a" * 3000}, {"text": "b"}, {"text": "c" * 3000}]))
    [[1, 0], [2]]
    """
    sizes = [sum(map(len, row.values())) for row in rows]
    numbers: list[int] = []
    size = 0
    for number in sorted(range(len(rows)), key=lambda number: sizes[number]):
        full = len(numbers) == ROWS_PER_REQUEST or size + sizes[number] > CHARACTERS_PER_REQUEST
        if numbers and full:
            yield numbers
            numbers, size = [], 0
        numbers.append(number)
        size += sizes[number]
    if numbers:
        yield numbers


def clean_row(row: Row) -> Row:
    """The row without half surrogate pairs, which no tokenizer accepts."""
    return {role: text.encode("utf-8", "replace").decode("utf-8") for role, text in row.items()}
