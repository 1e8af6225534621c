"""Which answers a model gave to questions on one split, and what that is worth."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from studio.data.texts import count_words as words_in
from studio.metrics.answers import AnswerScores, score_answers
from studio.metrics.intervals import bootstrap_intervals, wilson_interval
from studio.metrics.registry import compute_metrics, get_metric
from studio.results import report_words
from studio.results.predictions import Asked, by_role, find_differing, rows_fingerprint, tell_differences
from studio.results.report import Report, ReportInputs
from studio.results.wording import count_words, percent
from studio.tasks.base import Row
from studio.tasks.question_answering import (
    ALWAYS,
    NO_ANSWER_TOLD,
    QUESTION_ANSWERING,
    TAU,
    describe,
    read_answers,
    show_answers,
)
from studio.tasks.registry import get_task

# The first that a question holds is its type; in this order, as "how many" is also "how".
TYPES = {
    "how_many": (
        r"\bhow (?:many|much|long|old|far|often|high|deep|big|large|heavy|wide|tall)\b|多少|几[个年岁次]"
    ),
    "who": r"\b(?:who|whom|whose)\b|谁|何人",
    "when": r"\b(?:when|what (?:year|date|day|time|month|century))\b|何时|什么时候|哪[一]?[年天月]",
    "where": r"\bwhere\b|哪里|哪儿|何处|什么地方",
    "why": r"\bwhy\b|为什么|为何",
    "how": r"\bhow\b|怎么|怎样|如何",
    "which": r"\bwhich\b|哪[些个种]",
    "what": r"\bwhat\b|什么",
}
OTHER = "other"
LENGTHS = (50, 100, 150, 200, 300, 500)
SENTENCE = re.compile(r"[^.!?。！？\n]+[.!?。！？]*")
WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class GivenAnswers(Asked):
    """What was asked, the right answers and the given one of each row of one split, in the order of its rows.

    ``true`` has what a dataset keeps of each row, ``found`` what the task says of its answer. ``lines`` are
    physical lines of the source file (0: unknown), ``files`` its name per row.
    """

    asked: Mapping[str, tuple[str, ...]]
    true: tuple[str, ...]
    found: tuple[dict[str, Any], ...]
    lines: np.ndarray
    files: tuple[str, ...]

    @classmethod
    def of(
        cls, _labels: Sequence[str], asked: Sequence[Row], frame: pd.DataFrame, scores: np.ndarray
    ) -> GivenAnswers:
        """Answers to rows of a split, of which ``frame`` has answers, line and file."""
        pairs = zip(asked, scores, strict=True)
        return cls(
            asked=by_role(asked),
            true=tuple(frame["answers"]),
            found=tuple(describe(row["context"], spans) for row, spans in pairs),
            lines=frame["line"].to_numpy(dtype=np.int64),
            files=tuple(frame["file"]),
        )

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.true)

    @cached_property
    def scored(self) -> AnswerScores:
        """Exact match and F1 of each row."""
        right = [[text for _, text in read_answers(cell)] for cell in self.true]
        return score_answers(self.given, right, self.asked.get("question", ()))

    @property
    def given(self) -> list[str]:
        """The answer to each row, "" for none."""
        return [one["answer"] for one in self.found]

    @property
    def truth(self) -> np.ndarray:
        """Whether each row has an answer, bool (rows,)."""
        return self.scored.has_answer

    @property
    def scores(self) -> np.ndarray:
        """Exact match and F1 of each row, (rows, 2)."""
        return np.column_stack([self.scored.exact_match, self.scored.f1])

    @property
    def right(self) -> np.ndarray:
        """Which rows are answered exactly."""
        return self.scored.exact_match == 1.0

    @property
    def confidence(self) -> np.ndarray:
        """The score of each answer."""
        return np.array([one["score"] for one in self.found], dtype=np.float64)

    @property
    def fingerprint(self) -> str:
        """The same for two models exactly where they answered the same rows in the same order."""
        return rows_fingerprint(self.texts, self.true)

    def told(self) -> tuple[list[str], list[str]]:
        """The right answers to each row, and the given one, as people read them."""
        return list(map(show_answers, self.true)), [answer or NO_ANSWER_TOLD for answer in self.given]

    def to_frame(self) -> pd.DataFrame:
        """One row each: question, context, true and predicted (for people), confidence, f1, answers and found
        (JSON), line, file.
        """
        true, predicted = self.told()
        return pd.DataFrame(
            {
                **{role: list(cells) for role, cells in self.asked.items()},
                "true": true,
                "predicted": predicted,
                "confidence": self.confidence,
                "f1": self.scored.f1,
                "answers": list(self.true),
                "found": [json.dumps(one, ensure_ascii=False) for one in self.found],
                "line": self.lines,
                "file": list(self.files),
            }
        )

    def about(self) -> dict[str, Any]:
        """What must be known to read the rows back."""
        return {"task": QUESTION_ANSWERING.key, "roles": list(self.asked), "fingerprint": self.fingerprint}

    @classmethod
    def from_table(cls, table: pa.Table, about: Mapping[str, Any]) -> GivenAnswers:
        """What ``to_frame`` and ``about`` gave."""
        return cls(
            asked={role: tuple(table.column(role).to_pylist()) for role in about["roles"]},
            true=tuple(table.column("answers").to_pylist()),
            found=tuple(map(json.loads, table.column("found").to_pylist())),
            lines=table.column("line").to_numpy(),
            files=tuple(table.column("file").to_pylist()),
        )


@dataclass(frozen=True)
class PassageBaselines:
    """What is reached without an encoder: by the sentence that shares most words with the question."""

    @classmethod
    def fit(cls, _asked: Sequence[Row], _frame: pd.DataFrame, _labels: Sequence[str]) -> PassageBaselines:
        """Nothing is learnt."""
        return cls()

    def score(self, predictions: GivenAnswers) -> dict[str, dict[str, float]]:
        """The metrics on rows of a split, by name: sentence, and none where some have no answer."""
        pairs = zip(predictions.asked["question"], predictions.asked["context"], strict=True)
        rivals = {"sentence": [nearest_sentence(question, context) for question, context in pairs]}
        if not predictions.truth.all():
            rivals["none"] = [""] * predictions.rows
        right = [[text for _, text in read_answers(cell)] for cell in predictions.true]
        found = {}
        for name, answers in rivals.items():
            scored = score_answers(answers, right, predictions.asked["question"])
            values = scored.has_answer, np.column_stack([scored.exact_match, scored.f1])
            found[name] = compute_metrics(QUESTION_ANSWERING.metrics, *values)
        return found


def nearest_sentence(question: str, context: str) -> str:
    """The sentence of a passage that shares most words with a question, the first of equals.

    >>> nearest_sentence("Where is Rome?", "It rains. Rome is in Italy. So what?")
    'Rome is in Italy.'
    """
    asked = set(WORD.findall(question.casefold()))
    sentences = [found.strip() for found in SENTENCE.findall(context) if found.strip()]
    return max(sentences, key=lambda one: len(asked & set(WORD.findall(one.casefold()))), default="")


def type_of(question: str) -> str:
    """What a question asks for, by its words: one of TYPES, or OTHER.

    >>> type_of("How many are there?"), type_of("In what year was it?"), type_of("Name it.")
    ('how_many', 'when', 'other')
    """
    found = (name for name, pattern in TYPES.items() if re.search(pattern, question, re.IGNORECASE))
    return next(found, OTHER)


def length_of(context: str) -> int:
    """The least of LENGTHS that a passage's words do not exceed, 0 for longer ones.

    >>> length_of("a b c"), length_of("a " * 501)
    (50, 0)
    """
    words = words_in(context)
    return next((limit for limit in LENGTHS if words <= limit), 0)


def count_groups(predictions: GivenAnswers) -> dict[str, list[dict[str, Any]]]:
    """How well questions are answered, ``by_question`` type and ``by_length`` of their passages in words.

    Both are lists of {key, rows, exact_match, interval, f1}; a length is the most words of a group, 0 for
    those that are longer than all others.
    """
    types = np.array([type_of(question) for question in predictions.asked.get("question", ())], dtype=object)
    lengths = np.array([length_of(context) for context in predictions.asked.get("context", ())], dtype=object)
    orders: dict[str, tuple[np.ndarray, Sequence[str | int]]] = {
        "by_question": (types, (*TYPES, OTHER)),
        "by_length": (lengths, (*LENGTHS, 0)),
    }
    return {
        name: [group_of(predictions, keys == key, key) for key in order if (keys == key).any()]
        for name, (keys, order) in orders.items()
    }


def group_of(predictions: GivenAnswers, among: np.ndarray, key: str | int) -> dict[str, Any]:
    """How well some rows are answered, bool (rows,)."""
    rows, right = int(among.sum()), int(predictions.right[among].sum())
    return {
        "key": key,
        "rows": rows,
        "exact_match": right / rows,
        "interval": list(wilson_interval(right, rows)),
        "f1": float(predictions.scored.f1[among].mean()),
    }


def list_wrong_answers(predictions: GivenAnswers) -> pd.DataFrame:
    """Rows that are not answered exactly, the surest first: text, true, predicted, confidence, f1, ..."""
    frame = predictions.to_frame().assign(text=list(predictions.texts))
    wrong = frame[~predictions.right].drop(columns=["answers", "found"])
    return wrong.sort_values("confidence", ascending=False, kind="stable").reset_index(drop=True)


def find_other_answers(
    answers: Sequence[GivenAnswers], names: Sequence[str], at_most: int
) -> tuple[list[dict[str, Any]], int]:
    """Rows to which models answer otherwise, those most models get wrong last, and how many there are."""
    given = [answer.told()[1] for answer in answers]
    rows = find_differing(answers, given)
    true = answers[0].told()[0]
    return tell_differences(answers, names, rows[:at_most], true, given, sure=True), len(rows)


def build_answer_report(inputs: ReportInputs[GivenAnswers, PassageBaselines]) -> Report:
    """Measure one model on one split; an empty split gives a report that says so."""
    task = get_task(inputs.task)
    predictions = inputs.predictions
    metrics: dict[str, float] = {}
    intervals: dict[str, list[float]] = {}
    if predictions.rows:
        values = predictions.truth, predictions.scores
        metrics = compute_metrics(task.metrics, *values)
        drawn = bootstrap_intervals([get_metric(name) for name in metrics], *values, seed=inputs.seed)
        intervals = {name: list(edges) for name, edges in drawn.items() if not np.isnan(edges).any()}
    rivals = inputs.baselines.score(predictions) if inputs.baselines and predictions.rows else {}
    told = {
        "score": describe_answers(metrics, predictions.rows)
        if predictions.rows
        else report_words.describe_empty(inputs.split),
        "baselines": report_words.add_warning(describe_rivals(rivals), metrics, intervals, rivals, "f1"),
        "threshold": describe_threshold(inputs.tuned),
    }
    return Report(
        model=inputs.model,
        dataset=inputs.dataset,
        split=inputs.split,
        task=task.key,
        rows=predictions.rows,
        primary_metric=task.primary_metric,
        metrics=metrics,
        intervals=intervals,
        baselines=rivals,
        mistakes=int((~predictions.right).sum()),
        rows_fingerprint=predictions.fingerprint,
        sentences=told,
        sentence=" ".join(filter(None, (told["score"], told["baselines"]))),
        questions={**count_groups(predictions), TAU: inputs.tuned.get(TAU, 0.0)},
        notes=list(inputs.notes),
    )


def describe_answers(metrics: Mapping[str, float], rows: int) -> str:
    """How many questions are answered exactly, how well in words, and how many are rightly left without.

    >>> describe_answers({"exact_match": 0.5, "f1": 0.75}, 8)
    'Of 8 questions 50 % are answered exactly; in words, answers are 75 % right (F1).'
    """
    told = f"{percent(metrics['exact_match'])} are answered exactly; in words, answers are "
    sentence = f"Of {count_words(rows, 'question')} {told}{percent(metrics['f1'])} right (F1)"
    if "f1_no_answer" not in metrics:
        return f"{sentence}."
    return f"{sentence}; {percent(metrics['f1_no_answer'])} of those without an answer are left without one."


def describe_rivals(rivals: Mapping[str, Mapping[str, float]]) -> str:
    """What is reached on the same rows without an encoder.

    >>> describe_rivals({"sentence": {"f1": 0.25}})
    'F1 of giving the sentence that shares most words with the question: 25 %.'
    """
    if "sentence" not in rivals:
        return ""
    sentence = percent(rivals["sentence"]["f1"])
    none = f"; of never answering: {percent(rivals['none']['f1'])}" if "none" in rivals else ""
    return f"F1 of giving the sentence that shares most words with the question: {sentence}{none}."


def describe_threshold(tuned: Mapping[str, Any]) -> str:
    """When a question is left without an answer.

    >>> print(describe_threshold({"tau": -1.25, "always_answers": False}))
    A question is answered where its best answer scores no more than 1.25 below "no answer"; this threshold \
(tau = -1.25) gave the best F1 on the validation rows.
    """
    if tuned.get(ALWAYS):
        return "Every question is answered, as every validation question has an answer."
    tau = tuned.get(TAU, 0.0)
    above = f"at least {tau:.3g} above" if tau >= 0 else f"no more than {-tau:.3g} below"
    return (
        f'A question is answered where its best answer scores {above} "no answer"; this threshold '
        f"(tau = {tau:.3g}) gave the best F1 on the validation rows."
    )
