"""Measure learning rates, lengths and epochs with the built-in checkpoint: what the presets rest on.

    python -m bench.presets --data DIR [--only DATASETS] [--seeds 0] [--try epochs=3,4]

Without ``--try`` it measures each preset as it stands. DATASETS are of sample, few, sst2, sst2-1000, banking,
banking-1500 and bbc. DIR holds the folders sst2, bbc_news and banking77; the sample needs none. Every run is
one line as soon as it has ended; a table closes the page.
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np
import pandas as pd

from bench.command import start_as_jobs_do
from studio.checkpoints.builtin import find_builtin_folder
from studio.checkpoints.catalogue import load_catalogue
from studio.data.sample import SAMPLES
from studio.data.splits import split_rows
from studio.tasks.classification import CLASSIFICATION
from studio.training.hardware import detect_machine
from studio.training.presets import PRESETS, PresetFacts, preset_recipe
from studio.training.progress import SilentProgress
from studio.training.recipe import Recipe

CHECKPOINT = "minilm-l6"
RATIOS = (0.8, 0.1, 0.1)
Splits = dict[str, pd.DataFrame]


def read_sst2(data: Path, seed: int) -> Splits:
    """Sentences with their own validation and test files; the seed changes nothing."""
    names = {"train": "train", "validation": "dev", "test": "test"}
    return {
        split: pd.read_csv(
            data / "sst2" / f"{name}.tsv",
            sep="\t",
            header=None,
            names=["text", "label"],
            dtype=str,
            quoting=3,
        )
        for split, name in names.items()
    }


def read_bbc(data: Path, seed: int) -> Splits:
    """Articles, divided by the seed."""
    frame = pd.read_csv(data / "bbc_news" / "BBC News Train.csv", dtype=str, keep_default_na=False)
    return divide(frame.set_axis(["text", "label"], axis=1), seed)


def read_banking(data: Path, seed: int) -> Splits:
    """Every third training row of 77 intents as training and validation, and the first 1,000 test rows."""
    train, test = (
        pd.read_csv(data / "banking77" / f"{name}.csv", dtype=str).set_axis(["text", "label"], axis=1)
        for name in ("train", "test")
    )
    splits = divide(train.iloc[::3], seed)
    return {
        "train": pd.concat([splits["train"], splits["test"]]),
        "validation": splits["validation"],
        "test": test.sample(1000, random_state=0),
    }


def read_sample(data: Path | None, seed: int) -> Splits:
    """The built-in sample, divided by the seed."""
    frame = pd.read_csv(SAMPLES["classification"].path, dtype=str, keep_default_na=False)
    return divide(frame.set_axis(["text", "label"], axis=1), seed)


def fewer(read: Callable[[Any, int], Splits], rows: int) -> Callable[[Any, int], Splits]:
    """The same with so many training rows, chosen by the seed."""

    def read_fewer(data: Any, seed: int) -> Splits:
        splits = read(data, seed)
        return splits | {"train": splits["train"].sample(rows, random_state=seed)}

    return read_fewer


def divide(frame: pd.DataFrame, seed: int) -> Splits:
    """Divide as the studio does."""
    names = split_rows(frame["text"], frame["label"], RATIOS, seed)
    return {split: frame[names == split] for split in ("train", "validation", "test")}


READERS: dict[str, Callable[[Any, int], Splits]] = {
    "sample": read_sample,
    "few": fewer(read_sample, 120),
    "sst2": read_sst2,
    "sst2-1000": fewer(read_sst2, 1000),
    "banking": read_banking,
    "banking-1500": fewer(read_banking, 1500),
    "bbc": read_bbc,
}


@dataclass(frozen=True)
class Measured:
    """One training: accuracies, the best epoch, and seconds of processor and clock."""

    dataset: str
    fields: tuple[tuple[str, Any], ...]
    seed: int
    validation: float
    test: float
    best_epoch: int
    cpu_seconds: float
    seconds: float

    @property
    def words(self) -> str:
        """The fields as they would be given to the command."""
        return " ".join(f"{name}={value}" for name, value in self.fields)


def facts_of(splits: Splits) -> PresetFacts:
    """What a preset would be told about the dataset."""
    from studio.checkpoints.tokens import count_tokens

    checkpoint = load_catalogue()[CHECKPOINT]
    lengths = count_tokens(find_builtin_folder(), CLASSIFICATION.rows_of(splits["train"].iloc[::4]))
    return PresetFacts(
        parameters=checkpoint.parameters,
        rows=len(splits["train"]),
        median_tokens=int(np.median(lengths)),
        p95_tokens=int(np.percentile(lengths, 95)),
        device=detect_machine().device,
        max_tokens=checkpoint.max_tokens,
        hidden=checkpoint.hidden,
    )


def measure(dataset: str, splits: Splits, fields: dict[str, Any], seed: int) -> Measured:
    """Train once and score the test rows."""
    from studio.prediction.embedded import Predictor
    from studio.training.engine import TrainingRun, train_model

    labels = sorted(set(splits["train"]["label"]))
    started, cpu_started = time.monotonic(), time.process_time()
    with tempfile.TemporaryDirectory(prefix="studio-presets-") as folder:
        result = train_model(
            TrainingRun(
                task=CLASSIFICATION,
                recipe=Recipe.from_settings({**fields, "seed": seed}),
                checkpoint_folder=find_builtin_folder() or Path(CHECKPOINT),
                labels=labels,
                train=splits["train"],
                validation=splits["validation"],
                out_dir=Path(folder) / "model",
                snapshots_dir=Path(folder) / "snapshots",
            ),
            SilentProgress(),
        )
        logits = Predictor().logits(Path(folder) / "model", CLASSIFICATION.rows_of(splits["test"]))
    truth = np.array([labels.index(label) for label in splits["test"]["label"]])
    return Measured(
        dataset=dataset,
        fields=tuple(fields.items()),
        seed=seed,
        validation=result.validation_metrics["accuracy"],
        test=float((logits.argmax(axis=1) == truth).mean()),
        best_epoch=result.best_epoch,
        cpu_seconds=time.process_time() - cpu_started,
        seconds=time.monotonic() - started,
    )


def grid_of(wishes: list[str]) -> Iterator[dict[str, str]]:
    """Every combination of ``field=value,value``.

    >>> list(grid_of(["epochs=2,3", "batch_size=16"]))
    [{'epochs': '2', 'batch_size': '16'}, {'epochs': '3', 'batch_size': '16'}]
    """
    pairs = [(name, values.split(",")) for name, _, values in (wish.partition("=") for wish in wishes)]
    for values in itertools.product(*(values for _, values in pairs)):
        yield dict(zip((name for name, _ in pairs), values, strict=True))


def print_table(runs: list[Measured]) -> None:
    """Mean and spread over seeds of each setting."""
    print("\n| dataset | fields | seeds | validation | test | best epoch | CPU s |")
    print("|:--|:--|--:|--:|--:|--:|--:|")
    settings = {(run.dataset, run.words): [] for run in runs}
    for run in runs:
        settings[run.dataset, run.words].append(run)
    for (dataset, words), group in settings.items():
        tests = [run.test for run in group]
        spread = f" ± {stdev(tests):.4f}" if len(tests) > 1 else ""
        print(
            f"| {dataset} | {words} | {len(group)} | {mean(r.validation for r in group):.4f} "
            f"| {mean(tests):.4f}{spread} | {mean(r.best_epoch for r in group):.1f} "
            f"| {mean(r.cpu_seconds for r in group):.0f} |"
        )


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data", type=Path, default=os.environ.get("STUDIO_TEST_DATA"), help="the data folder"
    )
    parser.add_argument("--only", default="sample,sst2", help="datasets to measure")
    parser.add_argument("--seeds", default="0", help="seeds, such as 0,1,2")
    parser.add_argument("--preset", default="quick,balanced", help="presets to start from")
    parser.add_argument("--try", dest="wishes", action="append", default=[], help="field=value,value")
    parser.add_argument("--threads", type=int, default=2, help="threads of torch")
    options = parser.parse_args()
    if options.data is None and not set(options.only.split(",")) <= {"sample", "few"}:
        print("Say --data DIR, the folder that holds sst2, bbc_news and banking77.", file=sys.stderr)
        return 2
    start_as_jobs_do()
    import torch

    torch.set_num_threads(options.threads)
    presets = [preset for preset in options.preset.split(",") if preset in PRESETS]
    runs: list[Measured] = []
    seeds = [int(part) for part in options.seeds.split(",")]
    for dataset, preset, seed in itertools.product(options.only.split(","), presets, seeds):
        splits = READERS[dataset](options.data, seed)
        base = preset_recipe(preset, facts_of(splits))
        for changes in grid_of(options.wishes):
            run = measure(dataset, splits, {"preset": preset, **base, **changes}, seed)
            runs.append(run)
            print(
                f"{run.dataset} seed {seed}: test {run.test:.4f} validation {run.validation:.4f} best epoch "
                f"{run.best_epoch}, {run.cpu_seconds:.0f} CPU s, {run.seconds:.0f} s | {run.words}",
                flush=True,
            )
    print_table(runs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
