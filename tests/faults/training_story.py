"""The story of one real training, of a tiny encoder: its snapshots, its model and its record."""

from __future__ import annotations

import contextlib
from pathlib import Path

from jobs.audit import Expected
from jobs.states import TERMINAL, JobState
from studio.bootstrap import Studio, start_studio
from studio.data.importing import ImportRequest
from studio.services.training import TrainRequest
from tests.conftest import small_rows, write_csv
from tests.faults.story import Story, settings_of, wait_for

TABLE, ENCODER, MODEL = "given.csv", "encoder", "small-model"
SETTINGS = {"epochs": 2, "batch_size": 16}
STEPS = 8  # 64 rows to learn from, twice
KEY = "train"


def prepare(home: Path) -> None:
    """A studio with a dataset, and beside its rooms an encoder to begin with."""
    from tests.encoders import build_encoder  # imports torch, which the processes of a telling never do

    with contextlib.closing(start_studio(settings_of(home))) as studio:
        path = write_csv(home / TABLE, small_rows(), ("text", "label"))
        studio.datasets.import_file(ImportRequest(path=path, name="small"))
    build_encoder(home / ENCODER)


def train(studio: Studio) -> None:
    """Queue the training."""
    folder = str(studio.settings.home / ENCODER)
    studio.training.start(TrainRequest("small", folder, changes=SETTINGS, name=MODEL, key=KEY))


def see_it_end(studio: Studio) -> None:
    """Wait until it has ended."""
    wait_for(lambda: all(job.state in TERMINAL for job in studio.jobs.list()))


def judge(studio: Studio) -> list[str]:
    """One training succeeded, and its model is whole."""
    wrong = []
    jobs = studio.jobs.list()
    if [job.state for job in jobs] != [JobState.SUCCEEDED]:
        wrong.append(f"The trainings are {[(job.state, job.error) for job in jobs]}.")
    if [model.name for model in studio.models.list()] != [MODEL]:
        wrong.append(f"The models are {[model.name for model in studio.models.list()]}.")
    if [(job.step, job.steps) for job in jobs] != [(STEPS, STEPS)]:
        wrong.append(f"The training says that it is at step {jobs[0].step} of {jobs[0].steps}.")
    return wrong


TRAINING = Story(
    name="training",
    prepare=prepare,
    commands={"train": train, "see it end": see_it_end},
    judge=judge,
    expected=lambda _studio: {KEY: Expected({("train", "loss"): range(1, STEPS + 1)}, ended=True)},
    worker_from="train",
    points=("commit", "fsync", "rename"),
    every=8,
)
