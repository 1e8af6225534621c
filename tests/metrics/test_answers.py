"""Scores of answers equal the definitions of SQuAD and CMRC 2018, written here a second time."""

from __future__ import annotations

import string
import time
from collections.abc import Callable
from fractions import Fraction
from itertools import groupby

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from studio.metrics.answers import (
    best_threshold,
    chinese_f1,
    is_chinese,
    longest_common_run,
    mean_scores,
    normalise_answer,
    normalise_chinese,
    score_answer,
    score_answers,
    split_segments,
    word_f1,
)

WORDS = st.sampled_from(
    ["the", "The", "a", "an", "theatre", "A.", "a's", "U.S.", "us", "red", "RED,", "3,000", "3.5%", "-", "!",
     "", "a\u0301", "é", "ＡＢ", "the\u2019", "_a_", "İ", "ß", "，", "“", "\u00a0", "\r\n", "$5", "人"]
)  # fmt: skip
ENGLISH = st.one_of(st.lists(WORDS).map(" ".join), st.lists(WORDS).map("".join), st.text(max_size=12))
CHINESE_PIECES = st.sampled_from(
    ["北", "京", "北京", "大", "学", "，", "。", "《", "》", "……", "…", "-", "·", "A", "ibm", "3.5", "2,000",
     " ", "１", "\u3400", "の", "é", "\u3000", "'", "(", "the", "~", "：", ""]
)  # fmt: skip
CHINESE = st.one_of(st.lists(CHINESE_PIECES, max_size=14).map("".join), st.text(max_size=8))


def squad_words(answer: str) -> list[str]:
    """Lower, punctuation out, runs of letters that are articles to blanks, cut at blanks."""
    kept = [character for character in answer.lower() if character not in string.punctuation]
    runs = ["".join(run) for _, run in groupby(kept, lambda character: character.isalnum())]
    return "".join(" " if run in {"a", "an", "the"} else run for run in runs).split()


def squad_f1(found: str, right: str) -> Fraction:
    """Twice what is shared, of all words of both."""
    own, other = squad_words(found), squad_words(right)
    if not own or not other:
        return Fraction(own == other)
    total, shared = len(own) + len(other), 0
    for word in own:
        if word in other:
            other.remove(word)
            shared += 1
    return Fraction(2 * shared, total)


def cmrc_plain(answer: str) -> str:
    """Lower, blanks around it off, the listed marks out."""
    marks = [*"-:_*^/\\~`+=，。：？！“”；’《》·、「」（）－～『』", "……"]
    return "".join(character for character in answer.lower().strip() if character not in marks)


def cmrc_segments(answer: str) -> list[str]:
    """Chinese characters one by one; else words with a point, an apostrophe or a comma before a digit."""
    segments: list[str] = []
    place, plain = 0, cmrc_plain(answer)
    while place < len(plain):
        end = place + 1
        if is_word(plain[place]):
            while end < len(plain) and (
                is_word(plain[end])
                or (
                    is_word(plain[end + 1 : end + 2])
                    and (plain[end] in ".'" or (plain[end] == "," and plain[end + 1].isdecimal()))
                    and is_word(plain[end - 1])
                )
            ):
                end += 1
        if not plain[place].isspace():
            segments.append(plain[place:end])
        place = end
    return segments


def is_word(character: str) -> bool:
    """Whether it is of a word that is not Chinese."""
    return (character.isalnum() or character == "_") and not "\u4e00" <= character <= "\u9fa5"


def cmrc_f1(found: str, right: str) -> Fraction:
    """By the table of the longest common substring."""
    own, other = cmrc_segments(found), cmrc_segments(right)
    if not own or not other:
        return Fraction(own == other)
    return Fraction(2 * common_run(own, other), len(own) + len(other))


def common_run(own: list[str], other: list[str]) -> int:
    """The longest of all diagonals of equal segments."""
    table = np.zeros((len(own) + 1, len(other) + 1), dtype=int)
    for row, one in enumerate(own, 1):
        for column, two in enumerate(other, 1):
            table[row, column] = table[row - 1, column - 1] + 1 if one == two else 0
    return int(table.max())


@given(ENGLISH, ENGLISH)
@example("The", "")
@example("the a an", "an")
@example("a\u0301", "\u0301")
def test_scores_are_those_of_squad(found: str, right: str) -> None:
    assert normalise_answer(found) == " ".join(squad_words(found))
    assert word_f1(found, right) == pytest.approx(float(squad_f1(found, right)))


@given(CHINESE, CHINESE)
@example("。", "")
@example("在北京市", "北京")
def test_scores_in_chinese_are_those_of_cmrc(found: str, right: str) -> None:
    assert normalise_chinese(found) == cmrc_plain(found)
    assert split_segments(found) == cmrc_segments(found)
    assert chinese_f1(found, right) == pytest.approx(float(cmrc_f1(found, right)))


@given(st.lists(st.sampled_from("abc"), max_size=12), st.lists(st.sampled_from("abc"), max_size=12))
def test_the_longest_common_run_is_that_of_the_table(one: list[str], other: list[str]) -> None:
    assert longest_common_run(one, other) == common_run(one, other) == longest_common_run(other, one)


@pytest.mark.parametrize(
    ("chinese", "answers", "f1", "words"),
    [(False, ENGLISH, squad_f1, squad_words), (True, CHINESE, cmrc_f1, cmrc_plain)],
)
@given(data=st.data())
def test_the_best_right_answer_counts_and_none_is_the_empty_one(
    chinese: bool, answers: st.SearchStrategy[str], f1: Callable, words: Callable, data: st.DataObject
) -> None:
    found, right = data.draw(answers), data.draw(st.lists(answers, max_size=4))
    targets = [answer for answer in right if words(answer)] or [""]
    expected = max(words(found) == words(target) for target in targets), max(f1(found, t) for t in targets)
    assert score_answer(found, right, chinese) == pytest.approx(tuple(map(float, expected)))
    assert score_answer(found, [*right, *right[::-1]], chinese) == score_answer(found, right, chinese)


@given(ENGLISH, ENGLISH)
def test_case_articles_and_punctuation_change_nothing(found: str, right: str) -> None:
    plain = score_answer(found, [right], False)
    assert score_answer(f" the {found} !?", [f"An {right}..."], False) == plain
    assert word_f1(found, right) == word_f1(right, found)
    assert 0.0 <= plain[0] <= plain[1] <= 1.0
    assert score_answer(right, [right], False) == (1.0, 1.0)


@given(CHINESE, CHINESE)
def test_in_chinese_marks_around_an_answer_change_nothing(found: str, right: str) -> None:
    plain = score_answer(found, [right], True)
    assert score_answer(f"《{found.strip()}》。", [right], True) == plain
    assert chinese_f1(found, right) == chinese_f1(right, found)
    assert 0.0 <= plain[1] <= 1.0
    assert score_answer(right, [right], True) == (1.0, 1.0)


@pytest.mark.parametrize("question", ["Where?", "哪里？"])
def test_without_an_answer_only_the_empty_one_is_right(question: str) -> None:
    scores = score_answers(["", "Rome", "", "Rome"], [[], [], ["Rome"], ["Rome"]], [question] * 4)
    assert scores.exact_match.tolist() == scores.f1.tolist() == [1.0, 0.0, 0.0, 1.0]
    assert mean_scores(scores) == {
        "exact_match": 0.5,
        "f1": 0.5,
        "exact_match_has_answer": 0.5,
        "f1_has_answer": 0.5,
        "exact_match_no_answer": 0.5,
        "f1_no_answer": 0.5,
    }


def test_means_of_nothing_are_left_out() -> None:
    assert mean_scores(score_answers([], [], [])) == {}
    assert set(mean_scores(score_answers(["a"], [[]], ["?"]))) == {
        "exact_match",
        "f1",
        "exact_match_no_answer",
        "f1_no_answer",
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("《红楼梦》的作者是谁？", True),
        ("谁是International Business Machines的CEO？", False),
        ("GPT是什么？", True),
        ("龘\U00020000？", True),
        ("日本の首都はどこですか", False),
        ("대한민국의 수도는?", False),
        ("Who wrote 红楼?", False),
        ("2019？", False),
        ("", False),
    ],
)
def test_a_question_is_chinese_by_its_letters(text: str, expected: bool) -> None:
    assert is_chinese(text) is expected


VALUES = st.one_of(st.integers(-4, 4).map(float), st.sampled_from([np.inf, -np.inf, 0.5, 1e-9]))
ASKED = st.lists(
    st.tuples(VALUES, st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.sampled_from([0.0, 1.0])), max_size=9
)


def mean_at(threshold: float, rows: list[tuple[float, float, float]]) -> float:
    """The mean score where questions up to the threshold are answered."""
    return sum(answered if value <= threshold else empty for value, answered, empty in rows) / len(rows)


@given(ASKED)
def test_no_threshold_is_better_and_none_as_good_is_nearer_to_zero_by_a_step(rows) -> None:
    threshold, best = best_threshold(*np.array(rows, dtype=float).reshape(-1, 3).T)
    if not rows:
        assert (threshold, best) == (0.0, 0.0)
        return
    finite = sorted({value for value, _, _ in rows if np.isfinite(value)})
    tried = {-9.0: mean_at(-9.0, rows), **{value: mean_at(value, rows) for value in finite}}
    assert best == pytest.approx(max(tried.values())) == pytest.approx(mean_at(threshold, rows))
    if mean_at(0.0, rows) == pytest.approx(best):
        assert threshold == 0.0
    between = min(threshold, 0.0), max(threshold, 0.0)
    own = max((value for value in finite if value <= threshold), default=-9.0)
    for value in finite:
        is_own = value == own
        if between[0] <= value <= between[1] and not is_own:
            assert tried[value] < best


@given(
    st.lists(
        st.tuples(st.integers(1, 1000), st.booleans(), st.booleans(), st.sampled_from([0.0, 0.3, 1.0])),
        min_size=1,
        max_size=12,
        unique_by=lambda row: row[0],
    )
)
def test_the_best_score_is_that_of_the_walk_of_squad(rows: list[tuple[int, bool, bool, float]]) -> None:
    """From "never answer", question by question, least doubtful first: what is won, and what is lost."""
    running = best = float(sum(not has_answer for _, has_answer, _, _ in rows))
    for _, has_answer, is_given, score in sorted(rows):
        running += score if has_answer else -1.0 if is_given else 0.0
        best = max(best, running)
    answered = [(score if has_answer else float(not is_given)) for _, has_answer, is_given, score in rows]
    empty = [float(not has_answer) for _, has_answer, _, _ in rows]
    doubts = np.array([row[0] for row in rows], dtype=float)
    assert best_threshold(doubts, np.array(answered), np.array(empty))[1] == pytest.approx(best / len(rows))


def test_between_neighbouring_numbers_a_threshold_still_tells_them_apart() -> None:
    low = 1.0
    high = float(np.nextafter(low, 2.0))
    threshold, best = best_threshold(np.array([low, high]), np.array([1.0, 0.0]), np.array([0.0, 1.0]))
    assert (low <= threshold < high, best) == (True, 1.0)


def test_ten_thousand_questions_take_less_than_two_seconds_of_a_core() -> None:
    right = [["the Norman conquest of England in 1066", "1066", "in 1066"], ["公元前221年秦始皇统一六国"]]
    found = ["in the year 1066, after the death of Edward", "秦始皇在公元前221年统一六国，建立秦朝"]
    began = time.process_time()
    score_answers(found * 5000, right * 5000, ["When did it happen?", "什么时候发生的？"] * 5000)
    assert time.process_time() - began < 2
