"""Rules that hold for every registered metric."""

from __future__ import annotations

import numpy as np
import pytest

from studio.errors import NotFound
from studio.metrics.base import Metric
from studio.metrics.registry import METRICS, choose_metrics, compute_metrics, get_metric
from studio.tasks.classification import CLASSIFICATION
from tests.tasks.examples import example_of


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS.keys())
def test_every_metric_explains_itself(metric: Metric) -> None:
    assert METRICS[metric.name] is metric
    assert metric.title and metric.help.endswith(".")
    assert metric.unit in {"share", "number"} and metric.best in {"high", "low"}


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS.keys())
def test_a_good_model_beats_a_bad_one_at_every_metric(metric: Metric) -> None:
    example = example_of(metric)
    better, worse = (metric.compute(example.truth, scores) for scores in (example.good, example.bad))
    assert better > worse if metric.best == "high" else better < worse


def test_f1_of_one_label_is_left_out_where_there_are_more_than_two() -> None:
    assert "f1" in choose_metrics(METRICS, 2)
    assert "f1" not in compute_metrics(CLASSIFICATION.metrics, np.array([0]), np.array([[0.5, 0.3, 0.2]]))


def test_an_unknown_metric_is_refused_with_the_known_ones() -> None:
    with pytest.raises(NotFound) as caught:
        get_metric("beauty")
    assert "accuracy" in caught.value.hint
