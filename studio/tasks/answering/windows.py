"""How question and passage become tokens: in windows that overlap where the passage is too long for one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from studio.ragged import gather
from studio.tasks.base import ABOUT, OF_ROW, PLACES, Encoded
from studio.tasks.parts import overlap_of
from studio.tasks.tagging.words import Offset

FILLED = 2  # of a window, what a question may fill
NO_PLACE = -1
BLANKS = np.array([code for code in range(0x3001) if chr(code).isspace()], dtype=np.uint32)


def encode_windows(
    questions: Sequence[str], passages: Sequence[str], tokenizer: Any, max_length: int
) -> Encoded:
    """Token ids of each question with its passage, every token of which is asked; where each token stands.

    Of a window, half is for the question, which is cut there. A passage that is too long for the rest is read
    in several windows, each of which begins with a fourth of ``max_length`` of the one before.
    """
    if not questions:
        return {"input_ids": [], "attention_mask": [], OF_ROW: [], PLACES: [], ABOUT: []}
    given = tokenizer(
        cut_questions(questions, tokenizer, max_length),
        list(passages),
        truncation="only_second",
        max_length=max_length,
        stride=overlap_of(max_length),
        return_overflowing_tokens=True,
        padding=False,
    )
    of_row = [int(number) for number in given["overflow_to_sample_mapping"]]
    encoded = {name: list(part) for name, part in given.items() if name != "overflow_to_sample_mapping"}
    about, before, number = [], -1, 0
    for row, encoding in zip(of_row, given.encodings, strict=True):
        if row != before:
            edges, number = edges_of(passages[row]), -1
        before, number = row, number + 1
        of_passage = np.array([part == 1 for part in encoding.sequence_ids], dtype=bool)
        about.append(describe_tokens(np.array(encoding.offsets), of_passage, edges, number))
    places = [range(len(ids)) for ids in encoded["input_ids"]]
    return {**encoded, OF_ROW: of_row, PLACES: places, ABOUT: about}


def cut_questions(questions: Sequence[str], tokenizer: Any, max_length: int) -> list[str]:
    """Questions without what does not fit into their part of a window of so many tokens."""
    most = max(1, max_length // FILLED - tokenizer.num_special_tokens_to_add(pair=True))
    # No token stands for less than a byte.
    long = [number for number, question in enumerate(questions) if len(question.encode()) > most]
    found = list(questions)
    if not long:
        return found
    backend = tokenizer.backend_tokenizer
    backend.no_truncation()
    backend.no_padding()
    encodings = backend.encode_batch([questions[number] for number in long], add_special_tokens=False)
    for number, encoding in zip(long, encodings, strict=True):
        # What is left is tokenised anew, and a character of several tokens is kept or left as a whole.
        while len(encoding.ids) > most:
            end = min(encoding.offsets[most - 1][1], len(found[number]) - 1)
            found[number] = found[number][:end].rstrip()
            encoding = backend.encode(found[number], add_special_tokens=False)
    return found


def edges_of(passage: str) -> tuple[np.ndarray, np.ndarray]:
    """Of each place between characters, and that after the last: where what is no blank begins next, and
    where it ended last; int64 (characters + 1,).

    >>> [edge.tolist() for edge in edges_of("a b ")]
    [[0, 2, 2, 4, 4], [0, 1, 1, 3, 3]]
    """
    codes = np.frombuffer(passage.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    blank, places = np.isin(codes, BLANKS), np.arange(len(codes), dtype=np.int64)
    begins = np.append(np.where(blank, len(codes), places), len(codes))
    ends = np.append(0, np.where(blank, 0, places + 1))
    return np.minimum.accumulate(begins[::-1])[::-1], np.maximum.accumulate(ends)


def describe_tokens(
    offsets: np.ndarray, of_passage: np.ndarray, edges: tuple[np.ndarray, np.ndarray], window: int
) -> np.ndarray:
    """Window, first character and the one after the last of each token, int32 (tokens, 3).

    The characters have no blanks around them; both are -1 for what is none of the passage, or only blanks.

    >>> offsets, of_passage = np.array([[0, 0], [0, 1], [1, 3], [3, 4]]), np.array([False, True, True, True])
    >>> describe_tokens(offsets, of_passage, edges_of("a b "), 0).tolist()
    [[0, -1, -1], [0, 0, 1], [0, 2, 3], [0, -1, -1]]
    """
    own = np.where(of_passage[:, None], offsets, 0)
    starts, ends = edges[0][own[:, 0]], edges[1][own[:, 1]]
    there = of_passage & (starts < ends)
    columns = (np.full(len(offsets), window), *(np.where(there, side, NO_PLACE) for side in (starts, ends)))
    return np.column_stack(columns).astype(np.int32)


def aim_at(answers: Sequence[Offset | None], about: np.ndarray) -> np.ndarray:
    """What each window of each row is to give: how many tokens it has, and the places of the first and the
    last token of the answer among them; an array int64 (windows, 3) for each row.

    ``about`` is that of each row. Both places are 0, which means no answer, where the window does not hold
    all of it.

    >>> tokens = np.array([[0, -1, -1], [0, 0, 4], [0, 5, 8], [1, -1, -1], [1, 5, 8], [1, 9, 13]])
    >>> aim_at([(5, 8)], gather([tokens]))[0].tolist(), aim_at([(5, 13)], gather([tokens]))[0].tolist()
    ([[3, 2, 2], [3, 1, 1]], [[3, 0, 0], [3, 1, 2]])
    """
    return gather(
        np.array([aim_of_window(answer, part) for part in windows_in(tokens)], dtype=np.int64)
        for answer, tokens in zip(answers, about, strict=True)
    )


def windows_in(tokens: np.ndarray) -> list[np.ndarray]:
    """The tokens of each window, of a row's, whose first column is the number of the window."""
    return np.split(tokens, np.flatnonzero(np.diff(tokens[:, 0])) + 1)


def aim_of_window(answer: Offset | None, tokens: np.ndarray) -> tuple[int, int, int]:
    """How many tokens a window has, and where in it an answer begins and ends."""
    none = (len(tokens), 0, 0)
    real = np.flatnonzero(tokens[:, 1] >= 0)
    if answer is None or not len(real):
        return none
    starts, ends = tokens[real, 1], tokens[real, 2]
    if answer[0] < starts.min() or answer[1] > ends.max():
        return none
    after, before = np.flatnonzero(ends > answer[0]), np.flatnonzero(starts < answer[1])
    if not len(after) or not len(before) or after[0] > before[-1]:
        return none
    return len(tokens), int(real[after[0]]), int(real[before[-1]])
