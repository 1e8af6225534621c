"""Only a snapshot that is whole, and of the same recipe, is gone on from: at every kill and every damage."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from studio.training.snapshots import MANIFEST, STATE, Snapshots

RECIPE = {"epochs": 3, "learning_rate": 1e-4}
CHILD = "import sys; from tests.training.test_snapshots import write_three; write_three(sys.argv[1])"


def write_snapshot(snapshots: Snapshots, step: int, kept: int | None = None) -> None:
    """Leave what a training leaves, in few bytes."""
    if kept is not None and not snapshots.kept_path(kept).exists():
        snapshots.keep(kept, lambda path: path.write_bytes(b"best %d" % kept) and None)

    def write(folder: Path) -> None:
        (folder / "weights.safetensors").write_bytes(b"weights %d" % step * 50)

    snapshots.write(step, {"epoch": step}, kept, write)


def write_three(folder: str) -> None:
    """What the children of these tests do: three snapshots, the best epoch changing once."""
    snapshots = Snapshots(Path(folder), RECIPE)
    snapshots.open()
    for step, kept in ((1, 1), (2, 1), (3, 3)):
        write_snapshot(snapshots, step, kept)


def opened(folder: Path, **options: Any) -> Snapshots:
    """The snapshots of a folder, which is made."""
    snapshots = Snapshots(folder, RECIPE, **options)
    snapshots.open()
    return snapshots


def step_of(snapshots: Snapshots) -> int | None:
    """The step that would be gone on from."""
    found = snapshots.newest()
    return found.step if found else None


def test_the_last_two_and_the_best_weights_they_need_stay(tmp_path: Path) -> None:
    snapshots = opened(tmp_path)
    for step, kept in ((9, 1), (18, 2), (27, 2)):
        write_snapshot(snapshots, step, kept)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "kept-2.safetensors",
        "snapshot-18",
        "snapshot-27",
    ]
    found = snapshots.newest()
    assert found is not None and found.step == 27 and found.state["epoch"] == 27


def test_best_weights_stay_as_long_as_one_of_the_two_names_them(tmp_path: Path) -> None:
    snapshots = opened(tmp_path)
    write_snapshot(snapshots, 9, 1)
    write_snapshot(snapshots, 18, 2)
    assert snapshots.kept_path(1).is_file() and snapshots.kept_path(2).is_file()
    write_snapshot(snapshots, 27, 2)
    assert not snapshots.kept_path(1).exists()


def test_best_weights_that_no_snapshot_names_go_when_better_ones_come(tmp_path: Path) -> None:
    snapshots = opened(tmp_path)
    write_snapshot(snapshots, 9, 1)
    for epoch in range(2, 6):
        snapshots.keep(epoch, lambda path: path.write_bytes(b"better") and None)
        assert sorted(path.name for path in tmp_path.glob("kept-*")) == [
            "kept-1.safetensors",
            f"kept-{epoch}.safetensors",
        ]
    assert step_of(snapshots) == 9


@pytest.mark.parametrize("point", ["fsync", "rename"])
def test_a_kill_at_any_moment_of_writing_leaves_the_one_before_or_the_new_one(
    tmp_path: Path, point: str
) -> None:
    for number in range(1, 100):
        folder = tmp_path / str(number)
        done = subprocess.run(
            [sys.executable, "-c", CHILD, str(folder)],
            env={**os.environ, "STUDIO_FAULT": f"{point}:{number}"},
            check=False,
        )
        before = {int(path.name[9:]) for path in folder.glob("snapshot-*")}
        snapshots = opened(folder)
        assert step_of(snapshots) == max(before, default=None)
        assert not list(folder.glob(".*")) and not list(folder.glob("damaged-*"))
        if done.returncode == 0:
            assert before == {2, 3}
            break
        assert done.returncode == -signal.SIGKILL
    assert number > (5 if point == "rename" else 19), "each of them was tried"


@pytest.mark.parametrize("name", ["weights.safetensors", STATE, MANIFEST, "../kept-2.safetensors"])
@pytest.mark.parametrize("damage", ["cut", "flipped", "gone", "empty"])
def test_a_damaged_one_is_set_aside_with_a_line_and_the_one_before_is_used(
    tmp_path: Path, name: str, damage: str
) -> None:
    lines: list[str] = []
    snapshots = opened(tmp_path, log=lines.append)
    write_snapshot(snapshots, 9, 1)
    write_snapshot(snapshots, 18, 2)
    path = tmp_path / "snapshot-18" / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.unlink()
    if damage != "gone":
        path.write_bytes({"cut": content[:-1], "flipped": content, "empty": b""}[damage])
    assert step_of(snapshots) == 9
    assert len(lines) == 1 and "step 18 is damaged" in lines[0]
    assert (tmp_path / "damaged-18").is_dir() and not (tmp_path / "snapshot-18").exists()
    snapshots.kept_path(2).unlink(missing_ok=True)
    write_snapshot(snapshots, 18, 2)
    assert step_of(snapshots) == 18 and not (tmp_path / "damaged-18").exists()


def test_every_single_flipped_bit_of_a_snapshot_is_noticed(tmp_path: Path) -> None:
    snapshots = opened(tmp_path)
    write_snapshot(snapshots, 9, 1)
    for path in sorted((tmp_path / "snapshot-9").iterdir()):
        whole = path.read_bytes()
        for place in range(0, len(whole), 7):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
            assert step_of(snapshots) is None, (path.name, place)
            (tmp_path / "damaged-9").rename(tmp_path / "snapshot-9")
        path.write_bytes(whole)
    assert step_of(snapshots) == 9


def test_another_recipe_starts_anew(tmp_path: Path) -> None:
    write_snapshot(opened(tmp_path), 9, 1)
    assert Snapshots(tmp_path, RECIPE | {"epochs": 4}).newest() is None
    assert json.loads((tmp_path / "snapshot-9" / STATE).read_text())["recipe"] == RECIPE


def test_clearing_forgets_all_but_what_is_not_a_snapshot(tmp_path: Path) -> None:
    snapshots = opened(tmp_path)
    write_snapshot(snapshots, 9, 1)
    (tmp_path / "memory.json").write_text("{}")
    snapshots.clear()
    assert [path.name for path in tmp_path.iterdir()] == ["memory.json"]


def test_a_nearly_full_disk_costs_the_older_one_first_and_never_the_last(tmp_path: Path) -> None:
    snapshots = opened(tmp_path, free=lambda _: 300 * 10**6)
    write_snapshot(snapshots, 9, 1)
    write_snapshot(snapshots, 18, 1)
    snapshots.make_room(100 * 10**6, reserve_bytes=200 * 10**6)
    assert len(list(tmp_path.glob("snapshot-*"))) == 2
    words = "A snapshot takes 150 MB; 300 MB are free, of which 200 MB are to stay so"
    with pytest.raises(OSError, match=words) as caught:
        snapshots.make_room(150 * 10**6, reserve_bytes=200 * 10**6)
    assert caught.value.errno == errno.ENOSPC
    assert [path.name for path in tmp_path.glob("snapshot-*")] == ["snapshot-18"]
    assert step_of(snapshots) == 18


def test_nothing_half_written_stays_where_writing_fails(tmp_path: Path) -> None:
    snapshots = opened(tmp_path)

    def fail(folder: Path) -> None:
        (folder / "weights.safetensors").write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        snapshots.write(9, {}, None, fail)
    assert list(tmp_path.iterdir()) == []
