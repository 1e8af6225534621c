"""How long claims took, as counts in growing steps: what a histogram is drawn from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

BOUNDS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)


@dataclass
class Latency:
    """Durations by size; ``counts`` has one more than the bounds: those above the last."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_SECONDS) + 1))
    sum_seconds: float = 0.0

    def add(self, seconds: float) -> None:
        """Count one duration.

        >>> latency = Latency()
        >>> latency.add(0.002)
        >>> latency.counts[:3]
        [0, 1, 0]
        """
        place = next((i for i, bound in enumerate(BOUNDS_SECONDS) if seconds <= bound), len(BOUNDS_SECONDS))
        self.counts[place] += 1
        self.sum_seconds += seconds

    def to_json(self) -> dict[str, Any]:
        """As it is kept with the worker."""
        return {"claims": sum(self.counts), "claim_seconds": self.counts, "sum": self.sum_seconds}
