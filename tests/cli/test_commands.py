"""Commands answer in JSON, explain what is wrong on stderr, and end with the right exit code."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from jobs.queue import NewJob
from studio.bootstrap import open_studio
from studio.cli.main import hoist_common_options, main
from studio.export.bundle import NEEDED
from studio.settings import Settings
from tests.data.sources.loopback_web import reply, serve
from tests.results.kept_models import keep_model


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, Any, str]]:
    """Run a command with --json in a home of its own: exit code, value, stderr."""

    def call(*arguments: str) -> tuple[int, Any, str]:
        capsys.readouterr()
        code = main(["--home", str(tmp_path / "home"), *arguments, "--json"])
        out, errors = capsys.readouterr()
        return code, json.loads(out) if out.strip() else None, errors

    return call


Run = Callable[..., tuple[int, Any, str]]


def test_common_options_may_stand_anywhere_but_not_inside_a_text() -> None:
    assert hoist_common_options(["job", "list", "--json"]) == ["--json", "job", "list"]
    assert hoist_common_options(["predict", "m", "--text", "--json"]) == ["predict", "m", "--text", "--json"]


def test_a_table_is_imported_listed_shown_checked_and_deleted(run: Run, small_table: Path) -> None:
    code, dataset, _ = run(
        "dataset",
        "import",
        str(small_table),
        "--name",
        "small",
        "--role",
        "text=text",
        "--role",
        "label=label",
    )
    assert code == 0
    assert set(dataset) >= {
        "id",
        "name",
        "task",
        "fingerprint",
        "roles",
        "labels",
        "rows",
        "reader",
        "problems",
    }
    assert dataset["reader"]["rows_read"] == 80
    assert [one["name"] for one in run("dataset", "list")[1]] == ["small"]
    assert run("dataset", "show", "small")[1]["fingerprint"] == dataset["fingerprint"]
    assert isinstance(run("dataset", "check", "small")[1], list)
    assert run("dataset", "delete", "small")[:2] == (0, {"deleted": "small"})
    assert run("dataset", "list")[1] == []


def test_the_sample_is_imported_once(run: Run) -> None:
    first, second = run("dataset", "sample")[1], run("dataset", "sample")[1]
    assert first["id"] == second["id"]
    assert len(first["labels"]) == 6


def test_rows_with_errors_block_the_import_with_their_lines_and_exit_code_2(
    run: Run, write_table: Callable[..., Path]
) -> None:
    rows = [[f"some text number {n}", "a" if n % 2 else "b"] for n in range(20)]
    rows[4][1] = ""
    path = str(write_table(rows))
    code, value, errors = run("dataset", "import", path, "--name", "broken")
    assert (code, value) == (2, None)
    assert "line 6" in errors
    assert "--drop-bad-rows" in errors
    code, dataset, _ = run("dataset", "import", path, "--name", "broken", "--drop-bad-rows")
    assert code == 0
    assert dataset["reader"]["rows_dropped"] == 1


def test_wrong_requests_end_with_2_and_say_what_to_do(run: Run, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    for arguments in (
        ("dataset", "show", "none"),
        ("dataset", "import", "no-such-file.csv", "--name", "x"),
        ("train", "--dataset", "none", "--checkpoint", "minilm-l6"),
        ("job", "show", "none"),
        ("job", "log", "none"),
        ("job", "wait", "none"),
        ("model", "show", "none"),
        ("model", "rename", "none", "new"),
        ("model", "delete", "none"),
        ("model", "export", "none", "--to", "somewhere"),
        ("evaluate", "none"),
        ("predict", "none", "--text", "x"),
        ("predict", "none", "--text", "x", "--tokens"),
        ("predict", "none", "--file", "x.csv", "--out", "y.csv", "--tokens"),
        ("compare", "one", "two"),
        ("checkpoint", "show", "no-such-checkpoint"),
        ("checkpoint", "fetch", "no-such-checkpoint"),
    ):
        code, value, errors = run(*arguments)
        assert (code, value) == (2, None), arguments
        assert len(errors.strip().splitlines()) >= 2, arguments
        assert "Traceback" not in errors, arguments


def test_what_only_reads_refuses_a_home_that_is_not_there_and_makes_none(run: Run, tmp_path: Path) -> None:
    for arguments in (
        ("dataset", "list"),
        ("dataset", "check", "small"),
        ("dataset", "export", "small", "--to", "out.csv"),
        ("job", "list"),
        ("job", "log", "1"),
        ("model", "list"),
        ("evaluate", "m"),
        ("predict", "m", "--text", "x"),
        ("compare", "one", "two"),
        ("train", "--dataset", "small", "--checkpoint", "minilm-l6"),
    ):
        code, value, errors = run(*arguments)
        assert (code, value) == (2, None), arguments
        assert errors.startswith(f"There is no studio in {tmp_path / 'home'}.\n"), errors
        assert f"python -m studio --home {tmp_path / 'home'} serve" in errors
    assert not (tmp_path / "home").exists()


def test_an_empty_folder_is_a_home_and_an_import_makes_one(
    run: Run, tmp_path: Path, small_table: Path
) -> None:
    (tmp_path / "home").mkdir()
    assert run("dataset", "list")[:2] == (0, [])
    (tmp_path / "home").rename(tmp_path / "other")
    assert run("dataset", "import", str(small_table), "--name", "small")[0] == 0


def test_a_usage_error_ends_with_2(run: Run) -> None:
    assert run("train", "--no-such-flag")[0] == 2


def test_a_job_waits_is_moved_cancelled_and_retried(run: Run, small_table: Path) -> None:
    run("dataset", "import", str(small_table), "--name", "small")
    code, job, _ = run("train", "--dataset", "small", "--checkpoint", "minilm-l6", "--set", "epochs=1")
    assert code == 0
    assert job["state"] == "queued" and job["position"] == 1
    assert set(job["progress"]) == {"fraction", "step", "steps", "eta_seconds", "message"}
    assert run("job", "priority", job["id"], "5")[1]["priority"] == 5
    assert run("job", "cancel", job["id"])[1]["state"] == "cancelled"
    again = run("job", "retry", job["id"])[1]
    assert again["retry_of"] == job["id"]
    assert [one["id"] for one in run("job", "list")[1]] == [again["id"], job["id"]]


def test_a_waiting_job_is_paused_and_resumed_and_has_nothing_to_keep_yet(run: Run, small_table: Path) -> None:
    run("dataset", "import", str(small_table), "--name", "small")
    _, job, _ = run("train", "--dataset", "small", "--checkpoint", "minilm-l6", "--owner", "ann")
    assert job["owner"] == "ann"
    assert run("job", "pause", job["id"])[1]["state"] == "paused"
    code, _, errors = run("job", "stop", job["id"])
    assert code == 2 and "nothing to keep" in errors
    assert run("job", "resume", job["id"])[1]["state"] == "queued"
    code, _, errors = run("job", "resume", job["id"])
    assert code == 2 and "not paused" in errors


def test_a_cancelled_job_is_printed_and_its_end_stands_on_stderr(run: Run, small_table: Path) -> None:
    run("dataset", "import", str(small_table), "--name", "small")
    _, job, _ = run("train", "--dataset", "small", "--checkpoint", "minilm-l6")
    run("job", "cancel", job["id"])
    code, ended, errors = run("job", "wait", job["id"])
    assert (code, ended["id"], ended["state"]) == (1, job["id"], "cancelled")
    assert "cancelled" in errors and "job retry" in errors


@pytest.mark.slow
def test_a_training_that_fails_is_printed_and_its_reason_stands_on_stderr(
    run: Run, small_table: Path, tmp_path: Path
) -> None:
    _, dataset, _ = run("dataset", "import", str(small_table), "--name", "small")
    (tmp_path / "home" / "datasets" / dataset["id"] / "validation.parquet").write_bytes(b"damaged")
    code, ended, errors = run("train", "--dataset", "small", "--checkpoint", "minilm-l6", "--wait")
    assert (code, ended["state"]) == (1, "failed")
    assert ended["error"]["message"] in errors and ended["error"]["hint"] in errors


def test_an_unknown_recipe_field_names_the_nearest(run: Run, small_table: Path) -> None:
    run("dataset", "import", str(small_table), "--name", "small")
    code, _, errors = run("train", "--dataset", "small", "--checkpoint", "minilm-l6", "--set", "epoch=1")
    assert code == 2
    assert "epochs" in errors


def test_the_catalogue_names_the_built_in_checkpoint_first(run: Run) -> None:
    values = run("checkpoint", "list")[1]
    assert values[0]["id"] == "minilm-l6"
    assert values[0]["state"] == "built in"
    assert len(values) >= 40
    assert run("checkpoint", "show", "minilm-l6")[1]["hidden"] == 384


def test_the_doctor_finds_what_the_studio_needs(run: Run) -> None:
    code, value, _ = run("doctor")
    assert code == 0
    assert value["ready"] is True
    assert {"Python", "torch", "Built-in checkpoint", "Worker"} <= {one["title"] for one in value["findings"]}


def test_the_doctor_names_the_setting_for_which_nothing_starts(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_MIN_FREE_MB", "99999999")
    code, value, _ = run("doctor")
    disk = next(one for one in value["findings"] if one["title"] == "Disk")
    assert (code, value["ready"], disk["ok"]) == (1, False, False)
    assert "no job starts" in disk["sentence"] and "STUDIO_MIN_FREE_MB" in disk["hint"]


def test_a_start_that_is_refused_for_room_names_the_setting(
    run: Run, small_table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("dataset", "import", str(small_table), "--name", "small")
    monkeypatch.setenv("STUDIO_MIN_FREE_MB", "99999999")
    code, _, errors = run("train", "--dataset", "small", "--checkpoint", "minilm-l6")
    assert code == 2
    assert "room" in errors and "STUDIO_MIN_FREE_MB" in errors


def test_a_model_is_exported_as_its_path_ends(run: Run, small_table: Path, tmp_path: Path) -> None:
    run("dataset", "import", str(small_table), "--name", "small")
    with closing(open_studio(Settings(home=tmp_path / "home"))) as studio:
        folder = studio.models.folder_of(keep_model(studio, "small", "first"))
    for name in NEEDED:
        if not (folder / name).exists():
            (folder / name).write_bytes(b"{}")
    for words, is_zip in ((("x.zip",), True), (("x",), False), (("y.zip", "--format", "folder"), False)):
        to = tmp_path / words[0]
        code, value, errors = run("model", "export", "first", "--to", str(to), *words[1:])
        assert (code, value) == (0, {"path": str(to)}), errors
        assert zipfile.is_zipfile(to) is is_zip and to.is_dir() is not is_zip


def test_the_doctor_looks_through_the_record_of_the_jobs(run: Run, tmp_path: Path) -> None:
    def records() -> dict[str, Any]:
        return next(one for one in run("doctor")[1]["findings"] if one["title"] == "Job records")

    assert records()["ok"]
    with closing(open_studio(Settings(home=tmp_path / "home"))) as studio:
        job = studio.jobs.submit(NewJob("test", "nowhere.handler"))
        with studio.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE jobs SET state = 'running'")
    assert not records()["ok"]
    assert job.id in records()["sentence"]


def test_version_and_models_answer_on_an_empty_home(run: Run) -> None:
    assert run("version")[1]["version"]
    assert run("doctor")[0] == 0
    assert run("model", "list")[1] == []


def test_serving_others_without_a_token_is_refused_with_2(run: Run) -> None:
    code, _, errors = run("serve", "--host", "0.0.0.0", "--port", "65000")
    assert code == 2
    assert "STUDIO_TOKEN" in errors


def test_a_worker_with_nothing_to_do_ends_at_once(run: Run) -> None:
    assert run("worker", "--once")[0] == 0


def test_a_table_is_imported_from_a_web_address_and_divided_as_asked(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_ALLOW_PRIVATE_URLS", "127.0.0.1")
    rows = "".join(f"text number {n},{'ab'[n % 2]},user {n // 3}\n" for n in range(90))
    with serve(reply(f"text,label,user\n{rows}".encode())) as server:
        name = ("dataset", "import", f"{server}/t.csv?key=secret", "--name", "t")
        code, made, errors = run(*name, "--group-column", "User", "--folds", "3")
        assert code == 0, errors
        assert "secret" not in errors
        assert [one["name"] for one in made] == ["t-fold-1", "t-fold-2", "t-fold-3"]
        assert made[0]["split"]["column"] == "user"
        code, _, errors = run(*name, "--group-column", "user", "--time-column", "label")
        assert code == 2 and "a group column and a time column at once" in errors
    monkeypatch.setenv("STUDIO_ALLOW_PRIVATE_URLS", "0")
    code, _, errors = run("dataset", "import", "http://127.0.0.1:9/t.csv", "--name", "u")
    assert code == 2 and "own network" in errors
