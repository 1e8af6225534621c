"""MinHash: short signatures that agree as often as the shingles of two texts do (Broder, 1997)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from studio.data.near.shingles import Shingles, mix, shingle_texts

# Two texts meet where all values of a band agree; see docs/decisions/0007 for how these were chosen.
BANDS = 25
BAND_VALUES = 5
VALUES = BANDS * BAND_VALUES
LETTERS_AT_ONCE = 1_000_000
SEED = 0x5EED


@dataclass(frozen=True)
class Signatures:
    """``bands`` (uint32, bands x texts) are equal where texts meet; ``traces`` (uint8, texts x values) are
    eight bits of each value; ``sizes`` (int64) count the shingles, repeated ones too.
    """

    bands: np.ndarray
    traces: np.ndarray
    sizes: np.ndarray

    def estimate(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """The share of values that agree (float), for pairs of texts by their places."""
        return (self.traces[left] == self.traces[right]).mean(axis=1, dtype=np.float32)


def empty_signatures(count: int) -> Signatures:
    """Room for the signatures of that many texts."""
    return Signatures(
        np.zeros((BANDS, count), dtype=np.uint32),
        np.zeros((count, VALUES), dtype=np.uint8),
        np.zeros(count, dtype=np.int64),
    )


def factors() -> tuple[np.ndarray, np.ndarray]:
    """An odd factor and a shift (uint32) for each value; fixed, so that the same texts meet everywhere."""
    numbers = mix(np.arange(1, 2 * VALUES + 1, dtype=np.uint32) * np.uint32(0x9E3779B1) + np.uint32(SEED))
    return numbers[:VALUES] | np.uint32(1), numbers[VALUES:]


def sign(shingles: Shingles) -> np.ndarray:
    """Values (uint32, values x texts) of texts that all have shingles: the smallest of each reshuffling."""
    starts = np.concatenate([[0], np.cumsum(shingles.counts)[:-1]])
    signed = np.empty((VALUES, len(shingles.counts)), dtype=np.uint32)
    shuffled = np.empty_like(shingles.hashes)
    for index, (factor, shift) in enumerate(zip(*factors(), strict=True)):
        np.multiply(shingles.hashes, factor, out=shuffled)
        shuffled ^= shift
        np.minimum.reduceat(shuffled, starts, out=signed[index])
    return signed


def fill(signatures: Signatures, start: int, texts: pa.Array) -> None:
    """Put the signatures of texts that have letters at places ``start`` and following."""
    shingles = shingle_texts(texts)
    place = slice(start, start + len(texts))
    signatures.sizes[place] = shingles.counts
    filled = np.flatnonzero(shingles.counts)
    if not len(filled):
        return
    signed = sign(Shingles(shingles.hashes, shingles.counts[filled]))
    signatures.traces[start + filled] = (signed >> np.uint32(8)).astype(np.uint8).T
    for band in range(BANDS):
        key = np.zeros(len(filled), dtype=np.uint32)
        for value in signed[band * BAND_VALUES : (band + 1) * BAND_VALUES]:
            key = mix(key * np.uint32(31) + value)
        signatures.bands[band, start + filled] = key


def slices(texts: pa.Array, letters: int = LETTERS_AT_ONCE) -> Iterator[tuple[int, pa.Array]]:
    """Consecutive parts of about so many bytes, each with the place of its first text; at least one text."""
    ends = np.frombuffer(texts.buffers()[1], dtype="<i8")[texts.offset : texts.offset + len(texts) + 1]
    start = 0
    while start < len(texts):
        end = int(np.searchsorted(ends, ends[start] + letters, side="right")) - 1
        end = min(max(end, start + 1), len(texts))
        yield start, texts.slice(start, end - start)
        start = end
