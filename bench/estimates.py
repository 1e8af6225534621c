"""What the studio says before a training that it will take, beside what it then takes, for eleven recipes.

Seconds are those from the start of the job to its finished model, memory is the peak of its process. Each
recipe has another mix of encoder, method, batch, length and rows; all are trained by the studio's own worker.
Target: every estimate within a quarter of what was measured.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

from bench.command import clean_up_on_sigterm, describe_machine
from bench.gpu_queue import worker
from bench.prediction import news_like_texts
from jobs.states import TERMINAL, JobState
from studio.bootstrap import Studio, open_studio
from studio.checkpoints.resolve import resolve
from studio.data.importing import ImportRequest
from studio.services.training import TrainRequest
from studio.settings import Settings

WITHIN = 0.25
READY_SECONDS = 25.0  # until the worker has imported what its first job needs
# Family, layers, width, heads, and words where they are more than those of the tokenizer.
ENCODERS: dict[str, tuple[Any, ...]] = {
    "bert-2x128": ("bert", 2, 128, 2),
    "bert-4x256": ("bert", 4, 256, 4),
    "bert-12x768": ("bert", 12, 768, 12),
    "distilbert-6x768": ("distilbert", 6, 768, 12),
    "deberta-3x256": ("deberta-v2", 3, 256, 4),
    "multilingual-2x768": ("xlm-roberta", 2, 768, 12, 250_002),
}


@dataclass(frozen=True)
class Case:
    """One recipe: its encoder, its table, and the fields of the recipe."""

    encoder: str
    table: str
    fields: dict[str, object] = field(default_factory=dict)


CASES = (
    Case("minilm-l6", "short", {"epochs": 2, "batch_size": 16, "max_length": 64}),
    Case("minilm-l6", "news", {"epochs": 1, "batch_size": 32, "max_length": 256}),
    Case("minilm-l6", "short", {"epochs": 2, "batch_size": 64, "max_length": 32, "method": "lora"}),
    Case("minilm-l6", "news", {"epochs": 4, "batch_size": 32, "max_length": 128, "method": "frozen"}),
    Case("bert-2x128", "news", {"epochs": 6, "batch_size": 8, "max_length": 512}),
    Case("bert-4x256", "news", {"epochs": 3, "batch_size": 32, "max_length": 512}),
    Case("bert-12x768", "few", {"epochs": 1, "batch_size": 8, "max_length": 64}),
    Case("distilbert-6x768", "few", {"epochs": 2, "batch_size": 32, "max_length": 128}),
    Case("deberta-3x256", "news", {"epochs": 2, "batch_size": 16, "max_length": 128}),
    Case("bert-12x768", "few", {"epochs": 1, "batch_size": 16, "max_length": 128, "method": "lora"}),
    Case("multilingual-2x768", "few", {"epochs": 2, "batch_size": 16, "max_length": 128}),
)
ROWS = {"short": 900, "news": 500, "few": 160}


@dataclass(frozen=True)
class Took:
    """Seconds of a job and the peak memory of its process in bytes: estimated, or measured."""

    seconds: float
    memory_bytes: int


def save_encoder(name: str, folder: Path) -> Path:
    """An encoder with random weights and the tokenizer of the built-in checkpoint."""
    family, layers, width, heads, *words = ENCODERS[name]
    tokenizer = AutoTokenizer.from_pretrained(resolve("minilm-l6", Settings.from_environment()).folder)
    names = {"distilbert": {"n_layers": layers, "dim": width, "n_heads": heads, "hidden_dim": 4 * width}}.get(
        family,
        {
            "num_hidden_layers": layers,
            "hidden_size": width,
            "num_attention_heads": heads,
            "intermediate_size": 4 * width,
        },
    )
    vocabulary = words[0] if words else len(tokenizer)
    config = AutoConfig.for_model(family, vocab_size=vocabulary, max_position_embeddings=512, **names)
    AutoModelForSequenceClassification.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def write_table(path: Path, kind: str) -> Path:
    """Texts with the lengths of news, or their first words, in two labels."""
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("text", "label"))
        for number, text in enumerate(news_like_texts(ROWS[kind], seed=len(kind))):
            words = text.split()[: 20 if kind == "short" else None]
            rows.writerow((f"{number} {' '.join(words)}", ("a", "b")[number % 2]))
    return path


def peak_of(folder: Path) -> int:
    """Peak memory so far of the process that runs in a job's folder, in bytes; 0 where it is gone."""
    try:
        pid = json.loads((folder / "process.json").read_text())["pid"]
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (OSError, ValueError, KeyError):
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)


def measure(studio: Studio, job: str) -> Took:
    """Wait for the end of a job."""
    peak = 0
    while (view := studio.jobs.get(job)).state not in TERMINAL:
        peak = max(peak, peak_of(studio.settings.jobs_dir / job))
        time.sleep(0.1)
    if view.state is not JobState.SUCCEEDED or view.started_at is None or view.finished_at is None:
        raise SystemExit(f"{view.title}: {view.state.value}, {view.error}")
    return Took((view.finished_at - view.started_at).total_seconds(), peak)


def off(estimated: float, measured: float) -> float:
    """How far an estimate is from what was measured, as a share of that."""
    return estimated / measured - 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; exit code 0 where every estimate was near enough."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", type=int, nargs="*", help="numbers of recipes, from 1")
    options = parser.parse_args(arguments)
    clean_up_on_sigterm()
    print(f"{describe_machine()}; seconds of the whole job, peak memory of its process")
    print("\n| recipe | estimated s | took s | off | estimated MB | took MB | off |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    near = 0
    cases = [case for number, case in enumerate(CASES, 1) if not options.only or number in options.only]
    with tempfile.TemporaryDirectory(prefix="bench-estimates-") as temporary:
        folder = Path(temporary)
        studio = open_studio(Settings.from_environment(folder / "home", offline=True))
        for kind in ROWS:
            studio.datasets.import_file(
                ImportRequest(path=write_table(folder / f"{kind}.csv", kind), name=kind)
            )
        try:
            with worker(studio.settings.home):
                time.sleep(READY_SECONDS)
                for case in cases:
                    near += compare(studio, folder, case)
        finally:
            studio.close()
    print(f"\n{near} of {len(cases)} recipes within {WITHIN:.0%} in time and memory")
    return 0 if near == len(cases) else 1


def compare(studio: Studio, folder: Path, case: Case) -> bool:
    """Train by one recipe and print its line; whether both estimates were near enough."""
    checkpoint = case.encoder
    if checkpoint in ENCODERS:
        path = folder / checkpoint
        checkpoint = str(path if path.is_dir() else save_encoder(checkpoint, path))
    request = TrainRequest(case.table, checkpoint, "quick", {"early_stopping": 0, **case.fields})
    found = studio.training.plan(request).estimate
    job = studio.training.start(request)
    took = measure(studio, job.id)
    # Not as trainings before have corrected it.
    seconds = float(job.payload["estimated_seconds"])
    time_off, memory_off = off(seconds, took.seconds), off(found.memory_bytes, took.memory_bytes)
    words = ", ".join(f"{name} {value}" for name, value in case.fields.items())
    print(
        f"| {case.encoder}, {ROWS[case.table]} {case.table} rows, {words} "
        f"| {seconds:.0f} | {took.seconds:.0f} | {time_off:+.0%} "
        f"| {found.memory_bytes / 1e6:.0f} | {took.memory_bytes / 1e6:.0f} | {memory_off:+.0%} |",
        flush=True,
    )
    return max(abs(time_off), abs(memory_off)) <= WITHIN


if __name__ == "__main__":
    raise SystemExit(main())
