"""The places in which jobs run: each holds one job at a time, whichever worker started it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Slot:
    """One place; ``name`` is unique within the database, ``environment`` is what its child gets to see."""

    name: str
    environment: Mapping[str, str] = field(default_factory=dict)


Lanes = Mapping[str, tuple[Slot, ...]]


def count_slots(host: str, counts: Mapping[str, int]) -> dict[str, tuple[Slot, ...]]:
    """Lanes with so many places each on one machine.

    >>> [slot.name for slot in count_slots("box", {"light": 2})["light"]]
    ['box/light:0', 'box/light:1']
    """
    return {
        lane: tuple(Slot(f"{host}/{lane}:{number}") for number in range(count))
        for lane, count in counts.items()
    }
