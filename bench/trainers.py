"""Seconds of training on the same rows: the studio beside transformers' Trainer and a loop that pads to 512.

Everything that belongs to a step counts: batches, forward, backward, clipping, optimizer. Rows have the
lengths of news and all words occur, or they are of real texts (``--texts``) and those words occur that the
whole table has. Encoders have random weights, each way learns them once in every round, all ways in turns.
The loop that pads to the limit takes the same time for every row, so that it is given fewer of them.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
import transformers
from transformers import DataCollatorWithPadding, Trainer, TrainingArguments

from bench.command import clean_up_on_sigterm, describe_machine, start_as_jobs_do
from bench.training import (
    ALL_TOGETHER,
    BATCH,
    LONGEST,
    SHAPES,
    VOCABULARY,
    Fixed,
    learner_of,
    limit_seconds,
    make_model,
    news_like_rows,
    real_rows,
    seconds_of,
    studio_model,
    tokenizer_like,
)
from studio.execution.executors import Executor, choose_executor
from studio.execution.rows import EncodedRows
from studio.training.batches import plan_epoch
from studio.training.placement import Placement, choose_placement
from studio.training.vocabulary import learn_occurring_words

Train = Callable[[int], None]
ALL_ROWS = 10**6


class Rows(torch.utils.data.Dataset[dict[str, Any]]):
    """The rows as Trainer wants them."""

    def __init__(self, rows: EncodedRows) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, number: int) -> dict[str, Any]:
        ids = self.rows.row("input_ids", number).tolist()
        return {"input_ids": ids, "labels": int(self.rows.targets[number])}


def learn(
    model: Any, executor: Executor, rows: EncodedRows, placement: Placement, words: np.ndarray | None = None
) -> Train:
    """One epoch with the studio's own learner; ``words``: the ids that occur, where others do not learn."""
    if words is not None and placement.device == "cpu":
        learn_occurring_words(model, np.append(words, executor.added))
    learner = learner_of(model.to(placement.device), executor, rows, placement)

    def train(seed: int) -> None:
        for step, numbers in enumerate(plan_epoch(len(rows), BATCH, seed, epoch=0)):
            learner.take_step(numbers, BATCH, False, 1.0, step)

    return train


def trainer_of(model: Any, rows: EncodedRows, folder: Path, at_once: int = BATCH, **settings: Any) -> Train:
    """One epoch with Trainer, which is made before the clock runs, and takes ``at_once`` rows at a time."""
    arguments = TrainingArguments(
        output_dir=str(folder), num_train_epochs=1,
        per_device_train_batch_size=at_once, gradient_accumulation_steps=BATCH // at_once,
        use_cpu=not torch.cuda.is_available(), report_to=[], save_strategy="no",
        disable_tqdm=True, logging_strategy="no",
        **settings,
    )  # fmt: skip
    collator = DataCollatorWithPadding(tokenizer_like())
    trainer = Trainer(model, arguments, data_collator=collator, train_dataset=Rows(rows))

    def train(seed: int) -> None:
        trainer.args.seed = seed
        trainer.train()

    return train


def studio_of(shape: str, placement: Placement) -> tuple[Any, Executor]:
    """A model, and what computes it as the studio does."""
    model = studio_model(shape, placement.device)
    return model, choose_executor(model, tokenizer_like(), LONGEST, placement.device, placement.precision)


@dataclass(frozen=True)
class Table:
    """Rows to learn, a few of them for the slowest way, and the ids of all words that occur."""

    rows: EncodedRows
    few: EncodedRows
    words: np.ndarray


def ways_of(shape: str, table: Table, folder: Path, at_once: int) -> dict[str, tuple[Train, int]]:
    """Every way to train once on the rows, and on how many of them it does."""
    rows, few = table.rows, table.few
    placement = choose_placement("auto")
    padded = Fixed(0, 0, multiple=1, limit=LONGEST, overhead=ALL_TOGETHER, tokens=ALL_TOGETHER)
    fp32 = Placement(placement.device, placement.device_name, "fp32")
    fast = {"bf16": True} if placement.precision == "bf16" else {}
    grouped = f"Trainer, grouped by length{' and bf16' if fast else ''}"
    return {
        "a loop that pads to 512, fp32": (learn(make_model(shape, "eager"), padded, few, fp32), len(few)),
        "Trainer, default settings": (
            trainer_of(make_model(shape, "sdpa"), rows, folder, at_once),
            len(rows),
        ),
        grouped: (
            trainer_of(
                make_model(shape, "sdpa"),
                rows,
                folder,
                at_once,
                train_sampling_strategy="group_by_length",
                **fast,
            ),
            len(rows),
        ),
        f"studio, {placement.precision}, all words learn": (
            learn(*studio_of(shape, placement), rows, placement),
            len(rows),
        ),
        f"studio, {placement.precision}": (
            learn(*studio_of(shape, placement), rows, placement, table.words),
            len(rows),
        ),
    }


def measure(shape: str, table: Table, options: argparse.Namespace) -> None:
    """Time the ways in turns, and print the table."""
    rows = table.rows
    seconds: dict[str, list[float]] = {}
    limits, precision = [], choose_placement("auto").precision
    with tempfile.TemporaryDirectory(prefix="bench-trainers-") as folder:
        ways = ways_of(shape, table, Path(folder), options.at_once)
        left_out = [*options.without, *([] if options.texts else ["all words"])]
        ways = {name: way for name, way in ways.items() if not any(words in name for words in left_out)}
        for number in range(options.rounds):
            for name, (train, count) in ways.items():
                took = seconds_of(lambda: train(number), time.process_time)  # noqa: B023
                seconds.setdefault(name, []).append(1000 * took / count)
            limit = limit_seconds(shape, rows.lengths, time.process_time, precision)
            limits.append(1000 * limit / len(rows))
    first = next(iter(seconds.values()))
    print(f"\n| {shape} | milliseconds a row | times as fast | of the limit |\n|---|---:|---:|---:|")
    for name, own in [*seconds.items(), ("the limit: matrix products alone", limits)]:
        ratio = median(a / b for a, b in zip(first, own, strict=True))
        share = median(limit / each for limit, each in zip(limits, own, strict=True))
        print(f"| {name} | {median(own):.1f} | {ratio:.1f} | {100 * share:.0f} % |", flush=True)


def table_of(options: argparse.Namespace) -> Table:
    """The rows that were asked for."""
    if options.texts:
        every = real_rows(options.texts, options.column, ALL_ROWS, seed=0)
        rows, words = every.chosen(np.arange(min(options.rows, len(every)))), every.parts["input_ids"]
    else:
        rows, words = news_like_rows(options.rows, seed=0), np.arange(VOCABULARY)
    return Table(rows, rows.chosen(np.arange(options.padded_rows)), words)


def main() -> int:
    """Print a table for each shape."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shapes", default="4x256", help=f"of {', '.join(SHAPES)}")
    parser.add_argument("--rows", type=int, default=9 * BATCH, help="with fewer than 256 nothing is grouped")
    parser.add_argument("--padded-rows", type=int, default=BATCH, help="rows of the loop that pads to 512")
    parser.add_argument(
        "--at-once", type=int, default=BATCH, help="rows that Trainer adds up to a batch: memory"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--without",
        metavar="WORDS",
        nargs="*",
        default=[],
        help="leave out ways whose names have these words",
    )
    parser.add_argument("--texts", type=Path, help="a .csv or .tsv with real texts")
    parser.add_argument(
        "--column", default="0", help="its column: a name, or a number where it has no header"
    )
    parser.add_argument(
        "--memory-as-is", action="store_true", help="let glibc give pages back, as jobs of the studio do not"
    )
    options = parser.parse_args()
    if not options.memory_as_is:
        start_as_jobs_do()
    clean_up_on_sigterm()
    os.environ["HF_HUB_OFFLINE"] = "1"
    torch.set_num_threads(1)
    table = table_of(options)
    rows = table.rows
    print(f"{describe_machine()}, PyTorch {torch.__version__}, transformers {transformers.__version__}")
    print(f"{len(rows)} rows of {rows.lengths.mean():.0f} tokens (median {np.median(rows.lengths):.0f}), "
          f"batches of {BATCH}, {options.rounds} rounds in turns, processor time of one thread")  # fmt: skip
    for shape in options.shapes.split(","):
        measure(shape, table, options)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
