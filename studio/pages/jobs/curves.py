"""The curves of a job, drawn once for every page that shows them and not more often than one can follow."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gradio.components.plot import PlotData

from jobs.queue import JobView, MetricPoint
from jobs.states import TERMINAL
from studio.pages import charts as framed
from studio.pages import layout
from studio.pages.jobs import course
from studio.pages.words import words_of
from studio.results import charts

if TYPE_CHECKING:
    from studio.results.charts import ChartWithTable

W = words_of("jobs")
HEIGHTS = (230, 230, 120, 120)  # pixels of loss, score, learning rate and speed
# Drawing four charts takes half a second of processor, which a training on the same machine would miss.
REDRAW_SECONDS = 5.0
JOBS_KEPT = 16


@dataclass(frozen=True)
class Drawn:
    """Charts and sentences, in turn, and the mark of the points they show."""

    mark: str
    at: float
    values: tuple[Any, ...]


class Curves:
    """The newest drawing of the jobs that were looked at last."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Drawn] = OrderedDict()

    def of(self, job: JobView, points: Sequence[MetricPoint]) -> Drawn:
        """The drawing of these points, or while the job runs one that is a few seconds old."""
        newest = max((point.at for point in points), default=None)
        mark = f"{job.id} {len(points)} {newest}"
        with self._lock:
            kept = self._kept.get(job.id)
            recent = kept is not None and self._clock() - kept.at < REDRAW_SECONDS
            if kept is None or (kept.mark != mark and (job.state in TERMINAL or not recent)):
                kept = self._kept[job.id] = Drawn(mark, self._clock(), draw(points))
            self._kept.move_to_end(job.id)
            while len(self._kept) > JOBS_KEPT:
                self._kept.popitem(last=False)
            return kept


def draw(points: Sequence[MetricPoint]) -> tuple[Any, ...]:
    """Chart and sentence of loss, score, learning rate and speed."""
    epochs = course.epochs_of(points)
    best, metric = course.best_of(epochs), course.metric_of(epochs)
    made = (
        charts.draw_loss(points),
        charts.draw_score(points, metric.name, metric.title, best.number if best else None),
        charts.draw_learning_rate(points),
        charts.draw_throughput(points),
    )
    return tuple(
        value
        for chart, height in zip(made, HEIGHTS, strict=True)
        for value in (as_plot(chart, height), layout.paragraph(chart.caption, quiet=True))
    )


def as_plot(chart: ChartWithTable, height: int) -> PlotData | None:
    """A chart of a height in pixels as the browser gets it, or None where there is nothing to draw."""
    if chart.chart is None:
        return None
    drawn = framed.as_drawn(replace(chart, chart=chart.chart.properties(height=height)))
    return PlotData(type="altair", plot=drawn.to_json(validate=False, indent=None))
