"""Reports of chosen options count what was chosen rightly, and stand beside simple rivals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from studio.results.kinds import read_answers
from studio.results.options import (
    ChosenOptions,
    OptionBaselines,
    build_option_report,
    count_rows,
    describe_rivals,
    find_other_choices,
    list_wrong_choices,
)
from studio.results.predictions import write_predictions
from studio.results.report import Report, ReportInputs
from studio.tasks.multiple_choice import MULTIPLE_CHOICE, write_options

WORDS = ("bread", "train", "rain", "music", "paper", "river", "stone", "candle", "ladder")


def asked_frame(count: int) -> pd.DataFrame:
    """Questions that name what the right one of two to four options is about."""
    rows = []
    for number in range(count):
        options = [f"all of the {WORDS[(number + 2 * place) % 9]}" for place in range(2 + number % 3)]
        place = number // 3 % len(options)
        word = options[place].split()[-1]
        rows.append((f"where is the {word} of {number}?", write_options(options), options[place]))
    frame = pd.DataFrame(rows, columns=["text", "choices", "label"])
    return frame.assign(line=np.arange(count) + 2, file="quiz.csv")


def answered(count: int = 60, skill: float = 2.0, seed: int = 0) -> ChosenOptions:
    """Answers that are better the higher the skill."""
    frame = asked_frame(count)
    asked = MULTIPLE_CHOICE.rows_of(frame)
    counts = np.array([len(MULTIPLE_CHOICE.sequences_of([row])) for row in asked], dtype=np.int64)
    logits = np.random.default_rng(seed).normal(size=(count, 4))
    logits[np.arange(count), MULTIPLE_CHOICE.targets(frame, ())] += skill
    logits[np.arange(4) >= counts[:, None]] = -np.inf
    scores = MULTIPLE_CHOICE.scores(logits, {}) if count else np.zeros((0, 0))
    return ChosenOptions.of((), asked, frame, scores)


def report_of(predictions: ChosenOptions, baselines: OptionBaselines | None = None) -> Report:
    """The report on a test split."""
    inputs = ReportInputs(
        model="m",
        dataset="quiz",
        split="test",
        predictions=predictions,
        task="multiple-choice",
        baselines=baselines,
    )
    return build_option_report(inputs)


@pytest.mark.parametrize("count", [60, 1, 0])
def test_answers_come_back_as_they_were_written(tmp_path: Path, count: int) -> None:
    predictions = answered(count)
    write_predictions(predictions, tmp_path / "p.parquet")
    found = read_answers(tmp_path / "p.parquet")
    assert isinstance(found, ChosenOptions)
    assert found.asked == predictions.asked and found.files == predictions.files
    assert (found.truth == predictions.truth).all() and (found.lines == predictions.lines).all()
    assert (found.chosen == predictions.chosen).all() and found.fingerprint == predictions.fingerprint
    if count:
        width = found.scores.shape[1]
        assert (found.scores == predictions.scores[:, :width]).all() and not predictions.scores[
            :, width:
        ].any()


def test_the_report_counts_by_how_many_options_and_by_place() -> None:
    predictions = answered()
    report = report_of(predictions)
    assert report.metrics == {"accuracy": predictions.right.mean()}
    low, high = report.intervals["accuracy"]
    assert low < report.metrics["accuracy"] < high
    for name, keys in (("by_count", [2, 3, 4]), ("by_place", [1, 2, 3, 4])):
        groups = report.options[name]
        assert [group["key"] for group in groups] == keys
        assert sum(group["rows"] for group in groups) == 60
        assert sum(group["right"] for group in groups) == predictions.right.sum()
    assert [group["chance"] for group in report.options["by_count"]] == pytest.approx([1 / 2, 1 / 3, 1 / 4])
    assert Report.from_json(report.to_json()) == report


def test_an_empty_split_is_told_and_measured_by_nothing() -> None:
    report = report_of(answered(0), OptionBaselines(None, None))
    assert report.rows == report.mistakes == 0 and report.metrics == {} and report.sentence
    assert report.options == {"by_count": [], "by_place": []} == count_rows(answered(0))
    assert list_wrong_choices(answered(0)).empty


def test_rivals_are_chance_and_the_words_that_text_and_option_share() -> None:
    train, test = asked_frame(300), answered(60)
    rivals = OptionBaselines.fit(MULTIPLE_CHOICE.rows_of(train), train).score(test)
    assert rivals["chance"]["accuracy"] == pytest.approx((1 / test.counts).mean())
    assert rivals["tfidf"]["accuracy"] > 0.9
    assert describe_rivals(rivals).startswith("Choosing by words alone: ")
    silent = pd.DataFrame(
        {"text": ["!", "?"], "choices": [write_options([".", ","])] * 2, "label": [".", ","]}
    )
    fitted = OptionBaselines.fit(MULTIPLE_CHOICE.rows_of(silent), silent)
    assert set(fitted.score(test)) == {"chance"}


def test_the_surest_mistake_stands_first_with_where_it_is() -> None:
    predictions = answered(skill=0.5)
    wrong = list_wrong_choices(predictions)
    assert len(wrong) == (~predictions.right).sum() > 3
    assert wrong["confidence"].is_monotonic_decreasing and (wrong["true"] != wrong["predicted"]).all()
    first = wrong.iloc[0]
    row = int(first["line"]) - 2
    assert first["file"] == "quiz.csv" and first["text"] == predictions.texts[row]
    shown = " | ".join(predictions.options[row])
    assert first["text"] == f"{predictions.asked['text'][row]} ‖ {shown}", "no JSON"
    assert predictions.options[row][predictions.chosen[row]] == first["predicted"]


def test_rows_on_which_models_choose_differently_are_found() -> None:
    one, other = answered(seed=1, skill=0.5), answered(seed=2, skill=0.5)
    rows, count = find_other_choices([one, other], ["one", "other"], 5)
    assert count == int((one.chosen != other.chosen).sum()) > 5 == len(rows)
    for row in rows:
        assert row["answers"]["one"] != row["answers"]["other"] and set(row["confidence"]) == {"one", "other"}
    assert find_other_choices([one, one], ["one", "again"], 5) == ([], 0)


def test_the_same_rows_have_the_same_fingerprint_whatever_was_chosen() -> None:
    assert answered(seed=1).fingerprint == answered(seed=2).fingerprint != answered(50).fingerprint
