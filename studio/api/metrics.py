"""GET /metrics: how the studio does, as Prometheus reads it."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import APIRouter, Request
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from starlette.responses import Response

from jobs.latency import BOUNDS_SECONDS
from jobs.states import TERMINAL, JobState
from studio import __version__
from studio.api.access import StudioNow
from studio.services.measures import MachineMeasures, StudioMeasures, WorkerMeasures

PREFIX = "encoder_studio_"
PRESENT = [state.value for state in JobState if state not in TERMINAL]
LANES = ("train", "light", "data")  # said also while they are empty

router = APIRouter()


@router.get("/metrics", include_in_schema=False)
def show_metrics(studio: StudioNow, request: Request) -> Response:
    """All numbers as text, in the newest form that the asker understands."""
    encode, media_type = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(Reading(studio.measures.read())), headers={"Content-Type": media_type})


class Reading:
    """One look at the studio, in the shape of a registry of Prometheus."""

    def __init__(self, measures: StudioMeasures) -> None:
        self.measures = measures

    def collect(self) -> Iterator[Metric]:
        """Every metric with its values."""
        yield InfoMetricFamily(PREFIX + "build", "The version of the studio.", {"version": __version__})
        yield from queue_metrics(self.measures)
        yield from worker_metrics(self.measures.workers)
        yield from machine_metrics(self.measures.machine)


def queue_metrics(measures: StudioMeasures) -> Iterator[Metric]:
    """What waits, runs and has ended."""
    queue = measures.queue
    present = gauge("jobs", "Jobs that have not ended.", "lane", "state")
    oldest = gauge("oldest_waiting_seconds", "How long the oldest waiting job has waited.", "lane")
    for lane in sorted({*LANES, *(lane for lane, _ in queue.present)}):
        for state in PRESENT:
            present.add_metric([lane, state], queue.present.get((lane, state), 0))
        oldest.add_metric([lane], queue.oldest_seconds.get(lane, 0.0))
    ended = CounterMetricFamily(PREFIX + "jobs_ended", "Jobs that have ended.", labels=["kind", "outcome"])
    for (kind, state), number in sorted(queue.ended.items()):
        ended.add_metric([kind, state], number)
    lost = CounterMetricFamily(
        PREFIX + "attempts_lost", "Processes of jobs that ended without a result.", value=queue.attempts_lost
    )
    slots = gauge("slot_busy", "Whether a job runs in this place of a worker.", "slot")
    for slot, is_busy in measures.slots.items():
        slots.add_metric([slot], is_busy)
    waiting = gauge("notices_waiting", "Messages that are still to be delivered.", "channel")
    for channel in measures.channels:
        waiting.add_metric([channel.channel], channel.waiting)
    yield from (present, oldest, ended, lost, slots, waiting)


def worker_metrics(workers: tuple[WorkerMeasures, ...]) -> Iterator[Metric]:
    """Which workers there are, and how long they take to claim a job."""
    yield GaugeMetricFamily(
        PREFIX + "workers", "Workers that are alive.", value=sum(worker.alive for worker in workers)
    )
    up = gauge("worker_up", "Whether a worker of the last day is alive.", "worker")
    age = gauge("worker_heartbeat_age_seconds", "How long ago a worker was seen.", "worker")
    claims = HistogramMetricFamily(PREFIX + "claim_seconds", "How long a claim took.", labels=["worker"])
    for worker in workers:
        up.add_metric([worker.id], worker.alive)
        age.add_metric([worker.id], worker.heartbeat_age_seconds)
        counts = worker.stats.get("claim_seconds")
        if counts:
            claims.add_metric([worker.id], cumulate(counts), worker.stats["sum"])
    yield from (up, age, claims)


def cumulate(counts: list[int]) -> list[tuple[str, float]]:
    """Counts by size as Prometheus wants them: how many were no longer than each bound.

    >>> cumulate([3, 1, 0, 0, 0, 0, 0, 0, 0, 2])[-2:]
    [('1.0', 4), ('+Inf', 6)]
    """
    bounds = [*map(str, BOUNDS_SECONDS), "+Inf"]
    return [(bound, sum(counts[: place + 1])) for place, bound in enumerate(bounds)]


def machine_metrics(machine: MachineMeasures) -> Iterator[Metric]:
    """The machine under the studio."""
    for name, words, value in (
        ("cpu_cores", "Cores of the machine.", machine.cpu_cores),
        ("memory_bytes", "Memory of the machine.", machine.memory_bytes),
        ("memory_used_bytes", "Memory in use by all programs.", machine.memory_used_bytes),
        ("disk_bytes", "Size of the disk with the studio's home.", machine.disk_bytes),
        ("disk_free_bytes", "Room left on it.", machine.disk_free_bytes),
    ):
        yield GaugeMetricFamily(PREFIX + name, words, value=value)
    busy = "Seconds that the cores were busy, all together."
    yield CounterMetricFamily(PREFIX + "cpu_busy_seconds", busy, value=machine.cpu_busy_seconds)
    use = gauge("gpu_utilization_ratio", "How busy a graphics card is, from 0 to 1.", "gpu", "name")
    used = gauge("gpu_memory_used_bytes", "Memory in use on a graphics card.", "gpu", "name")
    total = gauge("gpu_memory_bytes", "Memory of a graphics card.", "gpu", "name")
    for card in machine.gpus:
        for family, value in (
            (use, card.utilization),
            (used, card.memory_used_bytes),
            (total, card.memory_bytes),
        ):
            if value is not None:
                family.add_metric([card.index, card.name], value)
    yield from (use, used, total)


def gauge(name: str, words: str, *labels: str) -> GaugeMetricFamily:
    """A gauge without values yet."""
    return GaugeMetricFamily(PREFIX + name, words, labels=list(labels))
