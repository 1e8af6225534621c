"""The logits of many rows, in parts and back in their order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from studio.errors import ran_out_of_memory
from studio.execution.executors import Executor, grouped_logits
from studio.execution.memory import give_back
from studio.execution.parts import Limits
from studio.execution.rows import EncodedRows


def predict_rows(
    executor: Executor,
    model: Any,
    rows: EncodedRows,
    limits: Limits | None = None,
    progress: Callable[[int], None] | None = None,
) -> np.ndarray:
    """Return logits (rows, labels) as float32 in the order given; longest rows go first.

    Where there are several questions to a row it is an array of objects, of (questions, labels) each.

    ``progress`` is called with the number of rows answered so far. Dropout is off meanwhile. Where the memory
    does not suffice for a part, it and those after it are halved; MemoryError where one row is too much.
    """
    limits = limits or Limits(executor.rows, executor.tokens)
    was_training = model.training
    logits = rows.room(model.config.num_labels)
    waiting, at_once, done = [*executor.cut(rows.lengths, limits)][::-1], limits.rows, 0
    model.eval()
    try:
        while waiting:
            numbers = waiting.pop()
            if len(numbers) > at_once:
                waiting += [numbers[at_once:], numbers[:at_once]]
                continue
            answers = answer(executor, model, rows, numbers)
            if answers is None:
                if len(numbers) == 1:
                    raise MemoryError(f"one row of {rows.lengths[numbers[0]]} tokens")
                at_once = len(numbers) // 2
                waiting.append(numbers)
                continue
            logits[numbers] = rows.by_row(answers, numbers)
            done += len(numbers)
            if progress:
                progress(done)
    finally:
        model.train(was_training)
    return logits


def answer(executor: Executor, model: Any, rows: EncodedRows, numbers: np.ndarray) -> np.ndarray | None:
    """Logits of one part, one question after another; None where the memory does not suffice for it."""
    try:
        with torch.inference_mode():
            return grouped_logits(executor, model, rows, numbers).float().cpu().numpy()
    except (RuntimeError, MemoryError) as error:
        if not ran_out_of_memory(error):
            raise
    give_back()
    return None
