"""The same texts are tokenised once; what was kept is what a tokenizer gives, or is made again."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from transformers import AutoTokenizer

from studio.execution.rows import EncodedRows
from studio.execution.token_cache import TokenCache
from studio.execution.tokenising import Tokenising
from studio.tasks.base import Encoded, Row
from studio.tasks.classification import CLASSIFICATION, encode

ROWS = [{"text": text} for text in ("the film is good", "why", "", "the food was awful " * 9)]


class Counting:
    """Counts the rows that are really tokenised."""

    def __init__(self) -> None:
        self.rows = 0

    def __call__(self, rows: Sequence[Row], tokenizer: Any, max_length: int) -> Encoded:
        """As the task does."""
        self.rows += len(rows)
        return encode(rows, tokenizer, max_length)


@pytest.fixture
def counting() -> Counting:
    return Counting()


@pytest.fixture
def tokenising(encoder_folders: dict[str, Path], tmp_path: Path, counting: Counting) -> Tokenising:
    tokenizer = AutoTokenizer.from_pretrained(encoder_folders["bert"])
    task = replace(CLASSIFICATION, encode=counting)
    return Tokenising(task, tokenizer, 16, TokenCache(tmp_path / "tokens"))


def encoded(tokenising: Tokenising, rows: Sequence[Row] = ROWS) -> EncodedRows:
    """The rows, nothing done in between."""
    return tokenising.encode(rows, lambda: None)


def same(one: EncodedRows, other: EncodedRows) -> bool:
    """Whether they hold the same ids."""
    alike = [np.array_equal(one.parts[name], other.parts[name]) for name in one.parts]
    return (
        one.parts.keys() == other.parts.keys() and np.array_equal(one.lengths, other.lengths) and all(alike)
    )


def test_the_same_texts_are_tokenised_once(tokenising: Tokenising, counting: Counting) -> None:
    first, again = encoded(tokenising), encoded(tokenising)
    assert counting.rows == len(ROWS)
    assert same(first, again)
    assert again.row("input_ids", 1).tolist() == tokenising.tokenizer("why")["input_ids"]


def test_other_texts_or_another_length_are_tokenised_anew(tokenising: Tokenising, counting: Counting) -> None:
    encoded(tokenising)
    encoded(tokenising, ROWS[::-1])
    encoded(tokenising, [{"text": "the film"}, {"text": "is good"}])
    encoded(tokenising, [{"text": "the film is"}, {"text": " good"}])
    short = encoded(replace(tokenising, max_length=8))
    assert counting.rows == 4 * len(ROWS)
    assert short.lengths.max() == 8


def test_another_tokenizer_has_files_of_its_own(
    tokenising: Tokenising, counting: Counting, encoder_folders: dict[str, Path]
) -> None:
    encoded(tokenising)
    other = AutoTokenizer.from_pretrained(encoder_folders["bert"])
    other.backend_tokenizer.add_tokens(["awful food"])
    encoded(replace(tokenising, tokenizer=other))
    assert counting.rows == 2 * len(ROWS)
    from_the_left = AutoTokenizer.from_pretrained(encoder_folders["bert"], truncation_side="left")
    encoded(replace(tokenising, tokenizer=from_the_left))
    assert counting.rows == 3 * len(ROWS)


def test_a_damaged_file_is_made_again(tokenising: Tokenising, counting: Counting) -> None:
    first = encoded(tokenising)
    (path,) = tokenising.cache.folder.iterdir()  # type: ignore[union-attr]
    whole = path.read_bytes()
    path.write_bytes(whole[:200])
    assert same(encoded(tokenising), first)
    ids = first.parts["input_ids"].tobytes()
    path.write_bytes(whole.replace(ids, bytes([ids[0] ^ 1]) + ids[1:]))
    assert same(encoded(tokenising), first)
    assert counting.rows == 3 * len(ROWS)


def test_a_nearly_full_disk_keeps_nothing(tokenising: Tokenising, counting: Counting) -> None:
    full = replace(tokenising, cache=replace(tokenising.cache, reserve_bytes=2**60))
    assert same(encoded(full), encoded(full))
    assert counting.rows == 2 * len(ROWS)


def test_the_longest_unused_go_where_there_are_too_many(tokenising: Tokenising, counting: Counting) -> None:
    first = encoded(tokenising)
    (path,) = tokenising.cache.folder.iterdir()  # type: ignore[union-attr]
    os.utime(path, (0, 0))
    small = replace(tokenising, cache=replace(tokenising.cache, limit_bytes=path.stat().st_size * 3 // 2))
    encoded(small, ROWS[::-1])
    assert not path.exists()
    assert same(encoded(small), first)
    assert counting.rows == 3 * len(ROWS)


def test_rows_beyond_the_limit_are_not_kept_and_cost_no_others_their_place(
    tokenising: Tokenising, counting: Counting
) -> None:
    encoded(tokenising)
    (path,) = tokenising.cache.folder.iterdir()  # type: ignore[union-attr]
    small = replace(tokenising, cache=replace(tokenising.cache, limit_bytes=path.stat().st_size + 10))
    encoded(small, ROWS * 40)
    assert list(path.parent.iterdir()) == [path]


def test_without_a_place_to_keep_them_rows_are_tokenised_all_the_same(tokenising: Tokenising) -> None:
    expected = encoded(replace(tokenising, cache=None))
    blocked = tokenising.cache.folder  # type: ignore[union-attr]
    blocked.write_text("a file where the folder would be")
    assert same(encoded(tokenising), expected)


def test_no_rows_give_no_rows(tokenising: Tokenising) -> None:
    assert [len(encoded(tokenising, [])) for _ in range(2)] == [0, 0]
