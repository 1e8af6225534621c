"""The one score that stands for a model: that of its task, in its own unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from studio.errors import StudioError
from studio.metrics.base import Metric
from studio.metrics.registry import get_metric
from studio.pages import format as fmt
from studio.pages.answers import share_with_interval
from studio.tasks.registry import get_task

if TYPE_CHECKING:
    from studio.pages.registry import Services
    from studio.records.models import ModelRecord
    from studio.results.report import Report


def main_metric(task: str) -> Metric:
    """The metric by which models of a task are chosen."""
    return get_metric(get_task(task).primary_metric)


def test_score(model: ModelRecord) -> float | None:
    """That metric on the model's test rows; None where it has none."""
    return model.metrics.get("test", {}).get(main_metric(model.task).name)


def find_test_report(studio: Services, model: ModelRecord) -> Report | None:
    """The report on the model's test rows, where there is one."""
    try:
        return studio.models.report(model.name, "test")
    except StudioError:
        return None


def write_interval(edges: Any, unit: str) -> str:
    """An interval in the unit of its metric; none where there is none, or every draw gave the same.

    >>> write_interval([0.5, 0.61234], "number"), write_interval([0.5, 0.6], "share")
    ('0.500 to 0.612', '50.0-60.0 %')
    >>> write_interval(None, "share"), write_interval([0.5, 0.5], "share")
    ('–', '–')
    """
    low, high = edges or (0.0, 0.0)
    if low == high:
        return fmt.ABSENT
    return fmt.interval(low, high) if unit == "share" else f"{fmt.number(low)} to {fmt.number(high)}"


def with_interval(metric: Metric, value: float, low: float | None, high: float | None) -> Markup:
    """A score in bold, with its interval under it; one that is no share also says what it is."""
    if metric.unit == "share":
        return share_with_interval(value, low, high)
    edges = None if low is None else (low, high)
    return Markup("<strong>{}</strong><small>{}, {}</small>").format(
        fmt.score(value, metric.unit), metric.title, write_interval(edges, metric.unit)
    )
