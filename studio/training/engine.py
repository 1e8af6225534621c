"""Train one model by one recipe: from a checkpoint folder and labelled rows to a model folder."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import set_seed

from jobs.durable import fsync_tree, rename
from studio.checkpoints.loading import LoadedEncoder, load_encoder
from studio.errors import WorkFailed
from studio.metrics.registry import get_metric
from studio.tasks.base import Task
from studio.tasks.classification import LABEL
from studio.training.adapters import count_parameters, plain_model, prepare_method, set_dropout
from studio.training.batches import EncodedRows, make_collator, usable_length
from studio.training.course import Course, MeasuredPoint
from studio.training.placement import Placement, choose_placement, wants_plain_attention
from studio.training.progress import Progress
from studio.training.recipe import Recipe
from studio.training.reporter import Reporter
from studio.training.rows import Columns, check_rows, label_ids_of, rows_by_role
from studio.training.snapshots import Snapshots
from studio.training.trainer import EncoderTrainer, Lesson, load_learnt

OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")


@dataclass(frozen=True)
class TrainingRun:
    """One training to do; ``train`` and ``validation`` have a column for each role of the task.

    ``labels`` are all labels in the order of their ids. ``validation`` may have no rows. With ``resume`` it
    goes on from the newest complete snapshot of the same recipe in ``snapshots_dir``, where there is one.
    """

    task: Task
    recipe: Recipe
    checkpoint_folder: Path
    labels: Sequence[str]
    train: Columns
    validation: Columns
    out_dir: Path
    snapshots_dir: Path
    resume: bool = True


@dataclass(frozen=True)
class TrainingResult:
    """A finished training: its model folder is written, and model and tokenizer are still in memory.

    ``best_epoch`` is the epoch that was kept (1 is the first); ``train_metrics`` are loss and accuracy as met
    during that epoch; ``validation_metrics`` are empty without validation rows; ``rows_per_second`` counts
    training alone; ``sentence`` says how it went.
    """

    model: Any
    tokenizer: Any
    max_length: int
    history: list[MeasuredPoint]
    sentence: str
    best_epoch: int
    epochs: int
    train_metrics: dict[str, float]
    validation_metrics: dict[str, float]
    parameters: int
    trainable_parameters: int
    placement: Placement
    notes: tuple[str, ...]
    seconds: float
    rows_per_second: float


def train_model(run: TrainingRun, report: Progress) -> TrainingResult:
    """Train, keep the best epoch, and write the model folder to ``run.out_dir``.

    Raises InvalidInput where recipe and data do not fit, WorkFailed where the machine cannot do it,
    and whatever ``report.raise_if_cancelled`` raises.
    """
    try:
        return train_here(run, report)
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        if isinstance(error, MemoryError) or any(words in str(error).lower() for words in OUT_OF_MEMORY):
            raise WorkFailed(
                f"The memory did not suffice for batches of {run.recipe.batch_size} rows "
                f"of {run.recipe.max_length} tokens.",
                "Halve the batch size or the maximum length, or choose a smaller checkpoint.",
            ) from error
        raise


def train_here(run: TrainingRun, report: Progress) -> TrainingResult:
    """Do the work of ``train_model``."""
    started = time.monotonic()
    check_rows(run.train, run.labels)
    placement = choose_placement(run.recipe.precision)
    report.log(placement.sentence)
    set_seed(run.recipe.seed)
    loaded = load_encoder(run.checkpoint_folder, run.task.key, list(run.labels), run.recipe)
    model, parameters = prepare_model(loaded, run, placement)
    max_length = usable_length(loaded.model, loaded.tokenizer, run.recipe.max_length)
    notes = [*loaded.notes, *shortened_note(run.recipe, max_length)]
    for note in notes:
        report.log(note)
    lesson = make_lesson(run, loaded, placement, max_length)
    reporter = train_lesson(model, lesson, run, report)
    model = plain_model(model)
    model.config.problem_type = "single_label_classification"
    model.eval()
    save_folder(model, loaded.tokenizer, max_length, run.out_dir)
    course = reporter.course
    sentence = course.sentence(run.recipe.epochs)
    report.log(sentence)
    return TrainingResult(
        model=model,
        tokenizer=loaded.tokenizer,
        max_length=max_length,
        history=course.history,
        sentence=sentence,
        best_epoch=course.kept_epoch,
        epochs=course.epochs,
        train_metrics=course.train[course.kept_epoch - 1],
        validation_metrics=course.validation_of(course.kept_epoch),
        parameters=parameters[0],
        trainable_parameters=parameters[1],
        placement=placement,
        notes=tuple(notes),
        seconds=time.monotonic() - started,
        rows_per_second=reporter.rows_per_second,
    )


def prepare_model(
    loaded: LoadedEncoder, run: TrainingRun, placement: Placement
) -> tuple[Any, tuple[int, int]]:
    """Set dropout, attention and method; return the model, and its weights: all, and those that learn."""
    recipe = run.recipe
    if recipe.dropout is not None:
        set_dropout(loaded.model, recipe.dropout)
    if wants_plain_attention(loaded.model, placement.device, recipe.method):
        loaded.model.set_attn_implementation("eager")
    all_parameters = count_parameters(loaded.model)[0]
    model = prepare_method(loaded.model, recipe)
    return model.to(placement.device), (all_parameters, count_parameters(model)[1])


def shortened_note(recipe: Recipe, max_length: int) -> list[str]:
    """Say so where the checkpoint reads less than the recipe wants."""
    if max_length == recipe.max_length:
        return []
    return [f"Texts are cut at {max_length} tokens, which is all that this checkpoint reads."]


def make_lesson(run: TrainingRun, loaded: LoadedEncoder, placement: Placement, max_length: int) -> Lesson:
    """Tokenise the rows, each split in one call."""

    def rows_of(columns: Columns) -> EncodedRows:
        encoded = run.task.encode(rows_by_role(run.task, columns), loaded.tokenizer, max_length)
        return EncodedRows(encoded, label_ids_of(columns[LABEL.key], run.labels))

    return Lesson(
        task=run.task,
        recipe=run.recipe,
        train_rows=rows_of(run.train),
        validation_rows=rows_of(run.validation),
        collator=make_collator(loaded.model, loaded.tokenizer, max_length),
        placement=placement,
        snapshots=Snapshots(run.snapshots_dir, run.recipe.model_dump()),
        label_count=len(run.labels),
    )


def train_lesson(model: Any, lesson: Lesson, run: TrainingRun, report: Progress) -> Reporter:
    """Train until the recipe's end or patience's, and leave the kept epoch's weights in the model."""
    point = lesson.snapshots.newest() if run.resume else None
    if point is None:
        lesson.snapshots.clear()
    metric = get_metric(run.task.primary_metric)
    course = point[1] if point else Course(metric.name, metric.title.lower(), run.recipe.early_stopping)
    reporter = Reporter(report, course, run.recipe.epochs)
    trainer = EncoderTrainer(model, lesson, reporter)
    if point:
        report.log(f"Going on after epoch {course.epochs} of {run.recipe.epochs}.")
    if course.epochs < run.recipe.epochs and not course.ran_out_of_patience:
        trainer.train(resume_from_checkpoint=str(point[0]) if point else None)
    if course.kept_epoch != course.epochs or point:
        load_learnt(model, lesson.snapshots.kept_path(course.kept_epoch))
    return reporter


def save_folder(model: Any, tokenizer: Any, max_length: int, folder: Path) -> None:
    """Write config.json, model.safetensors and the tokenizer's files; nothing half-written is ever there."""
    waiting = folder.with_name(folder.name + ".part")
    shutil.rmtree(waiting, ignore_errors=True)
    waiting.mkdir(parents=True)
    # Cutting and padding are the caller's choice, not the tokenizer's; and cutting means the recipe's length.
    tokenizer.backend_tokenizer.no_truncation()
    tokenizer.backend_tokenizer.no_padding()
    tokenizer.model_max_length = max_length
    model.save_pretrained(waiting)
    tokenizer.save_pretrained(waiting)
    shutil.rmtree(folder, ignore_errors=True)
    fsync_tree(waiting)
    rename(waiting, folder)
