"""The story of a faster form: made of a trained model, kept, and what the model answers by."""

from __future__ import annotations

import contextlib
from pathlib import Path

from jobs.bells import Stop
from jobs.states import TERMINAL, JobState
from studio.bootstrap import Studio, make_worker, start_studio
from studio.services.forms import FormWish
from tests.faults import training_story
from tests.faults.story import Story, settings_of, wait_for

WISH = FormWish(accept_loss=True, accept_slow=True)


def prepare(home: Path) -> None:
    """A studio with a trained model."""
    training_story.prepare(home)
    with contextlib.closing(start_studio(settings_of(home))) as studio:
        training_story.train(studio)
        worker = make_worker(settings_of(home), once=True)
        worker.run(Stop())
        # What is copied later must not change when its connections are collected as garbage.
        worker.store.engine.dispose()


def compile_model(studio: Studio) -> None:
    """Queue the making of a form, once."""
    if studio.forms.latest(studio.models.get(training_story.MODEL)) is None:
        studio.forms.start(training_story.MODEL, WISH)


def see_it_end(studio: Studio) -> None:
    """Wait until every job has ended."""
    wait_for(lambda: all(job.state in TERMINAL for job in studio.jobs.list()))


def judge(studio: Studio) -> list[str]:
    """One form was made, the model answers by it, and nothing else is there."""
    model = studio.models.get(training_story.MODEL)
    jobs = [job for job in studio.jobs.list() if job.kind == "compile"]
    if [job.state for job in jobs] != [JobState.SUCCEEDED]:
        return [f"The jobs that make a form are {[(job.state, job.error) for job in jobs]}."]
    if model.compiled is None or model.compiled.id != jobs[0].id:
        return [f"The model answers by {model.compiled}."]
    folders = [path.name for path in studio.models.answering_folder(model).parent.iterdir()]
    return [] if folders == [jobs[0].id] else [f"The folders of forms are {folders}."]


FORM = Story(
    name="form",
    prepare=prepare,
    commands={"compile": compile_model, "see it end": see_it_end},
    judge=judge,
    expected=training_story.TRAINING.expected,
    worker_from="compile",
    points=("commit", "fsync", "rename"),
    every=6,
)
