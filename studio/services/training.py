"""Training: what a recipe will do, and starting it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from jobs.queue import JobView, NewJob
from studio.checkpoints.guide import warn_of_language
from studio.checkpoints.language import guess_language
from studio.checkpoints.resolve import Resolved
from studio.checkpoints.tokens import lengths_of, read_tokens
from studio.data.checks.rows import FEW_ROWS
from studio.data.dataset import Dataset
from studio.errors import Conflict, InvalidInput, Unavailable
from studio.services.checkpoints import CheckpointService
from studio.services.datasets import DatasetService
from studio.services.jobs import JobService
from studio.services.models import ModelService
from studio.services.names import check_name, clean_name, free_name
from studio.services.pace import notes_on_pace, pace_of
from studio.tasks.parts import lengths_of_parts
from studio.tasks.registry import get_task
from studio.training.estimates import Estimate, Words, Workload, estimate
from studio.training.hardware import detect_machine
from studio.training.presets import PRESETS, PresetFacts, preset_recipe
from studio.training.recipe import Recipe, field_specs

SAMPLED_TEXTS, LANGUAGE_TEXTS = 2000, 300
JOBS_LOOKED_AT = 30
CUT_SHARE_WORTH_SAYING = 0.02
FEW_ROWS_OF_A_LABEL = 10
OWN_PLACE = "Choose it with --{field} of the command, or beside 'recipe' in a request: '{field}'."
MAKE_ROOM = (
    "Delete models and datasets that are no longer needed, choose the method lora or a smaller checkpoint, "
    "or keep the studio on another disk with STUDIO_HOME. STUDIO_MIN_FREE_MB is what must stay free."
)
DATASETS_TASK = "Leave it out: the task is the dataset's own."


class Sample(NamedTuple):
    """What was seen of some training rows: tokens of each sequence, (sequences,), how many sequences a row
    has, the words where they could be read, and the language.
    """

    lengths: np.ndarray
    sequences: float
    words: Words | None
    language: str


@dataclass(frozen=True)
class TrainRequest:
    """A wish to train; ``changes`` are recipe fields that differ from the preset."""

    dataset: str
    checkpoint: str
    preset: str = "balanced"
    changes: Mapping[str, Any] = field(default_factory=dict)
    name: str | None = None
    key: str | None = None
    allow_pickle: bool = False
    task: str | None = None
    owner: str = ""

    def asked(self) -> dict[str, Any]:
        """What tells one wish from another, as plain JSON."""
        wish = {
            "dataset": self.dataset,
            "checkpoint": self.checkpoint,
            "preset": self.preset,
            "changes": dict(self.changes),
            "name": self.name,
        }
        return dict(json.loads(json.dumps(wish)))


@dataclass(frozen=True)
class TrainingPlan:
    """What a training will do.

    ``cut_share`` is the share of training texts longer than the recipe's length, ``longest`` the tokens of
    the longest text of each part that has rows.
    """

    recipe: Recipe
    rows: int
    steps: int
    cut_share: float
    longest: Mapping[str, int]
    estimate: Estimate
    ready: bool
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    command: str


class TrainingService:
    """The verbs on training."""

    def __init__(
        self, datasets: DatasetService, checkpoints: CheckpointService, models: ModelService, jobs: JobService
    ) -> None:
        self._datasets = datasets
        self._checkpoints = checkpoints
        self._models = models
        self._jobs = jobs
        self._samples = lru_cache(maxsize=64)(self._look_at_texts)

    def presets(self, dataset_name: str, checkpoint_id: str) -> dict[str, Recipe]:
        """The recipe of each preset for this dataset and checkpoint."""
        return {preset: self.recipe(TrainRequest(dataset_name, checkpoint_id, preset)) for preset in PRESETS}

    def recipe(self, request: TrainRequest) -> Recipe:
        """The preset's recipe with the request's changes; InvalidInput names the field that does not fit."""
        if request.preset not in PRESETS:
            raise InvalidInput(f"'{request.preset}' is no preset.", f"Choose one of {', '.join(PRESETS)}.")
        refuse_chosen_elsewhere(request.changes)
        dataset = self._datasets.get(request.dataset)
        if request.task not in {None, dataset.task}:
            raise InvalidInput(
                f"'{dataset.name}' is a dataset for {dataset.task}, not for {request.task}.",
                "Leave the task out, or import the table for that task.",
            )
        if (
            "class_weights" in get_task(dataset.task).unused_settings
            and request.changes.get("class_weights", "none") != "none"
        ):
            raise InvalidInput(
                f"The rows of '{dataset.name}' have not one label each, which could be weighted.",
                "Leave the class weights at none.",
            )
        if not dataset.rows["train"]:
            raise InvalidInput(
                f"'{dataset.name}' has no training rows: it was imported to score models on.",
                "Choose another dataset, or import the table again on the Data page to train on it.",
            )
        resolved = self._checkpoints.resolve(request.checkpoint)
        lengths = self.token_lengths(dataset, resolved)
        facts = PresetFacts(
            parameters=resolved.checkpoint.parameters,
            rows=dataset.rows["train"],
            median_tokens=int(np.median(lengths)),
            p95_tokens=int(np.percentile(lengths, 95)),
            device=detect_machine().device,
            max_tokens=resolved.checkpoint.max_tokens,
            method=str(request.changes.get("method", "full")),
            hidden=resolved.checkpoint.hidden,
        )
        fields = {
            **preset_recipe(request.preset, facts),
            "preset": request.preset,
            "checkpoint": resolved.id,
            "task": dataset.task,
        }
        recipe = Recipe.from_settings({**fields, **request.changes})
        if recipe.max_length > resolved.checkpoint.max_tokens:
            raise InvalidInput(
                f"max_length is {recipe.max_length}; {request.checkpoint} reads at most "
                f"{resolved.checkpoint.max_tokens} tokens.",
                f"Choose {resolved.checkpoint.max_tokens} or less, or another checkpoint.",
            )
        return recipe

    def plan(self, request: TrainRequest) -> TrainingPlan:
        """What the training would do, without starting it."""
        dataset = self._datasets.get(request.dataset)
        resolved = self._checkpoints.resolve(request.checkpoint)
        recipe = self.recipe(request)
        lengths = self.token_lengths(dataset, resolved)
        found = self._expect(dataset, resolved, recipe)
        pace = self._pace()
        found = replace(found, seconds=found.seconds * pace)
        return TrainingPlan(
            recipe=recipe,
            rows=dataset.rows["train"],
            steps=found.steps,
            cut_share=float((lengths > recipe.max_length).mean()),
            longest=self._datasets.longest_tokens(dataset.address, resolved.folder, int(lengths.max())),
            estimate=found,
            ready=resolved.ready,
            notes=(*notes_on(resolved, dataset), *notes_on_pace(pace)),
            warnings=(
                *lack_of_disk(found.disk_bytes, self._models.room_bytes),
                *warn_of_language(resolved.checkpoint, self._look(dataset, resolved).language),
                *few_rows_of(dataset),
                *few_rows_of_labels(dataset),
            ),
            command=command_of(request, resolved),
        )

    def start(self, request: TrainRequest) -> JobView:
        """Queue the training; the same wish with the same key twice gives the first job, as it stands.

        Raises InvalidInput for a recipe that does not fit, Unavailable where the checkpoint cannot be
        had or the disk is too full, Conflict where the model's name is taken or the key is another wish's.
        """
        if request.key and (job := self._jobs.find_by_key(request.key)):
            return same_wish(job, request)
        dataset = self._datasets.get(request.dataset)
        recipe = self.recipe(request)
        resolved = self._checkpoints.require(request.checkpoint, request.allow_pickle)
        expected = self._expect(dataset, resolved, recipe)
        for lack in lack_of_disk(expected.disk_bytes, self._models.room_bytes):
            raise Unavailable(lack, MAKE_ROOM)
        name = self._model_name(request, dataset)
        payload = {
            "home": str(self._models.home),
            "model": name,
            "dataset": dataset.name,
            "dataset_id": dataset.id,
            "checkpoint": resolved.id,
            "start_model_id": self._start_model_id(resolved),
            "allow_pickle": request.allow_pickle,
            "recipe": recipe.model_dump(),
            "asked": request.asked(),
            # A download is no part of the estimate, but of what the job takes.
            "estimated_seconds": expected.seconds if resolved.ready else None,
            "expected_seconds": expected.seconds * self._pace(),
        }
        job = NewJob(
            kind="train",
            handler="studio.handlers.train",
            payload=payload,
            title=name,
            key=request.key,
            owner=request.owner,
            resumable=True,
        )
        return same_wish(self._jobs.submit(job), request)

    def token_lengths(self, dataset: Dataset, resolved: Resolved) -> np.ndarray:
        """Tokens of what is read of up to 2,000 training rows, special tokens included, as it counts."""
        return self._look(dataset, resolved).lengths

    def _look(self, dataset: Dataset, resolved: Resolved) -> Sample:
        return self._samples(dataset.address, dataset.id, resolved.folder)

    def _look_at_texts(self, address: str, _dataset_id: str, folder: Any) -> Sample:
        sequences, of_row = self._datasets.sequences(address, "train", SAMPLED_TEXTS)
        texts = [text for row in sequences[:LANGUAGE_TEXTS] for text in row.values()]
        ids = read_tokens(folder, sequences)
        words = Words.of(np.concatenate(ids)) if ids else None
        return Sample(lengths_of(ids, sequences), of_row, words, guess_language(texts))

    def _expect(self, dataset: Dataset, resolved: Resolved, recipe: Recipe) -> Estimate:
        sample = self._look(dataset, resolved)
        return expect(dataset, resolved, recipe, sample)

    def _pace(self) -> float:
        """Seconds that trainings take here for each one estimated."""
        return pace_of(self._jobs.latest("train", JOBS_LOOKED_AT))

    def _start_model_id(self, resolved: Resolved) -> str | None:
        return self._models.get(resolved.id).id if resolved.source == "model" else None

    def suggest_name(self, dataset_name: str, checkpoint_id: str) -> str:
        """A name for the model that no other has, nor a job that makes one."""
        start = checkpoint_id.rstrip("/").rsplit("/", 1)[-1]
        return free_name(clean_name(f"{dataset_name}-{start}"), self._taken_names())

    def _taken_names(self) -> set[str]:
        waiting = {job.payload["model"] for job in self._jobs.unfinished() if job.kind == "train"}
        return {model.name for model in self._models.list()} | waiting

    def _model_name(self, request: TrainRequest, dataset: Dataset) -> str:
        if request.name is None:
            return self.suggest_name(dataset.name, request.checkpoint)
        check_name(request.name, "model")
        if request.name in self._taken_names():
            raise Conflict(
                f"There is a model '{request.name}' already, or a job that makes one.", "Choose another name."
            )
        return request.name


def expect(dataset: Dataset, resolved: Resolved, recipe: Recipe, sample: Sample) -> Estimate:
    """What a training will take here, from what was seen of some rows."""
    lengths, sequences = sample.lengths, sample.sequences
    reads_all = get_task(dataset.task).reads_all
    if reads_all and len(lengths):
        parts = lengths_of_parts(lengths, recipe.max_length)
        lengths, sequences = parts, sequences * len(parts) / len(lengths)
    workload = Workload(
        train_rows=dataset.rows["train"],
        validation_rows=dataset.rows["validation"],
        test_rows=dataset.rows["test"],
        lengths=np.minimum(lengths, recipe.max_length),
        sequences=sequences,
        words=sample.words,
        firsts_only=not reads_all,
    )
    return estimate(recipe, resolved.checkpoint, workload, detect_machine())


def same_wish(job: JobView, request: TrainRequest) -> JobView:
    """The job of the request's key; Conflict where it was queued for another wish."""
    asked = request.asked()
    first = job.payload.get("asked", asked)  # a job that an earlier version queued does not say
    differing = [name for name, value in asked.items() if first.get(name, value) != value]
    if differing:
        parts = " and ".join("recipe" if name == "changes" else name for name in differing)
        raise Conflict(
            f"The key of this request was used for another training: its {parts} differed "
            f"(job {job.id}, model '{job.title}').",
            "Send a new key with another request, and the same key only to repeat one.",
        )
    return job


def refuse_chosen_elsewhere(changes: Mapping[str, Any]) -> None:
    """Raise InvalidInput for the fields of a recipe that have a place of their own in a request."""
    changeable = {spec.name for spec in field_specs()}
    for name in Recipe.model_fields:
        if name in changes and name not in changeable:
            raise InvalidInput(
                f"'{name}' cannot be changed among the recipe's fields.",
                DATASETS_TASK if name == "task" else OWN_PLACE.format(field=name),
            )


def notes_on(resolved: Resolved, dataset: Dataset) -> tuple[str, ...]:
    """What will happen to the checkpoint before training."""
    notes = [] if resolved.ready else [f"{resolved.sentence} {resolved.hint}".strip()]
    if resolved.source == "model":
        notes.append(
            f"It starts from your model '{resolved.id}' and gets a new head where the labels differ."
        )
    if not dataset.rows.get("test"):
        notes.append("There are no test rows: the score will be that on the validation rows.")
    return tuple(notes)


def lack_of_disk(needed_bytes: int, room_bytes: int) -> tuple[str, ...]:
    """A sentence where the disk has not room for a training; else nothing."""
    if room_bytes >= needed_bytes:
        return ()
    return (
        f"This training needs {needed_bytes / 1e9:,.1f} GB of the disk for its snapshots and the model; "
        f"it has room for {room_bytes / 1e9:,.1f} GB.",
    )


def few_rows_of(dataset: Dataset) -> tuple[str, ...]:
    """A sentence where a dataset of any kind has too few rows for a score that means much; else nothing."""
    rows = sum(dataset.rows.values())
    if rows >= FEW_ROWS:
        return ()
    measured = "test" if dataset.rows.get("test") else "validation"
    scored = max(1, dataset.rows[measured])
    one = scored == 1
    counts = "It alone is" if one else f"Each of these counts for {100 / scored:.0f} % of"
    return (
        f"There are only {rows} rows: {dataset.rows['train']} to learn from and {scored} {measured} "
        f"{'row' if one else 'rows'} to measure with. {counts} the score, so chance decides much of it. "
        f"Import a table with more rows, {FEW_ROWS} at least.",
    )


def few_rows_of_labels(dataset: Dataset) -> tuple[str, ...]:
    """Labels with too few rows for a certain score."""
    counts = dataset.class_counts.get("train", {})
    rare = sorted((count, label) for label, count in counts.items() if count < FEW_ROWS_OF_A_LABEL)
    return tuple(
        f"'{label}' has {count} training {'row' if count == 1 else 'rows'}: its score will be uncertain."
        for count, label in rare[:5]
    )


def command_of(request: TrainRequest, resolved: Resolved) -> str:
    """The same training as a command to copy; it agrees to a pickle where the request does."""
    parts = [
        "python",
        "-m",
        "studio",
        "train",
        "--dataset",
        request.dataset,
        "--checkpoint",
        request.checkpoint,
    ]
    parts += ["--preset", request.preset]
    for name, value in request.changes.items():
        parts += ["--set", f"{name}={value}"]
    if request.name:
        parts += ["--name", request.name]
    if request.allow_pickle and resolved.needs_agreement:
        parts.append("--allow-pickle")
    return shlex.join(parts)
