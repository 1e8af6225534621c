"""Where the time of a training goes: the sample, learnt with the preset quick, under Python's profiler.

Seconds of the clock, for one epoch of the studio's own engine: from the loaded modules to the model folder.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import tempfile
from pathlib import Path

import torch

from bench.command import describe_machine, run_studio, start_as_jobs_do
from studio.checkpoints.resolve import resolve
from studio.data.library import Library
from studio.execution.token_cache import TokenCache
from studio.settings import Settings
from studio.tasks.classification import CLASSIFICATION
from studio.training.engine import TrainingRun, train_model
from studio.training.recipe import Recipe

# What is counted, by the file and name of the functions in which it is done.
PLACES = {
    "reading the checkpoint": [("loading.py", "load_encoder")],
    "tokenising": [("engine.py", "encode_order")],
    "batches": [("executors.py", "together"), ("executors.py", "batch"), ("learner.py", "parts_of")],
    "forward": [("executors.py", "logits")],
    "backward": [("_tensor.py", "backward")],
    "optimizer": [("clipping.py", "clip_gradients"), ("adamw.py", "step"), ("optimizer.py", "zero_grad")],
    "evaluation": [("trainer.py", "judge")],
    "snapshots": [("trainer.py", "take_snapshot")],
    "writing the model": [("engine.py", "save_folder")],
}


class Quiet:
    """Hears nothing, and lets the training go on to its end."""

    ending = None
    should_stop_early = False

    def progress(self, *, step: int, steps: int, message: str, eta_seconds: float | None) -> None:
        """Nothing to show."""

    def metric(self, name: str, value: float, *, split: str, step: int, epoch: float) -> None:
        """Nothing to keep."""

    def log(self, text: str) -> None:
        """Nothing to write."""

    def note(self, sentence: str) -> None:
        """Nothing to tell."""

    def raise_if_cancelled(self) -> None:
        """Nobody asks."""


def seconds_in(stats: pstats.Stats, places: list[tuple[str, str]]) -> float:
    """Seconds spent in some functions and what they call."""
    return sum(
        cumulative
        for (file, _line, name), (*_counts, cumulative, _callers) in stats.stats.items()  # type: ignore[attr-defined]
        if (Path(file).name, name) in places
    )


def profile(home: Path, epochs: int) -> pstats.Stats:
    """Train on the sample under the profiler."""
    settings = Settings.from_environment(home, offline=True)
    run_studio(home, "dataset", "sample")
    library = Library(settings.datasets_dir)
    dataset = library.newest()[0]
    run = TrainingRun(
        task=CLASSIFICATION,
        recipe=Recipe(epochs=epochs, batch_size=16, max_length=64, learning_rate=1e-4),
        checkpoint_folder=resolve("minilm-l6", settings).folder,
        labels=dataset.labels,
        train=library.frame(dataset.id, "train"),
        validation=library.frame(dataset.id, "validation"),
        out_dir=home / "model",
        snapshots_dir=home / "snapshots",
        tokens=TokenCache(settings.tokens_dir),
    )
    profiler = cProfile.Profile()
    profiler.runcall(train_model, run, Quiet())
    return pstats.Stats(profiler)


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=1)
    options = parser.parse_args()
    start_as_jobs_do()
    with tempfile.TemporaryDirectory(prefix="bench-shares-") as home:
        stats = profile(Path(home), options.epochs)
    seconds = {name: seconds_in(stats, places) for name, places in PLACES.items()}
    seconds["forward"] -= seconds["batches"]
    whole = seconds_in(stats, [("engine.py", "train_model")])
    seconds["all else"] = whole - sum(seconds.values())
    print(f"{describe_machine()}, PyTorch {torch.__version__}, {torch.get_num_threads()} threads")
    print("\n| part | seconds | share |\n|---|---:|---:|")
    for name, own in seconds.items():
        print(f"| {name} | {own:.2f} | {100 * own / whole:.1f} % |")
    print(f"| the whole training | {whole:.2f} | 100 % |")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
