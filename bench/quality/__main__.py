"""Scores on real data against stated floors, over seeds; writes sections of docs/quality.md.

Needs STUDIO_TEST_DATA, the folder that holds the datasets.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from transformers import BertConfig, BertModel, BertTokenizer

from bench.command import ROOT, run_studio
from bench.quality.page import Score, is_reached, put_section, write_section
from bench.quality.sets import CHINESE, SEEDS, SETS, SHORT, Measurement
from studio.checkpoints.resolve import resolve
from studio.cores import usable_cores
from studio.prediction.embedded import read_plain
from studio.settings import Settings
from studio.tasks.classification import CLASSIFICATION
from studio.training.placement import choose_placement

PAGE = ROOT / "docs" / "quality.md"


def agreement_in_bf16(folder: Path, texts: Sequence[str]) -> float:
    """Share of the texts to which a model says the same in bf16 as in fp32."""
    rows = CLASSIFICATION.rows_of({"text": texts})
    device, cores = torch.device("cpu"), usable_cores()
    labels = [
        read_plain(folder, device, cores, has_bf16).logits(rows).argmax(axis=1) for has_bf16 in (False, True)
    ]
    return float((labels[0] == labels[1]).mean())


def make_chinese_encoder(folder: Path, vocabulary: Path, seed: int) -> Path:
    """Write an encoder of two layers of 128 with random weights, which knows the words of a vocabulary."""
    torch.manual_seed(seed)
    tokenizer = BertTokenizer(vocab=str(vocabulary), do_lower_case=False)
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=128, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=512,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def train_plainly(home: Path, measurement: Measurement, recipe: dict[str, Any]) -> tuple[float, float]:
    """Score and seconds of a plain script on the rows of the imported dataset, in a process of its own."""
    table = home / "rows.csv"
    run_studio(home, "dataset", "export", measurement.name, "--to", str(table), "--raw")
    checkpoint = resolve(recipe["checkpoint"], Settings(home=home)).folder
    fast = ["--bf16"] if choose_placement(recipe["precision"]).precision == "bf16" else []
    started = time.monotonic()
    done = subprocess.run(
        [
            sys.executable, "-m", "bench.quality.plain",
            str(table), str(checkpoint), json.dumps(recipe), str(home / "plain"), *fast,
        ],
        cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])[measurement.metric], time.monotonic() - started


@contextmanager
def home_of(measurement: Measurement, seed: int, kept: Path | None) -> Iterator[Path]:
    """A home for one run: a folder that is deleted in the end, or one that stays under ``kept``."""
    if kept is None:
        with tempfile.TemporaryDirectory(prefix="studio-quality-") as folder:
            yield Path(folder)
    else:
        home = kept.resolve() / f"{measurement.name}-{seed}"
        home.mkdir(parents=True, exist_ok=True)
        yield home


def find_job(home: Path) -> dict[str, Any] | None:
    """The training of a home that was ended, where there is one."""
    jobs = run_studio(home, "job", "list") if (home / "studio.db").is_file() else []
    return next((job for job in jobs if job["kind"] == "train" and job["state"] == "succeeded"), None)


def train_here(
    home: Path, measurement: Measurement, data: Path, seed: int, settings: Sequence[str]
) -> dict[str, Any]:
    """Import and train with these options, through the commands a user has."""
    run_studio(home, *measurement.arguments(data, seed))
    checkpoint = measurement.checkpoint
    if checkpoint == CHINESE:
        vocabulary = data / "vocabs" / "bert-base-chinese" / "vocab.txt"
        checkpoint = str(make_chinese_encoder(home / CHINESE, vocabulary, seed))
    job: dict[str, Any] = run_studio(
        home, "train", "--dataset", measurement.name, "--checkpoint", checkpoint,
        *settings, *(part for one in measurement.settings for part in ("--set", one)),
        "--set", f"seed={seed}", "--wait",
    )  # fmt: skip
    return job


def seconds_of(job: dict[str, Any]) -> float:
    """How long a job ran."""
    started, ended = (datetime.fromisoformat(job[name]) for name in ("started_at", "finished_at"))
    return (ended - started).total_seconds()


def measure(
    measurement: Measurement, data: Path, seed: int, settings: Sequence[str], options: argparse.Namespace
) -> Score:
    """Train, unless the home has a trained model already, and read the report.

    With ``bf16`` so many test texts are answered in bf16 and in fp32. Unless ``short`` a plain script is
    trained too.
    """
    compared = options.bf16 if options.short else 0
    with home_of(measurement, seed, options.keep) as home:
        job = find_job(home) or train_here(home, measurement, data, seed, settings)
        report = run_studio(home, "evaluate", job["model"], "--split", "test")
        agreement = plain = plain_seconds = None
        if compared:
            texts = pd.read_csv(data / measurement.files[2], sep="\t", header=None, dtype=str)[0]
            (made,) = Settings(home=home).models_dir.glob("*/folder")
            agreement = agreement_in_bf16(made, texts.head(compared).tolist())
        if not options.short:
            plain, plain_seconds = train_plainly(home, measurement, job["recipe"])
    low, high = report["intervals"][measurement.metric]
    return Score(
        seed=seed,
        rows=report["rows"],
        value=report["metrics"][measurement.metric],
        interval=(low, high),
        rival=report["baselines"][measurement.rival][measurement.metric],
        seconds=seconds_of(job),
        plain=plain,
        plain_seconds=plain_seconds,
        agreement=agreement,
        tau=report.get("questions", {}).get("tau"),
    )


def read_options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    names = [one.name for one in SETS]
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names)}; all if left out")
    parser.add_argument("--short", action="store_true", help="one seed, few rows of sst2, nothing written")
    parser.add_argument(
        "--bf16", type=int, default=0, metavar="ROWS", help="with --short: compare answers in bf16"
    )
    parser.add_argument(
        "--keep",
        type=Path,
        metavar="FOLDER",
        help="keep what was trained there, and go on with what is there",
    )
    parser.add_argument("--seeds", default=",".join(map(str, SEEDS)), help="seeds to run")
    parser.add_argument("--preset", default="balanced", help="the preset to measure")
    options = parser.parse_args()
    unknown = sorted(set(options.names) - set(names))
    if unknown:
        parser.error(f"no dataset is called {unknown[0]}; choose of {', '.join(names)}")
    return options


def main() -> int:
    """Exit code 0 where every floor is reached, and nothing is worse than a plain script."""
    options = read_options()
    folder = os.environ.get("STUDIO_TEST_DATA")
    if not folder or not (Path(folder) / "sst2" / "train.tsv").is_file():
        print("Set STUDIO_TEST_DATA to the folder that holds sst2 and the other datasets.", file=sys.stderr)
        return 2
    chosen = [SHORT] if options.short else [one for one in SETS if one.name in (options.names or one.name)]
    seeds = [0] if options.short else [int(part) for part in options.seeds.split(",")]
    settings = ["--preset", options.preset, *(["--set", "epochs=2"] if options.short else [])]
    results: dict[Measurement, list[Score]] = {}
    for measurement in chosen:
        for seed in seeds:
            score = measure(measurement, Path(folder).resolve(), seed, settings, options)
            scores = results.setdefault(measurement, [])
            scores.append(score)
            print(f"{measurement.name} seed {seed}: {score.value:.4f} in {score.seconds:.0f} s", flush=True)
            if score.agreement is not None:
                print(f"in bf16 {score.agreement:.2%} of {options.bf16} texts get the same label as in fp32")
            if not options.short:  # each time, so that an interrupted run leaves what it measured
                section = write_section(measurement, scores, options.preset)
                page = put_section(PAGE.read_text(encoding="utf-8"), measurement.title, section)
                PAGE.write_text(page, encoding="utf-8")
                print(section)
    return 0 if all(is_reached(*result) for result in results.items()) else 1


if __name__ == "__main__":
    sys.exit(main())
