"""Jobs in their own processes, in the home of the worker that runs them."""

from __future__ import annotations

import contextlib
import csv
import json
import multiprocessing
import shutil
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from jobs.bells import Stop
from jobs.queue import JobView
from jobs.states import JobState
from studio.bootstrap import Studio, make_worker, open_studio
from studio.errors import PartnerKilled
from studio.records.models import add_model_in
from studio.records.schema import writing
from studio.services.datasets import ImportRequest
from studio.services.pace import pace_of
from studio.services.training import TrainRequest
from studio.settings import Settings
from studio.training.followers import killed_with_partners
from tests.conftest import small_rows, write_csv
from tests.encoders import build_encoder
from tests.prediction.tiny_models import make_model_folder
from tests.records.databases import model

pytestmark = pytest.mark.slow


def run_to_its_end(studio: Studio, job: JobView | None) -> JobView:
    """Let a worker of the studio's home do one job."""
    assert job is not None
    make_worker(studio.settings, once=True).run(Stop())
    ended = studio.jobs.get(job.id)
    assert ended.state is JobState.SUCCEEDED, studio.jobs.log(job.id)
    return ended


def test_a_model_outlives_its_dataset_and_a_copied_home_keeps_to_itself(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", offline=True)
    encoder = build_encoder(tmp_path / "tiny", "bert")
    table = write_csv(tmp_path / "small.csv", small_rows(), ("text", "label"))
    with contextlib.closing(open_studio(settings)) as studio:
        for name, seed in (("small", 0), ("later", 1)):
            studio.datasets.import_file(ImportRequest(path=table, name=name, seed=seed))
        request = TrainRequest("small", str(encoder), name="first", changes={"epochs": 1})
        trained = run_to_its_end(studio, studio.training.start(request))
        assert not (settings.jobs_dir / trained.id / "snapshots").exists()
        studio.datasets.delete("small")
        run_to_its_end(studio, studio.evaluations.start("first", "later", "test"))
        report = studio.evaluations.report("first", "later", "test")
        assert report.rows == 8 and report.baselines["tfidf"] is None
        assert any("was deleted" in note for note in report.notes)
        again = TrainRequest("later", str(encoder), name="second", changes={"epochs": 1})
        pace = pace_of([trained])
        assert pace != 1.0, "the next estimate is corrected by what the first training took"
        planned = studio.training.plan(again).estimate.seconds
        waiting = studio.training.start(again)
        assert waiting.payload["expected_seconds"] == pytest.approx(planned)
        assert planned == pytest.approx(pace * waiting.payload["estimated_seconds"])

    copy = Settings(home=tmp_path / "copy", offline=True)
    shutil.copytree(settings.home, copy.home)
    models_before = sorted(path.name for path in settings.models_dir.iterdir())
    with contextlib.closing(open_studio(copy)) as studio:
        run_to_its_end(studio, waiting)
        assert (copy.models_dir / waiting.id / "folder" / "model.safetensors").is_file()
    assert sorted(path.name for path in settings.models_dir.iterdir()) == models_before


def wait_until(condition: Callable[[], bool], seconds: float = 300) -> None:
    """Look ten times a second; fails where it takes too long."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.1)


def has_answered(settings: Settings, job_id: str, rows: int) -> bool:
    """Whether a job keeps the answers to more rows than that."""
    note = settings.jobs_dir / job_id / "snapshots" / "kept.json"
    return note.exists() and json.loads(note.read_text())["rows"] > rows


def test_a_file_is_paused_killed_and_resumed_and_comes_out_as_in_one_go(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", offline=True, lease_seconds=2.0)
    known = model()
    make_model_folder(settings.models_dir / known.id / "folder", known.labels)
    rows = [[f"{number}", f"where is my card {number}, please"] for number in range(28_000)]
    table = write_csv(tmp_path / "texts.csv", rows, ("id", "text"))
    ends = Stop()
    with contextlib.closing(open_studio(settings)) as studio:
        with writing(studio.engine) as connection:
            add_model_in(connection, known)
        job = studio.predictions.start_file(known.name, table, table.name).id
        worker = threading.Thread(target=make_worker(settings).run, args=(ends,))
        worker.start()
        try:
            wait_until(lambda: has_answered(settings, job, 4096))
            studio.jobs.pause(job)
            wait_until(lambda: studio.jobs.get(job).state is JobState.PAUSED)
            paused_at = studio.jobs.get(job).step or 0
            assert 4096 < paused_at < len(rows) and has_answered(settings, job, 4096)
            studio.jobs.resume(job)
            wait_until(lambda: "Going on after row" in studio.jobs.log(job))
            (child,) = (p for p in psutil.Process().children(recursive=True) if job in " ".join(p.cmdline()))
            child.kill()
            wait_until(lambda: studio.jobs.get(job).state is JobState.SUCCEEDED)
            again = studio.predictions.start_file(known.name, table, table.name).id
            wait_until(lambda: studio.jobs.get(again).state is JobState.SUCCEEDED)
        finally:
            ends.set()
            worker.join(60)
        log = studio.jobs.log(job)
        assert log.count("Going on after row") == 2, log
        assert studio.predictions.file_of(job).read_bytes() == studio.predictions.file_of(again).read_bytes()
        assert [row["id"] for row in csv.DictReader(studio.predictions.file_of(job).open())] == [
            number for number, _ in rows
        ]
        assert studio.jobs.get(job).step == studio.jobs.get(job).steps == len(rows)
        assert not list(settings.jobs_dir.glob("*/snapshots"))


def steps_told(studio: Studio, job_id: str) -> list[int]:
    """Steps of the curve of training losses."""
    points = studio.jobs.metrics(job_id, max_points=10_000)
    return [point.step for point in points if (point.split, point.name) == ("train", "loss")]


def test_a_training_is_paused_killed_resumed_and_stopped_and_its_curve_has_every_step_once(
    tmp_path: Path,
) -> None:
    settings = Settings(home=tmp_path / "home", offline=True, lease_seconds=2.0)
    encoder = build_encoder(tmp_path / "tiny", "bert")
    table = write_csv(tmp_path / "small.csv", small_rows(), ("text", "label"))
    ends = Stop()
    with contextlib.closing(open_studio(settings)) as studio:
        studio.datasets.import_file(ImportRequest(path=table, name="small"))
        changes = {"epochs": 100, "batch_size": 1}
        job = studio.training.start(TrainRequest("small", str(encoder), name="long", changes=changes)).id
        worker = threading.Thread(target=make_worker(settings).run, args=(ends,))
        worker.start()
        try:
            wait_until(lambda: len(steps_told(studio, job)) > 1)
            studio.jobs.pause(job)
            wait_until(lambda: studio.jobs.get(job).state is JobState.PAUSED)
            paused_at = max(steps_told(studio, job))
            assert list((settings.jobs_dir / job / "snapshots").glob("snapshot-*"))
            studio.jobs.resume(job)
            wait_until(lambda: max(steps_told(studio, job)) > paused_at)
            (child,) = (p for p in psutil.Process().children(recursive=True) if job in " ".join(p.cmdline()))
            child.kill()
            wait_until(lambda: studio.jobs.get(job).attempt > 1 and max(steps_told(studio, job)) > paused_at)
            studio.jobs.stop(job)
            wait_until(lambda: studio.jobs.get(job).state is JobState.SUCCEEDED)
        finally:
            ends.set()
            worker.join(60)
        steps = steps_told(studio, job)
        assert steps == sorted(set(steps)) and steps[:2] == [steps[0], 2 * steps[0]]
        log = studio.jobs.log(job)
        assert log.count("Going on after step") == 2
        assert "Stopped on request after" in log
        assert studio.models.get("long").metrics["test"]["accuracy"] >= 0


def lose_a_partner(log: str) -> None:
    """The body of a process whose partner is killed."""
    with killed_with_partners(lambda line: Path(log).write_text(line, encoding="utf-8")):
        raise PartnerKilled("Another process was killed.")


def test_a_process_whose_partner_was_killed_ends_in_the_same_way(tmp_path: Path) -> None:
    context, log = multiprocessing.get_context("spawn"), tmp_path / "log"
    process = context.Process(target=lose_a_partner, args=(str(log),))
    process.start()
    process.join(120)
    assert process.exitcode == -signal.SIGKILL
    assert log.read_text() == "Another process was killed."
