"""The story of one real training, of a tiny encoder: its snapshots, its model and its record."""

from __future__ import annotations

import contextlib
from pathlib import Path

from jobs.states import TERMINAL, JobState
from studio.bootstrap import Studio, start_studio
from studio.data.importing import ImportRequest
from studio.services.training import TrainRequest
from tests.conftest import small_rows, write_csv
from tests.faults.story import Story, settings_of, wait_for

TABLE, ENCODER, MODEL = "given.csv", "encoder", "small-model"
SETTINGS = {"epochs": 2, "batch_size": 16}


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
    studio.training.start(TrainRequest("small", folder, changes=SETTINGS, name=MODEL, key="train"))


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
    points = studio.jobs.metrics(jobs[0].id)
    steps = [point.step for point in points if (point.split, point.name) == ("train", "loss")]
    if steps != list(range(1, len(steps) + 1)) or len(steps) != jobs[0].steps:
        wrong.append(f"The losses are those of the steps {steps}, of {jobs[0].steps}.")
    return wrong


TRAINING = Story(
    name="training",
    prepare=prepare,
    commands={"train": train, "see it end": see_it_end},
    judge=judge,
    worker_from="train",
    points=("commit", "fsync", "rename"),
    every=6,
)
