"""Which texts count as the same, and how long texts are."""

from __future__ import annotations

import numpy as np
import pandas as pd

from studio.data.texts import describe_lengths, is_blank, length_histogram, text_keys


def test_keys_are_equal_for_the_same_text_and_fixed_for_all_time() -> None:
    keys = text_keys(["Where is it?", "where  IS it？", "elsewhere"])
    assert keys[0] == keys[1] != keys[2]
    assert keys.dtype == np.uint64
    # BLAKE2b of b"abc" cut to 8 bytes is d8bb14d833d59559, read little-endian.
    assert int(text_keys(["abc"])[0]) == 0x5995D533D814BBD8


def test_invisible_characters_alone_are_blank() -> None:
    assert is_blank(pd.Series(["", " \t", "\u200b", "\u00a0", "x"], dtype="str")).tolist() == [True] * 4 + [
        False
    ]


def test_a_histogram_counts_every_text_once() -> None:
    texts = pd.Series(["a b c"] * 90 + ["one two three four"] * 9 + ["long " * 400], dtype="str")
    lengths = length_histogram(texts)
    assert sum(lengths["characters"]["counts"]) == sum(lengths["words"]["counts"]) == 100
    assert lengths["words"]["max"] == 400
    assert lengths["words"]["median"] == 3
    assert len(lengths["words"]["edges"]) == len(lengths["words"]["counts"]) + 1


def test_no_texts_give_an_empty_histogram() -> None:
    assert describe_lengths(np.array([], dtype=np.int64))["counts"] == [0]
