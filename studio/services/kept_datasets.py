"""The datasets that are there, in all their versions: list, show and delete."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from studio.checkpoints.tokens import longest_of
from studio.data.dataset import Dataset, Profile, parse_address
from studio.data.library import Library
from studio.data.splits import SPLITS
from studio.errors import Conflict, InvalidInput, NotFound
from studio.records.datasets import DatasetStore
from studio.records.models import ModelStore
from studio.services.jobs import JobService
from studio.services.profiles import PROFILE, needs_profile, profile_job
from studio.settings import Settings
from studio.tasks.base import Row
from studio.tasks.registry import get_task

GLIMPSED_GROUPS = 4
LONGEST_ROWS = 20


class KeptDatasets:
    """The verbs on datasets as a whole; "tickets" means the newest version, "tickets@2" the second."""

    def __init__(
        self,
        settings: Settings,
        library: Library,
        rows: DatasetStore,
        models: ModelStore,
        jobs: JobService,
    ) -> None:
        self._jobs = jobs
        self._settings = settings
        self._library = library
        self._rows = rows
        self._models = models
        self._longest = lru_cache(maxsize=16)(self._find_longest)
        self._longest_tokens = lru_cache(maxsize=64)(self._count_longest)

    def list(self) -> list[Dataset]:
        """The newest version of each name, the newest first."""
        return self._rows.list()

    def get(self, name: str) -> Dataset:
        """One dataset; NotFound where there is none of that name, or not in that version."""
        plain, version = parse_address(name)
        dataset = self._rows.get(plain, version)
        if dataset is None and version is not None and self._rows.name_taken(plain):
            there = ", ".join(str(one.version) for one in reversed(self._rows.versions(plain)))
            raise NotFound(f"'{plain}' has no version {version}.", f"There are: {there}.")
        if dataset is None:
            raise NotFound(
                f"There is no dataset '{plain}'.",
                "The list of datasets shows those there are.",
                shell_hint="Print it with: python -m studio dataset list",
            )
        return dataset

    def by_id(self, dataset_id: str) -> Dataset | None:
        """The version of that id, such as a model was trained on; None where it is gone."""
        return self._rows.by_id(dataset_id)

    def versions(self, name: str) -> Sequence[Dataset]:
        """All versions of a name, newest first; NotFound where there is none of that name."""
        return self._rows.versions(self.get(name).name)

    def delete(self, name: str) -> None:
        """Delete all versions of a name, or the one that is named; models trained on them stay.

        Later versions stay as well, since each is whole. Conflict while a job needs what would go.
        """
        doomed = [self.get(name)] if parse_address(name)[1] is not None else self.versions(name)
        ids = {dataset.id for dataset in doomed}
        for job in self._jobs.unfinished():
            needed = {job.payload.get("dataset_id"), job.payload.get("trained_on_id")}
            if ids & needed and job.kind != PROFILE:
                raise Conflict(
                    f"'{name}' is in use by the job '{job.title}'.",
                    "Cancel that job or wait for it, then delete.",
                )
        for dataset in doomed:
            self._rows.delete_version(dataset.id)
            self._library.delete(dataset.id)

    def _look_closer(self, dataset: Dataset) -> Dataset:
        """The dataset; queue the job that finds what takes too long to be found at once."""
        if needs_profile(sum(dataset.rows.values())):
            self._jobs.submit(profile_job(self._settings.home, dataset.id, dataset.address))
        return dataset

    def profile(self, name: str) -> Profile | None:
        """What was found out later, in the background; None where nothing was (yet)."""
        return self._library.profile(self.get(name).id)

    def rows(self, name: str, split: str, offset: int = 0, limit: int = 50) -> Sequence[dict[str, Any]]:
        """A slice of one split, each row with text, label and line."""
        return self._library.rows(self.get(name).id, split, offset, limit)

    def examples(self, name: str, split: str = "test", count: int = 6) -> Sequence[Row]:
        """Rows to try a model on, one per label or number first, never from training."""
        if split == "train":
            raise InvalidInput("Examples to try never come from training.", "Use validation or test.")
        dataset = self.get(name)
        task = get_task(dataset.task)
        frame = self._library.frame(dataset.id, split)
        firsts = frame.drop_duplicates(task.answer_role.key)
        chosen = pd.concat([firsts, frame.drop(firsts.index)]).head(count)
        return task.rows_of(chosen)

    def folder(self, name: str) -> Path:
        """Where the dataset's files are."""
        return self._settings.datasets_dir / self.get(name).id

    def asked(self, name: str, split: str, sample: int | None = None) -> list[Row]:
        """What a model reads of the rows of one split, in order, or of every k-th of about ``sample``."""
        dataset = self.get(name)
        task = get_task(dataset.task)
        frame = self._library.stored(dataset.id, split).read(list(task.asked_among(dataset.roles)))
        return task.rows_of(frame.iloc[:: max(1, len(frame) // sample) if sample else 1])

    def glimpse(self, dataset_id: str, split: str, sample: int) -> list[Row]:
        """What a model reads of about ``sample`` rows of a few groups of a split, however many it has."""
        dataset, stored = self._library.load(dataset_id), self._library.stored(dataset_id, split)
        task = get_task(dataset.task)
        groups = np.unique(np.linspace(0, stored.groups - 1, GLIMPSED_GROUPS).astype(int)).tolist()
        frame = stored.read_groups(groups, list(task.asked_among(dataset.roles))).to_pandas()
        return task.rows_of(frame.iloc[:: max(1, len(frame) // sample)])

    def sequences(self, name: str, split: str, sample: int) -> tuple[list[Row], float]:
        """What a model looks at one by one of about ``sample`` rows, and how many that are for each row."""
        rows = self.asked(name, split, sample)
        found = get_task(self.get(name).task).sequences_of(rows)
        return found, len(found) / len(rows) if rows else 1.0

    def longest_tokens(self, name: str, folder: Path | None, counted: int) -> dict[str, int]:
        """The tokens of the longest text of each part that has rows, by the tokenizer in a folder.

        ``counted`` is the longest of those training texts whose tokens are known already. Of the others 20 of
        each part are looked at, those with the most bytes: among them is nearly always the longest.
        """
        dataset = self.get(name)
        found = self._longest_tokens(dataset.address, dataset.id, folder)
        return {**found, "train": max(found["train"], counted)}

    def _count_longest(self, address: str, dataset_id: str, folder: Path | None) -> dict[str, int]:
        return longest_of(folder, self._longest(address, dataset_id))

    def _find_longest(self, address: str, _dataset_id: str) -> dict[str, list[Row]]:
        dataset = self.get(address)
        task = get_task(dataset.task)
        roles = list(task.asked_among(dataset.roles))
        found = {}
        for split in (split for split in SPLITS if dataset.rows.get(split)):
            frame = self._library.stored(dataset.id, split).read(roles)
            # In UTF-8, as a Chinese character is about three Latin letters to a tokenizer too.
            sizes = sum(pc.binary_length(pa.array(frame[role])).to_numpy() for role in roles)
            chosen = frame.iloc[np.argsort(-sizes, kind="stable")[:LONGEST_ROWS]]
            found[split] = task.sequences_of(task.rows_of(chosen))
        return found

    def used_by(self, name: str) -> Sequence[str]:
        """Names of the models trained on the dataset, not on one that had its name before.

        A name alone speaks of all its versions, "tickets@2" of that one.
        """
        chosen = [self.get(name)] if parse_address(name)[1] is not None else self.versions(name)
        ids = {dataset.id for dataset in chosen}
        return [model.name for model in self._models.list() if model.dataset_id in ids]
