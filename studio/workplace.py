"""Where the jobs about one model read and write."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from studio.data.dataset import Dataset
from studio.data.library import Library
from studio.settings import Settings
from studio.tasks.base import Task
from studio.tasks.registry import get_task


@dataclass(frozen=True)
class Workplace:
    """The dataset and the model folder of one job."""

    settings: Settings
    library: Library
    dataset: Dataset
    model_dir: Path

    @classmethod
    def of(cls, payload: dict[str, Any], model_id: str) -> Workplace:
        """Found from a job's payload."""
        settings = Settings.from_environment()
        library = Library(settings.datasets_dir)
        dataset = library.load(payload["dataset_id"])
        return cls(settings, library, dataset, settings.models_dir / model_id)

    def split(self, name: str) -> pd.DataFrame:
        """A column for each role, and line and file, of one split."""
        return self.library.frame(self.dataset.id, name)

    @property
    def task(self) -> Task:
        """What the dataset was imported for."""
        return get_task(self.dataset.task)

    @property
    def roles(self) -> tuple[str, ...]:
        """What a model that is trained on the dataset reads of each row."""
        return self.task.asked_among(self.dataset.roles)
