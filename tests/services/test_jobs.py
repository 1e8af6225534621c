"""A job counts as long as it has not ended, however many have come after it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jobs.queue import JobView, NewJob
from studio.bootstrap import Studio
from studio.data.importing import ImportRequest
from studio.errors import Conflict
from studio.pages.predict import filing
from studio.services.training import TrainRequest
from tests.results.kept_models import keep_model


@pytest.fixture
def waiting(studio: Studio, small_table: Path) -> JobView:
    """A training of 'first' on 'small' that waits, and jobs after it that have ended."""
    studio.datasets.import_file(ImportRequest(path=small_table, name="small"))
    job = studio.training.start(TrainRequest("small", "minilm-l6", name="first"))
    add_ended_jobs(studio)
    return job


def add_ended_jobs(studio: Studio) -> None:
    """More jobs that have ended than a list shows."""
    for _ in range(205):
        studio.jobs.cancel(studio.jobs.submit(NewJob("test", "nowhere.handler")).id)


def test_what_an_old_waiting_job_needs_stays_and_its_name_is_taken(studio: Studio, waiting: JobView) -> None:
    assert waiting.id not in {job.id for job in studio.jobs.list()}
    assert [job.id for job in studio.jobs.unfinished()] == [waiting.id]
    with pytest.raises(Conflict, match="in use by the job 'first'"):
        studio.datasets.delete("small")
    with pytest.raises(Conflict, match="a job that makes one"):
        studio.training.start(TrainRequest("small", "minilm-l6", name="first"))
    assert studio.system.overview().jobs_waiting == 1


def test_a_model_that_old_waiting_jobs_use_stays_with_their_uploads_and_is_not_scored_twice(
    studio: Studio, small_table: Path
) -> None:
    studio.datasets.import_file(ImportRequest(path=small_table, name="small"))
    keep_model(studio, "small", "kept")
    scoring = studio.evaluations.start("kept", None, "train")
    answering = filing.start(studio, studio.models.get("kept"), small_table, {"text": "text"})
    source = Path(answering.payload["source"])
    os.utime(source, (0, 0))
    add_ended_jobs(studio)
    assert studio.evaluations.start("kept", None, "train") == scoring
    with pytest.raises(Conflict, match="in use by the job"):
        studio.models.delete("kept")
    filing.start(studio, studio.models.get("kept"), small_table, {"text": "text"})
    assert source.exists()


def test_only_a_training_is_stopped_early(studio: Studio, small_table: Path) -> None:
    studio.datasets.import_file(ImportRequest(path=small_table, name="small"))
    keep_model(studio, "small", "kept")
    answering = filing.start(studio, studio.models.get("kept"), small_table, {"text": "text"})
    assert answering.resumable
    with pytest.raises(Conflict, match="Only a training"):
        studio.jobs.stop(answering.id)
