"""The sentence on top of a comparison, built from its numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from studio.metrics.base import Metric
from studio.results.wording import count_words

ROWS_FOR_SPEED = 100  # with fewer, the speed of scoring is mostly chance
NUMBER_WORDS = {3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine", 10: "ten"}


class Compared(Protocol):
    """What a sentence needs to know of a model."""

    @property
    def name(self) -> str: ...
    @property
    def rows_per_second(self) -> float | None: ...
    @property
    def checkpoint(self) -> str: ...
    @property
    def parameters(self) -> int | None: ...
    @property
    def recipe(self) -> Mapping[str, Any]: ...


def describe_comparison(
    ranked: Sequence[Compared],
    differences: Sequence[Mapping[str, Any]],
    measure: Metric,
    rows: int,
    apart: int,
) -> str:
    """Who is ahead, by how much, whether that is chance, and what it costs in speed.

    Two models get one full sentence about the second; more get the leader and who is as good.
    """
    if not ranked:
        return "None of these models has been scored on this split yet."
    if len(ranked) == 1:
        return f"Only {ranked[0].name} was scored on these rows; there is no other model to rank it with."
    best, second = ranked[0], ranked[1]
    first = next(entry for entry in differences if {entry["a"], entry["b"]} == {best.name, second.name})
    sentence = describe_pair(best, second, first, measure, rows)
    if len(ranked) > 2:
        sentence += " " + describe_field(ranked, differences, rows)
    if apart:
        sentence += f" {apart} more cannot be ranked with them."
    return sentence


def describe_pair(
    best: Compared, second: Compared, entry: Mapping[str, Any], measure: Metric, rows: int
) -> str:
    """The second model against the best one."""
    gap = abs(entry["difference"])
    texts = count_words(rows, "row")
    if gap == 0:
        sentence = f"{second.name} and {best.name} score the same on {texts}"
    else:
        relation = "below" if measure.best == "high" else "above"
        chance = "within" if entry["verdict"] == "within chance" else "more than"
        sentence = (
            f"{second.name} is {amount(gap, measure)} {relation} {best.name}, {chance} chance on {texts}"
        )
    speed = describe_speed(second.rows_per_second, best.rows_per_second)
    if rows < ROWS_FOR_SPEED or compute_the_same(best, second):
        speed = ""
    if not speed:
        return sentence + "."
    return f"{sentence}, and {second.name + ' is ' if gap == 0 else ''}{speed}."


def compute_the_same(one: Compared, other: Compared) -> bool:
    """Whether two models have the same network and cut texts alike, so that neither can be the faster."""
    works = [(each.checkpoint, each.parameters, each.recipe.get("max_length")) for each in (one, other)]
    return works[0] == works[1] and bool(one.checkpoint)


def amount(gap: float, measure: Metric) -> str:
    """A difference in points of a percentage, or as a number."""
    if measure.unit == "share":
        points = f"{gap * 100:.2g}" if gap < 0.1 else f"{gap * 100:.3g}"
        return f"{points} {'point' if points == '1' else 'points'}"
    return f"{gap:.2g}"


def describe_speed(speed: float | None, other: float | None) -> str:
    """How much faster or slower one is than the other; empty where that is not known or not worth a word.

    >>> describe_speed(300, 100), describe_speed(100, 210), describe_speed(110, 100)
    ('three times as fast', 'half as fast', '')
    """
    if not speed or not other:
        return ""
    ratio = speed / other
    if ratio >= 1.3:
        return "twice as fast" if 1.8 <= ratio < 2.3 else f"{times(ratio)} times as fast"
    if ratio <= 1 / 1.3:
        return "half as fast" if 1.8 <= 1 / ratio < 2.3 else f"{times(1 / ratio)} times as slow"
    return ""


def times(ratio: float) -> str:
    """A ratio as a word where it is near a whole number, else with two digits.

    >>> times(2.95), times(1.5), times(25.3)
    ('three', '1.5', '25')
    """
    whole = round(ratio)
    if whole in NUMBER_WORDS and abs(ratio - whole) <= 0.15 * whole:
        return NUMBER_WORDS[whole]
    return f"{ratio:.2g}"


def describe_field(ranked: Sequence[Compared], differences: Sequence[Mapping[str, Any]], rows: int) -> str:
    """Which models cannot be told from the best one on so many rows."""
    best = ranked[0].name
    equals = [
        entry["b"] if entry["a"] == best else entry["a"]
        for entry in differences
        if best in (entry["a"], entry["b"]) and entry["verdict"] == "within chance"
    ]
    others = len(ranked) - 1
    if not equals:
        return f"{best} is ahead of all {others} others by more than chance."
    if len(equals) == others:
        return f"None of the {others} others can be told from {best} on so few rows."
    return f"Of the {others} others, {len(equals)} cannot be told from {best} on {rows:,} rows."
