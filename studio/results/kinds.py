"""How each kind of answer is kept, compared with simple models and reported: one line each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from studio.data.answers.label_set import LABEL_SET
from studio.data.answers.number import ONE_NUMBER
from studio.data.answers.one_label import ONE_LABEL
from studio.data.answers.option import ONE_OPTION
from studio.data.answers.registry import kind_of as kind_of_answer
from studio.data.answers.spans import ANSWER_SPANS
from studio.data.answers.tagged import TAGGED
from studio.results.baselines import fit_baselines
from studio.results.entities import (
    EntityBaselines,
    FoundEntities,
    build_entity_report,
    find_other_entities,
    list_wrong_rows,
    type_rows,
)
from studio.results.label_scores import find_disagreements, label_rows
from studio.results.label_sets import (
    LabelSets,
    SetBaselines,
    build_set_report,
    find_set_gaps,
    list_set_mistakes,
    set_rows,
)
from studio.results.numbers import (
    NumberBaselines,
    NumberPredictions,
    build_number_report,
    find_gaps,
    worst_rows,
)
from studio.results.options import (
    ChosenOptions,
    OptionBaselines,
    build_option_report,
    find_other_choices,
    list_wrong_choices,
)
from studio.results.predictions import Answers, Predictions, align_labels, list_mistakes, read_stored
from studio.results.questions import (
    GivenAnswers,
    PassageBaselines,
    build_answer_report,
    find_other_answers,
    list_wrong_answers,
)
from studio.results.report import Report, build_report
from studio.tasks.base import Row, Task, text_of
from studio.tasks.classification import CLASSIFICATION
from studio.tasks.multilabel import MULTILABEL
from studio.tasks.registry import get_task
from studio.tasks.regression import read_number


@dataclass(frozen=True)
class Kind:
    """What becomes of answers of one kind.

    ``keep`` takes labels, what was asked, the rows of the dataset and the scores; ``fit`` takes what was
    asked of the training rows, these rows and the labels, and gives the simple models. ``mistakes`` lists
    wrong answers, perhaps those to one true label or with one predicted, and ``label_rows`` gives the scores
    of each label. Of answers of several models and their names, ``disagreements`` gives the rows on which
    they differ most, up to a number, and how many differ. ``tabs`` are the tabs of the Results page that only
    some kinds have, and ``rivals`` the simple models that are shown there with every metric: the key of the
    words for each by its name in a report.
    """

    keep: Callable[[Sequence[str], Sequence[Row], pd.DataFrame, np.ndarray], Answers]
    fit: Callable[[Sequence[Row], pd.DataFrame, Sequence[str]], Any]
    report: Callable[[Any], Report]
    read: Callable[..., Answers]
    mistakes: Callable[[Any, str | None, str | None], pd.DataFrame]
    label_rows: Callable[[Any], list[dict[str, Any]]]
    disagreements: Callable[[Sequence[Any], Sequence[str], int], tuple[list[dict[str, Any]], int]]
    tabs: tuple[str, ...]
    rivals: Mapping[str, str] = field(default_factory=dict)


def keep_labels(
    labels: Sequence[str], asked: Sequence[Row], frame: pd.DataFrame, scores: np.ndarray
) -> Predictions:
    """Probabilities, with the labels that the model does not know."""
    known, true_ids, probabilities = align_labels(labels, list(frame["label"]), scores)
    return Predictions.from_rows(
        known, asked, true_ids, probabilities, lines=frame["line"], files=list(frame["file"])
    )


def fit_labels(asked: Sequence[Row], frame: pd.DataFrame, labels: Sequence[str]) -> Any:
    """The commonest label, and TF-IDF with logistic regression."""
    ids = CLASSIFICATION.targets({"label": list(frame["label"])}, labels)
    return fit_baselines([text_of(row) for row in asked], ids, list(labels))


def fit_sets(asked: Sequence[Row], frame: pd.DataFrame, labels: Sequence[str]) -> SetBaselines:
    """The labels that most rows have, and TF-IDF with a linear model for each label."""
    truth = MULTILABEL.targets({"labels": list(frame["labels"])}, labels)
    return SetBaselines.fit([text_of(row) for row in asked], truth)


def fit_options(asked: Sequence[Row], frame: pd.DataFrame, _labels: Sequence[str]) -> OptionBaselines:
    """Chance, and a linear model on words."""
    return OptionBaselines.fit(asked, frame)


def keep_numbers(
    _labels: Sequence[str], asked: Sequence[Row], frame: pd.DataFrame, scores: np.ndarray
) -> NumberPredictions:
    """Numbers beside the true ones."""
    return NumberPredictions.of(asked, numbers_of(frame), scores, frame)


def fit_numbers(asked: Sequence[Row], frame: pd.DataFrame, _labels: Sequence[str]) -> NumberBaselines:
    """The mean, and TF-IDF with a linear model."""
    return NumberBaselines.fit([text_of(row) for row in asked], numbers_of(frame))


def numbers_of(frame: pd.DataFrame) -> np.ndarray:
    """The true numbers of rows, float64."""
    return np.array([read_number(cell) for cell in frame["number"]], dtype=np.float64)


# By the roles that tell a kind of answer: tasks whose answers are of one kind are reported alike.
KINDS = {
    ONE_LABEL.roles: Kind(
        keep=keep_labels,
        fit=fit_labels,
        report=build_report,
        read=Predictions.from_table,
        mistakes=list_mistakes,
        label_rows=label_rows,
        disagreements=find_disagreements,
        tabs=("labels", "mistakes", "confidence"),
    ),
    LABEL_SET.roles: Kind(
        keep=LabelSets.of,
        fit=fit_sets,
        report=build_set_report,
        read=LabelSets.from_table,
        mistakes=list_set_mistakes,
        label_rows=set_rows,
        disagreements=find_set_gaps,
        tabs=("labels", "mistakes"),
        rivals={"tfidf": "tfidf", "frequent": "frequent"},
    ),
    ONE_OPTION.roles: Kind(
        keep=ChosenOptions.of,
        fit=fit_options,
        report=build_option_report,
        read=ChosenOptions.from_table,
        mistakes=lambda answers, _true, _predicted: list_wrong_choices(answers),
        label_rows=lambda _answers: [],
        disagreements=find_other_choices,
        tabs=("options", "mistakes"),
        rivals={"tfidf": "by_words", "chance": "chance"},
    ),
    TAGGED.roles: Kind(
        keep=FoundEntities.of,
        fit=EntityBaselines.fit,
        report=build_entity_report,
        read=FoundEntities.from_table,
        mistakes=list_wrong_rows,
        label_rows=type_rows,
        disagreements=find_other_entities,
        tabs=("entities", "mistakes"),
        rivals={"lookup": "lookup"},
    ),
    ANSWER_SPANS.roles: Kind(
        keep=GivenAnswers.of,
        fit=PassageBaselines.fit,
        report=build_answer_report,
        read=GivenAnswers.from_table,
        mistakes=lambda answers, _true, _predicted: list_wrong_answers(answers),
        label_rows=lambda _answers: [],
        disagreements=find_other_answers,
        tabs=("questions", "mistakes"),
        rivals={"sentence": "sentence", "none": "never"},
    ),
    ONE_NUMBER.roles: Kind(
        keep=keep_numbers,
        fit=fit_numbers,
        report=build_number_report,
        read=NumberPredictions.from_table,
        mistakes=lambda answers, _true, _predicted: worst_rows(answers),
        label_rows=lambda _answers: [],
        disagreements=find_gaps,
        tabs=("errors",),
        rivals={"tfidf": "tfidf_numbers", "mean": "mean"},
    ),
}


def kind_of(task: Task) -> Kind:
    """What becomes of the answers of a task."""
    return KINDS[kind_of_answer(task.required_roles).roles]


def read_answers(path: Path) -> Answers:
    """Answers as stored, of whatever task. Raises NotFound where the file is missing, or the task."""
    table, about = read_stored(path)
    return kind_of(get_task(about.get("task", CLASSIFICATION.key))).read(table, about)
