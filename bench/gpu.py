"""Rows a second of training on a graphics card, beside transformers' Trainer: ``make bench-gpu``.

Encoders of the shapes of BERT base and large with random weights, on rows of 128 tokens and on rows with the
lengths of news; every way learns the same rows once in each round, in turns. Of the rate: the matrix products
of the real tokens, as a share of what the card does in bf16 on a large product. Goals: half of the rate at
12x768, and 1.5 times Trainer with its best settings. Without a card a small shape runs on the processor,
and the rows that are missing are named.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import torch
import transformers

from bench.command import clean_up_on_sigterm, describe_machine
from bench.trainers import Train, learn, studio_of, trainer_of
from bench.training import (
    BATCH,
    LABELS,
    SHAPES,
    VOCABULARY,
    forward_operations,
    learner_of,
    make_model,
    news_like_rows,
    seconds_of,
)
from studio.execution.recording import MET_BEFORE
from studio.execution.rows import EncodedRows
from studio.training.placement import Placement, choose_placement

CARD_SHAPES, PROCESSOR_SHAPES = ("12x768", "24x1024"), ("1x64",)
EVEN_TOKENS = 128


def even_rows(count: int) -> EncodedRows:
    """Random rows of 128 tokens."""
    drawn = np.random.default_rng(0)
    ids = drawn.integers(1000, VOCABULARY, count * EVEN_TOKENS, dtype=np.int32)
    lengths = np.full(count, EVEN_TOKENS, dtype=np.int64)
    return EncodedRows(lengths, {"input_ids": ids}, drawn.integers(0, LABELS, count))


def ways_of(shape: str, rows: EncodedRows, placement: Placement, folder: Path) -> dict[str, Train]:
    """Every way to train once on the rows."""
    best = {"bf16": placement.precision == "bf16", "train_sampling_strategy": "group_by_length"}
    return {
        "Trainer, default settings": trainer_of(make_model(shape, "sdpa"), rows, folder),
        "Trainer, grouped by length and bf16": trainer_of(make_model(shape, "sdpa"), rows, folder, **best),
        "studio": learn(*studio_of(shape, placement), rows, placement),
    }


def waiting_for(train: Train, device: str) -> Train:
    """The same, over only when the card is done."""

    def act(seed: int) -> None:
        train(seed)
        if device == "cuda":
            torch.cuda.synchronize()

    return act


def measured_rate(placement: Placement) -> float:
    """Operations a second of a large matrix product in the format of the training."""
    number_format = torch.bfloat16 if placement.precision == "bf16" else torch.float32
    size = 8192 if placement.device == "cuda" else 512
    # Of numbers by chance: a card multiplies ones faster, as that takes less power.
    matrix = torch.randn(size, size, device=placement.device).to(number_format)

    def multiply() -> None:
        matrix @ matrix
        if placement.device == "cuda":
            torch.cuda.synchronize()

    multiply()
    return 2 * size**3 / min(seconds_of(multiply, time.perf_counter) for _ in range(9))


def replayed_apart(shape: str, rows: EncodedRows, placement: Placement) -> str:
    """How far the gradient of a replayed step is from that of one computed anew, both without dropout."""
    model, executor = studio_of(shape, placement)
    learner = learner_of(model.to(placement.device), executor, rows, placement)
    model.eval()
    numbers = np.arange(BATCH)
    for _ in range(MET_BEFORE + 2):
        learner.collect_gradients(numbers, BATCH)
    if not learner.recordings:
        return "no step is replayed"
    replayed = torch.cat([gradient.flatten() for gradient in learner.gradients()])
    learner.recordings = None
    learner.collect_gradients(numbers, BATCH)
    computed = torch.cat([gradient.flatten() for gradient in learner.gradients()])
    apart = float((replayed - computed).norm() / computed.norm())
    return f"gradients of a replayed step are {apart:.0e} of their norm from those computed anew"


def measure(shape: str, name: str, rows: EncodedRows, rounds: int) -> None:
    """Time every way in turns, and print the table."""
    placement = choose_placement("auto")
    rate = measured_rate(placement)
    operations = 3 * forward_operations(shape, rows.lengths)
    seconds: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="bench-gpu-") as folder:
        ways = ways_of(shape, rows, placement, Path(folder))
        for number in range(rounds + 1):
            for way, train in ways.items():
                act: Callable[[int], None] = waiting_for(train, placement.device)
                took = seconds_of(lambda: act(number), time.perf_counter)  # noqa: B023
                if number:  # the first round is what happens once only
                    seconds.setdefault(way, []).append(took)
    best = seconds["Trainer, grouped by length and bf16"]
    print(f"\n| {shape}, {name} | rows a second | of Trainer's best | of the rate |\n|---|---:|---:|---:|")
    for way, own in seconds.items():
        ratio = median(a / b for a, b in zip(best, own, strict=True))
        share = median(operations / each / rate for each in own)
        print(f"| {way} | {len(rows) / median(own):,.0f} | {ratio:.2f} | {100 * share:.0f} % |", flush=True)


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shapes", help=f"of {', '.join(SHAPES)}")
    parser.add_argument("--rows", type=int, default=64 * BATCH)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    clean_up_on_sigterm()
    os.environ["HF_HUB_OFFLINE"] = "1"
    placement = choose_placement("auto")
    has_card = placement.device == "cuda"
    shapes = options.shapes.split(",") if options.shapes else CARD_SHAPES if has_card else PROCESSOR_SHAPES
    print(f"{describe_machine()}, {placement.device_name}, {placement.precision}")
    print(f"PyTorch {torch.__version__}, transformers {transformers.__version__}, batches of {BATCH}")
    if not has_card:
        print(f"No graphics card is here: the rows for {' and '.join(CARD_SHAPES)} are missing.")
    for shape in shapes:
        print(f"{shape}: {replayed_apart(shape, even_rows(BATCH), placement)}.", flush=True)
        measure(shape, f"{EVEN_TOKENS} tokens", even_rows(options.rows), options.rounds)
        measure(shape, "lengths of news", news_like_rows(options.rows, seed=0), options.rounds)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
