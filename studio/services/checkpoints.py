"""Checkpoints: the catalogue, what of it is here, three to choose from, and fetching one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobs.queue import JobView, NewJob
from studio.checkpoints.builtin import builtin_folder
from studio.checkpoints.catalogue import Checkpoint, load_catalogue
from studio.checkpoints.guide import DatasetFacts, Recommendation, recommend
from studio.checkpoints.resolve import Resolved, check_reachable, resolve, state_of
from studio.services.datasets import DatasetService
from studio.services.jobs import JobService
from studio.services.models import ModelService
from studio.settings import Settings
from studio.tasks.base import text_of
from studio.training.hardware import detect_machine

FACT_TEXTS = 400
GUESSED = (
    "family", "architecture", "language", "cased", "layers", "hidden", "heads", "parameters", "max_tokens",
    "good_for", "bad_for", "download_bytes",
)  # fmt: skip


@dataclass(frozen=True)
class CheckpointView:
    """A checkpoint and its state on this machine.

    ``sentence`` and ``hint`` say why it is not ready and what to do, where it was asked for by name;
    ``known`` is False where its numbers are those of a stand-in.
    """

    checkpoint: Checkpoint
    state: str
    sentence: str = ""
    hint: str = ""
    known: bool = True


class CheckpointService:
    """The verbs on checkpoints."""

    def __init__(
        self, settings: Settings, datasets: DatasetService, models: ModelService, jobs: JobService
    ) -> None:
        self._settings = settings
        self._datasets = datasets
        self._models = models
        self._jobs = jobs

    def list(self) -> list[CheckpointView]:
        """The catalogue, each with its state here."""
        return [
            CheckpointView(checkpoint, state_of(checkpoint, self._settings))
            for checkpoint in load_catalogue().values()
        ]

    def get(self, checkpoint_id: str) -> CheckpointView:
        """One checkpoint by catalogue id, hub id, folder or own model."""
        found = self.resolve(checkpoint_id)
        return CheckpointView(found.checkpoint, found.state, found.sentence, found.hint, found.known)

    def resolve(self, checkpoint_id: str) -> Resolved:
        """Find a checkpoint without using the network; NotFound where nothing goes by this name."""
        return resolve(checkpoint_id, self._settings, self._model_folder)

    def require(self, checkpoint_id: str, allow_pickle: bool = False) -> Resolved:
        """As resolve, and check that training can have it: here, or on the hub now."""
        resolved = self.resolve(checkpoint_id)
        if not resolved.ready:
            check_reachable(resolved, self._settings, allow_pickle)
        return resolved

    def recommend(self, dataset_name: str) -> list[Recommendation]:
        """Three checkpoints for the dataset, each with its reason."""
        dataset = self._datasets.get(dataset_name)
        texts = [text_of(row) for row in self._datasets.asked(dataset_name, "train", sample=FACT_TEXTS)]
        facts = DatasetFacts.of_texts(texts, rows=dataset.rows["train"])
        states = {view.checkpoint.id: view.state for view in self.list()}
        return recommend(facts, detect_machine().device, states, offline=self._settings.offline)

    def fetch(self, checkpoint_id: str, allow_pickle: bool = False) -> JobView:
        """Queue the download of a checkpoint."""
        resolved = self.resolve(checkpoint_id)
        if not resolved.ready:
            self.require(checkpoint_id, allow_pickle)
        return self._jobs.submit(
            NewJob(
                kind="fetch",
                handler="studio.handlers.fetch_checkpoint",
                payload={
                    "home": str(self._settings.home),
                    "checkpoint": resolved.id,
                    "allow_pickle": allow_pickle,
                },
                lane="light",
                title=f"Fetch {checkpoint_id}",
            )
        )

    def verify_builtin(self) -> Path:
        """The folder of the built-in checkpoint; a StudioError where it is missing or changed."""
        return builtin_folder(self._settings.checkpoints_dir)

    def _model_folder(self, name: str) -> Path | None:
        model = self._models.find(name)
        return None if model is None else self._models.folder_of(model)


def checkpoint_to_json(view: CheckpointView) -> dict[str, Any]:
    """The checkpoint's shape that commands and the API print; null for what nobody knows yet."""
    one = view.checkpoint
    found = {
        "id": one.id,
        "title": one.title,
        "state": view.state,
        "sentence": view.sentence or None,
        "hint": view.hint or None,
        "family": one.family,
        "architecture": one.architecture,
        "language": one.language,
        "cased": one.cased,
        "layers": one.layers,
        "hidden": one.hidden,
        "heads": one.heads,
        "parameters": one.parameters,
        "max_tokens": one.max_tokens,
        "licence": one.licence or None,
        "licence_source": one.licence_source or None,
        "good_for": one.good_for,
        "bad_for": one.bad_for,
        "download_bytes": one.download_bytes,
        "repo": one.repo,
    }
    return found if view.known else {**found, **dict.fromkeys(GUESSED)}
