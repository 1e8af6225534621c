"""A backup holds everything people made; restoring it gives the same studio, or changes nothing."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jobs.bells import Stop
from jobs.database import make_engine
from jobs.processes import mark_of
from jobs.queue import NewJob
from jobs.roster import WorkerIdentity
from jobs.states import JobState
from studio.bootstrap import make_worker, open_studio, start_studio
from studio.cli.main import main
from studio.errors import Conflict, Damaged, InvalidInput, NotFound, StudioError
from studio.keeping.archive import MANIFEST
from studio.keeping.backup import BackupRequest, back_up
from studio.keeping.database import find_damage
from studio.keeping.integrity import check_home
from studio.keeping.lock import hold_home
from studio.keeping.restore import RestoreRequest, restore
from studio.keeping.sweep import find_unfinished
from studio.records.schema import SCHEMA, writing
from studio.settings import Settings
from studio.training.snapshots import Snapshots
from tests.keeping.homes import content_of, fill_home, nothing, queue_of, write_snapshot

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def filled(settings: Settings, small_table: Path) -> Settings:
    """A home with something of everything."""
    fill_home(settings, small_table)
    return settings


@pytest.fixture
def backup(filled: Settings, tmp_path: Path) -> Path:
    """A backup of it."""
    back_up(filled, BackupRequest(tmp_path / "studio.zip"), nothing)
    return tmp_path / "studio.zip"


@pytest.fixture
def other(settings: Settings, tmp_path: Path) -> Settings:
    """Another home, with nothing in it."""
    return replace(settings, home=tmp_path / "other home")


def test_a_restored_studio_has_everything_and_its_jobs_wait_again(
    filled: Settings, other: Settings, backup: Path
) -> None:
    done = restore(other, RestoreRequest(backup), nothing)
    assert (done.datasets, done.models, done.unfinished_jobs, done.set_aside) == (1, 1, 2, None)
    with queue_of(filled) as queue:
        before = {job.title: job for job in queue.jobs()}
    with queue_of(other) as queue:
        after = {job.title: job for job in queue.jobs()}
        assert queue.workers() == []
        moves = [event.data for event in queue.events_after(after["running"].id) if event.kind == "state"]
    assert before["running"].state is JobState.RUNNING and after["running"].state is JobState.QUEUED
    assert moves[-1]["reason"] == "The studio was restored from a backup."
    assert after["ended"].state is JobState.CANCELLED
    assert after["running"].payload == {"home": str(other.home)}
    upload = Path(after["waiting"].payload["request"]["path"])
    assert upload.is_relative_to(other.home) and upload.read_text() == "text,label\n"
    snapshots = other.jobs_dir / after["running"].id / "snapshots"
    assert (snapshots / "snapshot-1" / "weights").read_bytes() == b"\x01" * 1000
    assert (other.jobs_dir / after["running"].id / "log.txt").read_text() == "it goes on\n"
    with contextlib.closing(start_studio(other)) as studio:
        assert [model.name for model in studio.models.list()] == ["kept"]
        assert studio.datasets.rows("small", "train")
    assert check_home(other.home) == [] and find_unfinished(other.home) == []


def test_a_fence_of_before_can_write_nothing_to_a_restored_job(
    filled: Settings, other: Settings, backup: Path
) -> None:
    restore(other, RestoreRequest(backup), nothing)
    with queue_of(other) as queue:
        job = next(one for one in queue.jobs() if one.title == "running")
        assert not queue.store.finish(job.id, 1, {})
        claim = queue.store.claim_next("another", "train", 60)
        assert claim is not None and claim.job_id == job.id and claim.fence > 1


def test_the_manifest_names_every_file_and_nothing_half_written_is_in_it(
    filled: Settings, tmp_path: Path
) -> None:
    part = filled.models_dir / "abc"
    part.mkdir()
    (next(filled.datasets_dir.iterdir()) / ".profile.parquet.0.part").write_bytes(b"half")
    made = back_up(filled, BackupRequest(tmp_path / "a.zip"), nothing)
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.testzip() is None
        manifest = json.loads(archive.read(MANIFEST))
        assert {*manifest["files"], MANIFEST} == set(archive.namelist())
    assert made.files == len(manifest["files"]) and made.size_bytes == (tmp_path / "a.zip").stat().st_size
    assert not [name for name in manifest["files"] if name.endswith(".part") or "abc/folder" in name]
    assert [path.name for path in tmp_path.glob("*.part")] == []


def test_rows_whose_files_are_gone_are_left_out_and_said(
    filled: Settings, other: Settings, tmp_path: Path
) -> None:
    shutil.rmtree(next(path for path in filled.models_dir.iterdir()))
    made = back_up(filled, BackupRequest(tmp_path / "a.zip"), nothing)
    assert made.models == 0 and made.left_out == ("The files of the model 'kept' are not there.",)
    assert restore(other, RestoreRequest(tmp_path / "a.zip"), nothing).models == 0
    assert check_home(other.home) == []
    assert len(check_home(filled.home)) == 1


def test_a_backup_is_refused_where_it_has_no_place_or_nothing_to_keep(
    filled: Settings, other: Settings, backup: Path, tmp_path: Path
) -> None:
    with pytest.raises(Conflict, match="already a file"):
        back_up(filled, BackupRequest(backup), nothing)
    back_up(filled, BackupRequest(backup, overwrite=True), nothing)
    with pytest.raises(InvalidInput, match="no place"):
        back_up(filled, BackupRequest(tmp_path / "nowhere" / "a.zip"), nothing)
    with pytest.raises(NotFound, match="no studio"):
        back_up(other, BackupRequest(tmp_path / "b.zip"), nothing)


def test_snapshots_that_are_replaced_during_a_backup_are_whole_in_it(
    filled: Settings, other: Settings, tmp_path: Path
) -> None:
    with queue_of(filled) as queue:
        job_id = next(job.id for job in queue.jobs() if job.title == "running")
    stop = threading.Event()

    def train() -> None:
        for step in itertools.count(2):
            if stop.is_set():
                return
            write_snapshot(filled.jobs_dir / job_id, step)
            time.sleep(0.01)

    trainer = threading.Thread(target=train)
    trainer.start()
    try:
        for number in range(5):
            back_up(filled, BackupRequest(tmp_path / f"{number}.zip"), nothing)
    finally:
        stop.set()
        trainer.join()
    steps = []
    for number in range(5):
        with zipfile.ZipFile(tmp_path / f"{number}.zip") as archive:
            archive.extractall(tmp_path / f"{number}")
        folder = tmp_path / f"{number}" / "jobs" / job_id / "snapshots"
        newest = max(int(path.name.rpartition("-")[2]) for path in folder.iterdir())
        snapshot = Snapshots(folder, {}).newest()
        assert snapshot is not None and snapshot.step == newest
        assert (snapshot.folder / "weights").read_bytes() == bytes([newest % 256]) * 1000
        steps.append(newest)
    assert steps == sorted(steps) and steps[-1] > steps[0]


def test_a_worker_that_starts_while_a_backup_is_unpacked_is_left_its_studio(
    filled: Settings, backup: Path
) -> None:
    before = content_of(filled.home)

    def start_worker(_done_bytes: int, _total_bytes: int) -> None:
        with queue_of(filled) as queue:
            if not queue.workers():
                identity = WorkerIdentity("late", "here", os.getpid(), mark_of(os.getpid()) or "")
                queue.store.roster.register(identity, 60.0)

    with pytest.raises(Conflict, match="A worker is at work"):
        restore(filled, RestoreRequest(backup, replace=True), start_worker)
    assert content_of(filled.home) == before and find_unfinished(filled.home) == []


def test_a_home_with_a_studio_is_replaced_only_on_request_and_its_content_kept(
    filled: Settings, backup: Path
) -> None:
    before = content_of(filled.home)
    with pytest.raises(Conflict, match="already"):
        restore(filled, RestoreRequest(backup), nothing)
    assert content_of(filled.home) == before
    done = restore(filled, RestoreRequest(backup, replace=True), nothing)
    aside = Path(str(done.set_aside))
    kept = content_of(aside)
    assert kept == {name: hashed for name, hashed in before.items() if name in kept}
    assert any(name.startswith("models/") for name in kept) and find_damage(aside / "studio.db") is None
    assert (aside / "studio.db").exists()
    assert check_home(filled.home) == []


def test_a_running_studio_and_a_worker_are_in_the_way(filled: Settings, backup: Path) -> None:
    request = RestoreRequest(backup, replace=True)
    with hold_home(filled), pytest.raises(Conflict, match="already running"):
        restore(filled, request, nothing)
    stop = Stop()
    worker = threading.Thread(target=make_worker(filled).run, args=(stop,))
    worker.start()
    try:
        with queue_of(filled) as queue:
            while not queue.workers():
                pass
        with pytest.raises(Conflict, match="worker is at work"):
            restore(filled, request, nothing)
    finally:
        stop.set()
        worker.join()


def spoil(path: Path, change: Callable[[dict[str, Any], dict[str, bytes]], None], to: Path) -> Path:
    """A copy of an archive with its manifest and files changed."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(files.pop(MANIFEST))
    change(manifest, files)
    with zipfile.ZipFile(to, "w") as archive:
        for name, content in {**files, MANIFEST: json.dumps(manifest).encode()}.items():
            archive.writestr(name, content)
    return to


def flip_a_bit(manifest: dict[str, Any], files: dict[str, bytes]) -> None:
    name = next(name for name in files if name.endswith("train.parquet"))
    files[name] = bytes([files[name][0] ^ 1]) + files[name][1:]


def lose_a_file(manifest: dict[str, Any], files: dict[str, bytes]) -> None:
    files.pop(next(name for name in files if name.endswith("train.parquet")))


def climb_out(manifest: dict[str, Any], files: dict[str, bytes]) -> None:
    for name in ("datasets/../../evil", "/etc/evil", "models/..\\evil", "studio.lock"):
        manifest["files"][name] = manifest["files"]["studio.db"]
        files[name] = files["studio.db"]


def say_another_format(manifest: dict[str, Any], files: dict[str, bytes]) -> None:
    manifest["format"] = "something else"


def say_a_later_format(manifest: dict[str, Any], files: dict[str, bytes]) -> None:
    manifest["format_version"] = 99


def grow_without_end(manifest: dict[str, Any], files: dict[str, bytes]) -> None:
    manifest["files"]["models/a/b"] = {"size_bytes": 10**15, "sha256": "0" * 64}


@pytest.mark.parametrize(
    "change, error, words",
    [
        (flip_a_bit, Damaged, "is damaged"),
        (lose_a_file, Damaged, "is damaged"),
        (climb_out, InvalidInput, "outside the studio's folder"),
        (say_another_format, InvalidInput, "no backup"),
        (say_a_later_format, Conflict, "later version"),
        (grow_without_end, StudioError, "damaged"),
    ],
)
def test_a_backup_that_is_not_as_it_should_be_changes_nothing(
    filled: Settings, backup: Path, tmp_path: Path, change: Any, error: type[StudioError], words: str
) -> None:
    before = content_of(filled.home)
    bad = spoil(backup, change, tmp_path / "bad.zip")
    with pytest.raises(error, match=words):
        restore(filled, RestoreRequest(bad, replace=True), nothing)
    assert content_of(filled.home) == before
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04 cut short"])
def test_a_file_that_is_something_else_is_refused(other: Settings, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file.zip"
    path.write_bytes(content)
    with pytest.raises(StudioError, match=r"is no backup|is damaged"):
        restore(other, RestoreRequest(path), nothing)
    with pytest.raises(InvalidInput, match="There is no file"):
        restore(other, RestoreRequest(tmp_path / "missing.zip"), nothing)


def test_a_refused_restore_leaves_no_folder_behind(tmp_path: Path) -> None:
    file = tmp_path / "no.zip"
    file.write_text("no backup", encoding="utf-8")
    for home in (tmp_path / "new", tmp_path / "far" / "below"):
        with pytest.raises(InvalidInput):
            restore(Settings(home=home), RestoreRequest(file), progress=lambda _done, _all: None)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidInput):
        restore(Settings(home=tmp_path / "empty"), RestoreRequest(file), progress=lambda _done, _all: None)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "no.zip"]


def test_a_backup_cut_short_at_any_place_is_refused(other: Settings, backup: Path, tmp_path: Path) -> None:
    content = backup.read_bytes()
    for share in (0.01, 0.5, 0.9, 0.999):
        cut = tmp_path / "cut.zip"
        cut.write_bytes(content[: int(len(content) * share)])
        with pytest.raises(Damaged):
            restore(other, RestoreRequest(cut), nothing)


def test_a_backup_of_a_later_release_is_refused(filled: Settings, other: Settings, tmp_path: Path) -> None:
    back_up(filled, BackupRequest(tmp_path / "a.zip"), nothing)

    def change(manifest: dict[str, Any], files: dict[str, bytes]) -> None:
        path = tmp_path / "later.db"
        path.write_bytes(files["studio.db"])
        engine = make_engine(f"sqlite:///{path}")
        with writing(engine) as connection:
            connection.exec_driver_sql(f"update {SCHEMA.version_table} set version_num = '9999'")
        engine.dispose()
        files["studio.db"] = path.read_bytes()
        manifest["files"]["studio.db"] = {
            "size_bytes": len(files["studio.db"]),
            "sha256": hashlib.sha256(files["studio.db"]).hexdigest(),
        }

    later = spoil(tmp_path / "a.zip", change, tmp_path / "later.zip")
    with pytest.raises(Conflict, match="later version"):
        restore(other, RestoreRequest(later), nothing)
    assert not other.home.exists()


RESTORE = """
import sys
from pathlib import Path
from studio.keeping.restore import RestoreRequest, restore
from studio.settings import Settings
from studio.training.snapshots import Snapshots

restore(Settings(home=Path(sys.argv[1])), RestoreRequest(Path(sys.argv[2]), replace=True), lambda *_: None)
"""


def test_a_restore_killed_at_any_renaming_leaves_the_old_studio_or_the_new(
    filled: Settings, backup: Path
) -> None:
    names, number, code = [], 0, -signal.SIGKILL
    while code:
        number += 1
        with contextlib.closing(open_studio(filled)) as studio:
            studio.models.rename(studio.models.list()[0].name, "renamed since")
        code = subprocess.run(
            [sys.executable, "-c", RESTORE, str(filled.home), str(backup)],
            cwd=ROOT,
            env={**os.environ, "STUDIO_FAULT": f"rename:{number}"},
            check=False,
        ).returncode
        assert code in {0, -signal.SIGKILL}
        with contextlib.closing(start_studio(filled)) as studio:
            names.append([model.name for model in studio.models.list()])
        assert check_home(filled.home) == [] and find_unfinished(filled.home) == []
    old, new = ["renamed since"], ["kept"]
    assert names[0] == old and names[-1] == new and number > 8
    assert names == sorted(names, reverse=True)  # once it is the new one, it is so at every later point


def test_a_copy_of_the_database_is_brought_back_beside_the_folders_that_are_there(
    filled: Settings, tmp_path: Path
) -> None:
    with contextlib.closing(start_studio(filled)) as studio:
        (copy,) = filled.backups_dir.iterdir()
        studio.models.rename("kept", "renamed since")
        again = studio.datasets.examples("small")
    filled.database_path.write_bytes(b"not a database")
    with pytest.raises(Damaged):
        start_studio(filled)
    done = restore(filled, RestoreRequest(copy), nothing)
    assert (done.datasets, done.models, done.set_aside) == (1, 1, None)
    with contextlib.closing(start_studio(filled)) as studio:
        assert [model.name for model in studio.models.list()] == ["kept"]
        assert studio.datasets.examples("small") == again
    assert check_home(filled.home) == []


def test_a_new_database_enters_the_datasets_and_models_that_are_there(filled: Settings) -> None:
    with contextlib.closing(start_studio(filled)):
        pass
    for path in filled.home.glob("studio.db*"):
        path.unlink()
    with contextlib.closing(start_studio(filled)) as studio:
        assert [dataset.name for dataset in studio.datasets.list()] == ["small"]
        assert [model.name for model in studio.models.list()] == ["kept"]
        assert studio.models.report("kept").metrics
    assert check_home(filled.home) == []


def test_backup_and_restore_are_commands(
    filled: Settings, other: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    to = str(tmp_path / "all.zip")

    def run(settings: Settings, *words: str) -> tuple[int, Any]:
        capsys.readouterr()
        code = main(["--home", str(settings.home), *words, "--json"])
        out = capsys.readouterr().out
        return code, json.loads(out) if out else None

    code, made = run(filled, "backup", "--to", to, "--with-checkpoints")
    assert code == 0 and made["path"] == to and made["models"] == 1 and made["seconds"] >= 0
    assert run(filled, "backup", "--to", to) == (2, None)
    assert run(filled, "restore", "--from", to) == (2, None)
    code, done = run(other, "restore", "--from", to)
    assert code == 0 and done["home"] == str(other.home) and done["datasets"] == 1
    assert run(other, "model", "list")[1][0]["name"] == "kept"


WITH_LITTLE_ROOM = """
import resource, signal, sys
from studio.cli.main import main

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.parametrize("room_bytes", [100_000, 1_000_000])
def test_a_backup_for_which_there_is_no_room_says_so_and_leaves_nothing(
    filled: Settings, tmp_path: Path, room_bytes: int
) -> None:
    before = sorted(tmp_path.iterdir())
    words = ["--home", str(filled.home), "backup", "--to", str(tmp_path / "a.zip")]
    done = subprocess.run(
        [sys.executable, "-c", WITH_LITTLE_ROOM, str(room_bytes), *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "could not be" in done.stderr and "has room" in done.stderr
    assert sorted(tmp_path.iterdir()) == before


def test_a_damaged_database_is_not_backed_up(filled: Settings, tmp_path: Path) -> None:
    filled.database_path.write_bytes(b"nonsense" * 1000)
    with pytest.raises(Damaged, match="is damaged"):
        back_up(filled, BackupRequest(tmp_path / "a.zip"), nothing)


def test_jobs_that_come_while_a_backup_is_written_do_no_harm(
    filled: Settings, other: Settings, tmp_path: Path
) -> None:
    stop = threading.Event()

    def submit() -> None:
        with queue_of(filled) as queue:
            while not stop.is_set():
                queue.submit(NewJob("train", "nowhere", {}, title="more"))

    writer = threading.Thread(target=submit)
    writer.start()
    try:
        made = back_up(filled, BackupRequest(tmp_path / "busy.zip"), nothing)
    finally:
        stop.set()
        writer.join()
    done = restore(other, RestoreRequest(tmp_path / "busy.zip"), nothing)
    assert done.unfinished_jobs == made.jobs - 1
