"""How much of a dataset's texts a checkpoint reads: token lengths by its own tokenizer, and what is cut."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from studio.checkpoints.catalogue import Checkpoint, load_catalogue
from studio.checkpoints.resolve import resolve_known
from studio.settings import Settings

LIMITS = (128, 256, 512)


@dataclass(frozen=True)
class TokenFacts:
    """Token lengths of texts, special tokens included; ``cut`` is {limit: share of the texts above it}.

    ``exact`` is False where only a sample of the ``rows`` texts was counted.
    """

    checkpoint: str
    rows: int
    median: int
    p95: int
    longest: int
    cut: Mapping[int, float]
    exact: bool = True

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        cut = {str(limit): share for limit, share in self.cut.items()}
        return {**vars(self), "cut": cut}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> TokenFacts:
        """Read what to_json wrote."""
        return cls(**{**value, "cut": {int(limit): share for limit, share in value["cut"].items()}})


def describe_tokens(
    checkpoint: str, lengths: np.ndarray | Sequence[int], rows: int | None = None
) -> TokenFacts:
    """Sum up token counts (n,) of all texts, or of a sample of ``rows`` texts.

    >>> facts = describe_tokens("minilm-l6", [5, 130, 300, 700])
    >>> facts.cut, facts.longest, facts.exact
    ({128: 0.75, 256: 0.5, 512: 0.25}, 700, True)
    """
    counts = np.asarray(lengths, dtype=np.int64)
    if not len(counts):
        return TokenFacts(checkpoint, rows or 0, 0, 0, 0, dict.fromkeys(LIMITS, 0.0), not rows)
    return TokenFacts(
        checkpoint=checkpoint,
        rows=len(counts) if rows is None else rows,
        median=int(np.median(counts)),
        p95=int(np.percentile(counts, 95)),
        longest=int(counts.max()),
        cut={limit: round(float((counts > limit).mean()), 6) for limit in LIMITS},
        exact=rows is None or rows == len(counts),
    )


def ready_checkpoints(settings: Settings) -> list[tuple[Checkpoint, Path]]:
    """The checkpoints of the catalogue that are on this machine, each with its folder."""
    found = [(one, resolve_known(one, settings)) for one in load_catalogue().values()]
    return [(one, resolved.folder) for one, resolved in found if resolved.ready and resolved.folder]
