"""Decoded entities are the best that IOB2 allows, and are the text at their offsets."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.tasks.tagging.decoding import best_path, describe_entities, find_entities, tag_labels, types_of
from studio.tasks.tagging.schemes import invalid_tags, spans_of, tags_of
from studio.tasks.tagging.words import Offset, split_words
from tests.tasks.random_texts import random_texts

TYPES = ["PER", "B-X", "人"]


def decode(
    text: str, words: Sequence[Offset], logits: np.ndarray, types: Sequence[str]
) -> list[dict[str, Any]]:
    """The entities of a text by the outputs of its words."""
    return describe_entities(text, words, find_entities(logits), types)


def test_types_are_told_by_the_names_of_outputs() -> None:
    assert types_of(tag_labels([*TYPES, ""])) == (*TYPES, "")


@given(st.integers(0, 5), st.integers(0, 2), st.integers(0, 2**32 - 1), st.booleans())
def test_no_allowed_sequence_of_labels_is_better(words: int, types: int, seed: int, is_round: bool) -> None:
    labels = tag_labels(TYPES[:types])
    scores = np.random.default_rng(seed).normal(0, 2, (words, len(labels)))
    scores = np.round(scores) if is_round else scores
    allowed = [
        path
        for path in product(range(len(labels)), repeat=words)
        if not invalid_tags([labels[number] for number in path])
    ]
    sums = [sum(scores[word, number] for word, number in enumerate(path)) for path in allowed]
    found = tuple(best_path(scores).tolist())
    assert found in allowed
    assert sums[allowed.index(found)] == pytest.approx(max(sums))
    if not is_round:
        assert found == allowed[int(np.argmax(sums))]


@given(st.lists(st.sampled_from(tag_labels(TYPES))))
def test_where_one_label_is_certain_at_each_word_entities_are_read_as_they_stand(tags: list[str]) -> None:
    labels = tag_labels(TYPES)
    valid = tags_of(spans_of(tags), len(tags))
    sure = np.zeros((len(tags), len(labels)))
    sure[np.arange(len(tags)), [labels.index(tag) for tag in valid]] = 1.0
    text = " ".join("ab" for _ in tags)
    with np.errstate(divide="ignore"):
        found = decode(text, split_words(text), np.log(sure), TYPES)
    assert [(each["start"], each["end"], each["label"]) for each in found] == [
        (3 * span.start, 3 * span.end - 1, span.label) for span in spans_of(valid)
    ]
    assert all(each["score"] == 1.0 for each in found)


def test_certainty_of_what_iob2_forbids_gives_no_entity() -> None:
    with np.errstate(divide="ignore"):
        logits = np.log([[0.0, 0.0, 1.0]] * 2)
    assert decode("a b", [(0, 1), (2, 3)], logits, ["X"]) == []


@given(st.integers(1, 6), st.integers(0, 2**32 - 1), st.floats(-1e4, 1e4))
def test_a_number_added_to_a_word_changes_nothing(words: int, seed: int, added: float) -> None:
    drawn = np.random.default_rng(seed)
    logits = drawn.normal(0, 3, (words, 7))
    moved = logits.copy()
    moved[drawn.integers(words)] += added
    text = "a " * words
    before, after = (decode(text, split_words(text), each, TYPES) for each in (logits, moved))
    for one, other in zip(before, after, strict=True):
        assert other.pop("score") == pytest.approx(one.pop("score"))
        assert one == other


def test_every_entity_of_ten_thousand_texts_is_the_text_at_its_offsets() -> None:
    drawn = np.random.default_rng(3)
    count = 0
    for text in random_texts(10_000, seed=2):
        words = split_words(text)
        logits = drawn.normal(0, 2, (len(words), 7)).astype(np.float32)
        end = 0
        for entity in decode(text, words, logits, TYPES):
            assert end <= entity["start"] < entity["end"] <= len(text)
            assert entity["text"] == text[entity["start"] : entity["end"]]
            assert entity["label"] in TYPES and 0.0 < entity["score"] <= 1.0
            end = entity["end"]
            count += 1
    assert count > 50_000


def test_the_score_is_the_mean_of_the_probabilities_of_the_words_own_labels() -> None:
    logits = np.log([[0.2, 0.5, 0.2, 0.05, 0.05], [0.1, 0.2, 0.4, 0.2, 0.1], [0.1, 0.1, 0.1, 0.6, 0.1]])
    found = decode("北京AI", [(0, 1), (1, 2), (2, 4)], logits, ["LOC", "ORG"])
    assert [(each["label"], each["text"], round(each["score"], 6)) for each in found] == [
        ("LOC", "北京", 0.45),
        ("ORG", "AI", 0.6),
    ]
