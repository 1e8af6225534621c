"""Seconds of a training step, and of scoring rows, beside those that the estimate before a training says.

What the constants of ``studio.training.estimates`` were fitted to: encoders with random weights learn batches
of several sizes and lengths with the studio's own learner, on all cores, in the format in which the studio
would train here, or another (``--precision fp32``). Run it on a machine that is idle.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from statistics import mean

import numpy as np

from bench.command import describe_machine, start_as_jobs_do
from bench.training import (
    SHAPES,
    VOCABULARY,
    WIDE,
    learner_of,
    random_rows,
    seconds_of,
    studio_model,
    tokenizer_like,
)
from studio.execution.answers import predict_rows
from studio.execution.devices import computing_in, is_fast_in_bf16
from studio.execution.executors import choose_executor
from studio.execution.rows import EncodedRows
from studio.training.adapters import prepare_method
from studio.training.estimates import Workload, learning_seconds
from studio.training.hardware import detect_machine, measure_gflops
from studio.training.placement import Placement
from studio.training.recipe import Recipe

METHODS = ("full", "lora", "frozen")
# Rows of a batch, and their median and most tokens.
BATCHES = ((8, 20, 64), (32, 20, 64), (16, 60, 128), (32, 60, 512), (8, 300, 512))
STEPS, SPREAD, FEW_TOKENS = 3, 0.8, 1500


@dataclass(frozen=True)
class Encoder:
    """What the estimate asks for of an encoder."""

    architecture: str
    parameters: int
    layers: int
    hidden: int
    intermediate: int
    heads: int
    vocabulary: int
    word_width: int


@dataclass(frozen=True)
class Step:
    """What was measured: the method or the scores, and seconds measured and estimated."""

    what: str
    measured: float
    estimated: float


def measure(shape: str, method: str, rows: EncodedRows, batch: int, precision: str) -> Iterator[Step]:
    """Steps with one method, and the scores of all rows, each on average."""
    recipe = Recipe(batch_size=batch, method=method, epochs=1, precision=precision)
    model = studio_model(shape)
    layers, hidden, heads = SHAPES[shape]
    weights = sum(weight.numel() for weight in model.base_model.parameters())
    encoder = Encoder("bert", weights, layers, hidden, 4 * hidden, heads, VOCABULARY, hidden)
    machine = replace(detect_machine(), device="cpu")
    executor = choose_executor(model, tokenizer_like(), int(rows.lengths.max()), "cpu", precision)
    model = prepare_method(model, recipe)
    learner = learner_of(model, executor, rows, Placement("cpu", "the processor", precision))
    measured, estimated = [], []
    for step in range(STEPS + 1):
        numbers = np.arange(batch) + batch * (step % STEPS)
        started = time.perf_counter()
        learner.take_step(numbers, batch, False, 1.0, step)
        if step:  # the first warms up
            measured.append(time.perf_counter() - started)
            work = Workload(batch, 0, 0, rows.lengths[numbers], firsts_only=True)
            estimated.append(learning_seconds(recipe, encoder, work, machine))
    yield Step(method, mean(measured), mean(estimated))
    with computing_in(precision, "cpu"):
        seconds = seconds_of(lambda: predict_rows(executor, model, rows), time.perf_counter)
    work = Workload(0, 0, len(rows), rows.lengths, firsts_only=True)
    yield Step("scores", seconds, learning_seconds(recipe, encoder, work, machine))


def main() -> int:
    """Print a line for each shape and what was done with it."""
    parser = argparse.ArgumentParser(description=__doc__)
    fastest = "bf16" if is_fast_in_bf16("cpu") else "fp32"
    parser.add_argument("--precision", choices=("fp32", "bf16"), default=fastest)
    precision = parser.parse_args().precision
    start_as_jobs_do()
    rate = f"{measure_gflops():.0f} GFLOP/s of one core in numpy"
    print(f"{describe_machine()}, {rate}; {precision}; estimated to measured")
    print("\n| layers x width | what | steps | measured ms | estimated / measured: mean | least | most |")
    print("|---|---|---:|---:|---:|---:|---:|")
    for shape in ("2x128", "4x256", "6x384", "12x768"):
        found: dict[str, list[Step]] = {}
        for batch, middle, most in BATCHES:
            if SHAPES[shape][1] >= WIDE and batch * middle > FEW_TOKENS:
                continue
            for method in METHODS:
                rows = random_rows(STEPS * batch, middle, SPREAD, most)
                for step in measure(shape, method, rows, batch, precision):
                    found.setdefault(step.what, []).append(step)
        for what, steps in found.items():
            ratios = [step.estimated / step.measured for step in steps]
            print(
                f"| {shape} | {what} | {len(steps)} | {1000 * mean(step.measured for step in steps):.0f} "
                f"| {mean(ratios):.2f} | {min(ratios):.2f} | {max(ratios):.2f} |",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
