"""What a model that gives any number of labels answered on one split, and what that is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from studio.metrics.classification import divide
from studio.metrics.intervals import bootstrap_intervals
from studio.metrics.multilabel import count_answers
from studio.metrics.registry import compute_metrics, get_metric
from studio.results import report_words as words
from studio.results.baselines import choose_unit, cut, fit_words, pick_rows
from studio.results.label_scores import recall_interval
from studio.results.predictions import (
    LABEL_PREFIX,
    Asked,
    by_role,
    find_differing,
    rows_fingerprint,
    tell_differences,
)
from studio.results.report import Report, ReportInputs
from studio.results.wording import count_words, percent
from studio.tasks.base import Row
from studio.tasks.multilabel import MIDDLE, MULTILABEL, THRESHOLDS, read_labels, show_labels, write_labels
from studio.tasks.registry import get_task


@dataclass(frozen=True)
class LabelSets(Asked):
    """What was asked, the true labels and the given ones of one split, in the order of its rows.

    ``asked`` has a column of texts for each role that the model reads. ``truth`` is 0 or 1 (rows, labels);
    ``scores`` holds probability and whether a label is given, (rows, labels, 2). ``lines`` are physical lines
    of the source file (0: unknown), ``files`` its name per row.
    """

    labels: tuple[str, ...]
    asked: Mapping[str, tuple[str, ...]]
    truth: np.ndarray
    scores: np.ndarray
    lines: np.ndarray
    files: tuple[str, ...]

    @classmethod
    def of(
        cls, labels: Sequence[str], asked: Sequence[Row], frame: pd.DataFrame, scores: np.ndarray
    ) -> LabelSets:
        """Answers to rows of a split; a label that the model does not know is given to none of them."""
        cells = list(frame["labels"])
        unknown = {label for cell in cells for label in read_labels(cell)}.difference(labels)
        known = (*labels, *sorted(unknown))
        padding = ((0, 0), (0, len(unknown)), (0, 0))
        return cls(
            labels=known,
            asked=by_role(asked),
            truth=MULTILABEL.targets({"labels": cells}, known),
            scores=np.pad(scores.reshape(len(asked), len(labels), 2), padding),
            lines=frame["line"].to_numpy(dtype=np.int64),
            files=tuple(frame["file"]),
        )

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.truth)

    @property
    def given(self) -> np.ndarray:
        """Which labels each row is given, bool (rows, labels)."""
        return self.scores[:, :, 1] > 0

    @property
    def missed(self) -> np.ndarray:
        """Which labels each row has and is not given, bool (rows, labels)."""
        return (self.truth > 0) & ~self.given

    @property
    def extra(self) -> np.ndarray:
        """Which labels each row is given and does not have, bool (rows, labels)."""
        return (self.truth == 0) & self.given

    @property
    def right(self) -> np.ndarray:
        """Whether each row is given exactly its labels."""
        return ~(self.missed | self.extra).any(axis=1)

    @property
    def fingerprint(self) -> str:
        """The same for two models exactly where they answered the same rows in the same order."""
        return rows_fingerprint(self.texts, self.names(self.truth > 0))

    def names(self, chosen: np.ndarray) -> list[str]:
        """The labels that are chosen in each row, as a dataset keeps them; ``chosen`` is (rows, labels)."""
        return [
            write_labels([label for label, has in zip(self.labels, row, strict=True) if has])
            for row in chosen
        ]

    def to_frame(self) -> pd.DataFrame:
        """One row each: text (and text_b), true, predicted, ``p_<label>`` ..., line, file."""
        asked = {role: list(texts) for role, texts in self.asked.items()}
        sets = {"true": self.names(self.truth > 0), "predicted": self.names(self.given)}
        shares = {LABEL_PREFIX + label: self.scores[:, at, 0] for at, label in enumerate(self.labels)}
        return pd.DataFrame({**asked, **sets, **shares, "line": self.lines, "file": list(self.files)})

    def about(self) -> dict[str, Any]:
        """What must be known to read the rows back."""
        return {
            "task": MULTILABEL.key,
            "labels": list(self.labels),
            "roles": list(self.asked),
            "fingerprint": self.fingerprint,
        }

    @classmethod
    def from_table(cls, table: pa.Table, about: Mapping[str, Any]) -> LabelSets:
        """What ``to_frame`` and ``about`` gave."""
        labels = tuple(about["labels"])
        sets = {
            name: MULTILABEL.targets({"labels": table.column(name).to_pylist()}, labels)
            for name in ("true", "predicted")
        }
        columns = [table.column(LABEL_PREFIX + label).to_numpy() for label in labels]
        shares = np.column_stack(columns) if columns else np.zeros((table.num_rows, 0))
        return cls(
            labels=labels,
            asked={role: tuple(table.column(role).to_pylist()) for role in about["roles"]},
            truth=sets["true"],
            scores=np.stack([shares, sets["predicted"]], axis=-1),
            lines=table.column("line").to_numpy(),
            files=tuple(table.column("file").to_pylist()),
        )


@dataclass(frozen=True)
class SetBaselines:
    """Two simple models: the commonest labels, given to all rows; and word counts, a linear model a label.

    ``shares`` is how many of the training rows have each label, (labels,).
    """

    shares: np.ndarray
    pipeline: Any | None

    @classmethod
    def fit(cls, texts: Sequence[str], truth: np.ndarray, seed: int = 0) -> SetBaselines:
        """The same rows and seed give the same answers; of more than 50,000 rows a random 50,000 are used."""
        from sklearn.linear_model import LogisticRegression
        from sklearn.multiclass import OneVsRestClassifier

        rows = pick_rows(len(truth), seed)
        linear = LogisticRegression(C=10.0, max_iter=200, tol=1e-3, random_state=seed)
        unit = choose_unit([texts[row] for row in rows])
        has = (truth[rows] > 0).astype(int)
        pipeline = fit_words([cut(texts[row]) for row in rows], has, unit, OneVsRestClassifier(linear))
        return cls(truth.mean(axis=0) if len(truth) else np.zeros(truth.shape[1]), pipeline)

    def score(self, predictions: LabelSets) -> dict[str, dict[str, float]]:
        """The metrics of both on rows of a split, by name: frequent, and tfidf where it could be fitted."""
        # Given to all: the labels that half of the rows have, or else the commonest.
        cut_at = min(0.5, float(self.shares.max(initial=0.0)))
        answers = {"frequent": (np.tile(self.shares, (predictions.rows, 1)), cut_at)}
        if self.pipeline is not None:
            texts = [cut(text) for text in predictions.texts]
            # For a single label there is a column of those who have it not, too.
            answers["tfidf"] = (self.pipeline.predict_proba(texts)[:, -len(self.shares) :], 0.5)
        padding = ((0, 0), (0, len(predictions.labels) - len(self.shares)))
        found = {}
        for name, (shares, threshold) in answers.items():
            padded = np.pad(shares, padding)
            scores = np.stack([padded, (padded >= threshold).astype(float)], axis=-1)
            found[name] = compute_metrics(MULTILABEL.metrics, predictions.truth, scores)
        return found


def set_rows(predictions: LabelSets) -> list[dict[str, Any]]:
    """One entry per label, in the order of the labels, as ``label_scores.label_rows`` gives them."""
    right, given, has = count_answers(predictions.truth, predictions.scores)
    precision, recall, f1 = divide(right, given), divide(right, has), divide(2 * right, given + has)
    return [
        {
            "label": label,
            "precision": float(precision[at]),
            "recall": float(recall[at]),
            "f1": float(f1[at]),
            "support": int(has[at]),
            "predicted": int(given[at]),
            "recall_interval": recall_interval(int(right[at]), int(has[at])),
        }
        for at, label in enumerate(predictions.labels)
    ]


def list_set_mistakes(
    predictions: LabelSets, missed: str | None = None, extra: str | None = None
) -> pd.DataFrame:
    """Rows not given exactly their labels, the surest mistake first: text, true, predicted, confidence, ...

    Of these only those that miss one label, or are given another one wrongly, where it is named. The
    confidence is the probability that the worst of a row's mistakes had.
    """
    keep = ~predictions.right
    for wanted, wrong in ((missed, predictions.missed), (extra, predictions.extra)):
        if wanted is not None:
            keep = keep & wrong[:, predictions.labels.index(wanted)]
    shares = predictions.scores[:, :, 0]
    sureness = np.where(predictions.extra, shares, np.where(predictions.missed, 1 - shares, 0.0))
    shown = {
        name: [show_labels(cell) for cell in predictions.names(chosen)]
        for name, chosen in (("true", predictions.truth > 0), ("predicted", predictions.given))
    }
    frame = pd.DataFrame(
        {
            "text": list(predictions.texts),
            **shown,
            "confidence": sureness.max(axis=1, initial=0.0),
            "line": predictions.lines,
            "file": list(predictions.files),
        }
    )
    return frame[keep].sort_values("confidence", ascending=False, kind="stable").reset_index(drop=True)


def find_set_gaps(
    answers: Sequence[LabelSets], names: Sequence[str], at_most: int
) -> tuple[list[dict[str, Any]], int]:
    """Rows that models give different labels, those most models get wrong last, and how many there are."""
    named = [answer.names(answer.given) for answer in answers]
    rows = find_differing(answers, named)
    first = answers[0]
    true, *told = (list(map(show_labels, cells)) for cells in (first.names(first.truth > 0), *named))
    return tell_differences(answers, names, rows[:at_most], true, told), len(rows)


def build_set_report(inputs: ReportInputs[LabelSets, SetBaselines]) -> Report:
    """Measure one model on one split; an empty split gives a report that says so."""
    task = get_task(inputs.task)
    predictions, metrics = inputs.predictions, {}
    intervals: dict[str, list[float]] = {}
    if predictions.rows:
        values = predictions.truth, predictions.scores
        metrics = compute_metrics(task.metrics, *values)
        chosen = [get_metric(name) for name in task.metrics]
        drawn = bootstrap_intervals(chosen, *values, seed=inputs.seed)
        intervals = {name: list(edges) for name, edges in drawn.items()}
    rivals = inputs.baselines.score(predictions) if inputs.baselines and predictions.rows else {}
    thresholds = inputs.tuned.get(THRESHOLDS, [])
    per_label = [
        {**row, "threshold": thresholds[at] if at < len(thresholds) else MIDDLE}
        for at, row in enumerate(set_rows(predictions))
    ]
    absent = [row["label"] for row in per_label if not row["support"]]
    notes = list(inputs.notes)
    if predictions.rows and inputs.tuned and inputs.split == "validation":
        notes.append("The thresholds were chosen on these rows, so their scores are a little too good.")
    if predictions.rows and absent:
        notes.append(words.describe_absent(absent, inputs.split))
    score = describe_sets(predictions, metrics) if predictions.rows else words.describe_empty(inputs.split)
    baselines = words.add_warning(describe_rivals(metrics, rivals), metrics, intervals, rivals, "f1_micro")
    return Report(
        model=inputs.model,
        dataset=inputs.dataset,
        split=inputs.split,
        task=task.key,
        rows=predictions.rows,
        labels=list(predictions.labels),
        primary_metric=task.primary_metric,
        metrics=metrics,
        intervals=intervals,
        per_label=per_label,
        baselines=rivals,
        absent_labels=absent,
        mistakes=int((~predictions.right).sum()),
        rows_fingerprint=predictions.fingerprint,
        sentences={"score": score, "baselines": baselines},
        sentence=" ".join(filter(None, (score, baselines))),
        notes=notes,
    )


def describe_sets(predictions: LabelSets, metrics: Mapping[str, float]) -> str:
    """How many labels are found, how many of those given are right, and how many rows have exactly theirs."""
    right, given, has = (int(counts.sum()) for counts in count_answers(predictions.truth, predictions.scores))
    found = f"{percent(right / has)} of {count_words(has, 'label')} found" if has else "no label to find"
    fitting = f"{percent(right / given)} of those given are right" if given else "none given"
    exact = percent(metrics["subset_accuracy"])
    return (
        f"On {count_words(predictions.rows, 'text')}: {found}, {fitting}; {exact} have exactly their labels."
    )


def describe_rivals(metrics: Mapping[str, float], rivals: Mapping[str, Mapping[str, float]]) -> str:
    """What simple models reach on the same rows.

    >>> describe_rivals({"f1_micro": 0.8}, {"tfidf": {"f1_micro": 0.7}})
    'F1 (micro) of TF-IDF with logistic regression: 70 %, of this model: 80 %.'
    """
    if "tfidf" not in rivals:
        return ""
    rival, own = (percent(scores["f1_micro"]) for scores in (rivals["tfidf"], metrics))
    return f"F1 (micro) of TF-IDF with logistic regression: {rival}, of this model: {own}."
