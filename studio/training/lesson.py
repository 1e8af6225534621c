"""What a training is made of beside the model: recipe, rows, and how and where they are computed."""

from __future__ import annotations

from dataclasses import dataclass

from studio.execution.executors import Executor
from studio.execution.rows import EncodedRows
from studio.tasks.base import Task
from studio.training.placement import Placement
from studio.training.recipe import Recipe
from studio.training.reporter import Extent


@dataclass(frozen=True)
class Lesson:
    """Everything a training is made of beside the model.

    ``outputs`` is how many numbers the head gives for a row, ``learning`` how many weights are to learn.
    """

    task: Task
    recipe: Recipe
    train_rows: EncodedRows
    validation_rows: EncodedRows
    executor: Executor
    max_length: int
    placement: Placement
    outputs: int
    learning: int

    @property
    def extent(self) -> Extent:
        """Steps and epochs."""
        return Extent(-(-len(self.train_rows) // self.recipe.batch_size), self.recipe.epochs)
