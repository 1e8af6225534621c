"""Estimates grow with the work, and memory does not grow beyond what is computed at once."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from studio.checkpoints.builtin import find_builtin_folder
from studio.checkpoints.tokens import read_tokens
from studio.training.estimates import (
    Words,
    Workload,
    estimate,
    flops_per_token,
    parts_of_step,
    share_computed,
)
from studio.training.hardware import Machine
from studio.training.recipe import Recipe


@dataclass(frozen=True)
class Shape:
    """bert-base."""

    architecture: str = "bert"
    parameters: int = 109_482_240
    layers: int = 12
    hidden: int = 768
    intermediate: int = 3072
    heads: int = 12
    vocabulary: int = 30_522
    word_width: int = 768


WORK = Workload(train_rows=1000, validation_rows=100, test_rows=100, lengths=np.array([20] * 9 + [128]))
CPU = Machine("cpu", "processor", 2, 8 * 10**9, 10**10)
RECIPE = Recipe(batch_size=16, epochs=3)


def test_operations_per_token_are_two_per_weight_of_the_blocks_and_attention() -> None:
    # bert-base has 85.05 M weights in its blocks without biases and norms: 12 x 7,077,888 = 84.93 M.
    assert flops_per_token(Shape(), 0) == 2 * 84_934_656
    assert flops_per_token(Shape(), 512) - flops_per_token(Shape(), 0) == 12 * 4 * 512 * 768


def test_steps_count_incomplete_batches() -> None:
    assert estimate(RECIPE, Shape(), WORK, CPU).steps == 63 * 3


def test_more_work_takes_longer_and_more_memory() -> None:
    base = estimate(RECIPE, Shape(), WORK, CPU)
    for work in (replace(WORK, train_rows=2000), replace(WORK, lengths=WORK.lengths + 40)):
        assert estimate(RECIPE, Shape(), work, CPU).seconds > base.seconds
    assert estimate(RECIPE.model_copy(update={"epochs": 6}), Shape(), WORK, CPU).seconds > base.seconds
    longer = replace(WORK, lengths=np.append(WORK.lengths, 512))
    assert estimate(RECIPE, Shape(), longer, CPU).memory_bytes > base.memory_bytes
    bigger = RECIPE.model_copy(update={"batch_size": 64})
    assert estimate(bigger, Shape(), WORK, CPU).memory_bytes > base.memory_bytes


def test_training_less_takes_less_and_a_graphics_card_is_faster() -> None:
    full, lora, frozen = (
        estimate(RECIPE.model_copy(update={"method": method}), Shape(), WORK, CPU)
        for method in ("full", "lora", "frozen")
    )
    assert full.seconds > lora.seconds > frozen.seconds
    assert full.memory_bytes > lora.memory_bytes > frozen.memory_bytes
    card = replace(CPU, device="cuda")
    assert estimate(RECIPE, Shape(), WORK, card).seconds < full.seconds


def test_the_disk_needed_is_for_two_snapshots_two_best_weights_and_the_model() -> None:
    full, lora, frozen = (
        estimate(RECIPE.model_copy(update={"method": method}), Shape(), WORK, CPU).disk_bytes
        for method in ("full", "lora", "frozen")
    )
    weights = 4 * Shape().parameters
    assert full == 2 * 3 * weights + 2 * weights + weights
    assert full > lora > frozen > weights


def test_tokens_see_those_of_their_own_row() -> None:
    assert Workload(2, 0, 0, np.array([10, 30])).seen_tokens == 25  # 10 see 10, 30 see 30


def test_on_a_processor_memory_is_that_of_the_parts_in_which_a_batch_is_computed() -> None:
    long = replace(WORK, lengths=np.full(10, 512))
    few, many = (
        estimate(RECIPE.model_copy(update={"batch_size": rows}), Shape(), long, CPU).memory_bytes
        for rows in (4, 64)
    )
    assert few == many  # four rows of 512 tokens are all that two cores compute at once
    more_cores = replace(CPU, cpu_cores=8)
    assert estimate(RECIPE, Shape(), long, more_cores).memory_bytes > few


def test_scoring_rows_takes_time_too() -> None:
    whole = estimate(RECIPE, Shape(), WORK, CPU).seconds
    without_test = estimate(RECIPE, Shape(), replace(WORK, test_rows=0), CPU).seconds
    without_validation = estimate(RECIPE, Shape(), replace(WORK, validation_rows=0), CPU).seconds
    # The test is scored once, validation after each of three epochs and at the end.
    assert whole - without_validation == pytest.approx(4 * (whole - without_test)) and without_test < whole


@pytest.mark.parametrize(
    ("precision", "has_bf16", "faster"),
    [("auto", True, True), ("bf16", True, True), ("fp32", True, False), ("bf16", False, False)],
)
def test_learning_is_faster_in_bf16_where_the_processor_knows_it(
    precision: str, has_bf16: bool, faster: bool
) -> None:
    recipe = RECIPE.model_copy(update={"precision": precision})
    here = estimate(recipe, Shape(), WORK, replace(CPU, has_bf16=has_bf16)).seconds
    assert (here < estimate(recipe, Shape(), WORK, CPU).seconds) is faster


def test_learning_and_scoring_are_faster_still_where_the_processor_multiplies_tiles() -> None:
    plain, tiles = replace(CPU, has_bf16=True), replace(CPU, has_bf16=True, has_tiles=True)
    for method in ("full", "lora", "frozen"):
        recipe = RECIPE.model_copy(update={"method": method})
        assert estimate(recipe, Shape(), WORK, tiles).seconds < estimate(recipe, Shape(), WORK, plain).seconds
        assert estimate(recipe, Shape(), WORK, plain).seconds < estimate(recipe, Shape(), WORK, CPU).seconds


def test_in_bf16_the_code_for_each_length_takes_memory_too() -> None:
    half = replace(CPU, has_bf16=True)
    plain = RECIPE.model_copy(update={"precision": "fp32"})
    more = []
    for longest in (20, 128, 512):
        work = replace(WORK, lengths=np.append(WORK.lengths[:9], longest))
        here, before = (estimate(recipe, Shape(), work, half).memory_bytes for recipe in (RECIPE, plain))
        more.append(here - before)
    assert 0 < more[0] < more[1] < more[2] <= 300 * 10**6


def test_batches_of_unlike_rows_take_more_memory_than_those_of_like_ones() -> None:
    alike = replace(WORK, lengths=np.array([60, 60, 60, 128] * 3))
    unlike = replace(WORK, lengths=np.array([37, 37, 37, 37, 37, 128, 128, 128, 37, 37, 128, 128]))
    assert unlike.mean_tokens < alike.mean_tokens + 1
    few = RECIPE.model_copy(update={"batch_size": 4})
    found = [estimate(few, Shape(), work, CPU).memory_bytes for work in (alike, unlike)]
    assert found[0] < found[1]


FEW = Words(tokens=20_000, in_half=2000, in_all=2500)
MANY = Words(tokens=20_000, in_half=25_000, in_all=28_000)


def test_words_that_do_not_occur_take_no_moments_no_disk_and_no_time() -> None:
    whole, narrow = (estimate(RECIPE, Shape(), replace(WORK, words=words), CPU) for words in (None, FEW))
    occurring = FEW.among(WORK.train_rows * WORK.mean_tokens)
    assert 2500 < occurring < 3000
    still = (30_522 - occurring) * 768
    # Neither gradients nor two moments of them; but those that occur are there twice.
    assert whole.memory_bytes - narrow.memory_bytes == pytest.approx(4 * (3 * still - occurring * 768))
    assert whole.disk_bytes - narrow.disk_bytes == pytest.approx(4 * 8 * still)
    assert whole.seconds - narrow.seconds == pytest.approx(63 * 3 * still * 1.5e-9)


@pytest.mark.parametrize(
    ("words", "changes", "machine"),
    [(MANY, {}, CPU), (FEW, {"method": "lora"}, CPU), (FEW, {}, replace(CPU, device="cuda"))],
    ids=["most words occur", "LoRA", "a card"],
)
def test_words_do_not_count_where_all_learn_or_none(
    words: Words, changes: dict[str, object], machine: Machine
) -> None:
    recipe = RECIPE.model_copy(update=changes)
    without, with_words = (
        estimate(recipe, Shape(), replace(WORK, words=each), machine) for each in (None, words)
    )
    assert with_words == without


@pytest.mark.parametrize("table", ["banking77/train.csv", "sst2/train.tsv"])
def test_the_words_of_some_real_texts_foretell_those_of_all(table: str) -> None:
    path = Path(os.environ.get("STUDIO_TEST_DATA", "/absent")) / table
    if not path.is_file():
        pytest.skip(f"{table} is not there; set STUDIO_TEST_DATA")
    texts = pd.read_csv(path, sep="\t" if path.suffix == ".tsv" else ",").iloc[:, 0].astype(str)
    folder = find_builtin_folder()
    rows = [{"text": text} for text in texts.sample(frac=1, random_state=0)]
    ids = read_tokens(folder, rows)
    some, every = np.concatenate(ids[:2000]), np.concatenate(ids)
    words = Words.of(some)
    assert words.in_all < 0.9 * len(np.unique(every)), "there is something to foretell"
    assert words.among(len(every)) == pytest.approx(len(np.unique(every)), rel=0.2)


def test_what_is_padded_is_computed_in_several_parts_and_more_tokens() -> None:
    assert parts_of_step(RECIPE, Shape(), WORK) == (1.0, 1.0)
    parts, padded = parts_of_step(RECIPE, Shape(architecture="mpnet"), WORK)
    assert 1.5 < parts <= 2.0, "rows of 20 tokens and of 128, where there is one"
    assert padded == 1.0, "rows of one length have no padding"
    lengths = np.random.default_rng(0).lognormal(4, 0.8, 2000).astype(int)
    parts, padded = parts_of_step(RECIPE, Shape(architecture="mpnet"), replace(WORK, lengths=lengths))
    assert parts > 3 and 1.02 < padded < 1.2


def test_a_last_layer_that_ends_with_first_tokens_takes_less_and_less_memory() -> None:
    firsts_only = replace(WORK, firsts_only=True)
    shapes = [Shape(), Shape(layers=4), Shape(architecture="albert"), Shape(architecture="modernbert")]
    assert [share_computed(shape, WORK) for shape in shapes] == [1.0] * 4
    expected = [1 - 1 / 18, 1 - 1 / 6, 1.0, 1.0]
    assert [share_computed(shape, firsts_only) for shape in shapes] == pytest.approx(expected)
    less, every = (estimate(RECIPE, Shape(layers=2), work, CPU) for work in (firsts_only, WORK))
    assert less.seconds < every.seconds and less.memory_bytes < every.memory_bytes


def test_attention_that_looks_at_distances_takes_longer_and_more_memory() -> None:
    plain, padded, distances = (
        estimate(RECIPE, Shape(architecture=name), WORK, CPU) for name in ("bert", "mpnet", "deberta-v2")
    )
    assert plain.seconds < padded.seconds < distances.seconds
    assert plain.memory_bytes == padded.memory_bytes < distances.memory_bytes
