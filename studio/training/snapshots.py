"""What a training leaves after each epoch so that it can go on where it was: complete ones only."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from studio.training.course import Course

MARKER = "course.json"


class Snapshots:
    """The snapshots of one job: the newest epoch (weights, optimizer, chance) and the weights to keep."""

    def __init__(self, folder: Path, recipe: dict[str, Any]) -> None:
        self.folder = folder
        self.recipe = recipe

    def clear(self) -> None:
        """Forget everything, for a training from the start."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True, exist_ok=True)

    def step_folder(self, step: int) -> Path:
        """Where the trainer puts the snapshot of a step."""
        return self.folder / f"checkpoint-{step}"

    def kept_path(self, epoch: int) -> Path:
        """Where the weights of an epoch lie that was the one to keep when it ended."""
        return self.folder / f"kept-{epoch}.safetensors"

    def complete(self, step: int, course: Course) -> None:
        """Mark a step's snapshot as complete, then drop what it replaces."""
        folder = self.step_folder(step)
        text = json.dumps({"recipe": self.recipe, "course": course.to_json()})
        waiting = folder / (MARKER + ".part")
        waiting.write_text(text, encoding="utf-8")
        waiting.replace(folder / MARKER)
        for other in self.folder.glob("checkpoint-*"):
            if other != folder:
                shutil.rmtree(other, ignore_errors=True)
        for other in self.folder.glob("kept-*.safetensors"):
            if other != self.kept_path(course.kept_epoch):
                other.unlink(missing_ok=True)

    def newest(self) -> tuple[Path, Course] | None:
        """Return the newest complete snapshot of the same recipe, and how the training went until it."""
        found = sorted(self.folder.glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2]))
        for folder in reversed(found):
            course = self.read(folder)
            if course is not None:
                return folder, course
        return None

    def read(self, folder: Path) -> Course | None:
        """Read a snapshot's marker; None where it is incomplete, or of another recipe."""
        try:
            data = json.loads((folder / MARKER).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if data["recipe"] != self.recipe:
            return None
        course = Course.from_json(data["course"])
        return course if self.kept_path(course.kept_epoch).is_file() else None
