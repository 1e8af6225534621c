"""How the words of texts become tokens: in sequences that overlap where a text is too long for one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from studio.tasks.base import OF_ROW, PLACES, Encoded
from studio.tasks.parts import overlap_of
from studio.tasks.tagging.words import Offset

NO_TOKEN = -1


def encode_words(
    texts: Sequence[str], words: Sequence[Sequence[Offset]], tokenizer: Any, max_length: int
) -> Encoded:
    """Token ids of texts with the place of the first token of each word, NO_TOKEN where it has none.

    A text of more than ``max_length`` tokens is read in several sequences, each of which begins with a fourth
    of the one before. Each word has its place in one of them: where it stands farthest from the ends.
    """
    if not texts:
        return {"input_ids": [], "attention_mask": [], OF_ROW: [], PLACES: []}
    given = tokenizer(
        list(texts),
        truncation=True,
        max_length=max_length,
        stride=overlap_of(max_length),
        return_overflowing_tokens=True,
        padding=False,
    )
    of_row = [int(number) for number in given["overflow_to_sample_mapping"]]
    encoded = {name: list(part) for name, part in given.items() if name != "overflow_to_sample_mapping"}
    tables: list[list[np.ndarray]] = [[] for _ in texts]
    for row, encoding in zip(of_row, given.encodings, strict=True):
        tables[row].append(find_first_tokens(words[row], encoding.offsets, encoding.special_tokens_mask))
    lengths: list[list[int]] = [[] for _ in texts]
    for row, ids in zip(of_row, encoded["input_ids"], strict=True):
        lengths[row].append(len(ids))
    places = [share_words(*each) for each in zip(tables, lengths, strict=True)]
    return {**encoded, OF_ROW: of_row, PLACES: [place for row in places for place in row]}


def find_first_tokens(
    words: Sequence[Offset], tokens: Sequence[Offset], special: Sequence[int]
) -> np.ndarray:
    """The place of the token that each word begins in, NO_TOKEN where none of these tokens does; int64.

    >>> tokens = [(0, 0), (0, 2), (2, 4), (5, 8), (0, 0)]
    >>> find_first_tokens([(0, 4), (5, 8)], tokens, [1, 0, 0, 0, 1]).tolist()
    [1, 3]
    """
    real = np.flatnonzero(np.asarray(special) == 0)
    if not len(real) or not len(words):
        return np.full(len(words), NO_TOKEN, dtype=np.int64)
    starts, ends = np.asarray(tokens, dtype=np.int64)[real].T
    first, after = np.asarray(words, dtype=np.int64).T
    # The first token that ends after the word begins, where it begins before the word ends.
    found = np.searchsorted(np.maximum.accumulate(ends), first, side="right")
    within = np.minimum(found, len(real) - 1)
    there = (found < len(real)) & (starts[within] < after)
    if starts[0] > 0:
        there &= starts[within] <= first  # else the word began in the sequence before
    return np.where(there, real[within], NO_TOKEN)


def share_words(tables: Sequence[np.ndarray], lengths: Sequence[int]) -> list[list[int]]:
    """The places of words, each in one of the sequences of a text: that in which it is farthest inside.

    >>> share_words([np.array([1, 2, 3, -1]), np.array([-1, -1, 1, 2])], [5, 4])
    [[1, 2, 3], [2]]
    """
    if len(tables) == 1:
        return [tables[0].tolist()]
    places = np.stack(tables)
    last = np.array(lengths)[:, None] - 1
    inside = np.minimum(places, last - places)
    inside[0] = last[0] - places[0]
    inside[-1] = places[-1]
    inside[places == NO_TOKEN] = NO_TOKEN
    # A word without any token goes with those before it.
    chosen = np.maximum.accumulate(np.where(inside.max(axis=0) < 0, 0, inside.argmax(axis=0)))
    return [places[number, chosen == number].tolist() for number in range(len(tables))]
