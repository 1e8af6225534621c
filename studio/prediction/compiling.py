"""Makes the compiled form of a model, in floats or in int8, and measures it against the plain one (torch)."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from studio.cores import usable_cores
from studio.errors import Unavailable, WorkFailed
from studio.execution.compiled import GRAPH_NAME, import_openvino
from studio.execution.executors import choose_padding
from studio.execution.firsts import end_with_firsts
from studio.execution.heads import EachAlone
from studio.execution.rows import EncodedRows
from studio.metrics.registry import get_metric
from studio.prediction.embedded import LoadedModel, read_form, read_weights, tokenize
from studio.prediction.forms import FormNote, write_note
from studio.tasks.base import Row, Task

ROWS_AT_ONCE = 256  # so many are answered in turns by both forms, so that other work slows both alike
TIMED_ROWS = 800  # fewer are answered several times, for the clock's sake
ALONE_AT_MOST = 40  # rows answered one by one
TRACED_AT_MOST = 8  # sequences, more than both of the traced rows are
FULL_PRECISION = "f32"  # of products; where the processor has faster ones, OpenVINO prefers those of bf16

Tell = Callable[[str, float], None]
"""Told what is being done and how far it is (0 to 1); may raise, to end the work."""


@dataclass(frozen=True)
class Comparison:
    """How the answers of a compiled form differ from the plain ones, and how many times as fast they come."""

    agreement: float
    loss: float
    file_speed: float
    text_speed: float


def compile_form(plain: LoadedModel, folder: Path, to: Path, rows: Sequence[Row], tell: Tell) -> LoadedModel:
    """Write the compiled form of a model folder to the folder ``to``, and give it ready to answer.

    In int8 where there are ``rows`` to see the range of every number on, else in floats. Raises WorkFailed
    for an encoder that cannot be compiled, Unavailable where a package is not installed.
    """
    try:
        openvino = import_openvino()
        graph = trace(openvino, plain, folder)
        if rows:
            graph = quantise(graph, plain, rows, tell)
        openvino.save_model(graph, to / GRAPH_NAME, compress_to_fp16=False)
        write_note(to, FormNote(plain.max_length, plain.weights))
        made = read_form(to, usable_cores())
        # Whatever machine answers later uses the precision that is measured now.
        write_note(to, FormNote(plain.max_length, plain.weights, made.model.precision))
        return made
    except ImportError as error:
        raise Unavailable(
            f"{error.name} is not installed, without which no faster form can be made.",
            "Install what requirements.txt lists, then try again.",
        ) from error
    except (RuntimeError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise WorkFailed(
            f"This model cannot be brought into a faster form ({type(error).__name__}: {first_line(error)}).",
            "It answers as before.",
        ) from error


def in_full_precision(made: LoadedModel, folder: Path) -> LoadedModel:
    """The form of a folder with its products of floats in fp32, as it will answer from now on."""
    write_note(folder, FormNote(made.max_length, made.weights, FULL_PRECISION))
    return read_form(folder, usable_cores())


def first_line(error: Exception) -> str:
    """The first words of an error."""
    return (str(error).strip().splitlines() or ["no reason given"])[0][:200]


def trace(openvino: Any, plain: LoadedModel, folder: Path) -> Any:
    """The graph of a model for batches of any number of rows and tokens."""
    # Anew: that of ``plain`` may compute without padding, as no other can.
    _, model = read_weights(folder, plain.task)
    end_with_firsts(model)
    (example,) = batches(plain, traced_rows(plain.task), TRACED_AT_MOST)
    with warnings.catch_warnings():
        # What the trace might miss shows when its answers are compared with the plain ones.
        warnings.simplefilter("ignore")
        return openvino.convert_model(EachAlone(model.eval()), example_input=example)


def traced_rows(task: Task) -> list[Row]:
    """Two rows of different lengths: what is traced must not take padding, or its absence, for granted."""
    roles = [role for role in task.roles if role.required and not role.answer]
    return [{role.key: role.read(repeat(role.blank, times)) for role in roles} for times in (1, 6)]


def repeat(blank: str | tuple[str, ...], times: int) -> str | list[str]:
    """A text, or each of several, so many times."""
    return blank * times if isinstance(blank, str) else [text * times for text in blank]


def quantise(graph: Any, plain: LoadedModel, rows: Sequence[Row], tell: Tell) -> Any:
    """The graph with its products in 8-bit integers, their ranges seen on the rows."""
    import nncf

    seen = 0

    def look(batch: dict[str, Any]) -> dict[str, np.ndarray]:
        nonlocal seen
        seen += 1
        tell("Measuring the range of its numbers", min(1.0, seen / (2 * len(rows))))
        return {name: part.numpy() for name, part in batch.items()}

    shown = nncf.Dataset(batches(plain, rows, 1), look)
    # They have nothing in common but that they are errors.
    known = tuple(
        one for one in vars(nncf.errors).values() if isinstance(one, type) and issubclass(one, Exception)
    )
    try:
        return nncf.quantize(graph, shown, model_type=nncf.ModelType.TRANSFORMER, subset_size=len(rows))
    except known as error:
        raise ValueError(first_line(error)) from error


def batches(plain: LoadedModel, rows: Sequence[Row], size: int) -> list[dict[str, Any]]:
    """What a model is given for the rows, so many at a time."""
    encoded = EncodedRows.of(tokenize(plain, rows))
    encoded = encoded.sequences or encoded
    padding = choose_padding(plain.tokenizer, plain.max_length, "cpu")
    return [
        padding.batch(encoded, range(start, min(start + size, len(encoded))))
        for start in range(0, len(encoded), size)
    ]


def compare(
    plain: LoadedModel, made: LoadedModel, rows: Sequence[Row], truth: np.ndarray, tell: Tell
) -> Comparison:
    """Have both forms answer the same rows in turns; the metric is the task's primary one."""
    forms = (plain, made)
    seconds = [0.0, 0.0]
    parts: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    for loaded in forms:
        loaded.logits(rows[:2])  # what happens once only
    starts = [*range(0, len(rows), ROWS_AT_ONCE)] * max(1, TIMED_ROWS // len(rows))
    for number, start in enumerate(starts):
        tell("Comparing it with the plain form", number / len(starts))
        for which in (0, 1) if number % 2 == 0 else (1, 0):
            began = time.perf_counter()
            parts[which].append(forms[which].logits(rows[start : start + ROWS_AT_ONCE]))
            seconds[which] += time.perf_counter() - began
    before, after = (plain.task.scores(stack(logits)[: len(rows)], plain.tuned) for logits in parts)
    metric = get_metric(plain.task.primary_metric)
    measures = [metric.compute(*plain.task.measured(truth, scores)) for scores in (before, after)]
    lost = measures[0] - measures[1]
    return Comparison(
        agreement=float(plain.task.agree(before, after).mean()),
        loss=lost if metric.best == "high" else -lost,
        file_speed=seconds[0] / seconds[1],
        text_speed=compare_alone(plain, made, rows[:: max(1, len(rows) // ALONE_AT_MOST)]),
    )


def stack(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Logits of several calls below each other; minus infinity where one has fewer columns than another."""
    if parts[0].dtype == object:
        return np.concatenate(parts)
    width = max(part.shape[1] for part in parts)
    padded = [np.pad(part, ((0, 0), (0, width - part.shape[1])), constant_values=-np.inf) for part in parts]
    return np.concatenate(padded)


def compare_alone(plain: LoadedModel, made: LoadedModel, rows: Sequence[Row]) -> float:
    """How many times as fast single rows are answered, in the median."""
    ratios = []
    for row in rows:
        took = []
        for loaded in (plain, made):
            began = time.perf_counter()
            loaded.logits([row])
            took.append(time.perf_counter() - began)
        ratios.append(took[0] / took[1])
    return median(ratios)
