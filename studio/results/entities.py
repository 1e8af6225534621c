"""Which entities a model found on one split, and what that is worth."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from studio.metrics.entities import (
    KINDS,
    Entity,
    EntityError,
    count_entities,
    find_errors,
    score_types,
)
from studio.metrics.intervals import bootstrap_intervals
from studio.metrics.registry import compute_metrics, get_metric
from studio.results import report_words as words
from studio.results.label_scores import recall_interval
from studio.results.predictions import Asked, by_role, find_differing, rows_fingerprint, tell_differences
from studio.results.report import Report, ReportInputs
from studio.results.wording import count_words, percent
from studio.tasks.base import Row
from studio.tasks.registry import get_task
from studio.tasks.tagging.lookup import Lookup
from studio.tasks.token_classification import (
    ENTITIES,
    TOKEN_CLASSIFICATION,
    in_characters,
    read_entities,
    say,
    write_entities,
)


@dataclass(frozen=True)
class FoundEntities(Asked):
    """What was asked, the true entities and those found in each row of one split, in the order of its rows.

    ``true`` has what a dataset keeps of each row, ``found`` a list of {label, start, end, text, score} for
    each. ``labels`` are those of the model, then those that only true entities have. ``lines`` are physical
    lines of the source file (0: unknown), ``files`` its name per row.
    """

    labels: tuple[str, ...]
    asked: Mapping[str, tuple[str, ...]]
    true: tuple[str, ...]
    found: tuple[list[dict[str, Any]], ...]
    lines: np.ndarray
    files: tuple[str, ...]

    @classmethod
    def of(
        cls, labels: Sequence[str], asked: Sequence[Row], frame: pd.DataFrame, scores: np.ndarray
    ) -> FoundEntities:
        """Answers to rows of a split, of which ``frame`` has entities, line and file."""
        return cls.from_rows(labels, asked, frame, in_characters(scores, labels, asked))

    @classmethod
    def from_rows(
        cls,
        labels: Sequence[str],
        asked: Sequence[Row],
        frame: pd.DataFrame,
        found: Sequence[list[dict[str, Any]]],
    ) -> FoundEntities:
        """The same of entities in characters."""
        seen = {label for cell in frame["tags"] for _, _, label in read_entities(cell)}
        return cls(
            labels=(*labels, *sorted(seen - set(labels))),
            asked=by_role(asked),
            true=tuple(frame["tags"]),
            found=tuple(found),
            lines=frame["line"].to_numpy(dtype=np.int64),
            files=tuple(frame["file"]),
        )

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.true)

    @cached_property
    def true_entities(self) -> list[list[Entity]]:
        """The true entities of each row: start, end and label."""
        return [[(one.start, one.end, one.label) for one in read_entities(cell)] for cell in self.true]

    @cached_property
    def found_entities(self) -> list[list[Entity]]:
        """Those found, the same way."""
        return [[(one["start"], one["end"], one["label"]) for one in row] for row in self.found]

    @cached_property
    def counts(self) -> np.ndarray:
        """Of each row the entities found rightly, those found, and those there are: int64 (rows, 3)."""
        return count_entities(self.true_entities, self.found_entities)

    @property
    def truth(self) -> np.ndarray:
        """How many entities each row has, (rows, 1)."""
        return self.counts[:, 2:]

    @property
    def scores(self) -> np.ndarray:
        """How many are rightly found in each row, and how many are found, (rows, 2)."""
        return self.counts[:, :2]

    @property
    def right(self) -> np.ndarray:
        """In which rows exactly the true entities are found."""
        return np.asarray((self.counts == self.counts[:, :1]).all(axis=1))

    @cached_property
    def errors(self) -> list[EntityError]:
        """Every wrong entity once, by row and place."""
        return find_errors(self.true_entities, self.found_entities)

    @property
    def fingerprint(self) -> str:
        """The same for two models exactly where they answered the same rows in the same order."""
        return rows_fingerprint(self.texts, self.true)

    def told(self) -> tuple[list[str], list[str]]:
        """The true entities of each row, and those found, as people read them."""
        true = [say_entities(*row) for row in zip(self.texts, self.true_entities, strict=True)]
        return true, [say({ENTITIES: row}) for row in self.found]

    def to_frame(self) -> pd.DataFrame:
        """One row each: text, true and predicted (for people), entities and found (JSON), line, file."""
        true, predicted = self.told()
        return pd.DataFrame(
            {
                **{role: list(cells) for role, cells in self.asked.items()},
                "true": true,
                "predicted": predicted,
                "entities": list(self.true),
                "found": [json.dumps(row, ensure_ascii=False) for row in self.found],
                "line": self.lines,
                "file": list(self.files),
            }
        )

    def about(self) -> dict[str, Any]:
        """What must be known to read the rows back."""
        return {
            "task": TOKEN_CLASSIFICATION.key,
            "labels": list(self.labels),
            "roles": list(self.asked),
            "fingerprint": self.fingerprint,
        }

    @classmethod
    def from_table(cls, table: pa.Table, about: Mapping[str, Any]) -> FoundEntities:
        """What ``to_frame`` and ``about`` gave."""
        return cls(
            labels=tuple(about["labels"]),
            asked={role: tuple(table.column(role).to_pylist()) for role in about["roles"]},
            true=tuple(table.column("entities").to_pylist()),
            found=tuple(map(json.loads, table.column("found").to_pylist())),
            lines=table.column("line").to_numpy(),
            files=tuple(table.column("file").to_pylist()),
        )


@dataclass(frozen=True)
class EntityBaselines:
    """What is reached without an encoder: by looking up the entities of the training rows."""

    lookup: Lookup

    @classmethod
    def fit(cls, asked: Sequence[Row], frame: pd.DataFrame, _labels: Sequence[str]) -> EntityBaselines:
        """What was an entity in these rows."""
        texts = [row["text"] for row in asked]
        return cls(Lookup.of(texts, [read_entities(cell) for cell in frame["tags"]]))

    def score(self, predictions: FoundEntities) -> dict[str, dict[str, float]]:
        """The metrics of it on rows of a split, by name: lookup."""
        found = [self.lookup.find(text) for text in predictions.texts]
        counts = count_entities(predictions.true_entities, found)
        return {"lookup": compute_metrics(TOKEN_CLASSIFICATION.metrics, counts[:, 2:], counts[:, :2])}


def type_rows(predictions: FoundEntities) -> list[dict[str, Any]]:
    """One entry per label, in the order of the labels, as ``label_scores.label_rows`` gives them of rows.

    ``errors`` counts what is wrong with true entities of the label, and with those wrongly given it.
    """
    labels, scores = score_types(predictions.true_entities, predictions.found_entities)
    places = {label: place for place, label in enumerate(labels)}
    given = Counter(label for row in predictions.found_entities for _, _, label in row)
    errors = {label: dict.fromkeys(KINDS, 0) for label in predictions.labels}
    for error in predictions.errors:
        errors[label_of(error)][error.kind] += 1
    rows = []
    for label in predictions.labels:
        at = places.get(label)
        values = (
            [0.0, 0.0, 0.0]
            if at is None
            else [float(part[at]) for part in (scores.precision, scores.recall, scores.f1)]
        )
        support = 0 if at is None else int(scores.support[at])
        row = dict(zip(("precision", "recall", "f1"), values, strict=True))
        right = round(row["recall"] * support)
        rows.append(
            {
                "label": label,
                **row,
                "support": support,
                "predicted": given[label],
                "recall_interval": recall_interval(right, support),
                "errors": errors[label],
            }
        )
    return rows


def label_of(error: EntityError) -> str:
    """The label under which an error is counted: that of the true entity, or of one that is not there."""
    entity = error.truth or error.found
    assert entity is not None
    return entity[2]


def count_errors(predictions: FoundEntities) -> dict[str, Any]:
    """``kinds``: how many errors there are of each kind; ``pairs``: labels taken for others.

    The latter are [{true, predicted, count}], the commonest first.
    """
    kinds = Counter(error.kind for error in predictions.errors)
    pairs = Counter(
        (error.truth[2], error.found[2])
        for error in predictions.errors
        if error.truth and error.found and error.truth[2] != error.found[2]
    )
    return {
        "kinds": {kind: kinds[kind] for kind in KINDS},
        "pairs": [
            {"true": true, "predicted": found, "count": count} for (true, found), count in pairs.most_common()
        ],
    }


def list_wrong_rows(
    predictions: FoundEntities, true: str | None = None, predicted: str | None = None
) -> pd.DataFrame:
    """Rows with a wrong entity, the surest first: text, true, predicted, confidence, line, file.

    Of these only those in which a true entity of one label is not found as it is, or one is wrongly given
    another label, where they are named. The confidence is the highest score of a wrong entity; rows of which
    some are only missed have none (NaN), and come last. In lists of entities those that are wrong come first.
    """
    keep = np.zeros(predictions.rows, dtype=bool)
    for error in predictions.errors:
        missed, given = (entity and entity[2] for entity in (error.truth, error.found))
        if true in (None, missed) and predicted in (None, given):
            keep[error.sentence] = True
    sure = np.full(predictions.rows, np.nan)
    for number, (row, entities) in enumerate(zip(predictions.found, predictions.true_entities, strict=True)):
        wrong = [one["score"] for one in row if (one["start"], one["end"], one["label"]) not in entities]
        sure[number] = max(wrong, default=np.nan)
    frame = pd.DataFrame(
        {
            "text": list(predictions.texts),
            "true": tell_wrong_first(
                predictions.texts, predictions.true_entities, predictions.found_entities
            ),
            "predicted": tell_wrong_first(
                predictions.texts, predictions.found_entities, predictions.true_entities
            ),
            "confidence": sure,
            "line": predictions.lines,
            "file": list(predictions.files),
        }
    )
    return frame[keep].sort_values("confidence", ascending=False, kind="stable").reset_index(drop=True)


def tell_wrong_first(
    texts: Sequence[str], told: Sequence[Sequence[Entity]], others: Sequence[Sequence[Entity]]
) -> list[str]:
    """Entities of each text for people to read, those that are not among the others first.

    >>> tell_wrong_first(["Anna in Rome"], [[(0, 4, "PER"), (8, 12, "LOC")]], [[(0, 4, "PER")]])
    ['Rome (LOC) | Anna (PER)']
    """
    return [
        say_entities(text, sorted(mine, key=set(theirs).__contains__))
        for text, mine, theirs in zip(texts, told, others, strict=True)
    ]


def say_entities(text: str, entities: Sequence[Entity]) -> str:
    """Entities of a text for people to read."""
    return say({ENTITIES: [{"text": text[start:end], "label": label} for start, end, label in entities]})


def find_other_entities(
    answers: Sequence[FoundEntities], names: Sequence[str], at_most: int
) -> tuple[list[dict[str, Any]], int]:
    """Rows in which models find other entities, those most models get wrong last, and how many there are."""
    found = [[write_entities(row) for row in answer.found_entities] for answer in answers]  # type: ignore[arg-type]
    told = [answer.told()[1] for answer in answers]
    rows = find_differing(answers, found)
    return tell_differences(answers, names, rows[:at_most], answers[0].told()[0], told), len(rows)


def build_entity_report(inputs: ReportInputs[FoundEntities, EntityBaselines]) -> Report:
    """Measure one model on one split; an empty split gives a report that says so."""
    task = get_task(inputs.task)
    predictions = inputs.predictions
    metrics: dict[str, float] = {}
    intervals: dict[str, list[float]] = {}
    if predictions.rows:
        values = predictions.truth, predictions.scores
        metrics = compute_metrics(task.metrics, *values)
        chosen = [get_metric(name) for name in task.metrics]
        drawn = bootstrap_intervals(chosen, *values, seed=inputs.seed)
        intervals = {name: list(edges) for name, edges in drawn.items()}
    rivals = inputs.baselines.score(predictions) if inputs.baselines and predictions.rows else {}
    per_label, errors = type_rows(predictions), count_errors(predictions)
    absent = [row["label"] for row in per_label if not row["support"]]
    notes = list(inputs.notes)
    if predictions.rows and absent:
        notes.append(words.describe_absent(absent, inputs.split))
    score = describe_entities(predictions) if predictions.rows else words.describe_empty(inputs.split)
    told = {
        "score": score,
        "baselines": words.add_warning(describe_rivals(metrics, rivals), metrics, intervals, rivals, "f1"),
        "errors": describe_errors(errors["kinds"]),
    }
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
        sentences=told,
        sentence=" ".join(filter(None, (told["score"], told["baselines"]))),
        entities=errors,
        notes=notes,
    )


def describe_entities(predictions: FoundEntities) -> str:
    """How many entities are found, how many of those named are right, and how many texts have no mistake."""
    right, given, true = predictions.counts.sum(axis=0).tolist()
    what = f"{true:,} {'entity' if true == 1 else 'entities'}"
    found = f"{percent(right / true)} of {what} found" if true else "no entity to find"
    fitting = f"{percent(right / given)} of those named are right" if given else "none named"
    whole = percent(float(predictions.right.mean()))
    return (
        f"In {count_words(predictions.rows, 'text')}: {found}, {fitting}; {whole} of the texts are all right."
    )


def describe_rivals(metrics: Mapping[str, float], rivals: Mapping[str, Mapping[str, float]]) -> str:
    """What is reached on the same rows without an encoder.

    >>> describe_rivals({"f1": 0.8}, {"lookup": {"f1": 0.5}})
    'F1 of looking up the entities of the training rows: 50 %, of this model: 80 %.'
    """
    if "lookup" not in rivals:
        return ""
    rival, own = (percent(scores["f1"]) for scores in (rivals["lookup"], metrics))
    return f"F1 of looking up the entities of the training rows: {rival}, of this model: {own}."


def describe_errors(kinds: Mapping[str, int]) -> str:
    """What is wrong with the wrong entities.

    >>> describe_errors({"type": 3, "boundary": 5, "both": 0, "missed": 1, "spurious": 1})[:66]
    'Of 10 wrong entities: 5 with wrong boundaries, 3 with the wrong la'
    """
    total = sum(kinds.values())
    if not total:
        return ""
    return (
        f"Of {count_words(total, 'wrong entity', 'wrong entities')}: {kinds['boundary']:,} with wrong "
        f"boundaries, {kinds['type']:,} with the wrong label, {kinds['both']:,} with both, "
        f"{kinds['missed']:,} missed, {kinds['spurious']:,} not there."
    )
