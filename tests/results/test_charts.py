"""Rules every chart keeps, and what single ones show."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest

from studio.results import charts
from studio.results.charts import PALETTE, ChartWithTable
from studio.results.charts.frame import number_axis
from studio.results.charts.numbers import FORMAT
from studio.results.report import ReportInputs, build_report
from tests.results.samples import make_predictions


def history(steps: int = 40, epochs: int = 4) -> list[dict[str, Any]]:
    """Points of a run whose validation loss is lowest in epoch 3."""
    points = []
    for step in range(1, steps * epochs + 1):
        at = {"step": step, "epoch": step / steps, "split": "train"}
        points += [
            {**at, "name": "loss", "value": 2 / (1 + step / 20)},
            {**at, "name": "learning_rate", "value": 1e-4 * (1 - step / (steps * epochs + 1))},
            {**at, "name": "rows_per_second", "value": 100 + step % 7},
        ]
    for epoch, (loss, score) in enumerate([(0.9, 0.8), (0.5, 0.9), (0.4, 0.95), (0.6, 0.94)], 1):
        at = {"step": steps * epoch, "epoch": float(epoch), "split": "validation"}
        points += [{**at, "name": "loss", "value": loss}, {**at, "name": "accuracy", "value": score}]
    return points


@cache
def report(labels: int = 3, rows: int = 300) -> dict[str, Any]:
    """A report as JSON."""
    predictions = make_predictions(rows, [f"label {k}" for k in range(labels)], skill=1.5)
    return build_report(ReportInputs("m", "d", "test", predictions)).to_json()


MODELS = [
    {
        "name": f"model {k}",
        "score": 0.9 + k / 100,
        "interval": [0.88 + k / 100, 0.92 + k / 100],
        "size_bytes": 10_000_000 * (k + 1),
        "rows_per_second": 300 / (k + 1),
    }
    for k in range(4)
]
LABEL_ROWS = [{"label": f"label {k}", "f1": {"one": 0.9, "two": 0.9 - k / 20}} for k in range(12)]
LENGTHS = [{"low": 10 * k, "high": 10 * k + 10, "count": 100 - k} for k in range(20)]

DRAWN: dict[str, Callable[[], ChartWithTable]] = {
    "loss": lambda: charts.draw_loss(history()),
    "score": lambda: charts.draw_score(history(), "accuracy", "Accuracy", best_epoch=3),
    "learning rate": lambda: charts.draw_learning_rate(history()),
    "throughput": lambda: charts.draw_throughput(history()),
    "per label of 2": lambda: charts.draw_per_label(report(2)),
    "per label of 77": lambda: charts.draw_per_label(report(77, 770), "recall"),
    "confidence": lambda: charts.draw_confidence(report()),
    "reliability": lambda: charts.draw_reliability(report()),
    "size": lambda: charts.draw_score_against_size(MODELS),
    "speed": lambda: charts.draw_score_against_speed(MODELS),
    "overlay": lambda: charts.draw_overlay({"one": history(), "two": history()}, "accuracy", "Accuracy"),
    "labels": lambda: charts.draw_label_differences(LABEL_ROWS, ["one", "two"]),
    "class counts": lambda: charts.draw_class_counts({"a": 10, "b": 3}),
    "class counts by split": lambda: charts.draw_class_counts({"train": {"a": 8, "b": 2}, "test": {"a": 2}}),
    "lengths": lambda: charts.draw_lengths(LENGTHS),
}

EMPTY: dict[str, Callable[[], ChartWithTable]] = {
    "loss": lambda: charts.draw_loss([]),
    "score": lambda: charts.draw_score([]),
    "learning rate": lambda: charts.draw_learning_rate([]),
    "throughput": lambda: charts.draw_throughput([]),
    "per label": lambda: charts.draw_per_label(report(rows=0)),
    "confidence": lambda: charts.draw_confidence(report(rows=0)),
    "reliability": lambda: charts.draw_reliability(report(rows=0)),
    "size": lambda: charts.draw_score_against_size([]),
    "speed": lambda: charts.draw_score_against_speed([{"name": "m", "score": 0.9, "rows_per_second": None}]),
    "overlay": lambda: charts.draw_overlay({}, "accuracy", "Accuracy"),
    "labels": lambda: charts.draw_label_differences([], []),
    "class counts": lambda: charts.draw_class_counts({}),
    "lengths": lambda: charts.draw_lengths([]),
}


def parts(value: Any) -> Iterator[dict[str, Any]]:
    """Every mapping inside a specification."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from parts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from parts(inner)


@pytest.fixture(scope="module", params=DRAWN)
def drawn(request: pytest.FixtureRequest) -> tuple[ChartWithTable, dict[str, Any]]:
    """Each chart with its specification, which Altair has checked against its schema."""
    found = DRAWN[request.param]()
    assert found.chart is not None
    return found, found.chart.to_dict()


def test_every_chart_is_as_wide_as_its_place_and_has_no_background(drawn) -> None:
    _, spec = drawn
    assert spec["width"] == "container"
    assert spec["background"] == "transparent"


def test_what_the_size_of_a_dot_means_is_said_beside_the_chart() -> None:
    assert charts.draw_reliability(report()).caption.endswith(
        "The larger a dot, the more answers it stands for."
    )
    assert "dot" not in charts.draw_reliability(report(rows=0)).caption


def test_every_chart_has_its_numbers_and_a_sentence(drawn) -> None:
    found, _ = drawn
    assert len(found.table)
    assert found.caption.endswith(".")


def test_every_axis_of_numbers_has_a_title(drawn) -> None:
    _, spec = drawn
    for part in parts(spec):
        for channel in ("x", "y"):
            if isinstance(part.get(channel), dict) and part[channel].get("type") == "quantitative":
                assert part[channel]["title"]


def test_bars_begin_at_zero(drawn) -> None:
    _, spec = drawn
    for part in parts(spec):
        mark = part.get("mark")
        if isinstance(mark, dict) and mark.get("type") == "bar":
            encoding = part["encoding"]
            ends = [encoding[c] for c in ("x", "y") if encoding[c].get("type") == "quantitative"]
            scale = ends[-1]["scale"]
            assert scale.get("zero") is True or scale["domain"][0] == 0


def test_colours_are_of_the_palette_and_series_at_most_eight(drawn) -> None:
    _, spec = drawn
    for part in parts(spec):
        scale = part.get("scale") or {}
        if isinstance(scale.get("range"), list) and isinstance(scale["range"][0], str):
            assert set(scale["range"]) <= set(PALETTE)
            assert len(scale["range"]) <= 8


def test_no_chart_carries_more_than_five_hundred_points_a_series(drawn) -> None:
    _, spec = drawn
    for rows in spec["datasets"].values():
        series = [row.get("series") or row.get("model") for row in rows]
        assert all(series.count(name) <= 500 for name in set(series))


@pytest.mark.parametrize("name", EMPTY)
def test_without_data_there_is_a_sentence_instead_of_a_chart(name: str) -> None:
    found = EMPTY[name]()
    assert found.chart is None
    assert isinstance(found.caption, str)


def test_the_best_epoch_is_marked() -> None:
    found = charts.draw_score(history(), "accuracy", "Accuracy", best_epoch=3)
    assert "best: epoch 3" in found.chart.to_json()
    assert found.caption == "Validation accuracy was best in epoch 3 of 4, at 95 %."


def test_before_the_first_validation_the_score_is_that_of_training() -> None:
    points = [
        {"name": "accuracy", "split": "train", "step": step, "epoch": step / 100, "value": 0.5 + step / 200}
        for step in range(1, 44)
    ]
    caption = charts.draw_score(points).caption
    assert caption.startswith("Training accuracy is 71.5 % so far;") and "measurement" not in caption
    after = charts.draw_score(history()).caption
    assert after == "Validation accuracy is 94 % after 4 epochs; the highest was 95 %."


def test_the_learning_rate_is_written_as_people_write_it_down_to_nothing() -> None:
    points = [
        {"name": "learning_rate", "split": "train", "step": step, "epoch": 1.0, "value": rate}
        for step, rate in ((1, 1.64e-05), (2, 0.0))
    ]
    assert charts.draw_learning_rate(points).caption == "The highest learning rate was 0.000016, the last 0."


def test_a_loss_that_rises_again_is_named() -> None:
    assert "lowest in epoch 3 (0.4) and then rose to 0.6" in charts.draw_loss(history()).caption


@pytest.mark.parametrize(
    ("training", "validation", "said"),
    [
        ([1.8, 0.9], [0.3], "The training loss fell from 1.8 to 0.9. The validation loss is 0.3."),
        ([0.9, 1.8], [], "The training loss is 1.8."),
        ([1.8, 0.9], [0.5, 0.3], "The validation loss was still falling in epoch 2, to 0.3."),
        (
            [1.8, 0.9],
            [0.26, 0.15, 0.151],
            "The validation loss was lowest in epoch 2 (0.15) and then stayed there.",
        ),
        ([1.8, 0.9], [0.3, 0.301], "The validation loss hardly changed: it is 0.301."),
    ],
)
def test_the_sentence_of_the_loss_keeps_training_and_validation_apart(
    training: list[float], validation: list[float], said: str
) -> None:
    points = [
        {"name": "loss", "split": split, "step": step, "epoch": float(step), "value": value}
        for split, values in (("train", training), ("validation", validation))
        for step, value in enumerate(values, 1)
    ]
    assert charts.draw_loss(points).caption == said


def test_a_model_has_one_colour_in_every_chart_and_its_name_in_full() -> None:
    scored = [{**MODELS[0], "name": name, "score": score} for name, score in (("b", 0.9), ("a", 0.8))]
    drawn = [
        charts.draw_score_against_size(scored).chart,
        charts.draw_overlay({"b": history(), "a": history()}, "loss", "Loss").chart,
        charts.draw_label_differences([{"label": "x", "f1": {"b": 0.9, "a": 0.8}}], ["b", "a"]).chart,
    ]
    for chart in drawn:
        spec = json.dumps(chart.to_dict())
        assert '"domain": ["a", "b"]' in spec
    assert all('"labelLimit": 400' in json.dumps(chart.to_dict()) for chart in drawn[1:])


def test_the_table_of_a_curve_has_one_row_per_epoch() -> None:
    table = charts.draw_loss(history()).table
    assert table["Epoch"].tolist() == [1, 2, 3, 4]
    assert table["Validation"].tolist() == [0.9, 0.5, 0.4, 0.6]


def test_a_long_run_is_thinned_and_keeps_its_ends() -> None:
    spec = charts.draw_loss(history(steps=2000)).chart.to_dict()
    (rows,) = spec["datasets"].values()
    steps = [row["step"] for row in rows if row["series"] == "Training"]
    assert len(steps) == 500
    assert (steps[0], steps[-1]) == (1, 8000)


def test_points_that_are_not_numbers_are_left_out() -> None:
    points = [
        {"name": "loss", "split": "train", "step": k, "epoch": None, "value": v}
        for k, v in enumerate([1.0, float("nan"), float("inf"), 0.5])
    ]
    assert charts.draw_loss(points).caption == "The training loss fell from 1 to 0.5."


def test_class_counts_of_splits_add_up() -> None:
    table = DRAWN["class counts by split"]().table
    assert table[["label", "rows"]].values.tolist() == [["a", 10], ["b", 2]]
    assert np.isclose(table["share"].sum(), 1)


def test_the_caption_of_lengths_says_how_long_most_texts_are() -> None:
    bins = [{"low": 0, "high": 50, "count": 96}, {"low": 50, "high": 100, "count": 4}]
    assert charts.draw_lengths(bins, "tokens").caption == "95 % of the texts have at most 50 tokens."


def test_the_names_of_models_with_the_same_cost_and_score_stand_one_under_the_other() -> None:
    equal = {"interval": [0.8, 0.95], "score": 0.9, "size_bytes": 90_000_000}
    models = [{**equal, "name": name} for name in ("a", "b", "c")]
    models.append({**equal, "name": "large", "size_bytes": 400_000_000})
    chart = charts.draw_score_against_size(models).chart
    assert chart is not None
    rows = next(iter(chart.to_dict()["datasets"].values()))
    placed = {row["name"]: (row["side"], row["name_at"]) for row in rows}
    assert placed["large"] == ("right", 0.9)
    heights = [placed[name][1] for name in "abc"]
    assert heights == sorted(heights, reverse=True) and len(set(heights)) == 3


def parts_drawn(chart: Any) -> set[tuple[str, int]]:
    """The lines of a chart, each as its series and part."""
    tables = chart.to_dict()["datasets"].values()
    return {(row["series"], int(row["part"])) for table in tables for row in table if "part" in row}


def test_what_training_counts_anew_in_each_epoch_is_not_joined() -> None:
    met = [
        {"epoch": epoch, "step": number, "split": "train", "name": "accuracy", "value": 0.5}
        for number, epoch in enumerate((0.5, 1.0, 1.5, 2.0), 1)
    ]
    ends = [{**met[1], "split": "validation"}, {**met[3], "split": "validation"}]
    drawn = parts_drawn(charts.draw_score([*met, *ends]).chart)
    assert drawn == {("Training", 1), ("Training", 2), ("Validation", 0)}
    losses = [{**point, "name": "loss"} for point in met]
    assert parts_drawn(charts.draw_loss(losses).chart) == {("Training", 0)}


def test_lengths_are_whole_numbers_and_no_share_above_all_is_named() -> None:
    chart = charts.draw_lengths([{"low": 3, "high": 4, "count": 5}, {"low": 4, "high": 5, "count": 2}]).chart
    assert chart.to_dict()["encoding"]["x"]["axis"]["values"] == [0, 1, 2, 3, 4, 5]
    rows = [
        {"name": "a", "score": 1.0, "rows_per_second": 50.0},
        {"name": "b", "score": 0.99, "rows_per_second": 90.0},
    ]
    axes = [
        part["axis"]
        for part in parts(charts.draw_score_against_speed(rows).chart.to_dict())
        if part.get("axis")
    ]
    assert any("datum.value > 1.0001" in str(axis.get("labelExpr")) for axis in axes)


def test_shares_are_of_all_rows_where_a_row_has_several_labels() -> None:
    drawn = charts.draw_class_counts({"train": {"a": 8, "b": 4}}, 10)
    assert drawn.table["share"].tolist() == [0.8, 0.4]
    assert "80%" in drawn.caption.replace(" ", "").replace("\N{NO-BREAK SPACE}", "")


def test_axes_write_numbers_in_full_and_only_learning_rates_in_powers_of_ten() -> None:
    points = [
        {"name": "learning_rate", "split": "train", "step": step, "epoch": step / 4, "value": rate}
        for step, rate in enumerate((1e-4, 5e-5, 0.0), 1)
    ]
    drawn = charts.draw_learning_rate(points).chart.to_dict()
    axis = drawn["layer"][0]["encoding"]["y"]["axis"]
    assert axis["format"] == ".1~e" and axis["labelExpr"].startswith("datum.value == 0 ? '0'")
    assert number_axis(FORMAT).to_dict() == {"format": ",~f", "tickCount": 5}
