"""What a task is: roles of columns, a head, how rows become numbers and numbers become answers."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

BETWEEN_TEXTS = " ‖ "

Row = Mapping[str, str]
"""One row of a dataset as the tokenizer wants it: role -> text."""

Text = str | tuple[str, str]
"""What a tokenizer counts: a text, or a pair of them."""

Columns = Mapping[str, Sequence[str]]
"""Columns of equal length by role: a DataFrame, or a dict of lists."""

Encoded = dict[str, Any]
"""What a task makes of rows, without padding: input_ids, attention_mask and perhaps token_type_ids.

Each is a list of ints for every sequence. Where rows are several sequences, OF_ROW says of each to which row
it belongs, counted from 0. Where there are questions to some of the tokens, PLACES lists these for each
sequence, -1 for a question about nothing that the tokenizer left. ABOUT then may say of each of these
tokens where it stands: for every sequence an array (places, 3) of the number of the sequence in its row, and
the characters of the text at which the token starts and ends, -1 where it is none of the text.
"""
OF_ROW, PLACES, ABOUT = "row", "places", "about"

Encode = Callable[[Sequence[Row], Any, int], Encoded]
Targets = Callable[[Columns, Sequence[str]], np.ndarray]
Check = Callable[[Columns, Sequence[str]], None]
Tuned = Mapping[str, Any]
"""What a task chooses on the validation rows and keeps with the model, as JSON: of most tasks nothing."""

Tune = Callable[[np.ndarray, np.ndarray], Tuned]
Scores = Callable[[np.ndarray, Tuned], np.ndarray]
Problem = Literal[
    "single_label_classification",
    "multi_label_classification",
    "regression",
    "multiple_choice",
    "token_classification",
    "question_answering",
]
Aim = Callable[[np.ndarray, np.ndarray], np.ndarray]
Agree = Callable[[np.ndarray, np.ndarray], np.ndarray]
Decode = Callable[[np.ndarray, Sequence[str], Tuned, Sequence[Row]], list[dict[str, Any]]]
Recode = Callable[[Sequence[Mapping[str, Any]], Sequence[str], Sequence[Row]], np.ndarray]
Measured = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
Cells = Callable[[np.ndarray, Sequence[str], Sequence[Row]], list[list[str]]]
PREDICTION, CONFIDENCE = "prediction", "confidence"
"""The columns of a file that hold the answer itself, and how sure it is where a task can tell."""


def tune_nothing(_outputs: np.ndarray, _targets: np.ndarray) -> Tuned:
    """Of a task whose answers follow from the outputs alone."""
    return {}


def as_they_are(truth: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of a task whose metrics look at targets and scores themselves."""
    return truth, scores


def text_of(row: Row) -> str:
    """What stands in a row, as one text for people and for simple models.

    >>> text_of({"text": "A cat.", "text_b": "An animal."})
    'A cat. ‖ An animal.'
    """
    return BETWEEN_TEXTS.join(row.values())


@dataclass(frozen=True)
class Role:
    """What a column is to a task; an ``answer`` is what the model learns to give, the others are asked.

    ``shown`` gives what a dataset keeps of a cell as people read it, in one line, and ``written`` as they
    write it into a box. ``read`` makes such a cell of what a person or a program gives; it raises
    InvalidInput for what it cannot read. ``blank`` stands for it in calls to copy, and ``least`` are
    words for what must be there, where they are not "a" and the title. A box for it is ``lines`` high.
    """

    key: str
    title: str
    help: str
    required: bool = True
    answer: bool = False
    shown: Callable[[str], str] = str
    written: Callable[[str], str] = str
    read: Callable[[Any], str] = str
    blank: str | tuple[str, ...] = "..."
    least: str = ""
    lines: int = 7


@dataclass(frozen=True)
class CardWords:
    """What the card of a model says of its task.

    ``gives`` is what the model answers with, around {labels}; ``limit`` is a sentence on what its answers are
    not; ``options`` are those of transformers' pipeline with which it answers as here. Where transformers has
    none for the task, or one that answers otherwise, ``code`` is what to do instead, around {folder} and
    {length}. ``tag`` is what the hub calls the task, and scores of labels count what is ``counted``.
    ``asked`` is what the model reads, where that is not a text or a pair of them; with ``code_reads_all`` the
    code reads all parts of a long text.
    """

    gives: str
    limit: str
    options: str = ""
    tag: str = "text-classification"
    code: str = ""
    counted: str = "rows"
    asked: str = ""
    code_reads_all: bool = False


@dataclass(frozen=True)
class Task:
    """A description that data, training, results and prediction all read.

    ``head`` names the kind of head put on the encoder, and ``problem`` its loss, as transformers calls it.
    ``check`` raises InvalidInput where training rows, with the labels of the dataset, leave nothing to learn.
    ``outputs`` names the numbers that the head gives, from the labels of the dataset, and ``labels`` gives
    these back.
    ``targets`` gives what that loss compares the outputs with: an array whose first axis is rows. Where that
    depends on how rows became tokens, ``aim`` makes it of the targets and what is known ABOUT the tokens of
    each row; these then stand behind the outputs of each token as further ones. ``tune``
    chooses by outputs and targets of the validation rows what else decides on answers. By it ``scores``
    turns outputs (rows, outputs) into what people read; with targets they are ``measured`` by metrics as that
    gives both, arrays whose first axis is rows. ``metrics`` are names in
    ``studio.metrics.registry`` in the order they are shown; ``watched`` are those measured after each epoch,
    and ``primary_metric`` decides which epoch is kept. ``agree`` tells of which rows two models' scores
    say the same, bool (rows,). ``decode`` gives the answers to rows, of outputs, and ``recode`` the scores of
    answers to rows. In a file answers are ``columns``, and ``cells`` gives their text, of
    scores: one list of cells for each column. ``say`` puts an answer into one line.
    ``encode`` makes a sequence of each row; where the head looks at several for each row, one by one,
    ``apart`` gives these, each as roles and their texts. With ``reads_all`` a text that is longer than a
    sequence is read in several that overlap; else it is cut.
    """

    key: str
    title: str
    help: str
    roles: tuple[Role, ...]
    head: str
    problem: Problem
    metrics: tuple[str, ...]
    watched: tuple[str, ...]
    primary_metric: str
    check: Check
    outputs: Callable[[Sequence[str]], tuple[str, ...]]
    encode: Encode
    targets: Targets
    tune: Tune
    scores: Scores
    agree: Agree
    decode: Decode
    recode: Recode
    columns: Callable[[Sequence[str]], tuple[str, ...]]
    cells: Cells
    say: Callable[[Mapping[str, Any]], str]
    card: CardWords
    apart: Callable[[Row], list[Row]] | None = None
    aim: Aim | None = None
    measured: Measured = as_they_are
    labels: Callable[[Sequence[str]], tuple[str, ...]] = tuple
    reads_all: bool = False

    def role(self, key: str) -> Role:
        """Return one role by its key; raises KeyError where the task has no such role."""
        return {role.key: role for role in self.roles}[key]

    @property
    def answer_role(self) -> Role:
        """The role that the model learns to give."""
        return next(role for role in self.roles if role.answer)

    @property
    def required_roles(self) -> tuple[str, ...]:
        """Keys of the roles without which nothing can be trained."""
        return tuple(role.key for role in self.roles if role.required)

    def sequences_of(self, rows: Sequence[Row]) -> list[Row]:
        """What the head looks at one by one, those of the first row first."""
        return list(rows) if self.apart is None else [part for row in rows for part in self.apart(row)]

    @property
    def unused_settings(self) -> frozenset[str]:
        """Names of the recipe's fields that mean nothing to the task."""
        has_one_label = self.problem == "single_label_classification"
        return frozenset() if has_one_label else frozenset({"class_weights"})

    @property
    def asked_roles(self) -> tuple[str, ...]:
        """Keys of the roles that a model reads, required or not."""
        return tuple(role.key for role in self.roles if not role.answer)

    def asked_among(self, roles: Container[str]) -> tuple[str, ...]:
        """Those of these roles that a model reads, in the task's order."""
        return tuple(role for role in self.asked_roles if role in roles)

    def rows_of(self, columns: Columns, roles: Sequence[str] | None = None) -> list[Row]:
        """What a model that reads these roles, or all there are, reads of a table with a column for each."""
        keys = self.asked_among(columns if roles is None else roles)
        cells = zip(*(columns[key] for key in keys), strict=True)
        return [dict(zip(keys, values, strict=True)) for values in cells]
