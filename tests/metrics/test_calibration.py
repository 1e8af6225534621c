"""Confidence against the share of right answers."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from studio.metrics.calibration import expected_calibration_error, reliability_bins


def test_bins_agree_with_scikit_learn_where_it_has_rows() -> None:
    generator = np.random.default_rng(0)
    confidences = generator.uniform(0.3, 1.0, 500)
    right = generator.uniform(size=500) < confidences
    shares, means = calibration_curve(right, confidences, n_bins=10)
    bins = [b for b in reliability_bins(confidences, right) if b.count]
    assert [b.accuracy for b in bins] == pytest.approx(shares.tolist())
    assert [b.confidence for b in bins] == pytest.approx(means.tolist())


def test_calibration_error_of_a_case_worked_by_hand() -> None:
    # Bin around 0.9: 2 rows, 1 right -> 0.4 away; bin around 0.55: 2 rows, 2 right -> 0.45 away.
    found = expected_calibration_error(np.array([0.9, 0.9, 0.55, 0.55]), np.array([1, 0, 1, 1]))
    assert found == pytest.approx(0.5 * 0.4 + 0.5 * 0.45)


def test_perfect_confidence_has_no_calibration_error() -> None:
    assert expected_calibration_error(np.ones(3), np.ones(3, dtype=bool)) == 0.0


def test_empty_bins_say_none() -> None:
    bins = reliability_bins(np.array([1.0]), np.array([True]), 4)
    assert [b.count for b in bins] == [0, 0, 0, 1]
    assert bins[0].accuracy is None and bins[0].confidence is None
