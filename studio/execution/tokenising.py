"""From texts to token ids: in pieces, all threads at once, and only once for the same texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from studio.execution.rows import EncodedRows, joined
from studio.execution.token_cache import TokenCache, fingerprint_rows, fingerprint_tokenizer
from studio.tasks.base import Row, Task

# In one call, which uses all threads; between calls it is heard whether the job should end.
ROWS_AT_ONCE = 20_000


@dataclass(frozen=True)
class Tokenising:
    """How the texts of a task are tokenised, cut to ``max_length``; with a ``cache`` only once."""

    task: Task
    tokenizer: Any
    max_length: int
    cache: TokenCache | None = None

    def encode(self, rows: Sequence[Row], between: Callable[[], None]) -> EncodedRows:
        """Token ids of rows, without labels; ``between`` is called after every 20,000 of them."""
        name = fingerprint_rows(self.task, rows, self._known, self.max_length) if self._known else None
        kept = self.cache.get(name) if self.cache and name else None
        if kept is not None:
            return kept
        pieces = []
        for start in range(0, max(1, len(rows)), ROWS_AT_ONCE):
            if start:
                between()
            piece = rows[start : start + ROWS_AT_ONCE]
            pieces.append(EncodedRows.of(self.task.encode(piece, self.tokenizer, self.max_length)))
        made = joined(pieces)
        if self.cache and name:
            self.cache.put(name, made)
        return made

    @cached_property
    def _known(self) -> str | None:
        return fingerprint_tokenizer(self.tokenizer) if self.cache else None
