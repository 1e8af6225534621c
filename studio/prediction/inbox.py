"""Requests as they come in, those of one model that wait together taken in one go (no torch)."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Iterable
from queue import SimpleQueue
from typing import Any

ROWS_TOGETHER = 64

Request = dict[str, Any]


class Inbox:
    """Requests from a stream of JSON lines, which a thread of its own reads."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._came: SimpleQueue[Request | None] = SimpleQueue()
        self._waiting: deque[Request | None] = deque()
        threading.Thread(target=self._read, args=(lines,), name="requests", daemon=True).start()

    def take(self) -> list[Request]:
        """Wait for the next request; with it come those to the same model that wait behind it.

        Together they hold at most 64 rows, unless the first alone has more. All but ``predict`` come
        alone, and none is overtaken by what asks for the same model. Empty once the stream has ended.
        """
        if not self._waiting:
            self._waiting.append(self._came.get())
        while not self._came.empty():
            self._waiting.append(self._came.get())
        first = self._waiting.popleft()
        if first is None:
            self._waiting.append(None)
            return []
        return [first, *self._fellows(first)] if first["op"] == "predict" else [first]

    def _fellows(self, first: Request) -> list[Request]:
        """Take out what can be answered together with the first."""
        found, kept, rows = [], deque[Request | None](), len(first["rows"])
        open_to_more = True
        for request in self._waiting:
            same = request is not None and request["folder"] == first["folder"]
            fits = same and request["op"] == "predict" and rows + len(request["rows"]) <= ROWS_TOGETHER
            if open_to_more and fits:
                found.append(request)
                rows += len(request["rows"])
                continue
            open_to_more = open_to_more and not same
            kept.append(request)
        self._waiting = kept
        return found

    def _read(self, lines: Iterable[str]) -> None:
        try:
            for line in lines:
                if line.strip():
                    self._came.put(json.loads(line))
        finally:
            self._came.put(None)
