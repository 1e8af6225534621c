"""Numbers, times and sizes read as a person would write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from studio.pages import format as fmt


@pytest.mark.parametrize("share", [0.0, 1e-6, 0.004, 0.5, 0.99, 0.996, 0.9996, 1.0])
def test_a_share_never_claims_more_than_it_is(share: float) -> None:
    text = fmt.percent(share)
    assert (text == "100 %") == (share == 1.0)
    assert (text == "0 %") == (share == 0.0)
    assert (fmt.percent(share, digits=2) == "100 %") == (share == 1.0)


def test_what_is_not_known_is_a_dash_and_not_a_zero() -> None:
    unknown = float("nan")
    texts = [fmt.number(None), fmt.number(unknown), fmt.percent(unknown), fmt.duration(None), fmt.size(None)]
    assert {*texts, fmt.age(None)} == {fmt.ABSENT}


def test_the_seconds_of_a_duration_never_reach_sixty() -> None:
    for seconds in (59.6, 119.7, 3599.9, 86399.9):
        assert "60 s" not in fmt.duration(seconds)
        assert "60 min" not in fmt.duration(seconds)


def test_a_moment_ahead_of_the_clock_is_just_now() -> None:
    now = datetime(2026, 11, 21, tzinfo=UTC)
    assert fmt.age(now + timedelta(seconds=3), now) == "just now"
