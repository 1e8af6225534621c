"""The matrix of points and their passings: which were tried, and which the studio survived."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from jobs.faults import ROLES
from tests.faults.story import Story
from tests.faults.telling import Told, tell_at


@dataclass
class Row:
    """What became of one point of a story; ``died`` counts by role, ``wrong`` names what was not survived."""

    story: str
    point: str
    every: int
    tried: int = 0
    survived: int = 0
    died: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    longest_seconds: float = 0.0


class Matrix:
    """Tells one story with every fault that can come in it, several tellings at a time."""

    def __init__(self, story: Story, folder: Path, at_once: int) -> None:
        self.story = story
        self.folder = folder
        self.at_once = at_once
        self.lock = threading.Lock()

    def run(self, points: Iterable[str]) -> list[Row]:
        """A row for each point."""
        self.folder.mkdir()
        self.story.prepare(self.folder / "prepared")
        return [self.run_point(point) for point in points]

    def run_point(self, point: str) -> Row:
        """Let the process die at the 1st, 2nd, 3rd ... passing, until it no longer comes to it."""
        row = Row(self.story.name, point, self.story.every)
        numbers = Numbers(self.story.every)

        def work() -> None:
            while True:
                with self.lock:
                    number = next(numbers, None)
                if number is None:
                    return
                told = self.tell(f"{point}:{number}")
                with self.lock:
                    if not told.died and not told.wrong:
                        numbers.end()
                    self.note(row, f"{point}:{number}", told)

        with ThreadPoolExecutor(self.at_once) as pool:
            for one in [pool.submit(work) for _ in range(self.at_once)]:
                one.result()
        return row

    def tell(self, fault: str) -> Told:
        """One telling in a folder of its own."""
        return tell_at(self.story.name, fault, self.folder / "prepared", self.place(fault))

    def place(self, fault: str) -> Path:
        """Where a telling takes place."""
        return self.folder / fault.replace(":", "-")

    def note(self, row: Row, fault: str, told: Told) -> None:
        """Count a telling, and say at once where it went wrong."""
        row.longest_seconds = max(row.longest_seconds, told.seconds)
        row.wrong += [f"{self.story.name} {fault}: {sentence}" for sentence in told.wrong]
        if told.died:
            row.tried += 1
            row.survived += not told.wrong
            row.died[told.died] += 1
        for sentence in told.wrong:
            print(
                f"{self.story.name} {fault} in {self.place(fault)}: {sentence}", file=sys.stderr, flush=True
            )


class Numbers(Iterator[int]):
    """1, 2, 3 ... or every so many, until it is said that this is enough."""

    def __init__(self, every: int) -> None:
        self.every = every
        self.last = 1 - every
        self.ended = False

    def __next__(self) -> int:
        if self.ended:
            raise StopIteration
        self.last += self.every
        return self.last

    def end(self) -> None:
        """No more."""
        self.ended = True


def show(rows: list[Row], seconds: float) -> str:
    """The table that is printed at the end."""
    head = ["story", "point", "n", "tried", "survived", *(f"died: {role}" for role in ROLES), "longest"]
    lines = [head]
    for row in rows:
        numbers = "each" if row.every == 1 else f"every {row.every}th"
        counts = [str(row.died[role]) for role in ROLES]
        longest = f"{row.longest_seconds:.1f} s"
        lines.append([row.story, row.point, numbers, str(row.tried), str(row.survived), *counts, longest])
    widths = [max(len(line[place]) for line in lines) for place in range(len(head))]
    table = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
    tried, survived = sum(row.tried for row in rows), sum(row.survived for row in rows)
    wrong = [sentence for row in rows for sentence in row.wrong]
    last = f"{tried} faults tried, {survived} survived, in {seconds / 60:.1f} minutes."
    return "\n".join([*(line.rstrip() for line in table), *wrong, last])
