"""The runs of letters by which two texts are compared, hashed, for many texts at once."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

# Letters in a run; only its first two count where most are Chinese, Japanese or Korean characters: see
# docs/decisions/0007.
RUN = 4
SPACE = 32
BASIC_PLANE = 0x10000
WIDE = ((0x3040, 0x30FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xAC00, 0xD7AF), (0xF900, 0xFAFF))
FACTORS = tuple(np.uint32(factor) for factor in (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F))


@dataclass(frozen=True)
class Shingles:
    """Hashes (uint32) of the runs of all texts one after the other, and how many each text has (int64)."""

    hashes: np.ndarray
    counts: np.ndarray

    @property
    def owners(self) -> np.ndarray:
        """The text of each hash, as its place (int64)."""
        return np.repeat(np.arange(len(self.counts)), self.counts)

    def distinct(self) -> np.ndarray:
        """Sorted uint64: the text's place in the upper half, each of its distinct hashes in the lower."""
        cells = (self.owners.astype(np.uint64) << np.uint64(32)) | self.hashes
        return sort_distinct(cells)


def sort_distinct(values: np.ndarray) -> np.ndarray:
    """Each value once, in order; sorting is several times faster here than the hashing of numpy.unique."""
    ordered = np.sort(values)
    kept = np.ones(len(ordered), dtype=bool)
    kept[1:] = ordered[1:] != ordered[:-1]
    return ordered[kept]


@cache
def letters() -> np.ndarray:
    """For each code point below 65,536 its letter without case and width, a blank where it is no letter."""
    table = np.arange(BASIC_PLANE, dtype=np.uint32)
    for code in range(BASIC_PLANE):
        folded = unicodedata.normalize("NFKC", chr(code)).casefold()
        letter = folded if len(folded) == 1 else chr(code)
        is_letter = letter.isalnum() or unicodedata.category(letter)[0] == "M"
        table[code] = ord(letter) if is_letter else SPACE
    return table


@cache
def wide_letters() -> np.ndarray:
    """For each code point below 65,536 whether it is a Chinese, Japanese or Korean character."""
    table = np.zeros(BASIC_PLANE, dtype=bool)
    for first, last in WIDE:
        table[first : last + 1] = True
    return table


def shingle_texts(texts: pa.Array) -> Shingles:
    """The shingles of texts (string or large_string, without nulls): case, width and punctuation aside.

    A run begins at each letter; the last ones of a text are filled up. A text without letters has none.
    """
    codes, owners = fold_texts(texts)
    count = len(texts)
    lengths = np.bincount(owners, minlength=count)
    wide = np.bincount(owners[wide_letters()[np.minimum(codes, BASIC_PLANE - 1)]], minlength=count)
    places = np.arange(len(codes)) + owners * (RUN - 1)
    spread = np.zeros(len(codes) + (count + 1) * (RUN - 1), dtype=np.uint32)
    spread[places] = codes
    end = len(spread) - RUN + 1
    hashes = spread[:end] * FACTORS[0] + spread[1 : end + 1] * FACTORS[1]
    short = hashes[places] if wide.any() else None
    hashes += spread[2 : end + 2] * FACTORS[2]
    hashes += spread[3 : end + 3] * FACTORS[3]
    hashes = hashes[places]
    if short is not None:
        hashes = np.where((2 * wide >= lengths)[owners], short, hashes)
    return Shingles(mix(hashes), lengths)


def fold_texts(texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Code points (uint32) of all texts without case, width and punctuation, and the text of each (int64)."""
    texts = texts.cast(pa.large_string())
    lengths = pc.utf8_length(texts).to_numpy(zero_copy_only=False)
    offsets = np.frombuffer(texts.buffers()[1], dtype="<i8")[texts.offset : texts.offset + len(texts) + 1]
    data = texts.buffers()[2]
    text = data[int(offsets[0]) : int(offsets[-1])].to_pybytes().decode("utf-8") if data is not None else ""
    codes = np.frombuffer(text.encode("utf-32-le"), dtype="<u4")
    owners = np.repeat(np.arange(len(texts)), lengths)
    folded = letters()[np.minimum(codes, BASIC_PLANE - 1)]
    rare = codes >= BASIC_PLANE
    if rare.any():
        folded[rare] = codes[rare]
    # A blank stays where a letter is before it and one behind it, in the same text.
    blank = folded == SPACE
    first = np.ones(len(codes), dtype=bool)
    first[1:] = owners[1:] != owners[:-1]
    kept = ~blank
    kept[1:] |= blank[1:] & ~blank[:-1] & ~first[1:]
    folded, owners, blank = folded[kept], owners[kept], blank[kept]
    last = np.ones(len(folded), dtype=bool)
    last[:-1] = owners[1:] != owners[:-1]
    kept = ~(blank & last)
    return folded[kept], owners[kept]


def mix(values: np.ndarray) -> np.ndarray:
    """Spread uint32 values evenly, in place: the 32-bit finaliser "lowbias32" of C. Wellons."""
    values ^= values >> np.uint32(16)
    values *= np.uint32(0x7FEB352D)
    values ^= values >> np.uint32(15)
    values *= np.uint32(0x846CA68B)
    values ^= values >> np.uint32(16)
    return values
