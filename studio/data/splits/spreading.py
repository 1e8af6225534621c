"""Spread units of any size over any number of sides, shares and labels as even as they can be."""

from __future__ import annotations

import numpy as np

from studio.data.splits.units import Units

# A unit that is a tenth of the smallest side or more is placed before the small ones, which fill the gaps.
LARGE_SHARE = 0.1


def spread_units(units: Units, shares: np.ndarray, keep_first: bool = True) -> np.ndarray:
    """A side (0, 1, ...) for each unit.

    Units of several rows go one by one to the side where they bring rows and labels closest to their
    shares (least chi-square), large ones first, the others in random order; units of one row then fill
    each label up. Over all a side misses its share by no more than about the largest unit.
    ``keep_first``: each label that has a unit of one row has rows on side 0, as training needs.
    """
    wanted = np.outer(shares, np.bincount(units.pair_labels, units.pair_counts))
    have = np.zeros_like(wanted)
    sides = np.zeros(len(units.sizes), dtype=np.int64)
    order = order_units(units, shares)
    sides[order] = place_units(units, order, wanted, have)
    fill_labels(units, sides, wanted - have, have[0] if keep_first else None)
    fill_empty(units, sides, shares)
    return sides


def order_units(units: Units, shares: np.ndarray) -> np.ndarray:
    """The units of several rows in the order in which they are placed."""
    several = np.flatnonzero(units.sizes > 1)
    limit = LARGE_SHARE * float(shares[shares > 0].min()) * float(units.sizes.sum())
    sizes = np.where(units.sizes[several] >= limit, units.sizes[several], 0)
    return several[np.lexsort((units.ranks[several], -sizes))]


def place_units(units: Units, order: np.ndarray, wanted: np.ndarray, have: np.ndarray) -> list[int]:
    """The side of each unit in order; ``have`` (rows by side and label) is brought up to date.

    Of the sides with room, the one where chi-square against ``wanted`` grows least; with none, the roomiest.
    """
    open_sides = np.flatnonzero(wanted.sum(axis=1) > 0).tolist()
    room = wanted.sum(axis=1).tolist()
    gaps = (-2 * wanted.T).tolist()  # twice rows minus wish, by label and side
    with np.errstate(divide="ignore"):
        weights = (1 / wanted.T).tolist()
    labels, counts, starts = units.pair_labels.tolist(), units.pair_counts.tolist(), units.starts.tolist()
    shares = [1 / rows if rows else 0.0 for rows in room]
    drawn = []
    for unit in order.tolist():
        pairs = [(labels[at], counts[at]) for at in range(starts[unit], starts[unit + 1])]
        size = sum(count for _, count in pairs)
        best, least = -1, float("inf")
        for side in open_sides:
            if room[side] < size:
                continue
            cost = size * (size - 2 * room[side]) * shares[side]
            for label, count in pairs:
                cost += count * (gaps[label][side] + count) * weights[label][side]
            if cost < least - 1e-9:
                best, least = side, cost
        if best < 0:
            best = max(open_sides, key=room.__getitem__)
        drawn.append(best)
        room[best] -= size
        for label, count in pairs:
            gaps[label][best] += 2 * count
    have[:] = wanted + np.array(gaps).T / 2
    return drawn


def fill_labels(units: Units, sides: np.ndarray, missing: np.ndarray, first: np.ndarray | None) -> None:
    """Give the units of one row to the sides that miss rows (sides x labels, may be under 0) of their label.

    ``first``, rows by label that side 0 has already, makes sure that it gets one where it has none.
    """
    singles = np.flatnonzero(units.sizes == 1)
    singles = singles[np.lexsort((units.ranks[singles], units.labels[singles]))]
    served = np.zeros(missing.shape[1], dtype=bool)
    served[units.labels[singles]] = True
    owed = missing[:, ~served].sum(axis=1)
    is_open = missing.max(axis=1, initial=0) > 0
    borders = np.flatnonzero(np.diff(units.labels[singles])) + 1
    for chosen in np.split(singles, borders) if len(singles) else []:
        short = missing[:, units.labels[chosen[0]]]
        rooms = share_out(len(chosen), np.maximum(short, 0), np.where(is_open, owed, -np.inf))
        if first is not None and rooms[0] == 0 and first[units.labels[chosen[0]]] == 0:
            rooms[int(np.argmax(rooms))] -= 1
            rooms[0] = 1
        owed += short - rooms
        sides[chosen] = np.repeat(np.arange(len(rooms)), rooms)


def share_out(rows: int, weights: np.ndarray, owed: np.ndarray) -> np.ndarray:
    """Whole numbers that add up to ``rows``, in proportion to weights; what is owed decides the rounding.

    A side that is owed minus infinity gets nothing.

    >>> share_out(5, np.array([4.0, 0.5, 0.5]), np.array([0.0, 0.0, 0.4])).tolist()
    [4, 0, 1]
    """
    exact = weights / weights.sum() * rows
    whole = np.floor(exact + 1e-9).astype(np.int64)
    wanting = exact - whole + owed
    whole[np.argsort(-np.round(wanting, 9), kind="stable")[: rows - int(whole.sum())]] += 1
    return whole


def fill_empty(units: Units, sides: np.ndarray, shares: np.ndarray) -> None:
    """Move the smallest unit of the fullest side to each side that should have rows and has none."""
    for side in np.flatnonzero(shares > 0):
        if (sides == side).any():
            continue
        counts = np.bincount(sides, minlength=len(shares))
        spare = np.flatnonzero(sides == int(np.argmax(counts)))
        if len(spare) > 1:
            sides[spare[np.lexsort((units.ranks[spare], units.sizes[spare]))[0]]] = side
