"""Regression: one text or a pair of texts, and a number in the data's own scale."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from studio.errors import InvalidInput
from studio.numbers import short_number
from studio.tasks.base import PREDICTION, CardWords, Columns, Role, Row, Task, Tuned, tune_nothing
from studio.tasks.texts import TEXT, TEXT_B, encode

NUMBER = Role("number", "Number", "The column with the right number for each row.", answer=True)
VALUE = "value"
LARGEST = float(np.finfo(np.float32).max)


def read_number(cell: str) -> float:
    """The number in a cell; NaN where there is none, or one too large to be learnt (float32).

    A comma is taken for a decimal point where there is no other.

    >>> [read_number(cell) for cell in (" 3.5 ", "3,5", "-1e3", "three", "inf")]
    [3.5, 3.5, -1000.0, nan, nan]
    """
    plain = cell.strip()
    if "." not in plain and plain.count(",") == 1:
        plain = plain.replace(",", ".")
    try:
        number = float(plain) if "_" not in plain else math.nan
    except ValueError:
        return math.nan
    return number if abs(number) <= LARGEST else math.nan


def outputs(_labels: Sequence[str]) -> tuple[str, ...]:
    """The one number that the head gives."""
    return (VALUE,)


def columns(_labels: Sequence[str]) -> tuple[str, ...]:
    """The predicted number."""
    return (PREDICTION,)


def say(answer: Mapping[str, Any]) -> str:
    """The number.

    >>> say({"value": 2.512345})
    '2.512'
    """
    return short_number(answer[VALUE])


def check(columns: Columns, labels: Sequence[str]) -> None:
    """Raise InvalidInput where all rows have the same number."""
    numbers = targets(columns, labels)
    if len(numbers) and np.ptp(numbers) == 0:
        raise InvalidInput(
            f"All training rows have the number {numbers[0]:g}, so there is nothing to learn.",
            "Check that it is the right column.",
        )


def targets(columns: Columns, labels: Sequence[str]) -> np.ndarray:
    """The numbers, float32 (rows,); raises InvalidInput for a cell that holds none."""
    del labels
    column = columns[NUMBER.key]
    numbers = np.array([read_number(cell) for cell in column], dtype=np.float32)
    wrong = np.flatnonzero(~np.isfinite(numbers))
    if len(wrong):
        raise InvalidInput(
            f"{len(wrong)} rows have no number, such as '{column[int(wrong[0])]}'.",
            "Import the dataset again, so that its numbers are checked.",
        )
    return numbers


def scores(outputs: np.ndarray, _tuned: Tuned) -> np.ndarray:
    """The predicted numbers, float64 (rows,), of outputs (rows, 1)."""
    return np.asarray(outputs, dtype=np.float64)[:, 0]


def agree(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Whether numbers lie within a hundredth of their range of each other.

    >>> agree(np.array([0.0, 5.0]), np.array([0.04, 5.06])).tolist()
    [True, False]
    """
    return np.asarray(np.abs(one - other) <= 0.01 * (np.ptp(one) if len(one) else 0.0))


def decode(
    outputs: np.ndarray, labels: Sequence[str], tuned: Tuned, _rows: Sequence[Row] = ()
) -> list[dict[str, Any]]:
    """One ``{value}`` a row.

    >>> decode(np.array([[2.5]]), [], {})
    [{'value': 2.5}]
    """
    del labels
    return [{VALUE: float(value)} for value in scores(outputs, tuned)]


def recode(
    answers: Sequence[Mapping[str, Any]], _labels: Sequence[str] = (), _rows: Sequence[Row] = ()
) -> np.ndarray:
    """The numbers of answers, float64 (answers,)."""
    return np.array([answer[VALUE] for answer in answers], dtype=np.float64)


def cells(found: np.ndarray, labels: Sequence[str], _rows: Sequence[Row] = ()) -> list[list[str]]:
    """One column of numbers with six digits that count.

    >>> cells(np.array([2.5, 1234567.0]), [])
    [['2.5', '1.23457e+06']]
    """
    del labels
    return [[f"{value:.6g}" for value in found.tolist()]]


REGRESSION = Task(
    key="regression",
    title="Predict a number",
    help="Give each text, or pair of texts, a number, such as how alike two sentences are.",
    roles=(TEXT, TEXT_B, NUMBER),
    head="sequence-classification",
    problem="regression",
    metrics=("pearson", "spearman", "mse", "mae"),
    watched=("pearson", "spearman"),
    primary_metric="spearman",
    check=check,
    outputs=outputs,
    encode=encode,
    targets=targets,
    tune=tune_nothing,
    scores=scores,
    agree=agree,
    decode=decode,
    recode=recode,
    columns=columns,
    cells=cells,
    say=say,
    card=CardWords(
        gives="a number, in the scale of the data it was trained on",
        limit="It gives every text a number, also where none makes sense, and says not how sure it is.",
        options=', function_to_apply="none"',  # the "score" is the number itself
    ),
)
