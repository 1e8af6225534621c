"""Only a snapshot that is complete, and of the same recipe, is gone on from."""

from __future__ import annotations

from pathlib import Path

from studio.training.course import Course
from studio.training.snapshots import MARKER, Snapshots


def write_snapshot(snapshots: Snapshots, step: int, course: Course) -> None:
    """Leave what an epoch leaves."""
    snapshots.step_folder(step).mkdir(parents=True)
    (snapshots.step_folder(step) / "model.safetensors").write_bytes(b"weights")
    if course.best_epoch:
        snapshots.kept_path(course.best_epoch).write_bytes(b"best")
    snapshots.complete(step, course)


def judged(*accuracies: float) -> Course:
    """A course of so many epochs."""
    course = Course("accuracy", "accuracy")
    for accuracy in accuracies:
        course.add_epoch({"accuracy": accuracy, "loss": 1.0}, {"loss": 1.0})
    return course


def test_the_newest_complete_one_is_found_and_older_ones_are_dropped(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path, {"epochs": 3})
    write_snapshot(snapshots, 9, judged(0.8))
    write_snapshot(snapshots, 18, judged(0.8, 0.9))
    found = snapshots.newest()
    assert found is not None and found[0].name == "checkpoint-18" and found[1].best_epoch == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint-18", "kept-2.safetensors"]


def test_the_best_weights_stay_while_later_epochs_are_worse(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path, {})
    write_snapshot(snapshots, 9, judged(0.9))
    write_snapshot(snapshots, 18, judged(0.9, 0.8))
    assert snapshots.kept_path(1).is_file()
    assert snapshots.newest() is not None


def test_one_without_its_marker_or_its_best_weights_is_passed_over(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path, {})
    write_snapshot(snapshots, 9, judged(0.9))
    snapshots.step_folder(18).mkdir()
    found = snapshots.newest()
    assert found is not None and found[0].name == "checkpoint-9"
    snapshots.kept_path(1).unlink()
    assert snapshots.newest() is None


def test_a_marker_that_is_cut_off_counts_as_none(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path, {})
    write_snapshot(snapshots, 9, judged(0.9))
    marker = snapshots.step_folder(9) / MARKER
    marker.write_text(marker.read_text(encoding="utf-8")[:-5], encoding="utf-8")
    assert snapshots.newest() is None


def test_another_recipe_starts_anew(tmp_path: Path) -> None:
    write_snapshot(Snapshots(tmp_path, {"epochs": 3}), 9, judged(0.9))
    assert Snapshots(tmp_path, {"epochs": 4}).newest() is None


def test_clearing_leaves_an_empty_folder(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path / "new", {})
    snapshots.clear()
    write_snapshot(snapshots, 9, judged(0.9))
    snapshots.clear()
    assert list(snapshots.folder.iterdir()) == []
