"""What is reached without an encoder: always the commonest label, and word counts with a linear model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

ROWS_AT_MOST = 50_000
FEATURES_AT_MOST = 50_000
CHARACTERS_AT_MOST = 5_000
CJK_SHARE = 0.2
CJK = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]")
LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True)
class Baselines:
    """Two simple classifiers fitted on the training rows, ready to answer any split.

    ``majority_id`` is None where there were no training rows; ``pipeline`` is None where nothing
    could be learnt, and ``note`` then says why.
    """

    labels: tuple[str, ...]
    majority_id: int | None
    pipeline: Pipeline | None
    class_ids: tuple[int, ...]
    unit: str
    training_rows: int
    used_rows: int
    note: str = ""

    def majority_probabilities(self, rows: int) -> np.ndarray:
        """All probability on the commonest label, (rows, labels)."""
        answer = np.zeros((rows, len(self.labels)))
        if self.majority_id is not None:
            answer[:, self.majority_id] = 1.0
        return answer

    def tfidf_probabilities(self, texts: Sequence[str]) -> np.ndarray | None:
        """The linear model's probabilities, (rows, labels); None where there is no such model."""
        if self.pipeline is None:
            return None
        answer = np.zeros((len(texts), len(self.labels)))
        if len(texts):
            answer[:, list(self.class_ids)] = self.pipeline.predict_proba([cut(text) for text in texts])
        return answer


def fit_baselines(
    texts: Sequence[str], label_ids: Sequence[int] | np.ndarray, labels: Sequence[str], seed: int = 0
) -> Baselines:
    """Fit both on the training rows; the same rows and seed give the same answers.

    Above 50,000 rows the linear model learns from a random 50,000 of them; of each text it reads the
    first 5,000 characters, and of all words and pairs of words the 50,000 most frequent.
    """
    ids = np.asarray(label_ids, dtype=np.int64)
    majority = int(np.bincount(ids).argmax()) if len(ids) else None
    rows = pick_rows(len(ids), seed)
    unit = choose_unit([texts[row] for row in rows])
    pipeline, note = fit_pipeline([cut(texts[row]) for row in rows], ids[rows], unit, seed)
    return Baselines(
        labels=tuple(labels),
        majority_id=majority,
        pipeline=pipeline,
        class_ids=tuple(int(value) for value in pipeline.classes_) if pipeline is not None else (),
        unit=unit,
        training_rows=len(ids),
        used_rows=len(rows),
        note=note,
    )


def fit_pipeline(texts: Sequence[str], ids: np.ndarray, unit: str, seed: int) -> tuple[Pipeline | None, str]:
    """TF-IDF and logistic regression, or None and the reason why nothing could be learnt."""
    # scikit-learn takes a second to import, and pages that only read reports never fit anything.
    from sklearn.linear_model import LogisticRegression

    if len(np.unique(ids)) < 2:
        return None, "The training rows carry fewer than two labels, so there is nothing to tell apart."
    pipeline = fit_words(
        texts, ids, unit, LogisticRegression(C=10.0, max_iter=200, tol=1e-3, random_state=seed)
    )
    return pipeline, "" if pipeline is not None else "The training texts contain no words."


def fit_words(texts: Sequence[str], answers: np.ndarray, unit: str, linear: Any) -> Pipeline | None:
    """TF-IDF and a linear model of scikit-learn on top of it; None where the texts contain no words."""
    from sklearn.pipeline import make_pipeline

    pipeline = make_pipeline(make_vectorizer(unit), linear)
    try:
        return pipeline.fit(texts, answers)
    except ValueError as error:
        if "empty vocabulary" not in str(error):
            raise
        return None


def make_vectorizer(unit: str) -> Any:
    """TF-IDF of words and pairs of them, or of runs of up to three characters."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    options: dict[str, Any] = {"sublinear_tf": True, "max_features": FEATURES_AT_MOST, "dtype": np.float32}
    if unit == "characters":
        options |= {"analyzer": "char", "ngram_range": (1, 3)}
    else:
        options |= {"analyzer": "word", "ngram_range": (1, 2), "token_pattern": r"(?u)\b\w+\b"}
    return TfidfVectorizer(**options)


def pick_rows(rows: int, seed: int) -> np.ndarray:
    """Row numbers to learn from: all, or a seeded choice of 50,000 in their order."""
    if rows <= ROWS_AT_MOST:
        return np.arange(rows)
    return np.sort(np.random.default_rng(seed).choice(rows, ROWS_AT_MOST, replace=False))


def choose_unit(texts: Sequence[str]) -> str:
    """``characters`` where the script has no blanks between words (Chinese, Japanese), else ``words``.

    >>> choose_unit(["很好的酒店"]), choose_unit(["a good hotel"])
    ('characters', 'words')
    """
    sample = "".join(text[:500] for text in texts[:2000])
    letters = len(LETTER.findall(sample))
    return "characters" if letters and len(CJK.findall(sample)) / letters > CJK_SHARE else "words"


def cut(text: str) -> str:
    """The beginning of a text, as much as the linear model reads."""
    return text[:CHARACTERS_AT_MOST]
