"""What ended jobs leave is removed; what is needed, and what is a person's own, stays."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from jobs.database import make_engine
from jobs.queue import NewJob, Queue
from jobs.store import Store
from jobs.tables import jobs
from jobs.views import JobFailure
from studio.bootstrap import Studio, open_studio, start_studio
from studio.errors import Diverged
from studio.files import remove_folder
from studio.keeping.adoption import drop_forms_without_files
from studio.keeping.leftovers import Leftovers
from studio.prediction.forms import folder_of_form
from studio.records.forms import CompiledForm, set_form_in
from studio.records.models import add_model_in
from studio.services.datasets import ImportRequest
from studio.settings import Settings
from tests.conftest import small_rows, write_csv
from tests.results.kept_models import keep_model


class Home:
    """A studio's home with the verbs of a worker."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        engine = make_engine(settings.database_url)
        self.store = Store(engine)
        self.queue = Queue(self.store, settings.jobs_dir)
        self.leftovers = Leftovers(settings, self.queue)

    def start_job(self) -> tuple[str, int]:
        """A running job that has written snapshots and half of a model: its id and fence."""
        self.queue.submit(NewJob("train", "studio.handlers.train", {}))
        claim = self.store.claim_next("worker", "train", 60)
        assert claim is not None
        for folder in (self.snapshots(claim.job_id), self.model(claim.job_id) / "folder"):
            folder.mkdir(parents=True)
            (folder / "model.safetensors").write_bytes(b"weights")
        return claim.job_id, claim.fence

    def snapshots(self, job_id: str) -> Path:
        """Where a job keeps its snapshots."""
        return self.settings.jobs_dir / job_id / "snapshots"

    def model(self, job_id: str) -> Path:
        """Where a job writes its model."""
        return self.settings.models_dir / job_id


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home of its own."""
    return Settings(home=tmp_path / "home")


@pytest.fixture
def studio(settings: Settings) -> Iterator[Studio]:
    """A studio in it."""
    with contextlib.closing(open_studio(settings)) as opened:
        yield opened


@pytest.fixture
def home(studio: Studio) -> Home:
    """The same, seen from the worker."""
    return Home(studio.settings)


def test_a_failed_job_keeps_nothing_and_a_running_one_everything(home: Home) -> None:
    running, _ = home.start_job()
    failed, fence = home.start_job()
    assert home.store.fail(failed, fence, JobFailure("It stopped."))
    home.leftovers.remove_of(failed)
    home.leftovers.remove_of(running)
    assert not home.model(failed).exists() and not home.snapshots(failed).exists()
    assert home.model(running).exists() and home.snapshots(running).exists()


def test_what_a_training_was_before_its_loss_went_wrong_stays_for_a_week(home: Home) -> None:
    job, fence = home.start_job()
    assert home.store.fail(job, fence, JobFailure("No number at step 7.", code=Diverged.code))
    home.leftovers.remove_all()
    assert home.snapshots(job).exists() and not home.model(job).exists()
    long_ago = home.store.clock() - timedelta(days=8).total_seconds()
    with home.store.engine.begin() as connection:
        connection.execute(update(jobs).where(jobs.c.id == job).values(finished_at=long_ago))
    home.leftovers.remove_all()
    assert not home.snapshots(job).exists()


def test_a_finished_job_keeps_its_model_alone(studio: Studio, home: Home, tmp_path: Path) -> None:
    table = write_csv(tmp_path / "small.csv", small_rows(), ("text", "label"))
    studio.datasets.import_file(ImportRequest(path=table, name="small"))
    record = keep_model(studio, "small", "kept")
    job, fence = home.start_job()

    theirs = replace(record, id=job, name="theirs")
    assert home.store.finish(job, fence, {}, lambda connection: add_model_in(connection, theirs))
    home.leftovers.remove_all()
    assert home.model(job).exists() and not home.snapshots(job).exists()
    assert (home.settings.models_dir / record.id).exists()


def test_opening_the_studio_again_leaves_what_no_job_of_it_made(settings: Settings, home: Home) -> None:
    own = settings.models_dir / "my-own-bert"
    own.mkdir()
    (settings.models_dir / ".DS_Store").write_bytes(b"")
    half_gone = settings.models_dir / ".0123456789ab.89abcdef.gone"
    (half_gone / "folder").mkdir(parents=True)
    cancelled, _ = home.start_job()
    home.queue.cancel(cancelled)
    home.store.confirm_cancel(cancelled, 1)
    for _ in range(3):
        with contextlib.closing(start_studio(settings)):
            pass
    assert sorted(path.name for path in settings.models_dir.iterdir()) == [".DS_Store", "my-own-bert"]
    assert not home.snapshots(cancelled).exists()


def test_only_the_form_that_a_model_answers_by_stays(studio: Studio, home: Home, tmp_path: Path) -> None:
    table = write_csv(tmp_path / "small.csv", small_rows(), ("text", "label"))
    studio.datasets.import_file(ImportRequest(path=table, name="small"))
    model = keep_model(studio, "small", "kept")
    jobs = []
    for _ in range(3):
        home.queue.submit(NewJob("compile", "studio.form_handlers.compile_model", {"model_id": model.id}))
        claim = home.store.claim_next("worker", "train", 60)
        assert claim is not None
        folder_of_form(home.model(model.id), claim.job_id).mkdir(parents=True)
        jobs.append(claim)
    earlier, kept, running = jobs
    form = CompiledForm(kept.job_id, "float", "test", 8, 1.0, "accuracy", 0.0, 2.0, 2.0, 9)
    assert home.store.fail(earlier.job_id, earlier.fence, JobFailure("It stopped."))
    assert home.store.finish(kept.job_id, kept.fence, {}, lambda one: set_form_in(one, model.id, form))
    home.leftovers.remove_of(kept.job_id)
    there = sorted(path.name for path in (home.model(model.id) / "compiled").iterdir())
    assert there == sorted([kept.job_id, running.job_id])
    assert studio.models.answering_folder(studio.models.get("kept")).name == kept.job_id

    remove_folder(folder_of_form(home.model(model.id), kept.job_id))
    assert studio.models.answering_folder(studio.models.get("kept")) == studio.models.folder("kept")
    drop_forms_without_files(studio.settings, studio.engine)
    assert studio.models.get("kept") == model
