"""Multi-label classification: one text or a pair of texts, and any number of labels.

A model gives each label a probability; which of them suffice is a threshold for each label, chosen on the
validation rows and kept with the model.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from studio.errors import InvalidInput
from studio.tasks.base import PREDICTION, CardWords, Columns, Role, Row, Task, Tuned
from studio.tasks.texts import TEXT, TEXT_B, encode

THRESHOLDS = "thresholds"
MIDDLE = 0.5
BETWEEN_LABELS = " | "
# With fewer rows of a label to choose by, the threshold that suits all labels together is the better guess.
FEWEST_ROWS = 10


def read_labels(cell: str) -> list[str]:
    """The labels of a row as a dataset keeps them, a JSON list.

    >>> read_labels('["a", "b"]'), read_labels("[]")
    (['a', 'b'], [])
    """
    return list(json.loads(cell))


def write_labels(labels: Sequence[str]) -> str:
    """Labels as a dataset keeps them: each once, in the order of their characters.

    >>> write_labels(["b", "a", "b"])
    '["a", "b"]'
    """
    return json.dumps(sorted(set(labels)), ensure_ascii=False)


def show_labels(cell: str) -> str:
    """The labels of a row as people read them.

    >>> show_labels('["a", "b"]'), show_labels("[]")
    ('a | b', '–')
    """
    return BETWEEN_LABELS.join(read_labels(cell)) or "–"


LABELS = Role(
    "labels",
    "Labels",
    "The column with the labels of each row; or, with commas between, a column of 1 and 0 for each label.",
    answer=True,
    shown=show_labels,
)


def check(columns: Columns, labels: Sequence[str]) -> None:
    """Raise InvalidInput where there is nothing to learn."""
    if not targets(columns, labels).any():
        raise InvalidInput(
            "No training row has a label, so there is nothing to learn.",
            "Check that the labels were read from the right column, or columns.",
        )


def targets(columns: Columns, labels: Sequence[str]) -> np.ndarray:
    """Which labels each row has, float32 (rows, labels); InvalidInput for one the dataset does not list."""
    ids = {label: number for number, label in enumerate(labels)}
    found = np.zeros((len(columns[LABELS.key]), len(labels)), dtype=np.float32)
    for number, cell in enumerate(columns[LABELS.key]):
        for label in read_labels(cell):
            if label not in ids:
                raise InvalidInput(
                    f"There is a row with the label '{label}', which the dataset does not list.",
                    "Import the dataset again, so that its labels are read from all its rows.",
                )
            found[number, ids[label]] = 1.0
    return found


def scores(outputs: np.ndarray, tuned: Tuned) -> np.ndarray:
    """Probability of each label, and 1 where it reaches its threshold, else 0: float64 (rows, labels, 2).

    >>> scores(np.array([[0.0, 2.0]]), {"thresholds": [0.6, 0.6]}).round(2).tolist()
    [[[0.5, 0.0], [0.88, 1.0]]]
    """
    given = np.asarray(outputs, dtype=np.float64)
    probabilities = np.exp(-np.logaddexp(0.0, -given))
    thresholds = np.asarray(tuned.get(THRESHOLDS, MIDDLE), dtype=np.float64)
    return np.stack([probabilities, (probabilities >= thresholds).astype(np.float64)], axis=-1)


def tune(outputs: np.ndarray, truth: np.ndarray) -> Tuned:
    """The threshold of each label that gives the best F1 on these rows; 0.5 where nothing tells.

    A label with few rows gets the threshold at which all labels together have the best F1.
    """
    probabilities = scores(outputs, {})[:, :, 0]
    together = best_threshold(probabilities.ravel(), truth.ravel())
    found = [
        best_threshold(probabilities[:, number], truth[:, number])
        if truth[:, number].sum() >= FEWEST_ROWS
        else together
        for number in range(truth.shape[1])
    ]
    return {THRESHOLDS: found}


def best_threshold(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """Where to cut for the best F1: between two probabilities; of equally good places that nearest to 0.5.

    >>> round(best_threshold(np.array([0.1, 0.3, 0.4, 0.9]), np.array([0, 1, 1, 1])), 3)
    0.2
    >>> best_threshold(np.array([0.1, 0.3]), np.array([0, 0]))
    0.5
    """
    total = truth.sum()
    if not total:
        return MIDDLE
    order = np.argsort(-probabilities, kind="stable")
    ranked = probabilities[order]
    given = np.arange(1, len(ranked) + 1)
    f1 = 2 * truth[order].cumsum() / (given + total)
    cuts = np.append((ranked[:-1] + ranked[1:]) / 2, ranked[-1] / 2)
    # Rows that are equally probable are all given the label, or none.
    f1[:-1][ranked[:-1] == ranked[1:]] = -1.0
    best = cuts[f1 >= f1.max() - 1e-12]
    return float(best[np.abs(best - MIDDLE).argmin()])


def decode(
    outputs: np.ndarray, labels: Sequence[str], tuned: Tuned, _rows: Sequence[Row] = ()
) -> list[dict[str, Any]]:
    """Turn outputs (rows, labels) into answers: the labels that are given, and the probability of every one.

    >>> decode(np.array([[0.0, -1000.0]]), ["a", "b"], {})
    [{'labels': ['a'], 'probabilities': {'a': 0.5, 'b': 0.0}}]
    """
    return [
        {
            "labels": [label for label, given in zip(labels, row[:, 1], strict=True) if given],
            "probabilities": {label: float(value) for label, value in zip(labels, row[:, 0], strict=True)},
        }
        for row in scores(outputs, tuned)
    ]


def recode(
    answers: Sequence[Mapping[str, Any]], labels: Sequence[str], _rows: Sequence[Row] = ()
) -> np.ndarray:
    """The scores of answers, (answers, labels, 2).

    >>> recode([{"labels": ["b"], "probabilities": {"a": 0.25, "b": 0.75}}], ["a", "b"]).tolist()
    [[[0.25, 0.0], [0.75, 1.0]]]
    """
    found = [
        [(answer["probabilities"][label], float(label in answer["labels"])) for label in labels]
        for answer in answers
    ]
    return np.array(found, dtype=np.float64).reshape(len(answers), len(labels), 2)


def agree(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Which rows are given the same labels, of scores (rows, labels, 2)."""
    return np.asarray((one[:, :, 1] == other[:, :, 1]).all(axis=1))


def say(answer: Mapping[str, Any]) -> str:
    """The labels that are given.

    >>> say({"labels": ["a", "b"]}), say({"labels": []})
    ('a | b', 'no label')
    """
    return BETWEEN_LABELS.join(answer["labels"]) or "no label"


def columns(labels: Sequence[str]) -> tuple[str, ...]:
    """The labels that are given, and the probability of every label."""
    return (PREDICTION, *(f"p_{label}" for label in labels))


def cells(found: np.ndarray, labels: Sequence[str], _rows: Sequence[Row] = ()) -> list[list[str]]:
    """Columns of labels and of probabilities with six digits, of scores (rows, labels, 2).

    >>> cells(np.array([[[0.75, 1.0], [0.25, 0.0]], [[0.5, 1.0], [0.5, 1.0]]]), ["a", "b"])
    [['a', 'a | b'], ['0.750000', '0.500000'], ['0.250000', '0.500000']]
    """
    given = [
        BETWEEN_LABELS.join(label for label, is_given in zip(labels, row, strict=True) if is_given)
        for row in found[:, :, 1] > 0
    ]
    return [given, *([f"{share:.6f}" for share in column] for column in found[:, :, 0].T.tolist())]


MULTILABEL = Task(
    key="multilabel",
    title="Give any number of labels",
    help="Give each text, or pair of texts, all the labels that fit, such as the topics of an article.",
    roles=(TEXT, TEXT_B, LABELS),
    head="sequence-classification",
    problem="multi_label_classification",
    metrics=("f1_micro", "f1_macro", "subset_accuracy", "lrap"),
    watched=("f1_micro", "f1_macro"),
    primary_metric="f1_micro",
    check=check,
    outputs=tuple,
    encode=encode,
    targets=targets,
    tune=tune,
    scores=scores,
    agree=agree,
    decode=decode,
    recode=recode,
    columns=columns,
    cells=cells,
    say=say,
    card=CardWords(
        gives="any of {labels}",
        limit="A label is given where its probability reaches its threshold, chosen on the validation "
        "rows. Where they are not 0.5, `tuned.json` has them, in the order of the labels in `config.json`.",
        options=', top_k=None, function_to_apply="sigmoid"',
    ),
)
