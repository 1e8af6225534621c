"""Reports of answers to questions count what is answered rightly, by question and passage, beside rivals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from studio.pages.results import questions as tab
from studio.pages.results.places import NOWHERE, RowsAt
from studio.ragged import gather
from studio.results.kinds import read_answers
from studio.results.predictions import write_predictions
from studio.results.questions import (
    GivenAnswers,
    PassageBaselines,
    build_answer_report,
    count_groups,
    describe_threshold,
    find_other_answers,
    list_wrong_answers,
    nearest_sentence,
    type_of,
)
from studio.results.report import Report, ReportInputs
from studio.tasks.question_answering import QUESTION_ANSWERING, write_answers

SHORT = "It rains. The lamp stands in Rome. Anna left."
LONG = f"{SHORT} {'More is said of it. ' * 20}"
# Question, passage, right answer, given answer ("" is none).
ROWS = [
    ("Where is the lamp?", SHORT, "Rome", "Rome"),
    ("Where is the lamp now?", SHORT, "Rome", "in Rome"),
    ("Who left?", LONG, "Anna", "The lamp"),
    ("How many left?", SHORT, "", ""),
    ("Why did she leave?", LONG, "", "It rains"),
    ("谁离开了？", SHORT, "Anna", ""),
]


def answered(rows: list[tuple[str, str, str, str]] = ROWS) -> GivenAnswers:
    """Answers with a score that falls from row to row."""
    frame = pd.DataFrame(
        {
            "question": [row[0] for row in rows],
            "context": [row[1] for row in rows],
            "answers": [write_answers([(row[1].index(row[2]), row[2])] if row[2] else []) for row in rows],
            "line": np.arange(len(rows), dtype=np.int64) + 2,
            "file": "asked.csv",
        }
    )
    scores = []
    for number, (_, context, _, given) in enumerate(rows):
        share, none = 0.9 - number / 10, [-1.0, -1.0, 0.1 + number / 10]
        start = context.find(given) if given else 0
        span = [start, start + len(given or "It"), share]
        scores.append(np.array([span, none] if given else [[*none[:2], share], [*span[:2], none[2]]]))
    return GivenAnswers.of((), QUESTION_ANSWERING.rows_of(frame), frame, gather(scores))


def report_of(predictions: GivenAnswers, **more: object) -> Report:
    """The report on a test split."""
    about = {"model": "m", "dataset": "asked", "split": "test", "task": "question-answering"}
    inputs = ReportInputs(predictions=predictions, **about, **more)  # type: ignore[arg-type]
    return build_answer_report(inputs)


@pytest.mark.parametrize("count", [6, 1, 0])
def test_answers_come_back_as_they_were_written(tmp_path: Path, count: int) -> None:
    predictions = answered(ROWS[:count])
    write_predictions(predictions, tmp_path / "p.parquet")
    found = read_answers(tmp_path / "p.parquet")
    assert isinstance(found, GivenAnswers)
    assert (found.asked, found.true, found.found) == (predictions.asked, predictions.true, predictions.found)
    assert found.fingerprint == predictions.fingerprint and found.files == predictions.files
    assert (found.lines == predictions.lines).all()


def test_exact_match_and_f1_are_those_worked_by_hand_with_and_without_an_answer() -> None:
    report = report_of(answered())
    # F1 of "in Rome" for "Rome": precision 1/2, recall 1.
    f1 = [1.0, 2 / 3, 0.0, 1.0, 0.0, 0.0]
    assert report.metrics == {
        "f1": pytest.approx(np.mean(f1)),
        "exact_match": pytest.approx(2 / 6),
        "f1_has_answer": pytest.approx((1 + 2 / 3) / 4),
        "exact_match_has_answer": pytest.approx(1 / 4),
        "f1_no_answer": pytest.approx(1 / 2),
        "exact_match_no_answer": pytest.approx(1 / 2),
    }
    low, high = report.intervals["f1"]
    assert low <= report.metrics["f1"] <= high and report.mistakes == 4
    assert "50 % of those without an answer are left without one" in report.sentence
    assert Report.from_json(report.to_json()) == report
    answerable = report_of(answered(ROWS[:3]))
    assert set(answerable.metrics) == {"f1", "exact_match", "f1_has_answer", "exact_match_has_answer"}
    assert "without an answer" not in answerable.sentence


def test_questions_are_counted_by_what_they_ask_and_by_the_length_of_their_passage() -> None:
    groups = count_groups(answered())
    told = {group["key"]: group for group in groups["by_question"]}
    assert list(told) == ["how_many", "who", "where", "why"]
    assert told["where"]["rows"] == 2 and told["where"]["exact_match"] == 0.5
    assert told["where"]["f1"] == pytest.approx((1 + 2 / 3) / 2)
    low, high = told["where"]["interval"]
    assert low < 0.5 < high
    assert told["who"]["rows"] == 2 and told["who"]["f1"] == 0.0
    assert [(group["key"], group["rows"]) for group in groups["by_length"]] == [(50, 4), (150, 2)]
    assert [group["exact_match"] for group in groups["by_length"]] == [0.5, 0.0]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("How old is she?", "how_many"),
        ("In what year did it begin?", "when"),
        ("To whom did it go?", "who"),
        ("Whatever next, and which one?", "which"),
        ("他什么时候来？", "when"),
        ("一共有多少人？", "how_many"),
        ("Name the county.", "other"),
        ("The whole thing?", "other"),
    ],
)
def test_a_question_is_known_by_its_words(question: str, expected: str) -> None:
    assert type_of(question) == expected


def test_rivals_are_the_nearest_sentence_and_never_answering() -> None:
    report = report_of(answered(), baselines=PassageBaselines())
    assert nearest_sentence("Where is the lamp?", SHORT) == "The lamp stands in Rome."
    assert report.baselines["none"]["f1"] == pytest.approx(2 / 6)
    # Of "lamp stands in Rome" one word of four is right, twice, and of "Anna left" one of two.
    assert report.baselines["sentence"]["f1"] == pytest.approx((2 * 2 / 5 + 2 / 3) / 6)
    assert "of never answering: 33.3 %" in report.sentence
    assert "none" not in PassageBaselines().score(answered(ROWS[:3]))


def test_the_threshold_is_told_in_a_sentence_and_shown() -> None:
    report = report_of(answered(), tuned={"tau": 2.5, "always_answers": False})
    assert report.questions["tau"] == 2.5
    shown = str(tab.render_report(report))
    assert "at least 2.5 above" in shown and "tau = 2.5" in shown
    assert "By what is asked" in shown and "How many, how long" in shown and "up to 150" in shown
    assert "Every question is answered" in describe_threshold({"tau": 0.0, "always_answers": True})


def test_passages_show_the_right_and_the_given_answer() -> None:
    shown = str(tab.render_passages(answered(), RowsAt("asked@1", "test")))
    assert shown.count("<li>") == 4 and "no answer" in shown
    assert "Anna<b>Right</b></mark>" in shown and "The lamp<b>Given</b></mark>" in shown
    assert shown.count('href="/data?dataset=asked%401&amp;tab=rows&amp;split=test&amp;line=') == 4
    assert "in <mark" in shown, "where both overlap, the right one alone is marked"
    assert str(tab.render_passages(answered(ROWS[:1]), NOWHERE)) == ""


def test_the_surest_mistake_stands_first_with_where_it_is() -> None:
    wrong = list_wrong_answers(answered())
    assert wrong["line"].tolist() == [3, 4, 6, 7] and wrong["confidence"].is_monotonic_decreasing
    first = wrong.iloc[0]
    assert (first["true"], first["predicted"], first["file"]) == ("Rome", "in Rome", "asked.csv")
    assert first["text"].startswith("Where is the lamp now? ‖ It rains.")
    assert wrong.iloc[-1]["predicted"] == "no answer"


def test_rows_to_which_models_answer_otherwise_are_found() -> None:
    one, other = answered(), answered([*ROWS[:2], (*ROWS[2][:3], "Anna"), *ROWS[3:]])
    rows, count = find_other_answers([one, other], ["one", "other"], 5)
    assert count == 1 and rows[0]["answers"] == {"one": "The lamp", "other": "Anna"}
    assert rows[0]["true"] == "Anna" and rows[0]["line"] == 4
    assert find_other_answers([one, one], ["one", "again"], 5) == ([], 0)


def test_an_empty_split_is_told_and_measured_by_nothing() -> None:
    report = report_of(answered([]), baselines=PassageBaselines())
    assert report.rows == report.mistakes == 0 and report.metrics == {} and report.sentence
    assert report.questions["by_question"] == report.questions["by_length"] == []
    assert list_wrong_answers(answered([])).empty
