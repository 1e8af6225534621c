"""Scores of entities equal those of seqeval, strict and IOB2; every wrong entity has one kind."""

from __future__ import annotations

import time
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics import f1_score, precision_score, recall_score
from seqeval.metrics.v1 import precision_recall_fscore_support
from seqeval.scheme import IOB2

from studio.metrics.entities import (
    KINDS,
    Entity,
    count_entities,
    find_errors,
    overlap,
    score_entities,
    score_types,
)
from studio.tasks.tagging.schemes import spans_of

TAGS = st.sampled_from(["O", "O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-A-B", "I-A-B", "B-人名", "I-人名"])
PAIRS = st.lists(st.lists(st.tuples(TAGS, TAGS), min_size=1, max_size=10), min_size=1, max_size=8)
STRICT = {"scheme": IOB2, "zero_division": 0}


def unzip(pairs: list[list[tuple[str, str]]]) -> tuple[list[list[str]], list[list[str]]]:
    """True tags and given tags of sentences."""
    return [[true for true, _ in row] for row in pairs], [[given for _, given in row] for row in pairs]


def entities_of(sentences: list[list[str]]) -> list[list[Entity]]:
    """What stands in the tags of each sentence."""
    return [list(spans_of(tags)) for tags in sentences]


def assert_equals_seqeval(true_tags: list[list[str]], given_tags: list[list[str]]) -> None:
    """Micro scores and those of each type are seqeval's, also where tags are broken."""
    truth, found = entities_of(true_tags), entities_of(given_tags)
    ours = score_entities(count_entities(truth, found))
    labels, scores = score_types(truth, found)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = [
            score(true_tags, given_tags, mode="strict", **STRICT)
            for score in (precision_score, recall_score, f1_score)
        ]
        by_type = precision_recall_fscore_support(true_tags, given_tags, average=None, **STRICT)
    assert list(ours) == pytest.approx([float(score) for score in theirs])
    for own, other in zip((scores.precision, scores.recall, scores.f1, scores.support), by_type, strict=True):
        assert own.tolist() == pytest.approx(other.tolist())
    assert len(labels) == len(by_type[0])


@given(PAIRS)
def test_scores_of_any_tags_equal_seqeval(pairs: list[list[tuple[str, str]]]) -> None:
    assert_equals_seqeval(*unzip(pairs))


@given(PAIRS, st.floats(0, 1), st.integers(0, 2**32 - 1))
def test_scores_of_answers_near_the_truth_equal_seqeval(
    pairs: list[list[tuple[str, str]]], share: float, seed: int
) -> None:
    drawn = np.random.default_rng(seed)
    true, other = unzip(pairs)
    mixed = [
        [one if drawn.random() < share else two for one, two in zip(*rows, strict=True)]
        for rows in zip(true, other, strict=True)
    ]
    assert_equals_seqeval(true, mixed)


@pytest.mark.parametrize(
    ("true", "given_tags"),
    [
        (["B-X", "I-X", "O"], ["O", "O", "O"]),
        (["O", "O"], ["B-X", "I-X"]),
        (["I-X", "I-X", "O"], ["B-X", "I-X", "O"]),
        (["B-X", "I-Y", "I-X"], ["B-X", "I-X", "I-X"]),
        (["B-X", "B-X"], ["B-X", "I-X"]),
        (["B-A-B-C", "I-A-B-C"], ["B-A-B", "I-A-B"]),
        (["B-É", "O"], ["B-E\u0301", "O"]),
    ],
)
def test_hard_cases_equal_seqeval(true: list[str], given_tags: list[str]) -> None:
    assert_equals_seqeval([true], [given_tags])


def test_no_sentence_and_no_entity_give_zero() -> None:
    assert score_entities(count_entities([], [])) == (0.0, 0.0, 0.0)
    assert score_entities(count_entities([[], []], [[], []])) == (0.0, 0.0, 0.0)
    labels, scores = score_types([[]], [[]])
    assert labels == () and scores.f1.tolist() == []
    with pytest.raises(ValueError, match="zip"):
        count_entities([[]], [])


@given(PAIRS)
def test_every_wrong_entity_is_in_exactly_one_error(pairs: list[list[tuple[str, str]]]) -> None:
    truth, found = map(entities_of, unzip(pairs))
    errors = find_errors(truth, found)
    for number, (true, answers) in enumerate(zip(truth, found, strict=True)):
        own = [error for error in errors if error.sentence == number]
        assert sorted(error.truth for error in own if error.truth) == sorted(set(true) - set(answers))
        assert sorted(error.found for error in own if error.found) == sorted(set(answers) - set(true))
    right, given_count, true_count = count_entities(truth, found).sum(axis=0)
    kinds = {kind: sum(error.kind == kind for error in errors) for kind in KINDS}
    paired = kinds["type"] + kinds["boundary"] + kinds["both"]
    assert (paired + kinds["missed"], paired + kinds["spurious"]) == (true_count - right, given_count - right)


@given(PAIRS)
def test_an_error_is_of_the_kind_it_says(
    pairs: list[list[tuple[str, str]]],
) -> None:
    for error in find_errors(*map(entities_of, unzip(pairs))):
        if error.truth is None or error.found is None:
            assert error.kind == ("missed" if error.found is None else "spurious")
            continue
        same_place, same_label = error.truth[:2] == error.found[:2], error.truth[2] == error.found[2]
        expected = {(True, False): "type", (False, True): "boundary", (False, False): "both"}
        assert error.kind == expected[same_place, same_label]
        assert overlap(error.truth, error.found) > 0


@given(PAIRS)
def test_what_is_missed_overlaps_nothing_spurious(pairs: list[list[tuple[str, str]]]) -> None:
    errors = find_errors(*map(entities_of, unzip(pairs)))
    for missed in (error for error in errors if error.kind == "missed"):
        for spurious in (error for error in errors if error.kind == "spurious"):
            assert missed.sentence != spurious.sentence or overlap(missed.truth, spurious.found) <= 0


@given(PAIRS)
def test_truth_and_answers_exchanged_exchange_precision_and_recall(pairs) -> None:
    truth, found = map(entities_of, unzip(pairs))
    ours, exchanged = (score_entities(count_entities(*each)) for each in ((truth, found), (found, truth)))
    assert (ours.precision, ours.recall, ours.f1) == (exchanged.recall, exchanged.precision, exchanged.f1)


def test_an_answer_that_is_split_is_one_wrong_boundary_and_the_rest_spurious() -> None:
    errors = find_errors([[(0, 5, "X")]], [[(0, 2, "X"), (2, 5, "X")]])
    assert [(error.kind, error.truth, error.found) for error in errors] == [
        ("spurious", None, (0, 2, "X")),
        ("boundary", (0, 5, "X"), (2, 5, "X")),
    ]


def test_a_hundred_thousand_sentences_take_seconds() -> None:
    drawn = np.random.default_rng(0)
    starts = drawn.integers(0, 20, (100_000, 2, 3))
    sentences = [
        [[(start, start + 2, "PER") for start in row] for row in side] for side in starts.swapaxes(0, 1)
    ]
    began = time.process_time()
    score_entities(count_entities(*sentences))
    score_types(*sentences)
    assert find_errors(*sentences)
    assert time.process_time() - began < 20
