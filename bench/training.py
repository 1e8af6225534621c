"""Seconds of one training step, side by side: padded to the limit, to the longest row, by length, and ours.

Every way computes the gradient of the same random batch of the same rows, in turns, with dropout as the
checkpoint has it. Lengths are news-like (log-normal, median 60 tokens, one in twenty over 396, cut at 512),
or those of real texts where ``--texts`` names a table. The limit is what the matrix products of the real
tokens take at the rate that this machine reaches with products of the same sizes. Times are processor
seconds, with one thread unless ``--threads`` says more: then they are those of the clock.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch.nn import functional
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer, set_seed

from bench.command import describe_machine, start_as_jobs_do
from studio.checkpoints.resolve import resolve
from studio.execution.devices import FORMATS
from studio.execution.dropout import quicken_dropout
from studio.execution.executors import Executor, PaddedExecutor, choose_executor
from studio.execution.parts import Limits
from studio.execution.rows import EncodedRows
from studio.settings import Settings
from studio.tasks.classification import CLASSIFICATION
from studio.training.adapters import count_parameters
from studio.training.batches import plan_epoch
from studio.training.learner import Learner
from studio.training.lesson import Lesson
from studio.training.losses import cross_entropy, share_of_loss
from studio.training.placement import Placement
from studio.training.recipe import Recipe
from studio.training.team import Alone

BATCH, LONGEST, LABELS, VOCABULARY = 32, 512, 4, 30_522
SHAPES = {
    "1x64": (1, 64, 1),
    "2x128": (2, 128, 2),
    "4x256": (4, 256, 4),
    "6x384": (6, 384, 12),
    "12x768": (12, 768, 12),
    "24x1024": (24, 1024, 16),
}
ALL_TOGETHER = 10**9
# A padded batch of a wide encoder takes 20 GB: its gradient is added up from so many rows at a time.
WIDE, ROWS_OF_WIDE = 768, 8


@dataclass(frozen=True)
class Way:
    """One way to compute a step: its model, and what it computes in which parts."""

    name: str
    model: Any
    executor: Executor
    rows: int = BATCH

    def step(self, rows: EncodedRows, numbers: np.ndarray) -> None:
        """Leave the gradients of one batch."""
        self.model.zero_grad(set_to_none=True)
        for part in self.executor.cut(rows.lengths[numbers], Limits(self.rows, self.executor.tokens)):
            own = numbers[part]
            labels = torch.from_numpy(rows.targets[own])
            logits = self.executor.logits(self.model, rows, own)
            share_of_loss(cross_entropy(logits, labels), labels, None, len(numbers)).backward()


def random_rows(count: int, middle: int, spread: float, most: int, seed: int = 0) -> EncodedRows:
    """Random tokens in rows of log-normal lengths: their median, the deviation of the logarithm, the most."""
    drawn = np.random.default_rng(seed)
    lengths = np.clip(drawn.lognormal(np.log(middle), spread, count).astype(np.int64), 4, most)
    ids = drawn.integers(1000, VOCABULARY, lengths.sum(), dtype=np.int32)
    return EncodedRows(lengths, {"input_ids": ids}, drawn.integers(0, LABELS, count))


def news_like_rows(count: int, seed: int) -> EncodedRows:
    """Random tokens with the lengths of news."""
    return random_rows(count, 60, np.log(396 / 60) / 1.645, LONGEST, seed)


def real_rows(table: Path, column: str, count: int, seed: int) -> EncodedRows:
    """The first texts of a shuffled table, tokenised for the built-in checkpoint."""
    separator = "\t" if table.suffix == ".tsv" else ","
    texts = pd.read_csv(table, sep=separator, dtype=str, header=None if column.isdigit() else 0)
    chosen = texts.iloc[:, int(column)] if column.isdigit() else texts[column]
    tokenizer = tokenizer_like()
    some = chosen.dropna().sample(min(count, len(chosen)), random_state=seed).tolist()
    encoded = tokenizer(some, truncation=True, max_length=LONGEST)
    labels = np.random.default_rng(seed).integers(0, LABELS, len(some)).tolist()
    return EncodedRows.of({"input_ids": encoded["input_ids"]}, labels)


def make_model(shape: str, attention: str) -> Any:
    """A BERT of a shape with random weights, ready to learn."""
    layers, hidden, heads = SHAPES[shape]
    config = AutoConfig.for_model(
        "bert", vocab_size=VOCABULARY, num_labels=LABELS, hidden_size=hidden, num_hidden_layers=layers,
        num_attention_heads=heads, intermediate_size=4 * hidden,
    )  # fmt: skip
    set_seed(0)
    model = AutoModelForSequenceClassification.from_config(config)
    model.set_attn_implementation(attention)
    return model.train()


def studio_model(shape: str, device: str = "cpu") -> Any:
    """The same as the studio trains it."""
    model = make_model(shape, "sdpa")
    if device == "cpu":
        quicken_dropout(model)
    return model


def learner_of(model: Any, executor: Executor, rows: EncodedRows, placement: Placement) -> Learner:
    """The studio's own learner of a model made here."""
    recipe = Recipe(batch_size=BATCH, max_length=LONGEST)
    learning = count_parameters(model)[1]
    lesson = Lesson(CLASSIFICATION, recipe, rows, rows, executor, LONGEST, placement, LABELS, learning)
    return Learner(model, lesson, Alone())


def tokenizer_like() -> Any:
    """The built-in checkpoint's, whose padding is what the encoders here were made for."""
    return AutoTokenizer.from_pretrained(resolve("minilm-l6", Settings.from_environment()).folder)


class Fixed(PaddedExecutor):
    """Pads every row to the limit, as many scripts do."""

    def batch(self, rows: EncodedRows, numbers: Sequence[int] | np.ndarray) -> dict[str, torch.Tensor]:
        """As the parent, at full width."""
        batch = super().batch(rows, numbers)
        missing = self.limit - batch["input_ids"].shape[1]
        return {name: functional.pad(value, (0, missing)) for name, value in batch.items()}


def ways_of(shape: str) -> list[Way]:
    """All ways; the padded ones with plain attention, on a processor the faster one where it has dropout."""

    def padded(overhead: int, kind: type[PaddedExecutor] = PaddedExecutor) -> PaddedExecutor:
        return kind(0, 0, multiple=1, limit=LONGEST, overhead=overhead, tokens=ALL_TOGETHER)

    plain = make_model(shape, "eager")
    ours = studio_model(shape)
    unpadded = choose_executor(ours, tokenizer_like(), LONGEST, "cpu")
    rows = BATCH if SHAPES[shape][1] < WIDE else ROWS_OF_WIDE
    return [
        Way("padded to 512", plain, padded(ALL_TOGETHER, Fixed), rows),
        Way("padded to the longest row", plain, padded(ALL_TOGETHER), rows),
        Way("cut by length into padded parts", plain, padded(32)),
        Way("without padding, in one part", ours, replace(unpadded, tokens=ALL_TOGETHER)),
        Way("studio: without padding, in parts", ours, unpadded),
    ]


def seconds_of(act: Callable[[], object], clock: Callable[[], float]) -> float:
    """How long something takes."""
    started = clock()
    act()
    return clock() - started


def forward_operations(shape: str, lengths: np.ndarray) -> float:
    """Operations of the matrix products of one pass over rows of these lengths."""
    layers, hidden, _ = SHAPES[shape]
    return float(layers * (24 * hidden**2 * lengths.sum() + 4 * hidden * (lengths.astype(float) ** 2).sum()))


def limit_seconds(
    shape: str, lengths: np.ndarray, clock: Callable[[], float], precision: str = "fp32"
) -> float:
    """Seconds that the matrix products of these rows take, forward and backward, at the measured rate."""
    hidden = SHAPES[shape][1]
    left, right = (
        torch.randn(size).to(FORMATS[precision]) for size in ((2048, hidden), (hidden, 4 * hidden))
    )
    left @ right
    rate = 2 * 2048 * hidden * 4 * hidden / min(seconds_of(lambda: left @ right, clock) for _ in range(9))
    return 3 * forward_operations(shape, lengths) / rate


def main() -> int:
    """Print a table for each shape."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shapes", default="4x256,6x384", help=f"of {', '.join(SHAPES)}")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--texts", type=Path, help="a .csv or .tsv with real texts")
    parser.add_argument(
        "--column", default="0", help="its column: a name, or a number where it has no header"
    )
    options = parser.parse_args()
    start_as_jobs_do()
    torch.set_num_threads(options.threads)
    clock = time.process_time if options.threads == 1 else time.perf_counter
    count = options.rounds * BATCH
    rows = real_rows(options.texts, options.column, count, 0) if options.texts else news_like_rows(count, 0)
    print(f"{describe_machine()}, PyTorch {torch.__version__}, {options.threads} thread(s), fp32")
    print(f"{len(rows)} rows of {rows.lengths.mean():.0f} tokens (median {np.median(rows.lengths):.0f}), "
          f"batches of {BATCH}, {options.rounds} rounds in turns")  # fmt: skip
    for shape in options.shapes.split(","):
        measure(shape, rows, options.rounds, clock)
    return 0


def measure(shape: str, rows: EncodedRows, rounds: int, clock: Callable[[], float]) -> None:
    """Time every way on the same batches, one after another, and print the table."""
    ways = ways_of(shape)
    batches = plan_epoch(len(rows), BATCH, seed=0, epoch=0)[:rounds]
    for way in ways:
        way.step(rows, batches[0][:2])  # what happens once only
    seconds: dict[str, list[float]] = {way.name: [] for way in ways}
    limits = []
    for batch in batches:
        for way in ways:
            seconds[way.name].append(seconds_of(lambda: way.step(rows, batch), clock))  # noqa: B023
        limits.append(limit_seconds(shape, rows.lengths[batch], clock))
    first = seconds[ways[0].name]
    print(f"\n| {shape} | seconds a step | times as fast | of the limit |\n|---|---:|---:|---:|")
    for name, own in [*seconds.items(), ("the limit: matrix products alone", limits)]:
        ratio = median(a / b for a, b in zip(first, own, strict=True))
        share = median(limit / each for limit, each in zip(limits, own, strict=True))
        print(f"| {name} | {median(own):.2f} | {ratio:.1f} | {100 * share:.0f} % |")


if __name__ == "__main__":
    raise SystemExit(main())
