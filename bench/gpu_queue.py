"""The queue on a machine with a graphics card: ``make bench-gpu-queue``.

A training is paused, resumed and killed, and its losses are compared with those of an undisturbed one;
several at once have the card one after the other; and a batch that does not fit into its memory is healed.
"""

from __future__ import annotations

import argparse
import csv
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil

from bench.command import ROOT, clean_up_on_sigterm, describe_machine
from jobs.states import TERMINAL, JobState
from studio.bootstrap import Studio, open_studio
from studio.data.importing import ImportRequest
from studio.services.training import TrainRequest
from studio.settings import Settings
from tests.checkpoints.tiny_encoders import WORDS, make_encoder

BASE = {
    "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072,
    "max_position_embeddings": 512,
}  # fmt: skip
LARGE = BASE | {
    "hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096,
}  # fmt: skip
SMALL = {
    "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 128,
    "max_position_embeddings": 512,
}  # fmt: skip
LONGEST_SECONDS = 240.0


def prepare(studio: Studio, folder: Path, is_small: bool) -> None:
    """A dataset of long texts, and two encoders."""
    draw = random.Random(0)
    table = folder / "texts.csv"
    with table.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("text", "label"))
        for number in range(1200):
            label = ("lost", "late")[number % 2]
            rows.writerow((f"{number:04d} {label} " + " ".join(draw.choices(WORDS, k=600)), label))
    studio.datasets.import_file(ImportRequest(path=table, name="texts"))
    make_encoder(folder / "encoder", shape=SMALL if is_small else BASE)
    make_encoder(folder / "larger", shape=SMALL if is_small else LARGE)


@contextmanager
def worker(home: Path) -> Iterator[psutil.Process]:
    """A worker of the home, until the end."""
    command = [sys.executable, "-m", "studio", "--home", str(home), "worker"]
    with subprocess.Popen(command, cwd=ROOT) as process:
        try:
            yield psutil.Process(process.pid)
        finally:
            process.terminate()


def wait_until(condition: Callable[[], bool]) -> float:
    """Seconds until it holds; ends the benchmark where that takes too long."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > LONGEST_SECONDS:
            raise SystemExit("It took too long.")
        time.sleep(0.02)
    return time.monotonic() - began


def train(studio: Studio, encoder: Path, name: str, **changes: object) -> str:
    """Queue a training; the job's id."""
    changes = {"epochs": 4, "batch_size": 32, "max_length": 128, "early_stopping": 0, **changes}
    request = TrainRequest("texts", str(encoder), changes=changes, name=name)
    return studio.training.start(request).id


def is_in(studio: Studio, job: str, *states: JobState) -> bool:
    """Whether a job is in one of these states."""
    return studio.jobs.get(job).state in states


def losses(studio: Studio, job: str) -> dict[int, float]:
    """The training losses by step."""
    points = studio.jobs.metrics(job, max_points=100_000)
    return {point.step: point.value for point in points if (point.split, point.name) == ("train", "loss")}


def apart(known: dict[int, float], found: dict[int, float]) -> float:
    """The largest difference of a loss; ends the benchmark where a step is missing or there twice."""
    if known.keys() != found.keys():
        raise SystemExit(f"The steps are {sorted(found)}, not {sorted(known)}.")
    return max(abs(known[step] - found[step]) for step in known)


def disturb(studio: Studio, job: str, runner: psutil.Process) -> tuple[float, float]:
    """Pause a training, resume it, and kill it; seconds until it was paused, and until it ran again."""
    wait_until(lambda: (studio.jobs.get(job).step or 0) > 20)
    studio.jobs.pause(job)
    pausing = wait_until(lambda: is_in(studio, job, JobState.PAUSED))
    step = studio.jobs.get(job).step or 0
    studio.jobs.resume(job)
    resuming = wait_until(lambda: (studio.jobs.get(job).step or 0) > step)
    for process in runner.children(recursive=True):
        if job in " ".join(process.cmdline()):
            process.kill()
    return pausing, resuming


def tell_ends(studio: Studio, *jobs: str) -> None:
    """Wait for their ends, and say where one did not succeed."""
    wait_until(lambda: all(is_in(studio, job, *TERMINAL) for job in jobs))
    for job in jobs:
        if not is_in(studio, job, JobState.SUCCEEDED):
            raise SystemExit(studio.jobs.log(job))


def main() -> None:
    """Print what was seen."""
    parser = argparse.ArgumentParser(prog="python -m bench.gpu_queue", description=__doc__)
    parser.add_argument("--small", action="store_true", help="an encoder that a processor trains in seconds")
    options = parser.parse_args()
    clean_up_on_sigterm()
    with tempfile.TemporaryDirectory(prefix="studio-gpu-") as name:
        folder = Path(name)
        settings = Settings(home=folder / "home", offline=True, lease_seconds=5.0)
        with closing(open_studio(settings)) as studio:
            prepare(studio, folder, options.small)
            print(f"{describe_machine()}, {studio.system.overview().device}", flush=True)
            with worker(settings.home) as runner:
                look(studio, folder, runner)


def look(studio: Studio, folder: Path, runner: psutil.Process) -> None:
    """All the measurements, with a worker at work."""
    encoder = folder / "encoder"
    calm, again, shaken = (train(studio, encoder, name) for name in ("calm", "again", "shaken"))
    together = 0

    def is_over() -> bool:
        nonlocal together
        running = [job for job in studio.jobs.list() if job.state is JobState.RUNNING]
        together = max(together, len(running))
        return is_in(studio, again, *TERMINAL)

    wait_until(is_over)
    tell_ends(studio, calm, again)
    pausing, resuming = disturb(studio, shaken, runner)
    tell_ends(studio, shaken)
    known = losses(studio, calm)
    print(f"three queued trainings: {together} at a time")
    print(f"paused within {pausing:.1f} s, next step {resuming:.1f} s after Resume, then killed")
    for words, other in (("of the same training", again), ("of the one paused and killed", shaken)):
        found = losses(studio, other)
        print(f"{len(found)} losses {words}, at most {apart(known, found):.2g} away")
    large = train(studio, folder / "larger", "large", batch_size=512, max_length=512, epochs=1)
    tell_ends(studio, large)
    for line in studio.jobs.log(large).splitlines():
        if "rows at" in line or "Training on" in line:
            print(line)
    for name, job in (("32 rows of 128 tokens", calm), ("512 rows of 512 tokens", large)):
        speeds = [each.value for each in studio.jobs.metrics(job) if each.name == "rows_per_second"]
        print(f"steps of {name}: {speeds[-1]:.0f} rows a second")


if __name__ == "__main__":
    main()
