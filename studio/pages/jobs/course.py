"""How a training goes, read from its measured points: best epoch, a sentence, numbers by epoch."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from jobs.queue import JobView, MetricPoint
from jobs.states import JobState
from studio.metrics.base import Metric
from studio.metrics.registry import METRICS
from studio.pages import format as fmt
from studio.pages.words import words_of
from studio.tasks.registry import list_tasks

W = words_of("jobs")
LOSS = "loss"
SCORES = tuple(dict.fromkeys(task.primary_metric for task in list_tasks()))


@dataclass(frozen=True)
class Epoch:
    """What was measured in one epoch; ``training`` and ``validation`` go by the metric's name."""

    number: int
    training: dict[str, float]
    validation: dict[str, float]

    @property
    def metric(self) -> Metric | None:
        """What epochs of this training are chosen by; None before it was measured."""
        return next((METRICS[name] for name in SCORES if name in self.validation), None)

    @property
    def score(self) -> float | None:
        """The value of that metric on the validation rows."""
        return self.validation[self.metric.name] if self.metric else None

    @property
    def written_score(self) -> str:
        """The same as it is read."""
        return fmt.score(self.score, self.metric.unit if self.metric else "number")


def metric_of(epochs: Sequence[Epoch]) -> Metric:
    """What epochs of a training are chosen by; accuracy before anything was measured."""
    return next((epoch.metric for epoch in epochs if epoch.metric), METRICS[SCORES[0]])


def epochs_of(points: Sequence[MetricPoint]) -> list[Epoch]:
    """The epochs begun so far: what training measured in each, and validation's last number.

    The training accuracy counts the rows of an epoch as they come, so its last number stands for the
    epoch; of loss and speed, which are measured batch by batch, it is the mean.

    A point at epoch 1.2 belongs to the second epoch, which a stop may have cut; one at 1.0 to the first.
    """
    training: dict[int, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    validation: dict[int, dict[str, float]] = defaultdict(dict)
    for point in points:
        if point.epoch is None:
            continue
        number = max(1, math.ceil(point.epoch - 1e-6))
        if point.split == "validation":
            validation[number][point.name] = point.value
        elif point.split == "train":
            training[number][point.name].append(point.value)
    return [
        Epoch(
            number,
            {name: sum_up(name, values) for name, values in training.get(number, {}).items()},
            validation.get(number, {}),
        )
        for number in sorted({*training, *validation})
    ]


def sum_up(name: str, values: Sequence[float]) -> float:
    """One number for an epoch of what training measured."""
    return values[-1] if name in SCORES else sum(values) / len(values)


def best_of(epochs: Sequence[Epoch]) -> Epoch | None:
    """The epoch with the best validation score, ties to the lower loss; None before the first score."""
    judged = [epoch for epoch in epochs if epoch.score is not None]
    if not judged:
        return None
    return max(judged, key=lambda epoch: (epoch.score, -epoch.validation.get(LOSS, 0.0)))


def describe(job: JobView, points: Sequence[MetricPoint]) -> str:
    """One sentence on how the job goes, or how it ended; of a paused one also why."""
    epochs = epochs_of(points)
    if job.state == JobState.QUEUED:
        return describe_wait(job)
    if job.state == JobState.PAUSED:
        begun = job.attempt > 0 or job.told > 0
        return f"{job.message} {W.sentence.paused if begun else W.sentence.paused_waiting}".strip()
    if job.state in {JobState.PAUSING, JobState.CANCELLING}:
        return str(W.sentence[job.state])
    if job.state == JobState.SUCCEEDED:
        return str((job.result or {}).get("sentence") or W.sentence.done)
    if job.state == JobState.FAILED:
        return job.error.message if job.error else str(W.sentence.failed)
    if job.state == JobState.CANCELLED:
        return describe_cancelled(job, sum(epoch.metric is not None for epoch in epochs))
    if job.stop_asked:
        return str(W.sentence.stopping)
    return describe_course(epochs) or str(W.sentence.begun if job.kind == "train" else W.sentence.working)


def describe_wait(job: JobView) -> str:
    """Where the job stands in the line, and for what if not to begin."""
    if job.stop_asked:
        return str(W.sentence.stop_waits)
    if job.position is None or job.position <= 1:
        return str(W.sentence.next)
    return str(W.sentence.waiting.count(job.position - 1))


def describe_cancelled(job: JobView, judged: int) -> str:
    """How far the job had come, with ``judged`` epochs that have a validation score."""
    if judged:
        return str(W.sentence.cancelled_after.count(judged))
    if job.attempt == 0:
        return str(W.sentence.cancelled_waiting)
    return str(W.sentence.cancelled if job.kind == "train" else W.sentence.cancelled_working)


def describe_course(epochs: Sequence[Epoch]) -> str:
    """How the validation score has moved; empty before the first one.

    >>> scores = [0.8, 0.91, 0.9]
    >>> describe_course([Epoch(n, {}, {"accuracy": score}) for n, score in enumerate(scores, 1)])
    'Validation accuracy rose to 91.0 % in epoch 2 and has not been higher since.'
    """
    judged = [epoch for epoch in epochs if epoch.metric]
    best = best_of(judged)
    if best is None:
        return ""
    words, first = W.sentence, judged[0]
    score, start = best.written_score, first.written_score
    name = W.numbers.of.validation.say(metric=metric_of(judged).spoken)
    if len(judged) == 1:
        return str(words.first.say(name=name, score=score))
    if score == start:
        return str(words.level.say(name=name, score=score))
    if best is judged[-1]:
        return str(words.rising.say(name=name, score=score, epoch=best.number, start=start))
    return str(words.flat.say(name=name, score=score, epoch=best.number))
