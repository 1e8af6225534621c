"""Scores of answers to questions: exact match and F1 of words, of SQuAD; in Chinese as CMRC 2018 has them.

SQuAD: Rajpurkar et al. 2016, and 2018 for questions that have no answer, to which the right answer is "".
CMRC 2018: Cui et al. 2019. Both take the best score over the right answers to a question.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

ARTICLE = re.compile(r"\b(?:a|an|the)\b")
WITHOUT_PUNCTUATION = str.maketrans("", "", string.punctuation)
# As CMRC 2018 lists them; its "……", which no single character equals, removes nothing there either.
CHINESE_MARKS = "-:_*^/\\~`+=，。：？！“”；’《》·、「」（）－～『』"
WITHOUT_CHINESE_MARKS = str.maketrans("", "", CHINESE_MARKS)
# CMRC 2018 splits what is not Chinese by NLTK's word_tokenize, of which this is the part that answers need.
SEGMENT = re.compile(
    "[\u4e00-\u9fa5]|[^\\W\u4e00-\u9fa5]+(?:(?:[.']|,(?=\\d))[^\\W\u4e00-\u9fa5]+)*|[^\\w\\s]"
)
HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
KANA = re.compile("[\u3041-\u30ff]")
CHINESE_SHARE = 0.3
NO_ANSWER = ""


class AnswerScores(NamedTuple):
    """Arrays (questions,): exact match, 0 or 1, and F1, float64; whether a question has an answer, bool."""

    exact_match: np.ndarray
    f1: np.ndarray
    has_answer: np.ndarray


def is_chinese(text: str) -> bool:
    """Whether a text is Chinese: at least 3 in 10 of its letters are Han, of which each kana takes one off.

    >>> is_chinese("谁是IBM的CEO？"), is_chinese("Who is 李雷?"), is_chinese("日本の首都はどこですか")
    (True, False, False)
    """
    letters = sum(map(str.isalpha, text))
    return letters > 0 and len(HAN.findall(text)) - len(KANA.findall(text)) >= CHINESE_SHARE * letters


def normalise_answer(answer: str) -> str:
    """An answer as SQuAD compares it: lower case, without punctuation, articles and needless blanks.

    >>> normalise_answer(" The U.S.  Army, an ally")
    'us army ally'
    """
    plain = answer.lower().translate(WITHOUT_PUNCTUATION)
    return " ".join(ARTICLE.sub(" ", plain).split())


def normalise_chinese(answer: str) -> str:
    """An answer as CMRC 2018 compares it: lower case, without punctuation and blanks around it.

    >>> normalise_chinese(" 《红楼梦》 A-1")
    '红楼梦 a1'
    """
    return answer.lower().strip().translate(WITHOUT_CHINESE_MARKS)


def word_f1(found: str, right: str) -> float:
    """F1 of the words of two answers, in any order; where one has none, 1 if neither has, else 0.

    >>> word_f1("the red brick house", "a red house")
    0.8
    """
    return f1_of(normalise_answer(found).split(), normalise_answer(right).split(), count_common)


def chinese_f1(found: str, right: str) -> float:
    """F1 of the longest run of segments that two answers share; where one has none, 1 if neither has, else 0.

    >>> chinese_f1("在北京市", "北京")
    0.6666666666666666
    """
    return f1_of(split_segments(found), split_segments(right), longest_common_run)


def f1_of(found: list[str], right: list[str], common: Callable[[list[str], list[str]], int]) -> float:
    """F1 by what two lists have in common."""
    if not found or not right:
        return float(found == right)
    shared = common(found, right)
    if not shared:
        return 0.0
    precision, recall = shared / len(found), shared / len(right)
    return 2 * precision * recall / (precision + recall)


def count_common(found: list[str], right: list[str]) -> int:
    """How many words two lists share, each as often as in both.

    >>> count_common(["a", "b", "a"], ["a", "a", "a"])
    2
    """
    return sum((Counter(found) & Counter(right)).values())


def longest_common_run(found: list[str], right: list[str]) -> int:
    """The length of the longest run of segments that stands in both lists.

    >>> longest_common_run(["a", "b", "c"], ["b", "c", "a"])
    2
    """
    codes: dict[str, str] = {}
    one, other = (
        "".join(codes.setdefault(segment, chr(0x10000 + len(codes))) for segment in each)
        for each in (found, right)
    )
    longest = 0
    for start in range(len(one)):
        while start + longest < len(one) and one[start : start + longest + 1] in other:
            longest += 1
    return longest


def split_segments(answer: str) -> list[str]:
    """The segments of an answer: each Chinese character, and the words between them; no punctuation.

    >>> split_segments("《红楼》第1.5版 (Rev. B)")
    ['红', '楼', '第', '1.5', '版', '(', 'rev', '.', 'b', ')']
    """
    return SEGMENT.findall(normalise_chinese(answer))


def score_answer(found: str, right: Sequence[str], chinese: bool) -> tuple[float, float]:
    """Exact match and F1 of an answer, each the best over the right ones.

    Right answers of which nothing is left once they are normalised do not count; where none counts, "" is
    right.

    >>> score_answer("the red house", ["red house", "house"], False), score_answer("", [], False)
    ((1.0, 1.0), (1.0, 1.0))
    """
    normalise, f1 = (normalise_chinese, chinese_f1) if chinese else (normalise_answer, word_f1)
    targets = [answer for answer in right if normalise(answer)] or [NO_ANSWER]
    own = normalise(found)
    return (
        max(float(own == normalise(target)) for target in targets),
        max(f1(found, target) for target in targets),
    )


def score_answers(
    found: Sequence[str], right: Sequence[Sequence[str]], questions: Sequence[str]
) -> AnswerScores:
    """Scores of the answers to questions, each in the way of its language; a question without has ().

    >>> scores = score_answers(["red house", "x"], [["the house"], []], ["Where?", "When?"])
    >>> scores.f1.round(2).tolist(), scores.has_answer.tolist()
    ([0.67, 0.0], [True, False])
    """
    scored = [
        score_answer(answer, targets, is_chinese(question))
        for answer, targets, question in zip(found, right, questions, strict=True)
    ]
    exact_match, f1 = np.array(scored, dtype=np.float64).reshape(-1, 2).T
    return AnswerScores(exact_match, f1, np.array([len(targets) > 0 for targets in right], dtype=bool))


def mean_scores(scores: AnswerScores) -> dict[str, float]:
    """Mean exact match and F1: of all, of those that have an answer, and of those that have none, if any.

    >>> mean_scores(AnswerScores(np.array([1.0, 0.0]), np.array([1.0, 0.5]), np.array([True, True])))
    {'exact_match': 0.5, 'f1': 0.75, 'exact_match_has_answer': 0.5, 'f1_has_answer': 0.75}
    """
    every = np.ones(len(scores.has_answer), dtype=bool)
    chosen = {"": every, "_has_answer": scores.has_answer, "_no_answer": ~scores.has_answer}
    return {
        f"{name}{among}": float(values[rows].mean())
        for among, rows in chosen.items()
        if rows.any()
        for name, values in (("exact_match", scores.exact_match), ("f1", scores.f1))
    }


def mean_of(name: str) -> Callable[[np.ndarray, np.ndarray], float]:
    """The metric of that name among those of ``mean_scores``, nan where no row has it.

    It takes whether rows have an answer, bool (rows,), and exact match and F1 of each, (rows, 2).
    """

    def compute(has_answer: np.ndarray, scores: np.ndarray) -> float:
        return mean_scores(AnswerScores(scores[:, 0], scores[:, 1], has_answer)).get(name, float("nan"))

    return compute


def best_threshold(
    null_minus_best: np.ndarray, scores_if_answered: np.ndarray, scores_if_empty: np.ndarray
) -> tuple[float, float]:
    """Where to begin to answer: the threshold with the best mean score, and that score (SQuAD 2.0).

    A question is answered where ``null_minus_best``, the score of no answer less that of the best answer, is
    not above the threshold; all three are (questions,). The threshold stands between two of its values, or is
    0; of equally good ones it is that nearest to 0. Infinite values are never, or always, answered.

    >>> best_threshold(np.array([-2.0, 1.0, 4.0]), np.array([1.0, 0.5, 0.0]), np.array([0.0, 0.0, 1.0]))
    (2.5, 0.8333333333333334)
    """
    if not len(null_minus_best):
        return 0.0, 0.0
    order = np.argsort(null_minus_best, kind="stable")
    ranked = np.asarray(null_minus_best, dtype=np.float64)[order]
    gains = np.asarray(scores_if_answered - scores_if_empty, dtype=np.float64)[order]
    totals = np.sum(scores_if_empty) + np.append(0.0, gains.cumsum())
    thresholds = thresholds_between(np.unique(ranked[np.isfinite(ranked)]))
    means = totals[np.searchsorted(ranked, thresholds, side="right")] / len(ranked)
    best = thresholds[means >= means.max() - 1e-12]
    chosen = best[np.abs(best).argmin()]
    return float(chosen), float(means[thresholds == chosen][0])


def thresholds_between(values: np.ndarray) -> np.ndarray:
    """One threshold below all values, one between each two, one above all, and 0; values rise.

    >>> thresholds_between(np.array([1.0, 3.0])).tolist()
    [0.0, 0.0, 2.0, 4.0]
    """
    if not len(values):
        return np.zeros(1)
    lower, upper = values[:-1], values[1:]
    middle = lower / 2 + upper / 2
    middle = np.where(middle < upper, middle, lower)
    return np.concatenate([[0.0, values[0] - 1.0], middle, [values[-1] + 1.0]])
