"""Train one model by one recipe: from a checkpoint folder and labelled rows to a model folder."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from transformers import set_seed

from jobs.durable import fsync_tree, rename
from studio.checkpoints.loading import load_encoder
from studio.cores import usable_cores
from studio.errors import InvalidInput, ran_out_of_memory
from studio.execution.executors import usable_length
from studio.execution.rows import EncodedRows
from studio.execution.token_cache import TokenCache
from studio.execution.tokenising import Tokenising
from studio.metrics.registry import get_metric
from studio.tasks.base import Columns, Task
from studio.training.adapters import count_parameters, plain_model
from studio.training.cadence import Cadence
from studio.training.course import Course, MeasuredPoint
from studio.training.followers import gather_team
from studio.training.losses import LOSSES
from studio.training.memory import Deaths, RowsAtOnce, count_kernel_kills, not_enough
from studio.training.placement import Placement, choose_placement
from studio.training.preparing import LearningOrder, prepare_learner
from studio.training.progress import Progress
from studio.training.recipe import Recipe
from studio.training.reporter import Reporter
from studio.training.scaling import Scale
from studio.training.snapshot_state import load_weights
from studio.training.snapshots import Snapshot, Snapshots
from studio.training.trainer import EncoderTrainer
from studio.training.vocabulary import ALL, learn_all_words


@dataclass(frozen=True)
class TrainingRun:
    """One training to do; ``train`` and ``validation`` have a column for each role of the task.

    ``labels`` are all labels in the order of their ids. ``validation`` may have no rows. With ``resume`` it
    goes on from the newest whole snapshot of the same recipe in ``snapshots_dir``, where there is one.
    ``killed_attempts`` are earlier ones on the same folder that the system ended; ``reserve_bytes`` of the
    disk stay free beside snapshots. ``processes`` train it together: one for each graphics card. ``tokens``
    keeps what was tokenised for later trainings.
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
    killed_attempts: int = 0
    make_cadence: Callable[[], Cadence] = Cadence
    reserve_bytes: int = 0
    processes: int = 1
    tokens: TokenCache | None = None


@dataclass(frozen=True)
class TrainingResult:
    """A finished training: its model folder is written, and model and tokenizer are still in memory.

    ``best_epoch`` is the epoch that was kept (1 is the first); ``train_metrics`` are loss and accuracy as met
    during that epoch; ``validation_metrics`` are empty without validation rows; ``seconds`` are those of all
    attempts that led here, ``earlier_seconds`` those before this one; ``rows_per_second`` counts training
    alone; ``sentence`` says how it went.
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
    earlier_seconds: float
    rows_per_second: float


def train_model(run: TrainingRun, report: Progress) -> TrainingResult:
    """Train, keep the best epoch, and write the model folder to ``run.out_dir``.

    Raises InvalidInput where recipe and data do not fit, WorkFailed where the machine cannot do it or the
    training goes wrong, and whatever ``report.raise_if_cancelled`` raises.
    """
    try:
        return train_here(run, report)
    except (RuntimeError, MemoryError) as error:
        if ran_out_of_memory(error):
            raise not_enough(run.recipe.max_length) from error
        raise


def train_here(run: TrainingRun, report: Progress) -> TrainingResult:
    """Do the work of ``train_model``."""
    started = time.monotonic()
    # PyTorch counts the cores of the computer, also in a container that may use fewer.
    torch.set_num_threads(min(torch.get_num_threads(), usable_cores()))
    check_rows(run)
    snapshots, snapshot = open_snapshots(run, report)
    # Snapshots of earlier versions do not say where they were computed.
    before = snapshot.state.get("placement") if snapshot else None
    placement = choose_placement(run.recipe.precision, before)
    report.log(placement.sentence)
    set_seed(run.recipe.seed)
    loaded = load_encoder(run.checkpoint_folder, run.task.key, run.labels)
    max_length = usable_length(loaded.model, loaded.tokenizer, run.recipe.max_length)
    all_parameters = count_parameters(loaded.model)[0]
    notes = [*loaded.notes, *shortened_note(run, max_length)]
    for note in notes:
        report.log(note)
    order = as_begun(encode_order(run, loaded.tokenizer, (max_length, placement), report), snapshot)
    at_once = RowsAtOnce(run.snapshots_dir / "memory.json", run.recipe.batch_size, report)
    at_once.start(Deaths(run.killed_attempts, count_kernel_kills()))
    with gather_team(order, run.processes, run.snapshots_dir / "meeting", report) as team:
        learner = prepare_learner(order, loaded, team)
        report.log(learner.lesson.executor.sentence)
        reporter = Reporter(
            report,
            course_of(run, snapshot),
            learner.lesson.extent,
            counts_right=learner.loss.right is not None,
        )
        trainer = EncoderTrainer(learner, reporter, snapshots, at_once)
        trainer.cadence = run.make_cadence()
        trainer.reserve_bytes = run.reserve_bytes
        finish_training(trainer, snapshot)
    learner.lesson.executor.close()
    model = finish_model(learner.model, order)
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
        parameters=all_parameters,
        trainable_parameters=learner.lesson.learning,
        placement=placement,
        notes=tuple(notes),
        seconds=trainer.earlier_seconds + time.monotonic() - started,
        earlier_seconds=trainer.earlier_seconds,
        rows_per_second=reporter.rows_per_second,
    )


def finish_model(learnt: Any, order: LearningOrder) -> Any:
    """The model as it is kept: without adapters, giving numbers in the scale of the data, ready to answer."""
    model = plain_model(learnt)
    learn_all_words(model)
    if order.scale != Scale():
        order.scale.put_into(model)
    if order.task.head == "sequence-classification":
        model.config.problem_type = order.task.problem
    model.eval()
    return model


def check_rows(run: TrainingRun) -> None:
    """Raise InvalidInput where there is nothing to learn."""
    run.task.check(run.train, run.labels)
    if not len(run.train[run.task.required_roles[0]]):
        raise InvalidInput("There are no training rows.", "Choose a split that leaves rows for training.")


def open_snapshots(run: TrainingRun, report: Progress) -> tuple[Snapshots, Snapshot | None]:
    """The snapshots of a training, and the one to go on from where there is one."""
    snapshots = Snapshots(run.snapshots_dir, run.recipe.model_dump(), report.log)
    snapshots.open()
    snapshot = snapshots.newest() if run.resume else None
    if snapshot is None:
        snapshots.clear()
    return snapshots, snapshot


def course_of(run: TrainingRun, snapshot: Snapshot | None) -> Course:
    """How the training went until the snapshot; a new course without one."""
    if snapshot:
        return Course.from_json(snapshot.state["course"])
    metric = get_metric(run.task.primary_metric)
    return Course(metric.name, metric.spoken, run.recipe.early_stopping)


def finish_training(trainer: EncoderTrainer, snapshot: Snapshot | None) -> None:
    """Train to the end, and leave the kept epoch's weights in the model."""
    reporter, course = trainer.reporter, trainer.reporter.course
    if snapshot:
        trainer.go_on_from(snapshot)
        reporter.report.log(
            f"Going on after step {trainer.step} of {reporter.extent.steps} "
            f"(epoch {reporter.extent.epochs_at(trainer.step):.3g} of {reporter.extent.epochs})."
        )
        reporter.tell_again()
        reporter.say(trainer.step, f"Going on after step {trainer.step}")
    trainer.train()
    # Gradients would take the memory in which the model is scored next.
    trainer.learner.let_go()
    if course.kept_epoch != course.epochs or snapshot:
        load_weights(trainer.model, trainer.snapshots.kept_path(course.kept_epoch))


def shortened_note(run: TrainingRun, max_length: int) -> list[str]:
    """Say so where the checkpoint reads less than the recipe wants."""
    if max_length == run.recipe.max_length:
        return []
    if run.task.reads_all:
        return [f"Texts are read {max_length} tokens at a time, which is all that this checkpoint reads."]
    return [f"Texts are cut at {max_length} tokens, which is all that this checkpoint reads."]


def encode_order(
    run: TrainingRun, tokenizer: Any, ways: tuple[int, Placement], report: Progress
) -> LearningOrder:
    """Tokenise the rows of training and validation; ``ways``: their greatest length, and where they go."""
    max_length, placement = ways
    tokenising = Tokenising(run.task, tokenizer, max_length, run.tokens)

    def between() -> None:
        report.raise_if_cancelled()
        report.progress(step=0, steps=1, message="Tokenising the rows", eta_seconds=None)

    def rows_of(columns: Columns) -> EncodedRows:
        targets = run.task.targets(columns, run.labels)
        rows = tokenising.encode(run.task.rows_of(columns), between)
        aims = run.task.aim(targets, rows.about) if run.task.aim and rows.about is not None else None
        return rows.with_targets(targets, aims)

    train_rows, validation_rows, scale = rows_of(run.train), rows_of(run.validation), Scale()
    if LOSSES[run.task.problem].scales:
        scale = Scale.of(train_rows.targets)
        train_rows, validation_rows = (
            rows.with_targets(scale.down(rows.targets)) for rows in (train_rows, validation_rows)
        )
    return LearningOrder(
        task=run.task,
        recipe=run.recipe,
        checkpoint_folder=run.checkpoint_folder,
        labels=tuple(run.labels),
        train_rows=train_rows,
        validation_rows=validation_rows,
        max_length=max_length,
        placement=placement,
        scale=scale,
        all_words=placement.device != "cpu",
    )


def as_begun(order: LearningOrder, snapshot: Snapshot | None) -> LearningOrder:
    """The order with those words learning that did when the snapshot was taken: all, in earlier versions."""
    if snapshot is None:
        return order
    return replace(order, all_words=snapshot.state.get("words", ALL) == ALL)


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
