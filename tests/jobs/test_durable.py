"""Files that are there whole or not at all, and processes killed at the point that was asked for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from jobs.durable import fsync_tree, is_abandoned, rename, replacing, temporary_name, write_file
from jobs.faults import FaultPlan, take_role

ROOT = Path(__file__).resolve().parents[2]
WRITE_TWICE = """
import sys
from pathlib import Path
from jobs.durable import write_file

for text in ("one", "two"):
    write_file(Path(sys.argv[1]), text)
"""


def write_with(fault: str, path: Path, mark: Path | None = None) -> int:
    """Write 'one', then 'two', in a process with a fault; its exit code."""
    environment = {**os.environ, "STUDIO_FAULT": fault, **({"STUDIO_FAULT_MARK": str(mark)} if mark else {})}
    return subprocess.run(
        [sys.executable, "-c", WRITE_TWICE, str(path)], cwd=ROOT, env=environment, check=False
    ).returncode


def test_a_file_is_written_and_written_again(tmp_path: Path) -> None:
    write_file(tmp_path / "a.txt", "one")
    write_file(tmp_path / "a.txt", b"two")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "two"


def test_a_file_whose_writing_failed_is_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_file(path, "one")
    with pytest.raises(RuntimeError), replacing(path) as waiting:
        waiting.write_text("half")
        raise RuntimeError
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("a.txt", "one")]


def test_what_is_half_written_is_abandoned_once_its_process_is_gone(tmp_path: Path) -> None:
    code = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from jobs.durable import temporary_name\n"
        "print(temporary_name(Path(sys.argv[1])).name, flush=True)\n"
        "time.sleep(60)\n"
    )
    name = "\u5ba2" * 80
    command = [sys.executable, "-c", code, str(tmp_path / name)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        theirs = tmp_path / writer.stdout.readline().strip()
        theirs.write_text("half")
        os.utime(theirs, (0, 0))
        assert not is_abandoned(theirs)
        writer.kill()
    assert is_abandoned(theirs)
    assert not is_abandoned(temporary_name(tmp_path / "ours"))


def test_of_a_reused_process_number_and_of_another_place_the_writer_is_gone_in_time(tmp_path: Path) -> None:
    name = temporary_name(tmp_path / "a.txt").name
    place, process, start = name.split(".")[3].split("-")
    assert is_abandoned(tmp_path / name.replace(f"-{start}.", f"-{int(start) + 1}."))
    elsewhere = tmp_path / name.replace(place, "0" * 6)
    elsewhere.write_text("half")
    assert not is_abandoned(elsewhere)
    os.utime(elsewhere, (0, 0))
    assert is_abandoned(elsewhere)
    assert not is_abandoned(tmp_path / f"a person's own {process}.part")


def test_a_folder_gets_its_name_once_it_is_complete(tmp_path: Path) -> None:
    waiting = tmp_path / ".waiting.part"
    (waiting / "inner").mkdir(parents=True)
    (waiting / "inner" / "a").write_text("a")
    fsync_tree(waiting)
    rename(waiting, tmp_path / "done")
    assert (tmp_path / "done" / "inner" / "a").read_text() == "a"
    assert not waiting.exists()


@pytest.mark.parametrize(
    ("fault", "left"), [("rename:1", None), ("fsync:1", None), ("rename:2", "one"), ("app.rename:2", "one")]
)
def test_a_process_killed_at_any_point_leaves_the_old_file_or_the_new(
    tmp_path: Path, fault: str, left: str | None
) -> None:
    path = tmp_path / "a.txt"
    assert write_with(fault, path) == -signal.SIGKILL
    assert (path.read_text() if path.exists() else None) == left


def test_a_fault_of_another_role_or_a_later_number_does_nothing(tmp_path: Path) -> None:
    assert write_with("worker.rename:1", tmp_path / "a.txt") == 0
    assert write_with("rename:3", tmp_path / "a.txt") == 0


def test_with_a_mark_all_processes_count_together_and_one_dies(tmp_path: Path) -> None:
    mark = tmp_path / "passed"
    codes = [write_with("rename:3", tmp_path / "a.txt", mark) for _ in range(3)]
    assert codes == [0, -signal.SIGKILL, 0]
    assert mark.stat().st_size == 5


def test_a_fault_that_nobody_knows_is_refused() -> None:
    command = [sys.executable, "-c", "import jobs.faults"]
    environment = {**os.environ, "STUDIO_FAULT": "lunch:1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode != 0
    assert "STUDIO_FAULT is 'lunch:1'" in done.stderr
    with pytest.raises(ValueError, match="no role"):
        take_role("cook")


def test_without_a_wish_there_is_no_plan() -> None:
    assert FaultPlan.from_environment() is None
