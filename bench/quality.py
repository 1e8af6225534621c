"""Accuracy on real data against stated floors, over seeds; writes docs/quality.md.

Needs STUDIO_TEST_DATA, the folder that holds ``bbc_news`` and ``sst2``.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean

import pandas as pd
import torch

from bench.command import ROOT, describe_machine, run_studio
from studio.cores import usable_cores
from studio.prediction.embedded import read_plain
from studio.settings import Settings
from studio.tasks.classification import CLASSIFICATION

PAGE = ROOT / "docs" / "quality.md"


@dataclass(frozen=True)
class Measurement:
    """One dataset, how it is imported and the floor of its mean test accuracy.

    ``files`` are those of training, validation and test; those left empty are drawn from the first.
    """

    name: str
    title: str
    files: tuple[str, ...]
    options: tuple[str, ...]
    floor: float

    def arguments(self, data: Path, seed: int) -> list[str]:
        """The import command for one seed."""
        train, *others = self.files
        named = zip(("--validation", "--test"), others, strict=False)
        own = [part for option, file in named if file for part in (option, str(data / file))]
        return [
            "dataset",
            "import",
            str(data / train),
            "--name",
            f"{self.name}-{seed}",
            "--seed",
            str(seed),
            *own,
            *self.options,
        ]


BBC = Measurement(
    "bbc",
    "BBC news, 1,490 articles, 5 classes, split 80/10/10 by the seed",
    ("bbc_news/BBC News Train.csv",),
    ("--role", "text=Text", "--role", "label=Category", "--split", "0.8,0.1,0.1"),
    0.965,
)
SST2 = Measurement(
    "sst2",
    "SST-2 sentences, 6,920 for training, own validation (872) and test (1,821)",
    ("sst2/train.tsv", "sst2/dev.tsv", "sst2/test.tsv"),
    ("--no-header", "--role", "text=column_1", "--role", "label=column_2"),
    0.865,
)
# Minutes fewer than the whole: what it learns from are the rows that else choose the epoch.
SHORT = replace(SST2, files=("sst2/dev.tsv", "", "sst2/test.tsv"), floor=0.8)


@dataclass(frozen=True)
class Score:
    """One run: test accuracy with its interval, what TF-IDF reaches, seconds, and the agreement in bf16."""

    seed: int
    rows: int
    accuracy: float
    interval: tuple[float, float]
    tfidf: float
    seconds: float
    agreement: float | None


def agreement_in_bf16(folder: Path, texts: Sequence[str]) -> float:
    """Share of the texts to which a model says the same in bf16 as in fp32."""
    rows = CLASSIFICATION.rows_of({"text": texts})
    device, cores = torch.device("cpu"), usable_cores()
    labels = [
        read_plain(folder, device, cores, has_bf16).logits(rows).argmax(axis=1) for has_bf16 in (False, True)
    ]
    return float((labels[0] == labels[1]).mean())


def measure(measurement: Measurement, data: Path, seed: int, settings: Sequence[str], compared: int) -> Score:
    """Import, train with these options and read the report, through the commands a user has.

    The first ``compared`` test texts are answered in bf16 and in fp32.
    """
    with tempfile.TemporaryDirectory(prefix="studio-quality-") as folder:
        home = Path(folder)
        run_studio(home, *measurement.arguments(data, seed))
        started = time.monotonic()
        job = run_studio(
            home, "train", "--dataset", f"{measurement.name}-{seed}", "--checkpoint", "minilm-l6",
            *settings, "--set", f"seed={seed}", "--wait",
        )  # fmt: skip
        seconds = time.monotonic() - started
        report = run_studio(home, "evaluate", job["model"], "--split", "test")
        agreement = None
        if compared:
            texts = pd.read_csv(data / measurement.files[2], sep="\t", header=None, dtype=str)[0]
            (made,) = Settings(home=home).models_dir.glob("*/folder")
            agreement = agreement_in_bf16(made, texts.head(compared).tolist())
    low, high = report["intervals"]["accuracy"]
    return Score(
        seed,
        report["rows"],
        report["metrics"]["accuracy"],
        (low, high),
        report["baselines"]["tfidf"]["accuracy"],
        seconds,
        agreement,
    )


def write_page(results: dict[Measurement, list[Score]], preset: str) -> str:
    """The page, also as text."""
    lines = [
        "# Quality on real data",
        "",
        f"Written by `make quality`. Machine: {describe_machine()}. Built-in checkpoint `minilm-l6`, preset",
        f"`{preset}`, nothing tuned by hand. `TF-IDF` is TF-IDF with logistic regression on the same rows.",
        "Seconds are those of the whole job; they grow where the machine does other things meanwhile.",
    ]
    for measurement, scores in results.items():
        average = mean(score.accuracy for score in scores)
        lines += [
            "",
            f"## {measurement.title}",
            "",
            "| seed | test rows | accuracy | 95 % interval | TF-IDF | seconds |",
            "|---:|---:|---:|:---|---:|---:|",
            *(
                f"| {one.seed} | {one.rows:,} | {one.accuracy:.4f} "
                f"| {one.interval[0]:.3f} to {one.interval[1]:.3f} | {one.tfidf:.4f} | {one.seconds:.0f} |"
                for one in scores
            ),
            "",
            f"Mean accuracy **{average:.4f}**; floor {measurement.floor}: "
            f"{'reached' if average >= measurement.floor else 'missed'}.",
        ]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Exit code 0 where every floor is reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="one seed, few rows, nothing written")
    parser.add_argument(
        "--bf16", type=int, default=0, metavar="ROWS", help="with --short: compare answers in bf16"
    )
    parser.add_argument("--seeds", default="0,1,2", help="seeds to run")
    parser.add_argument("--preset", default="balanced", help="the preset to measure")
    options = parser.parse_args()
    folder = os.environ.get("STUDIO_TEST_DATA")
    if not folder or not (Path(folder) / "sst2" / "train.tsv").is_file():
        print("Set STUDIO_TEST_DATA to the folder that holds bbc_news and sst2.", file=sys.stderr)
        return 2
    seeds = [0] if options.short else [int(part) for part in options.seeds.split(",")]
    settings = ["--preset", options.preset, *(["--set", "epochs=2"] if options.short else [])]
    results: dict[Measurement, list[Score]] = {}
    for seed in seeds:
        for measurement in (SHORT,) if options.short else (SST2, BBC):
            compared = options.bf16 if options.short else 0
            score = measure(measurement, Path(folder).resolve(), seed, settings, compared)
            results.setdefault(measurement, []).append(score)
            print(
                f"{measurement.name} seed {seed}: {score.accuracy:.4f} in {score.seconds:.0f} s", flush=True
            )
            if score.agreement is not None:
                print(f"in bf16 {score.agreement:.2%} of {compared} test texts get the same label as in fp32")
            if not options.short:  # each time, so that an interrupted run leaves what it measured
                PAGE.write_text(write_page(results, options.preset), encoding="utf-8")
    if not options.short:
        print(write_page(results, options.preset))
    missed = [one.name for one, scores in results.items() if mean(s.accuracy for s in scores) < one.floor]
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
