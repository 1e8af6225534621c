"""The one place where the parts of the studio meet."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from jobs.bells import Stop
from jobs.database import make_engine
from jobs.endings import Endings
from jobs.launchers.local import LocalLauncher
from jobs.launchers.nursery import NurseryLauncher, is_forking_safe
from jobs.measures import Measures
from jobs.queue import Queue
from jobs.states import TERMINAL
from jobs.store import Store
from jobs.worker import Worker, WorkerOptions
from studio.computing import learning_environment
from studio.data.library import Library
from studio.keeping.adoption import adopt_at_first, drop_forms_without_files, note_model, note_models
from studio.keeping.leftovers import Leftovers
from studio.keeping.lock import hold_home
from studio.keeping.opening import keep_daily_copy, open_database, refuse_damaged
from studio.keeping.swapping import finish_swap, is_swap_pending
from studio.notices.deliverer import Deliverer
from studio.notices.outbox import Outbox
from studio.prediction.pool import PredictorPool
from studio.records.datasets import DatasetStore
from studio.records.evaluations import EvaluationStore
from studio.records.models import ModelStore
from studio.records.notices import NoticeStore
from studio.services.checkpoints import CheckpointService
from studio.services.comparisons import ComparisonService
from studio.services.datasets import DatasetService
from studio.services.evaluations import EvaluationService
from studio.services.forms import FormService
from studio.services.imports import ImportFollowUp, ImportService
from studio.services.jobs import JobService, Tell
from studio.services.lengths import LengthService
from studio.services.measures import MeasureService
from studio.services.models import ModelService
from studio.services.notices import NoticeService
from studio.services.predictions import PredictionService
from studio.services.sources import SourceService
from studio.services.system import SystemService
from studio.services.training import TrainingService
from studio.settings import Settings
from studio.slots import make_lanes

# Whoever has just started the studio wants its pages first.
IDLE_SECONDS = 10.0


@dataclass(frozen=True)
class Studio:
    """Everything a face needs, wired once."""

    settings: Settings
    datasets: DatasetService
    sources: SourceService
    imports: ImportService
    lengths: LengthService
    checkpoints: CheckpointService
    training: TrainingService
    jobs: JobService
    models: ModelService
    forms: FormService
    evaluations: EvaluationService
    predictions: PredictionService
    comparisons: ComparisonService
    notices: NoticeService
    measures: MeasureService
    system: SystemService
    pool: PredictorPool
    engine: Engine

    def close(self) -> None:
        """End the predictor process, and close the database so that its file is whole by itself."""
        self.pool.close()
        self.engine.dispose()


def start_studio(settings: Settings) -> Studio:
    """As open_studio, for the one program that serves this home: it looks whether all is sound, and tidies.

    Raises Damaged, once, where the database is not: it is put aside, and the error says how to go on.
    """
    finish_swap(settings.home)
    settings.make_folders()
    refuse_damaged(settings)
    studio = open_studio(settings)
    keep_daily_copy(settings)
    tidy(settings, studio.jobs.queue)
    return studio


def tidy(settings: Settings, queue: Queue) -> None:
    """Remove what nobody needs any more; nothing that another process works on is taken."""
    Leftovers(settings, queue).remove_all()
    ImportFollowUp(settings, queue).sweep()
    drop_forms_without_files(settings, queue.store.engine)
    note_models(settings, queue.store.engine)


def open_studio(settings: Settings) -> Studio:
    """Create or upgrade the home and wire the services."""
    engine = prepare_home(settings)
    store = Store(engine)
    pool = PredictorPool(settings.home)
    model_rows = ModelStore(engine)
    dataset_rows = DatasetStore(engine)
    library = Library(settings.datasets_dir)
    jobs = build_jobs(store, settings)
    notices = NoticeService(settings, NoticeStore(engine), jobs)
    datasets = DatasetService(settings, library, dataset_rows, model_rows, jobs)
    models = ModelService(settings, model_rows, jobs, pool)
    checkpoints = CheckpointService(settings, datasets, models, jobs)
    evaluations = EvaluationService(EvaluationStore(engine), datasets, models, jobs)
    return Studio(
        settings=settings,
        datasets=datasets,
        sources=SourceService(settings),
        imports=ImportService(settings, datasets, jobs),
        lengths=LengthService(settings, datasets),
        checkpoints=checkpoints,
        training=TrainingService(datasets, checkpoints, models, jobs),
        jobs=jobs,
        models=models,
        forms=FormService(model_rows, datasets, models, jobs, pool),
        evaluations=evaluations,
        predictions=PredictionService(settings, datasets, models, jobs, pool),
        comparisons=ComparisonService(models),
        notices=notices,
        measures=MeasureService(settings, Measures(engine), jobs, notices),
        system=SystemService(settings, checkpoints, jobs, notices),
        pool=pool,
        engine=engine,
    )


def make_worker(settings: Settings, *, once: bool = False) -> Worker:
    """A worker for this home, tidied first; ``once`` ends it when nothing is left to do."""
    store = Store(prepare_home(settings))
    worker = build_worker(store, settings, once=once)  # first: it sees to what ends from now on
    tidy(settings, Queue(store, settings.jobs_dir))
    return worker


def prepare_home(settings: Settings) -> Engine:
    """Make the folders, and bring the database to this version; Conflict where a later one wrote it."""
    if is_swap_pending(settings.home):
        with hold_home(settings):
            finish_swap(settings.home)
    settings.make_folders()
    engine = open_database(settings)
    adopt_at_first(settings, engine)
    return engine


def build_worker(store: Store, settings: Settings, *, once: bool = False) -> Worker:
    """Wire a worker to the settings."""
    options = WorkerOptions(
        jobs_dir=settings.jobs_dir,
        lanes=make_lanes(settings),
        lease_seconds=settings.lease_seconds,
        once=once,
        silent_seconds=settings.silent_seconds,
        owner_limit=settings.jobs_per_owner,
        min_free_bytes=settings.min_free_bytes,
        idle_seconds=IDLE_SECONDS,
    )
    environment = {**learning_environment(os.environ), "STUDIO_HOME": str(settings.home)}
    launcher = (
        NurseryLauncher(("studio.handlers", "studio.form_handlers"), environment)
        if is_forking_safe()
        else LocalLauncher(environment)
    )
    queue = Queue(store, settings.jobs_dir)
    leftovers = Leftovers(settings, queue)
    imports = ImportFollowUp(settings, queue)

    def after(job_id: str) -> None:
        leftovers.remove_of(job_id)
        model_id = queue.get(job_id).payload.get("model_id", job_id)
        if (model := ModelStore(store.engine).by_id(model_id)) is not None:
            note_model(settings, model)
        imports.after(job_id)

    return Worker(store, options, launcher, after=after)


def build_jobs(store: Store, settings: Settings) -> JobService:
    """The questions and wishes about jobs."""
    queue = Queue(store, settings.jobs_dir)
    return JobService(
        queue,
        ModelStore(store.engine),
        lambda job_id, tell: run_worker_for(store, settings, job_id, tell),
    )


@contextlib.contextmanager
def telling_of_jobs(settings: Settings) -> Iterator[None]:
    """Tell people of jobs that end meanwhile, by the ways that are set up."""
    engine = make_engine(settings.database_url)
    store = NoticeStore(engine)
    notices = NoticeService(settings, store, build_jobs(Store(engine), settings))
    with contextlib.ExitStack() as stack:
        stack.callback(engine.dispose)
        if notices.channels:
            outbox = Outbox(store, Endings(engine), notices.channels, notices.describe)
            stack.enter_context(contextlib.closing(Deliverer(outbox, settings.home / "notices.lock")))
        yield


def run_worker_for(store: Store, settings: Settings, job_id: str, tell: Tell) -> None:
    """Run a worker in this process until the given job has ended, and tell of it meanwhile."""
    stop = Stop()
    queue = Queue(store, settings.jobs_dir)

    def stop_when_ended() -> None:
        while not stop.wait(0.3):
            with contextlib.suppress(SQLAlchemyError):  # looked at again in a moment
                job = queue.get(job_id)
                tell(job)
                if job.state in TERMINAL:
                    stop.set()

    watcher = threading.Thread(target=stop_when_ended, daemon=True)
    watcher.start()
    try:
        with telling_of_jobs(settings):
            build_worker(store, settings).run(stop)
    finally:
        stop.set()
        watcher.join()
