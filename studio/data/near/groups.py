"""Groups of nearly the same texts: candidates by bands of MinHash values, each pair then compared exactly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from studio.data.near.shingles import shingle_texts, sort_distinct
from studio.data.near.signatures import BANDS, Signatures, empty_signatures, fill, slices
from studio.data.readers.table import Progress
from studio.data.texts import text_keys

THRESHOLD = 0.7
# An estimate from the signatures this far below the threshold rules a pair out (three standard deviations).
ESTIMATE_MARGIN = 0.12
# In a bucket of at most this many texts every pair is a candidate; in larger ones each text meets a few.
SMALL_BUCKET = 24
NEIGHBOURS = 6
PAIRS_AT_ONCE = 4_000
ESTIMATES_AT_ONCE = 100_000
CANDIDATES_AT_ONCE = 1_000_000
ALONE = -1
# A cell of 50 MB would take gigabytes; no encoder reads so far.
COMPARED_LETTERS = 20_000


@dataclass(frozen=True)
class NearGroups:
    """Which rows hold nearly the same text.

    ``groups`` (int64, one per row) is the same for texts that are linked by nearly equal ones, -1 for rows
    without any; rows with exactly the same text share their group. ``checked`` pairs of texts were compared
    exactly, ``kept`` of them reach the threshold.
    """

    groups: np.ndarray
    checked: int = 0
    kept: int = 0


@dataclass
class Links:
    """Texts by their place, joined as pairs are found; ``heads`` names the first text of each one's group."""

    texts: pa.Array
    threshold: float
    heads: np.ndarray
    checked: int = 0
    kept: int = 0
    refused: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.uint64))

    def compare(self, left: np.ndarray, right: np.ndarray, signatures: Signatures) -> None:
        """Join the pairs of texts that reach the threshold; those joined or refused before are skipped."""
        apart = self.heads[left] != self.heads[right]
        left, right = left[apart], right[apart]
        pairs = pack(np.minimum(left, right), np.maximum(left, right))
        pairs = sort_distinct(pairs)
        pairs = pairs[~np.isin(pairs, self.refused, assume_unique=True)]
        left, right = unpack(pairs)
        lowest = self.threshold - ESTIMATE_MARGIN
        likely = np.concatenate(
            [
                signatures.estimate(left[part], right[part]) >= lowest
                for part in parts(len(left), ESTIMATES_AT_ONCE)
            ]
            or [np.zeros(0, dtype=bool)]
        )
        pairs, left, right = pairs[likely], left[likely], right[likely]
        refused = [self.refused]
        for part in parts(len(pairs), PAIRS_AT_ONCE):
            near = overlap(self.texts, left[part], right[part]) >= self.threshold
            self.checked += len(near)
            self.kept += int(near.sum())
            refused.append(pairs[part][~near])
            join(self.heads, left[part][near], right[part][near])
        self.refused = np.concatenate(refused)


def find_near_duplicates(
    texts: pd.Series | pa.Array,
    threshold: float = THRESHOLD,
    progress: Progress | None = None,
    keys: np.ndarray | None = None,
) -> NearGroups:
    """Group texts whose sets of shingles have a Jaccard similarity of at least ``threshold``.

    Linear in the number of texts. ``keys`` are the texts' ``text_keys``, where they are known already.
    """
    cells = as_array(texts)
    known = text_keys(cells.to_pylist()) if keys is None else keys
    _, firsts, members = np.unique(known, return_index=True, return_inverse=True)
    distinct = take_beginnings(cells, firsts)
    tell = progress or (lambda share, sentence: None)
    signatures = empty_signatures(len(distinct))
    for start, part in slices(distinct):
        tell(0.7 * start / len(distinct), f"Reading {len(distinct):,} different texts")
        fill(signatures, start, part)
    links = Links(distinct, threshold, np.arange(len(distinct)))
    for band in range(BANDS):
        tell(0.7 + 0.3 * band / BANDS, f"Comparing, {links.kept:,} nearly the same so far")
        for left, right in gather(candidates(signatures, band)):
            links.compare(left, right, signatures)
    return NearGroups(number_groups(links.heads, members, firsts), links.checked, links.kept)


def as_array(texts: pd.Series | pa.Array) -> pa.Array:
    """One large_string array without nulls."""
    cells = pa.array(texts, type=pa.large_string()) if isinstance(texts, pd.Series) else texts
    if isinstance(cells, pa.ChunkedArray):
        cells = cells.combine_chunks()
    return cells.cast(pa.large_string()).fill_null("")


def take_beginnings(cells: pa.Array, places: np.ndarray) -> pa.Array:
    """The texts at these places; of very long ones only the beginning is compared."""
    taken = cells.take(pa.array(places))
    longest = pc.max(pc.binary_length(taken)).as_py() or 0
    return pc.utf8_slice_codeunits(taken, 0, COMPARED_LETTERS) if longest > COMPARED_LETTERS else taken


def candidates(signatures: Signatures, band: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs of texts (by place) that agree in a band: all in small buckets, neighbours in large ones."""
    filled = np.flatnonzero(signatures.sizes)
    keys = signatures.bands[band, filled]
    # Within a bucket, texts that agree in the next band too stand side by side.
    ranks = (keys.astype(np.uint64) << np.uint64(32)) | signatures.bands[(band + 1) % BANDS, filled]
    order = np.argsort(ranks)
    keys, places = keys[order], filled[order]
    starts = (
        np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])) if len(keys) else np.zeros(0, int)
    )
    sizes = np.diff(np.append(starts, len(keys)))
    ends = np.repeat(starts + sizes, sizes)
    reach = np.repeat(np.where(sizes > SMALL_BUCKET, NEIGHBOURS, SMALL_BUCKET), sizes)
    left = np.arange(len(keys))
    for distance in range(1, SMALL_BUCKET):
        left = left[(left + distance < ends[left]) & (distance <= reach[left])]
        if not len(left):
            return
        yield places[left], places[left + distance]


def gather(pairs: Iterable[tuple[np.ndarray, np.ndarray]]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The same pairs in fewer, larger parts."""
    lefts: list[np.ndarray] = []
    rights: list[np.ndarray] = []
    for left, right in pairs:
        lefts.append(left)
        rights.append(right)
        if sum(map(len, lefts)) >= CANDIDATES_AT_ONCE:
            yield np.concatenate(lefts), np.concatenate(rights)
            lefts, rights = [], []
    if lefts:
        yield np.concatenate(lefts), np.concatenate(rights)


def overlap(texts: pa.Array, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The Jaccard similarity (float) of the shingle sets of each pair of texts."""
    involved, members = np.unique(np.concatenate([left, right]), return_inverse=True)
    cells = shingle_texts(texts.take(pa.array(involved))).distinct()
    sizes = np.bincount((cells >> np.uint64(32)).astype(np.int64), minlength=len(involved))
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    first, second = members[: len(left)], members[len(left) :]
    counts = sizes[first]
    owners = np.repeat(np.arange(len(left)), counts)
    steps = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
    hashes = cells[starts[first][owners] + steps] & np.uint64(0xFFFFFFFF)
    wanted = (second[owners].astype(np.uint64) << np.uint64(32)) | hashes
    places = np.minimum(np.searchsorted(cells, wanted), len(cells) - 1)
    shared = np.bincount(owners[cells[places] == wanted], minlength=len(left))
    return shared / (sizes[first] + sizes[second] - shared)


def join(heads: np.ndarray, left: np.ndarray, right: np.ndarray) -> None:
    """Put the groups of each pair together, in place; afterwards every text names the head of its group."""
    while len(left):
        one, other = heads[left], heads[right]
        low, high = np.minimum(one, other), np.maximum(one, other)
        apart = low != high
        left, right = left[apart], right[apart]
        np.minimum.at(heads, high[apart], low[apart])
        while True:
            further = heads[heads]
            if np.array_equal(further, heads):
                break
            heads[:] = further


def number_groups(heads: np.ndarray, members: np.ndarray, firsts: np.ndarray) -> np.ndarray:
    """A group number for each row, in order of the first row; -1 where the text is alone in it."""
    shared = np.bincount(heads, minlength=len(heads))[heads] > 1
    if not shared.any():
        return np.full(len(members), ALONE, dtype=np.int64)
    first_rows = np.full(len(heads), len(members), dtype=np.int64)
    np.minimum.at(first_rows, heads, firsts)
    used = np.unique(first_rows[heads[shared]])
    numbers = np.where(shared, np.searchsorted(used, first_rows[heads]), ALONE)
    return numbers[members].astype(np.int64)


def parts(count: int, size: int) -> list[slice]:
    """Slices of at most so many that cover a number of things.

    >>> parts(5, 2)
    [slice(0, 2, None), slice(2, 4, None), slice(4, 6, None)]
    """
    return [slice(start, start + size) for start in range(0, count, size)]


def pack(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Two places as one uint64."""
    return (left.astype(np.uint64) << np.uint64(32)) | right.astype(np.uint64)


def unpack(pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The two places (int64) in each uint64 pair."""
    return (pairs >> np.uint64(32)).astype(np.int64), (pairs & np.uint64(0xFFFFFFFF)).astype(np.int64)
