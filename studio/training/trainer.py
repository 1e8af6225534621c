"""The transformers Trainer with the studio's own loss, order of rows, evaluation and snapshots."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainingArguments

from jobs.durable import replacing
from studio.metrics.registry import compute_metrics
from studio.tasks.base import Task
from studio.tasks.classification import softmax
from studio.training.adapters import learning_groups
from studio.training.batches import Collator, EncodedRows, LengthGroupedOrder, predict_encoded
from studio.training.placement import Placement
from studio.training.recipe import Recipe
from studio.training.reporter import Reporter
from studio.training.snapshots import Snapshots

WATCHED_METRICS = ("accuracy", "f1_macro")


@dataclass(frozen=True)
class Lesson:
    """Everything a trainer is made of beside the model."""

    task: Task
    recipe: Recipe
    train_rows: EncodedRows
    validation_rows: EncodedRows
    collator: Collator
    placement: Placement
    snapshots: Snapshots
    label_count: int


class EncoderTrainer(Trainer):
    """Trains a classifier by one lesson."""

    def __init__(self, model: Any, lesson: Lesson, reporter: Reporter) -> None:
        self.lesson = lesson
        self.reporter = reporter
        super().__init__(
            model=model,
            args=make_arguments(lesson),
            train_dataset=lesson.train_rows,
            eval_dataset=lesson.validation_rows,
            data_collator=lesson.collator,
            callbacks=[reporter, EpochKeeper(self)],
        )
        self.remove_callback(PrinterCallback)
        weights = class_weights(lesson.recipe, lesson.train_rows.label_ids or [], lesson.label_count)
        self.class_weights = None if weights is None else weights.to(self.args.device)

    def _get_train_sampler(self, train_dataset: Any = None) -> LengthGroupedOrder:
        recipe = self.lesson.recipe
        return LengthGroupedOrder(self.lesson.train_rows.lengths, recipe.batch_size, recipe.seed)

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        """AdamW with one learning rate for the encoder and another for the head, the encoder's first."""
        if self.optimizer is None:
            groups = learning_groups(self.model, self.lesson.recipe)
            self.optimizer = torch.optim.AdamW(groups, lr=self.args.learning_rate, fused=True)
        return self.optimizer

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """Cross-entropy, weighted by label where the recipe says so; counted by the reporter."""
        labels = inputs["labels"]
        outputs = model(**{name: value for name, value in inputs.items() if name != "labels"})
        logits = outputs.logits.float()
        loss = weighted_loss(logits, labels, self.class_weights)
        self.reporter.count(loss, logits, labels)
        return (loss, outputs) if return_outputs else loss

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """Score the validation rows; nothing where there are none."""
        started = time.monotonic()
        scores = self.score_validation()
        self.reporter.seconds_judging += time.monotonic() - started
        self.reporter.judged_epochs += 1
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, scores)
        return scores

    def score_validation(self) -> dict[str, float]:
        """Loss, accuracy, macro F1 and the task's primary metric on the validation rows."""
        rows = self.lesson.validation_rows
        if not len(rows):
            return {}
        logits = predict_encoded(
            self.model,
            rows.encoded,
            self.lesson.collator,
            progress=lambda _: self.reporter.report.raise_if_cancelled(),
        )
        truth = np.asarray(rows.label_ids)
        probabilities = softmax(logits.astype(np.float64))
        names = dict.fromkeys((*WATCHED_METRICS, self.lesson.task.primary_metric))
        scores = compute_metrics(("log_loss", *names), truth, probabilities)
        return {"loss": scores.pop("log_loss")} | scores


class EpochKeeper(TrainerCallback):
    """After each epoch: note its scores, keep its weights where it is the best so far, mark the snapshot.

    Without validation rows each epoch is the one to keep.
    """

    def __init__(self, trainer: EncoderTrainer) -> None:
        self.trainer = trainer

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: dict[str, float], **_: Any) -> None:
        """Judge the epoch."""
        reporter, lesson = self.trainer.reporter, self.trainer.lesson
        course = reporter.course
        train = reporter.train_scores
        if not metrics:
            course.end_epoch(train)
            save_learnt(self.trainer.model, lesson.snapshots.kept_path(course.epochs))
            return
        for name, value in metrics.items():
            reporter.note(name, value, "validation", state)
        if course.add_epoch(metrics, train):
            save_learnt(self.trainer.model, lesson.snapshots.kept_path(course.epochs))
        reporter.report.log(
            f"Epoch {course.epochs}: training loss {train['loss']:.4f}, "
            f"validation loss {metrics['loss']:.4f}, validation accuracy {metrics['accuracy']:.4f}"
        )
        if course.ran_out_of_patience:
            control.should_training_stop = True

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Mark what the trainer has just written as complete."""
        self.trainer.lesson.snapshots.complete(state.global_step, self.trainer.reporter.course)


def make_arguments(lesson: Lesson) -> TrainingArguments:
    """Say the recipe in the Trainer's words."""
    recipe, placement = lesson.recipe, lesson.placement
    steps = -(-len(lesson.train_rows) // recipe.batch_size) * recipe.epochs
    arguments = TrainingArguments(
        output_dir=str(lesson.snapshots.folder),
        num_train_epochs=recipe.epochs,
        per_device_train_batch_size=recipe.batch_size,
        learning_rate=recipe.learning_rate,
        weight_decay=recipe.weight_decay,
        lr_scheduler_type="constant_with_warmup" if recipe.schedule == "constant" else recipe.schedule,
        warmup_steps=round(recipe.warmup_share * steps),
        max_grad_norm=recipe.gradient_clipping,
        seed=recipe.seed,
        use_cpu=placement.device == "cpu",
        bf16=placement.precision == "bf16",
        fp16=placement.precision == "fp16",
        eval_strategy="epoch",
        save_strategy="epoch",
        logging_strategy="no",
        report_to=[],
        disable_tqdm=True,
        remove_unused_columns=False,
        dataloader_num_workers=0,
        dataloader_pin_memory=placement.device == "cuda",
    )
    # Several cards would make it split each batch over them, which is another recipe.
    arguments._n_gpu = min(1, arguments.n_gpu)
    return arguments


def class_weights(recipe: Recipe, label_ids: Any, label_count: int) -> torch.Tensor | None:
    """Weight of each label, rows / (labels x rows of the label), or None where all count the same.

    >>> class_weights(Recipe(class_weights="balanced"), [0, 0, 0, 1], 2).tolist()
    [0.6666666865348816, 2.0]
    """
    if recipe.class_weights == "none":
        return None
    counts = np.bincount(np.asarray(label_ids, dtype=np.int64), minlength=label_count)
    present = counts > 0
    weights = np.where(present, len(label_ids) / (present.sum() * np.maximum(counts, 1)), 1.0)
    return torch.tensor(weights, dtype=torch.float32)


def weighted_loss(logits: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor | None) -> torch.Tensor:
    """Mean cross-entropy of a batch, each row counting by the weight of its label.

    Divided by the rows and not by their weights, so that a batch of rare labels counts more.
    """
    if weights is None:
        return functional.cross_entropy(logits, labels)
    return (functional.cross_entropy(logits, labels, reduction="none") * weights[labels]).mean()


def save_learnt(model: Any, path: Path) -> None:
    """Write the weights that learn to a safetensors file."""
    learnt = {
        name: value.detach().cpu().contiguous()
        for name, value in model.named_parameters()
        if value.requires_grad
    }
    with replacing(path) as waiting:
        save_file(learnt, waiting)


def load_learnt(model: Any, path: Path) -> None:
    """Put weights back that ``save_learnt`` wrote."""
    learnt = load_file(path)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name in learnt:
                parameter.copy_(learnt[name])
