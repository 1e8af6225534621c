"""When two texts count as the same, and how long a text is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Any

import numpy as np
import pandas as pd

from studio.data.columns import ANSWERS, main_text

CONTROLS = "".join(map(chr, [*range(0x20), 0x7F]))
BLANKS = "\u200b\u200c\u200d\u2060\ufeff"
SPACES = "".join(chr(code) for code in range(0x3001) if chr(code).isspace())
INVISIBLE = CONTROLS + BLANKS + SPACES
# A run of letters between blanks is one word; each Chinese, Japanese or Korean character counts as one.
CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
WORD = re.compile(rf"[{CJK}]|[^\s{CJK}]+")
COUNTED_TEXTS = 20_000
BINS = 30


def normalise_text(text: str) -> str:
    """The form in which two texts are compared: compatible characters, case and blanks made equal.

    >>> normalise_text("  Where IS\\tmy order？ ")
    'where is my order?'
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return " ".join(text.casefold().split())


def text_keys(texts: Sequence[str] | pd.Series) -> np.ndarray:
    """One uint64 per text, equal for texts that count as the same, the same on every machine."""
    digests = b"".join(blake2b(normalise_text(text).encode(), digest_size=8).digest() for text in texts)
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)


def content_keys(rows: pd.DataFrame, roles: Iterable[str], keys: np.ndarray) -> np.ndarray:
    """One uint64 per row, equal where the texts of all roles are the same; ``keys`` are of the main one."""
    roles = list(roles)
    others = [role for role in roles if role not in (main_text(roles), *ANSWERS)]
    for role in others:
        keys = (keys * np.uint64(0x9E3779B97F4A7C15) + np.uint64(1)) ^ text_keys(rows[role])
    return keys


def is_blank(values: pd.Series) -> np.ndarray:
    """Which cells hold nothing but blanks and control characters, visible or not, as a boolean array."""
    return (values.str.strip(INVISIBLE) == "").to_numpy(dtype=bool)


def count_words(text: str) -> int:
    """Words between blanks, and each Chinese, Japanese or Korean character as one.

    >>> count_words("The new 手机 is good"), count_words("")
    (6, 0)
    """
    return len(WORD.findall(text))


def length_histogram(texts: pd.Series) -> dict[str, Any]:
    """Histograms of the lengths in characters and in words, each as describe_lengths gives it.

    Words are counted on every k-th text where there are more than 20,000.
    """
    step = max(1, -(-len(texts) // COUNTED_TEXTS))
    words = np.fromiter((count_words(text) for text in texts.iloc[::step]), dtype=np.int64)
    return {
        "characters": describe_lengths(texts.str.len().to_numpy(dtype=np.int64)),
        "words": describe_lengths(words),
    }


def describe_lengths(lengths: np.ndarray) -> dict[str, Any]:
    """Bins (edges has one more than counts), median, 95th percentile, mean, minimum and maximum.

    The last bin reaches to the maximum, the others cover the lengths up to the 99th percentile evenly.

    >>> describe_lengths(np.array([1, 2, 2, 3]))["counts"]
    [1, 2, 1]
    """
    if not len(lengths):
        return {"edges": [0, 1], "counts": [0], "median": 0, "p95": 0, "mean": 0.0, "min": 0, "max": 0}
    low, high = int(lengths.min()), int(lengths.max())
    usual = int(np.ceil(np.percentile(lengths, 99)))
    width = max(1, -(-(usual - low + 1) // BINS))
    edges = np.arange(low, usual + width + 1, width)
    edges[-1] = max(edges[-1], high + 1)
    counts, _ = np.histogram(lengths, bins=edges)
    return {
        "edges": edges.tolist(),
        "counts": counts.tolist(),
        "median": float(np.median(lengths)),
        "p95": float(np.percentile(lengths, 95)),
        "mean": round(float(lengths.mean()), 2),
        "min": low,
        "max": high,
    }
