"""Reports against scikit-learn and hand-worked cases."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics as sk

from studio.results.baselines import fit_baselines
from studio.results.predictions import Predictions, align_labels
from studio.results.report import Report, ReportInputs, build_report
from tests.asked import asked
from tests.results.samples import make_answers, make_predictions

CONTRACT_FIELDS = {
    "model",
    "dataset",
    "split",
    "rows",
    "metrics",
    "intervals",
    "per_label",
    "confusion",
    "calibration",
}


def report_on(predictions: Predictions, **changes: object) -> Report:
    """A report of one model on its test split."""
    return build_report(ReportInputs("bbc-m", "bbc", "test", predictions, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("labels", [2, 3, 77])
def test_numbers_are_those_of_scikit_learn(labels: int) -> None:
    predictions = make_predictions(400, [f"label {k}" for k in range(labels)], skill=1.5)
    report = report_on(predictions)
    truth, given = predictions.true_ids, predictions.predicted_ids
    assert report.metrics["accuracy"] == pytest.approx(sk.accuracy_score(truth, given))
    assert report.metrics["f1_macro"] == pytest.approx(sk.f1_score(truth, given, average="macro"))
    assert report.metrics["mcc"] == pytest.approx(sk.matthews_corrcoef(truth, given))
    assert report.metrics["log_loss"] == pytest.approx(sk.log_loss(truth, predictions.probabilities))
    assert report.confusion["matrix"] == sk.confusion_matrix(truth, given).tolist()
    precision, recall, f1, support = sk.precision_recall_fscore_support(truth, given, zero_division=0)
    for k, row in enumerate(report.per_label):
        assert row["label"] == f"label {k}"
        assert (row["precision"], row["recall"], row["f1"]) == pytest.approx((precision[k], recall[k], f1[k]))
        assert row["support"] == support[k]
    assert ("f1" in report.metrics) == (labels == 2)


def test_every_metric_but_the_calibration_error_has_an_interval_around_it() -> None:
    report = report_on(make_predictions(200))
    assert set(report.intervals) == set(report.metrics) - {"ece"}
    for name in ("accuracy", "f1_macro", "balanced_accuracy"):
        low, high = report.intervals[name]
        assert low < report.metrics[name] < high


def test_the_json_is_that_of_the_contract_and_reads_back() -> None:
    report = report_on(make_predictions(90))
    value = report.to_json()
    assert set(value) >= CONTRACT_FIELDS
    assert set(value["per_label"][0]) >= {"label", "precision", "recall", "f1", "support"}
    assert set(value["confusion"]) == {"labels", "matrix"}
    text = json.dumps(value, allow_nan=False)
    assert Report.from_json(text) == report
    assert Report.from_json({**json.loads(text), "of a later version": 1}) == report


def test_an_empty_split_says_so() -> None:
    report = report_on(make_predictions(0))
    assert report.rows == 0
    assert report.metrics == {}
    assert report.sentence == "The test split has no rows, so nothing could be measured on it."
    json.dumps(report.to_json(), allow_nan=False)


def test_a_label_without_rows_is_named_in_a_note() -> None:
    report = report_on(make_answers("aabb", "aabc", ("a", "b", "c")))
    assert report.absent_labels == ["c"]
    assert report.per_label[2]["support"] == 0
    assert report.notes == ["c has no rows in the test split: how well the model does on it is not known."]


def test_a_label_the_model_does_not_know_counts_as_a_mistake() -> None:
    labels, ids, shares = align_labels(["a", "b"], ["a", "z", "z"], np.array([[0.9, 0.1]] * 3))
    predictions = Predictions.from_rows(labels, asked("xyz"), ids, shares)
    assert report_on(predictions).metrics["accuracy"] == pytest.approx(1 / 3)


def test_the_summary_is_a_sentence_with_its_interval() -> None:
    report = report_on(make_answers("a" * 50 + "b" * 50, "a" * 48 + "b" * 52))
    assert report.sentence == (
        "Right on 98 % of 100 test texts (95 % interval 93.0-99.4). Most confused: a taken for b (2 of 50)."
    )


def test_pairs_most_confused_come_first() -> None:
    report = report_on(make_answers("aaabbbccc", "abcaabbcc", ("a", "b", "c")))
    assert [(p["true"], p["predicted"], p["count"], p["of"]) for p in report.confused_pairs] == [
        ("b", "a", 2, 3),
        ("a", "b", 1, 3),
        ("a", "c", 1, 3),
        ("c", "b", 1, 3),
    ]


def test_confidence_counts_right_and_wrong_answers() -> None:
    shares = np.array([[0.95, 0.05], [0.97, 0.03], [0.4, 0.6], [0.08, 0.92]])
    predictions = Predictions.from_rows(("a", "b"), asked("wxyz"), [0, 1, 1, 1], shares)
    confidence = report_on(predictions).confidence
    assert confidence["sentence"] == (
        "Of the answers above 90 % confidence, 66.7 % were right; they are 75 % of all."
    )
    assert sum(bar["right"] for bar in confidence["histogram"]) == 3
    assert sum(bar["wrong"] for bar in confidence["histogram"]) == 1


def test_a_model_that_is_too_sure_is_called_so() -> None:
    shares = np.tile([0.99, 0.01], (200, 1))
    predictions = Predictions.from_rows(("a", "b"), asked("x" * 200), [0] * 140 + [1] * 60, shares)
    calibration = report_on(predictions).calibration
    assert calibration["ece"] == pytest.approx(0.29)
    assert calibration["sentence"].startswith("The model is too sure of itself: 99 % confident on average")


def test_baselines_stand_beside_the_score_with_a_verdict() -> None:
    topics = ["stocks fell again", "the vote was close", "a late goal"]
    train = [f"{topic} {number}" for number in range(30) for topic in topics]
    baselines = fit_baselines(train, [0, 1, 2] * 30, ("business", "politics", "sport"))
    texts = topics * 40
    truth = np.array([0, 1, 2] * 40)
    shares = np.eye(3)[np.where(np.arange(120) < 20, 0, truth)] * 0.7 + 0.1
    predictions = Predictions.from_rows(("business", "politics", "sport"), asked(texts), truth, shares)
    report = report_on(predictions, baselines=baselines)
    assert report.baselines["majority"]["accuracy"] == pytest.approx(1 / 3)
    assert report.baselines["tfidf"]["accuracy"] == 1.0
    assert report.baselines["tfidf"]["verdict"] == "worse"
    assert report.baselines["tfidf"]["difference"] == pytest.approx(-13 / 120)
    assert "Always “business”: 33.3 %." in report.sentence
    assert "behind by more than chance" in report.sentence


def test_the_same_inputs_give_the_same_report() -> None:
    assert report_on(make_predictions(80)) == report_on(make_predictions(80))


def test_a_model_that_gives_one_answer_to_all_is_called_that() -> None:
    predictions = make_predictions(40, ["yes", "no"], skill=1.0)
    said = build_report(ReportInputs("m", "d", "test", predictions)).sentences["baselines"]
    assert "to every text" not in said
    always = replace(predictions, probabilities=np.tile([0.3, 0.7], (40, 1)))
    said = build_report(ReportInputs("m", "d", "test", always)).sentence
    assert "The model answers “no” to every text: it has not learnt to tell them apart." in said
