"""Imports in the background: a real queue, a real worker and a real child process."""

from __future__ import annotations

import gzip
from contextlib import closing
from pathlib import Path

import pytest

from jobs.queue import NewJob
from jobs.states import JobState
from studio.bootstrap import open_studio, start_studio
from studio.data.importing import ImportRequest
from studio.data.near import ROWS_AT_ONCE
from studio.data.readers import ReadOptions
from studio.errors import Conflict, InvalidInput
from studio.services.imports import IMPORT, LANE
from studio.settings import Settings
from tests.data.tables import many_rows, write_table


def write_rows(path: Path, rows: int = 200, bad: int = 0) -> Path:
    return write_table(path, [("text", "label"), *many_rows(rows), *[("no label", "")] * bad])


def test_a_request_comes_back_from_its_json() -> None:
    request = ImportRequest(
        path=Path("a.csv"),
        name="a",
        roles={"text": "t"},
        test=Path("b.csv"),
        reading=ReadOptions(delimiter=";", repairs=frozenset({"fill_fields"})),
    )
    assert ImportRequest.from_json(request.to_json()) == request


def test_an_import_in_the_background_gives_the_same_dataset_and_leaves_no_file(tmp_path: Path) -> None:
    studio = open_studio(Settings(home=tmp_path / "home"))
    path = write_rows(tmp_path / "tickets.csv")
    here = studio.datasets.import_file(ImportRequest(path=path, name="here"))
    there = studio.imports.run(ImportRequest(path=path, name="there"))
    assert there.fingerprint == here.fingerprint
    assert there.files == here.files == {"all": "tickets.csv"}
    assert not list((tmp_path / "home" / "uploads" / "tables").iterdir())
    assert path.is_file()
    studio.close()


def test_an_import_in_the_background_fails_with_all_problems_and_can_be_repeated(tmp_path: Path) -> None:
    studio = open_studio(Settings(home=tmp_path / "home"))
    request = ImportRequest(path=write_rows(tmp_path / "tickets.csv", bad=3), name="tickets")
    with pytest.raises(InvalidInput, match=r"tickets\.csv was not imported") as caught:
        studio.imports.run(request)
    assert [(one.code, one.count) for one in caught.value.problems if one.severity == "error"] == [
        ("missing_label", 3)
    ]
    failed = studio.jobs.list()[0]
    assert failed.state == JobState.FAILED
    assert studio.datasets.list() == []
    studio.jobs.wait(studio.jobs.retry(failed.id).id)
    assert [job.state for job in studio.jobs.list()] == [JobState.FAILED, JobState.FAILED]
    studio.close()


def test_what_a_worker_that_was_killed_after_an_import_left_undone_is_done_at_the_next_start(
    settings: Settings,
) -> None:
    with closing(open_studio(settings)) as studio:
        folder = settings.uploads_dir / "tables" / "kept"
        folder.mkdir(parents=True)
        new = NewJob(IMPORT, "nowhere", {"folder": str(folder)}, lane=LANE)
        job = studio.jobs.submit(new)
        claim = studio.jobs.queue.store.claim_next("killed", LANE, 60.0)
        rows = ROWS_AT_ONCE + 1
        result = {"rows": rows, "dataset_id": "d", "dataset": "tickets"}
        studio.jobs.queue.store.finish(job.id, claim.fence, result)
    for _ in range(2):
        with closing(start_studio(settings)) as studio:
            assert not folder.exists()
            assert [job.title for job in studio.jobs.unfinished()] == ["Look closer at tickets"]


def test_two_imports_never_race_for_one_name(tmp_path: Path) -> None:
    studio = open_studio(Settings(home=tmp_path / "home"))
    request = ImportRequest(path=write_rows(tmp_path / "tickets.csv"), name="tickets")
    job = studio.imports.start(request)
    with pytest.raises(Conflict):
        studio.imports.start(request)
    studio.jobs.cancel(job.id)
    assert studio.imports.run(request).name == "tickets"
    studio.close()


def test_large_is_decided_by_all_files_together(tmp_path: Path) -> None:
    studio = open_studio(Settings(home=tmp_path / "home"))
    half = tmp_path / "half.csv"
    half.write_bytes(b"x" * (9 << 20))
    assert not studio.imports.is_large(half, None)
    assert studio.imports.is_large(half, half)
    studio.close()


def test_a_folder_counts_with_its_files_and_what_is_packed_with_what_is_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "tables"
    folder.mkdir()
    (folder / "train.csv").write_bytes(b"x" * (20 << 20))
    packed = tmp_path / "table.csv.gz"
    packed.write_bytes(gzip.compress(b"x") + b"\0" * (4 << 20))
    studio = open_studio(Settings(home=tmp_path / "home"))
    assert studio.imports.is_large(folder)
    assert studio.imports.is_large(packed)
    studio.close()
