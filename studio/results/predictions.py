"""What a model answered on one split, row by row: kept as Parquet, read back as arrays."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from jobs.durable import replacing
from studio.data.formulas import disarm
from studio.errors import Damaged, NotFound
from studio.tasks.base import BETWEEN_TEXTS, Row

METADATA_KEY = b"encoder_studio"
LABEL_PREFIX = "p_"


class Asked:
    """Answers that know what was asked: ``asked`` has a column of texts for each role the model reads."""

    asked: Mapping[str, tuple[str, ...]]

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """What was asked in each row, as one text."""
        return tuple(map(BETWEEN_TEXTS.join, zip(*self.asked.values(), strict=True)))


def by_role(asked: Sequence[Row]) -> dict[str, tuple[str, ...]]:
    """A column of texts for each role of the rows that were asked.

    >>> by_role([{"text": "a", "text_b": "b"}, {"text": "c", "text_b": "d"}])
    {'text': ('a', 'c'), 'text_b': ('b', 'd')}
    """
    roles = asked[0] if asked else ("text",)
    return {role: tuple(row[role] for row in asked) for role in roles}


@dataclass(frozen=True)
class Predictions(Asked):
    """What was asked, true labels and probabilities of one split, in the order of its rows.

    ``asked`` has a column of texts for each role that the model reads. ``probabilities`` is float (rows,
    labels), ``true_ids`` int (rows,) into ``labels``; ``lines`` are physical lines of the source file (0:
    unknown), ``files`` its name per row.
    """

    labels: tuple[str, ...]
    asked: Mapping[str, tuple[str, ...]]
    true_ids: np.ndarray
    probabilities: np.ndarray
    lines: np.ndarray
    files: tuple[str, ...]

    @classmethod
    def from_rows(
        cls,
        labels: Sequence[str],
        asked: Sequence[Row],
        true_ids: Sequence[int] | np.ndarray,
        probabilities: np.ndarray,
        *,
        lines: Sequence[int] | np.ndarray | None = None,
        files: Sequence[str] | None = None,
    ) -> Predictions:
        """Predictions from plain sequences of one length."""
        rows = len(asked)
        return cls(
            labels=tuple(labels),
            asked=by_role(asked),
            true_ids=np.asarray(true_ids, dtype=np.int64).reshape(rows),
            probabilities=np.asarray(probabilities, dtype=np.float64).reshape(rows, len(labels)),
            lines=np.asarray(lines if lines is not None else np.zeros(rows), dtype=np.int64),
            files=tuple(files) if files is not None else ("",) * rows,
        )

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.true_ids)

    @property
    def predicted_ids(self) -> np.ndarray:
        """The most probable label of each row, the first of equals."""
        return self.probabilities.argmax(axis=1) if self.rows else np.zeros(0, dtype=np.int64)

    @property
    def confidence(self) -> np.ndarray:
        """The probability of the predicted label."""
        return self.probabilities.max(axis=1) if self.rows else np.zeros(0)

    @property
    def truth(self) -> np.ndarray:
        """The ids of the true labels."""
        return self.true_ids

    @property
    def scores(self) -> np.ndarray:
        """The probabilities."""
        return self.probabilities

    @property
    def right(self) -> np.ndarray:
        """Whether each prediction is the true label."""
        return self.predicted_ids == self.true_ids

    @property
    def fingerprint(self) -> str:
        """The same for two models exactly where they answered the same rows in the same order."""
        return rows_fingerprint(self.texts, [self.labels[index] for index in self.true_ids])

    def answers(self) -> pd.DataFrame:
        """One row per text without the probabilities: text, true, predicted, confidence, line, file."""
        names = np.array(self.labels, dtype=object)
        return pd.DataFrame(
            {
                "text": list(self.texts),
                "true": names[self.true_ids] if self.rows else [],
                "predicted": names[self.predicted_ids] if self.rows else [],
                "confidence": self.confidence,
                "line": self.lines,
                "file": list(self.files),
            }
        )

    def to_frame(self) -> pd.DataFrame:
        """One row each: text (and text_b), true, predicted, confidence, ``p_<label>`` ..., line, file."""
        names = [LABEL_PREFIX + label for label in self.labels]
        answers = self.answers().drop(columns="text")
        asked = pd.DataFrame({role: list(texts) for role, texts in self.asked.items()})
        shares = pd.DataFrame(self.probabilities, columns=names)
        return pd.concat([asked, answers.iloc[:, :3], shares, answers.iloc[:, 3:]], axis=1)

    def about(self) -> dict[str, Any]:
        """What must be known to read the rows back."""
        return {"labels": list(self.labels), "roles": list(self.asked), "fingerprint": self.fingerprint}

    @classmethod
    def from_table(cls, table: pa.Table, about: Mapping[str, Any]) -> Predictions:
        """What ``to_frame`` and ``about`` gave."""
        labels, roles = tuple(about["labels"]), about.get("roles", ["text"])
        index = {label: position for position, label in enumerate(labels)}
        columns = [table.column(LABEL_PREFIX + label).to_numpy() for label in labels]
        return cls(
            labels=labels,
            asked={role: tuple(table.column(role).to_pylist()) for role in roles},
            true_ids=np.array([index[label] for label in table.column("true").to_pylist()], dtype=np.int64),
            probabilities=np.column_stack(columns) if table.num_rows else np.zeros((0, len(labels))),
            lines=table.column("line").to_numpy(),
            files=tuple(table.column("file").to_pylist()),
        )


class Answers(Protocol):
    """What a model answered on one split, whatever its task."""

    @property
    def rows(self) -> int:
        """Number of rows."""

    @property
    def texts(self) -> tuple[str, ...]:
        """What was asked in each row, as one text."""

    @property
    def fingerprint(self) -> str:
        """The same for two models exactly where they answered the same rows in the same order."""

    @property
    def truth(self) -> np.ndarray:
        """The true answers as metrics read them, one for each row."""

    @property
    def scores(self) -> np.ndarray:
        """The model's answers as metrics read them, one for each row."""

    @property
    def right(self) -> np.ndarray:
        """Which answers are right; of no row where answers are only more or less far off."""

    def to_frame(self) -> pd.DataFrame:
        """One row each, as it is kept and exported."""

    def about(self) -> dict[str, Any]:
        """What must be known to read the rows back."""


def rows_fingerprint(texts: Sequence[str], labels: Sequence[str]) -> str:
    """A hash of the rows (text and true label) in their order.

    >>> rows_fingerprint(["a", "b"], ["x", "y"]) == rows_fingerprint(["ab", ""], ["x", "y"])
    False
    """
    digest = hashlib.sha256()
    for text, label in zip(texts, labels, strict=True):
        for part in (text, label):
            data = part.encode("utf-8", "surrogatepass")
            digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def align_labels(
    model_labels: Sequence[str], true_labels: Sequence[str], probabilities: np.ndarray
) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    """Labels, true ids and probabilities for rows whose labels the model may not know.

    A label unknown to the model gets a column of zero probability: its rows count as mistakes.

    >>> labels, ids, p = align_labels(["a"], ["b", "a"], np.array([[1.0], [1.0]]))
    >>> labels, ids.tolist(), p.tolist()
    (('a', 'b'), [1, 0], [[1.0, 0.0], [1.0, 0.0]])
    """
    known = list(model_labels)
    unknown = sorted(set(true_labels) - set(known))
    index = {label: position for position, label in enumerate(known + unknown)}
    ids = np.array([index[label] for label in true_labels], dtype=np.int64)
    padded = np.hstack([np.asarray(probabilities, dtype=np.float64), np.zeros((len(ids), len(unknown)))])
    return tuple(known + unknown), ids, padded


def write_predictions(predictions: Answers, path: Path) -> None:
    """Store predictions as Parquet; the file appears whole or not at all."""
    table = pa.Table.from_pandas(predictions.to_frame(), preserve_index=False)
    table = table.replace_schema_metadata({METADATA_KEY: json.dumps(predictions.about()).encode()})
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as waiting:
        pq.write_table(table, waiting, compression="zstd")


def read_stored(path: Path) -> tuple[pa.Table, dict[str, Any]]:
    """Rows as stored, and what is known about them. Raises NotFound where the file is missing."""
    require_file(path)
    try:
        table = pq.read_table(path)
    except pa.ArrowException as error:
        raise Damaged(
            f"The saved answers cannot be read: the file {path.name} is damaged.",
            "Restore the studio's folder from a backup, or score the model anew.",
        ) from error
    return table, json.loads(table.schema.metadata[METADATA_KEY])


def read_predictions(path: Path) -> Predictions:
    """Predictions of labels as stored. Raises NotFound where the file is missing."""
    return Predictions.from_table(*read_stored(path))


def require_file(path: Path) -> None:
    """Raise NotFound where predictions are not there."""
    if not path.is_file():
        raise NotFound(
            "The stored answers of this model on this split are missing.",
            "Evaluate the model on the split again.",
        )


def list_mistakes(
    predictions: Predictions, true: str | None = None, predicted: str | None = None
) -> pd.DataFrame:
    """Wrong answers, the most confident first: text, true, predicted, confidence, line, file.

    With both labels given and equal, the right answers of that label are listed instead:
    the cell a person chose on the diagonal of the confusion matrix.
    """
    frame = predictions.answers()
    keep = predictions.right if true is not None and true == predicted else ~predictions.right
    if true is not None:
        keep = keep & (frame["true"] == true).to_numpy()
    if predicted is not None:
        keep = keep & (frame["predicted"] == predicted).to_numpy()
    return frame[keep].sort_values("confidence", ascending=False, kind="stable").reset_index(drop=True)


def export_csv(predictions: Answers, to: Path) -> None:
    """Predictions as CSV for spreadsheets: UTF-8 with a byte order mark, comma separated.

    Texts are written as they were imported, but one that a spreadsheet would run as a formula
    gets a ' before it, and is shown as text.
    """
    frame = predictions.to_frame()
    for column in frame.select_dtypes(exclude="number"):
        frame[column] = [disarm(cell) if isinstance(cell, str) else cell for cell in frame[column]]
    with replacing(to) as waiting:
        # With this line end the writer quotes a lone carriage return, which else would start a row.
        frame.to_csv(waiting, index=False, encoding="utf-8-sig", lineterminator="\r\n")


def find_differing(answers: Sequence[Any], given: Sequence[Sequence[Any]]) -> list[int]:
    """Rows to which models gave different answers, those that most models get wrong last."""
    differ = [row for row in range(answers[0].rows) if len({each[row] for each in given}) > 1]
    right = np.array([answer.right for answer in answers])
    return sorted(differ, key=lambda row: -int(right[:, row].sum()))


def tell_differences(
    answers: Sequence[Any],
    names: Sequence[str],
    rows: Sequence[int],
    true: Sequence[str],
    told: Sequence[Sequence[str]],
    sure: bool = False,
) -> list[dict[str, Any]]:
    """Text, right answer, place and the answer of each model to some rows, and how ``sure`` each was."""
    first = answers[0]
    return [
        {
            "text": first.texts[row],
            "true": true[row],
            "line": int(first.lines[row]),
            "file": first.files[row],
            "answers": {name: told[at][row] for at, name in enumerate(names)},
            "confidence": {name: float(answers[at].confidence[row]) for at, name in enumerate(names)}
            if sure
            else {},
        }
        for row in rows
    ]
