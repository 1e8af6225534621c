"""What a soak makes of its samples."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.soak.measures import Meter, Sample, answered, show_pages
from bench.soak.shaking import Served
from bench.tabs import Tick, Ticks
from tests.journeys.served import ServedStudio


def meter(*lives: list[float]) -> Meter:
    """Samples every ten seconds of the app's memory in each of its lives."""
    made = Meter(Served(ServedStudio(Path("nowhere"))), began=0.0)
    for life, memory in enumerate(lives):
        for megabytes in memory:
            made.samples.append(Sample(10.0 * len(made.samples), life, megabytes, 20, 30, 5))
    return made


def test_growth_is_that_of_the_longest_life_once_it_was_warm() -> None:
    rising = [100.0] * 6 + [200.0] * 6 + [210.0] * 6
    assert meter([900.0, 10.0], rising).growth(warm_seconds=60.0) == pytest.approx(0.05)


def test_a_life_shorter_than_the_warming_up_shows_no_growth() -> None:
    assert meter([100.0, 300.0]).growth(warm_seconds=60.0) == 0.0


def test_the_tables_name_minutes_and_pages(capsys: pytest.CaptureFixture[str]) -> None:
    ticks = Ticks([Tick(1.0, "/jobs", 0.25), Tick(2.0, "/jobs", None), Tick(70.0, "/", 0.5)])
    meter([100.0] * 9).show(ticks)
    show_pages(ticks)
    shown = capsys.readouterr().out
    assert "| 1 | 1 | 100.0 | 20 | 30 | 5 | 2 | 250 | 250 | 1 |" in shown
    assert "| /jobs | 1 | 250 | 250 | 250 |" in shown
    assert answered(ticks.kept) == [0.25, 0.5]
