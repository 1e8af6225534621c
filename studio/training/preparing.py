"""From a checkpoint with its rows to a learner: dropout, attention, method and device."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from transformers import set_seed

from studio.checkpoints.loading import LoadedEncoder
from studio.execution.dropout import quicken_dropout
from studio.execution.executors import choose_executor
from studio.execution.rows import EncodedRows
from studio.tasks.base import Task
from studio.training.adapters import count_parameters, prepare_method, set_dropout
from studio.training.learner import Learner
from studio.training.lesson import Lesson
from studio.training.placement import Placement, wants_plain_attention
from studio.training.recipe import Recipe
from studio.training.scaling import Scale
from studio.training.team import Team
from studio.training.vocabulary import learn_occurring_words


@dataclass(frozen=True)
class LearningOrder:
    """What every process of a training starts from; ``max_length`` is that of the rows, in tokens.

    Targets are numbers around 0 where they are of a ``scale``. ``all_words``: whether words that do not
    occur learn too.
    """

    task: Task
    recipe: Recipe
    checkpoint_folder: Path
    labels: tuple[str, ...]
    train_rows: EncodedRows
    validation_rows: EncodedRows
    max_length: int
    placement: Placement
    scale: Scale
    all_words: bool


def prepare_learner(order: LearningOrder, loaded: LoadedEncoder, team: Team) -> Learner:
    """Make the loaded encoder ready to learn."""
    recipe, placement = order.recipe, order.placement
    model = loaded.model.to(placement.device)
    if loaded.keeps_head and order.scale != Scale():
        order.scale.take_from(model)
    if recipe.dropout is not None:
        set_dropout(model, recipe.dropout)
    executor = choose_executor(
        model, loaded.tokenizer, order.max_length, placement.device, placement.precision
    )
    if placement.device == "cuda":
        torch.set_float32_matmul_precision("high")  # TF32, where a recipe keeps to fp32
    if wants_plain_attention(model, placement.device, recipe.method):
        model.set_attn_implementation("eager")
    model = prepare_method(model, recipe).to(placement.device)
    learning = count_parameters(model)[1]
    if placement.device == "cpu":
        quicken_dropout(model)
    if not order.all_words:
        learn_occurring_words(model, np.append(order.train_rows.parts["input_ids"], executor.added))
    lesson = Lesson(
        task=order.task,
        recipe=recipe,
        train_rows=order.train_rows,
        validation_rows=order.validation_rows,
        executor=executor,
        max_length=order.max_length,
        placement=placement,
        outputs=order.train_rows.width(len(order.task.outputs(order.labels))),
        learning=learning,
    )
    team.take_over([*model.parameters(), *model.buffers()])  # a new head is drawn by each
    set_seed(recipe.seed)
    return Learner(model, lesson, team)
