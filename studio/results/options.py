"""Which options a model chose on one split, and what that is worth."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from studio.metrics.intervals import wilson_interval
from studio.metrics.registry import compute_metrics
from studio.results import report_words as words
from studio.results.baselines import choose_unit, cut, make_vectorizer, pick_rows
from studio.results.predictions import Asked, by_role, find_differing, rows_fingerprint, tell_differences
from studio.results.report import Report, ReportInputs
from studio.results.wording import percent
from studio.tasks.base import BETWEEN_TEXTS, Row
from studio.tasks.multiple_choice import MULTIPLE_CHOICE, read_options, show_options
from studio.tasks.registry import get_task


@dataclass(frozen=True)
class ChosenOptions(Asked):
    """What was asked, the right and the chosen option of each row of one split, in the order of its rows.

    ``truth`` is the number of the right option from 0, int64 (rows,); ``scores`` are the shares of options,
    float64 (rows, most options), 0 for those that a row has not. ``lines`` are physical lines of the source
    file (0: unknown), ``files`` its name per row.
    """

    asked: Mapping[str, tuple[str, ...]]
    truth: np.ndarray
    scores: np.ndarray
    lines: np.ndarray
    files: tuple[str, ...]

    @classmethod
    def of(
        cls, _labels: Sequence[str], asked: Sequence[Row], frame: pd.DataFrame, scores: np.ndarray
    ) -> ChosenOptions:
        """Answers to rows of a split, of which ``frame`` has options, right option, line and file."""
        return cls(
            asked=by_role(asked) if asked else {role: () for role in MULTIPLE_CHOICE.asked_roles},
            truth=MULTIPLE_CHOICE.targets(frame, ()),
            scores=np.asarray(scores, dtype=np.float64).reshape(len(asked), scores.shape[-1]),
            lines=frame["line"].to_numpy(dtype=np.int64),
            files=tuple(frame["file"]),
        )

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.truth)

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """What was asked in each row as people read it, as one text."""
        shown = map(show_options, self.asked["choices"])
        return tuple(map(BETWEEN_TEXTS.join, zip(self.asked["text"], shown, strict=True)))

    @cached_property
    def options(self) -> list[list[str]]:
        """The options of each row."""
        return [read_options(cell) for cell in self.asked["choices"]]

    @property
    def counts(self) -> np.ndarray:
        """How many options each row has, int64 (rows,)."""
        return np.array([len(given) for given in self.options], dtype=np.int64)

    @property
    def chosen(self) -> np.ndarray:
        """The number of the chosen option from 0, int64 (rows,)."""
        return self.scores.argmax(axis=1) if self.rows else np.zeros(0, dtype=np.int64)

    @property
    def right(self) -> np.ndarray:
        """Whether the right option was chosen."""
        return self.chosen == self.truth

    @property
    def confidence(self) -> np.ndarray:
        """The share of the chosen option."""
        return self.scores.max(axis=1) if self.rows else np.zeros(0)

    @property
    def fingerprint(self) -> str:
        """The same for two models exactly where they answered the same rows in the same order."""
        return rows_fingerprint(self.texts, self.named(self.truth))

    def named(self, places: np.ndarray) -> list[str]:
        """The options of these numbers, one of each row."""
        return [given[place] for given, place in zip(self.options, places, strict=True)]

    def to_frame(self) -> pd.DataFrame:
        """One row each: text, choices, true, predicted, confidence, shares (a JSON list), line, file."""
        shares = [
            json.dumps(row[:count].tolist()) for row, count in zip(self.scores, self.counts, strict=True)
        ]
        return pd.DataFrame(
            {
                **{role: list(cells) for role, cells in self.asked.items()},
                "true": self.named(self.truth),
                "predicted": self.named(self.chosen),
                "confidence": self.confidence,
                "shares": shares,
                "line": self.lines,
                "file": list(self.files),
            }
        )

    def about(self) -> dict[str, Any]:
        """What must be known to read the rows back."""
        return {"task": MULTIPLE_CHOICE.key, "roles": list(self.asked), "fingerprint": self.fingerprint}

    @classmethod
    def from_table(cls, table: pa.Table, about: Mapping[str, Any]) -> ChosenOptions:
        """What ``to_frame`` and ``about`` gave."""
        asked = {role: tuple(table.column(role).to_pylist()) for role in about["roles"]}
        shares = [{"probabilities": json.loads(cell)} for cell in table.column("shares").to_pylist()]
        return cls(
            asked=asked,
            truth=MULTIPLE_CHOICE.targets({**asked, "label": table.column("true").to_pylist()}, ()),
            scores=MULTIPLE_CHOICE.recode(shares, (), ()),
            lines=table.column("line").to_numpy(),
            files=tuple(table.column("file").to_pylist()),
        )


@dataclass(frozen=True)
class OptionBaselines:
    """What is reached without an encoder: by chance, and by words.

    The linear model looks at each option: at its words, and at how many of them, by TF-IDF, it shares with
    the text. Both parts are None where the training texts contain no words.
    """

    vectorizer: Any | None
    linear: Any | None

    @classmethod
    def fit(cls, asked: Sequence[Row], frame: pd.DataFrame, seed: int = 0) -> OptionBaselines:
        """The same rows and seed give the same answers; of more than 50,000 rows a random 50,000 are used."""
        from sklearn.linear_model import LogisticRegression

        truth = MULTIPLE_CHOICE.targets(frame, ())
        picked = [(asked[row], truth[row]) for row in pick_rows(len(truth), seed)]
        texts, options, counts = take_apart([row for row, _ in picked])
        vectorizer = make_vectorizer(choose_unit(texts))
        try:
            vectorizer.fit([*texts, *options])
        except ValueError as error:
            if "empty vocabulary" not in str(error):
                raise
            return cls(None, None)
        right = np.concatenate(
            [np.arange(count) == place for count, (_, place) in zip(counts, picked, strict=True)]
        )
        linear = LogisticRegression(C=10.0, max_iter=200, tol=1e-3, random_state=seed)
        return cls(vectorizer, linear.fit(describe_pairs(vectorizer, texts, options), right.astype(int)))

    def score(self, predictions: ChosenOptions) -> dict[str, dict[str, float]]:
        """The metrics of both on rows of a split, by name: chance, and tfidf where it could be fitted."""
        found = {"chance": {"accuracy": float((1 / predictions.counts).mean())}}
        if self.vectorizer is not None and self.linear is not None:
            rows = [
                dict(zip(predictions.asked, row, strict=True))
                for row in zip(*predictions.asked.values(), strict=True)
            ]
            texts, options, counts = take_apart(rows)
            shares = self.linear.predict_proba(describe_pairs(self.vectorizer, texts, options))[:, -1]
            ends = np.cumsum(counts)[:-1]
            scores = MULTIPLE_CHOICE.recode(
                [{"probabilities": part} for part in np.split(shares, ends)], (), ()
            )
            found["tfidf"] = compute_metrics(MULTIPLE_CHOICE.metrics, predictions.truth, scores)
        return found


def take_apart(rows: Sequence[Row]) -> tuple[list[str], list[str], list[int]]:
    """The text and the option of each pair, and how many pairs each row has."""
    pairs = MULTIPLE_CHOICE.sequences_of(rows)
    texts, options = ([cut(list(pair.values())[part]) for pair in pairs] for part in (0, 1))
    return texts, options, [len(read_options(row["choices"])) for row in rows]


def describe_pairs(vectorizer: Any, texts: Sequence[str], options: Sequence[str]) -> Any:
    """A sparse row for each pair: the option's words, what it shares with the text, and how long it is."""
    from scipy.sparse import csr_matrix, hstack

    words_of_texts, words_of_options = vectorizer.transform(texts), vectorizer.transform(options)
    shared = np.asarray(words_of_texts.multiply(words_of_options).sum(axis=1)).reshape(-1, 1)
    lengths = np.log1p([[len(option)] for option in options])
    return hstack([words_of_options, csr_matrix(shared), csr_matrix(lengths)], format="csr")


def list_wrong_choices(predictions: ChosenOptions) -> pd.DataFrame:
    """Rows with another option than the right one, the surest mistake first: text, true, predicted, ..."""
    frame = predictions.to_frame().assign(text=list(predictions.texts))
    wrong = frame[~predictions.right].drop(columns=["choices", "shares"])
    return wrong.sort_values("confidence", ascending=False, kind="stable").reset_index(drop=True)


def find_other_choices(
    answers: Sequence[ChosenOptions], names: Sequence[str], at_most: int
) -> tuple[list[dict[str, Any]], int]:
    """Rows on which models choose differently, those most models get wrong last, and how many there are."""
    rows = find_differing(answers, [answer.chosen.tolist() for answer in answers])
    named = [answer.named(answer.chosen) for answer in answers]
    first = answers[0]
    return tell_differences(answers, names, rows[:at_most], first.named(first.truth), named, sure=True), len(
        rows
    )


def count_rows(predictions: ChosenOptions) -> dict[str, list[dict[str, Any]]]:
    """How often the right option is chosen, by how many options a row has, and by the place of the right one.

    ``by_count`` and ``by_place`` are lists of {key, rows, right, accuracy, interval, chance}, counted from 1.
    """
    counts = predictions.counts
    return {
        name: [group_of(predictions, keys == key, int(key)) for key in np.unique(keys)]
        for name, keys in (("by_count", counts), ("by_place", predictions.truth + 1))
    }


def group_of(predictions: ChosenOptions, among: np.ndarray, key: int) -> dict[str, Any]:
    """How often the right option is chosen in some rows, bool (rows,)."""
    rows, right = int(among.sum()), int(predictions.right[among].sum())
    return {
        "key": key,
        "rows": rows,
        "right": right,
        "accuracy": right / rows,
        "interval": list(wilson_interval(right, rows)),
        "chance": float((1 / predictions.counts[among]).mean()),
    }


def build_option_report(inputs: ReportInputs[ChosenOptions, OptionBaselines]) -> Report:
    """Measure one model on one split; an empty split gives a report that says so."""
    task = get_task(inputs.task)
    predictions = inputs.predictions
    metrics: dict[str, float] = {}
    intervals: dict[str, list[float]] = {}
    score = words.describe_empty(inputs.split)
    if predictions.rows:
        metrics = compute_metrics(task.metrics, predictions.truth, predictions.scores)
        intervals = {"accuracy": list(wilson_interval(int(predictions.right.sum()), predictions.rows))}
        score = words.describe_score(
            predictions.rows, inputs.split, metrics["accuracy"], intervals["accuracy"]
        )
    rivals = inputs.baselines.score(predictions) if inputs.baselines and predictions.rows else {}
    baselines = words.add_warning(describe_rivals(rivals), metrics, intervals, rivals, "accuracy")
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
        sentences={"score": score, "baselines": baselines},
        sentence=" ".join(filter(None, (score, baselines))),
        options=count_rows(predictions),
        notes=list(inputs.notes),
    )


def describe_rivals(rivals: Mapping[str, Mapping[str, float]]) -> str:
    """What is reached on the same rows without an encoder.

    >>> describe_rivals({"chance": {"accuracy": 0.25}, "tfidf": {"accuracy": 0.5}})
    'Choosing by words alone: 50 %; by chance: 25 %.'
    """
    named = {"tfidf": "choosing by words alone: {}", "chance": "by chance: {}"}
    told = [named[name].format(percent(rivals[name]["accuracy"])) for name in named if name in rivals]
    sentence = "; ".join(told)
    return f"{sentence[:1].upper()}{sentence[1:]}." if told else ""
