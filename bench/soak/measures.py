"""What a soak measures, and what it comes to."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from bench.soak.shaking import Served
from bench.tabs import Tick, Ticks

SAMPLE_SECONDS, MINUTE_SECONDS = 10.0, 60.0
GROWTH_LIMIT, TICK_LIMIT_SECONDS = 0.10, 0.5


@dataclass(frozen=True)
class Sample:
    """The app at a moment (monotonic): its memory, open files, threads, and the jobs that have not ended."""

    at: float
    life: int
    megabytes: float
    files: int
    threads: int
    unfinished: int


@dataclass
class Meter:
    """Keeps samples, and makes the table of them."""

    served: Served
    began: float = field(default_factory=time.monotonic)
    samples: list[Sample] = field(default_factory=list)

    def turn(self, unfinished: int) -> None:
        """Take a sample where one is due."""
        now = time.monotonic()
        if self.samples and now - self.samples[-1].at < SAMPLE_SECONDS:
            return
        app = self.served.app
        with app.oneshot():
            memory, files, threads = app.memory_info().rss, app.num_fds(), app.num_threads()
        self.samples.append(Sample(now, self.served.life, memory / 1e6, files, threads, unfinished))

    def show(self, ticks: Ticks) -> None:
        """A line for each minute."""
        print("| minute | app | memory MB | files | threads | jobs left | ticks | p50 ms | p95 ms | away |")
        print("|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
        minutes = defaultdict(list)
        for sample in self.samples:
            minutes[self.minute(sample.at)].append(sample)
        for minute, samples in sorted(minutes.items()):
            last = samples[-1]
            found = [tick for tick in ticks.kept if self.minute(tick.at) == minute]
            seconds = answered(found)
            print(
                f"| {minute + 1} | {last.life + 1} | {median(one.megabytes for one in samples):.1f} "
                f"| {last.files} | {last.threads} | {last.unfinished} | {len(found)} "
                f"| {1000 * share_of(seconds, 0.5):.0f} | {1000 * share_of(seconds, 0.95):.0f} "
                f"| {len(found) - len(seconds)} |"
            )

    def minute(self, at: float) -> int:
        """Which minute a moment is in, from 0."""
        return int((at - self.began) // MINUTE_SECONDS)

    def growth(self, warm_seconds: float) -> float:
        """How much the app's memory grew in its longest life once it was warm, as a share."""
        lives = defaultdict(list)
        for sample in self.samples:
            lives[sample.life].append(sample)
        longest = max(lives.values(), key=lambda life: life[-1].at - life[0].at)
        warm = [sample for sample in longest if sample.at - longest[0].at >= warm_seconds]
        if not warm:
            return 0.0
        first = [sample.megabytes for sample in warm if sample.at - warm[0].at < MINUTE_SECONDS]
        last = [sample.megabytes for sample in warm if warm[-1].at - sample.at < MINUTE_SECONDS]
        return median(last) / median(first) - 1


def show_pages(ticks: Ticks) -> None:
    """A line for each page."""
    print("| page | ticks | p50 ms | p95 ms | max ms |\n|---|---:|---:|---:|---:|")
    for page in sorted({tick.page for tick in ticks.kept}):
        seconds = answered([tick for tick in ticks.kept if tick.page == page])
        if seconds:
            shown = (1000 * each for each in (share_of(seconds, 0.5), share_of(seconds, 0.95), seconds[-1]))
            print(f"| {page} | {len(seconds)} | " + " | ".join(f"{each:.0f}" for each in shown) + " |")


def answered(ticks: Sequence[Tick]) -> list[float]:
    """The seconds of those that were answered, in order of size."""
    return sorted(tick.seconds for tick in ticks if tick.seconds is not None)


def share_of(seconds: Sequence[float], share: float) -> float:
    """What a share of values in order of size stays under; 0 where there are none.

    >>> share_of([float(number) for number in range(1, 101)], 0.95)
    95.0
    """
    return seconds[max(0, round(share * len(seconds)) - 1)] if seconds else 0.0
