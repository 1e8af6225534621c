"""docs/quality.md: one section for each dataset, each written by its own run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean

from bench.command import describe_machine
from bench.quality.sets import CHINESE, SEEDS, Measurement
from studio.metrics.registry import get_metric

HEAD = """# Quality on real data

Built-in checkpoint `minilm-l6` but for Chinese, nothing tuned by hand. A section is written by
`python -m bench.quality NAME`; `make quality` writes all. The simple rival learns from the same rows: TF-IDF
with logistic or ridge regression, or looking up the entities. So does `Trainer`, a plain script with
transformers' Trainer, which is given the recipe and keeps its best epoch too, in bf16 where the studio
computes in it. Seconds are those of the whole job; they grow where the machine does other things meanwhile.
"""


@dataclass(frozen=True)
class Score:
    """One run: the score on test rows with its interval, those of a simple rival and of Trainer, seconds.

    ``agreement`` is the share of test texts to which the model says the same in bf16; ``tau`` is what an
    answer has to be better by than none, as found on the validation rows.
    """

    seed: int
    rows: int
    value: float
    interval: tuple[float, float]
    rival: float
    seconds: float
    plain: float | None = None
    plain_seconds: float | None = None
    agreement: float | None = None
    tau: float | None = None


def is_reached(measurement: Measurement, scores: Sequence[Score]) -> bool:
    """Whether the mean reaches the floor, and Trainer's lies in no run above the interval."""
    above = any(one.plain is not None and one.plain > one.interval[1] for one in scores)
    return mean(one.value for one in scores) >= measurement.floor and not above


def write_section(measurement: Measurement, scores: Sequence[Score], preset: str) -> str:
    """The section of one dataset."""
    metric = get_metric(measurement.metric)
    average = mean(one.value for one in scores)
    reached = "reached" if average >= measurement.floor else "missed"
    lines = [
        f"## {measurement.title}",
        "",
        f"`python -m bench.quality {measurement.name}{tell_seeds(scores)}`, "
        f"preset `{preset}`{tell_settings(measurement)}. {describe_machine()}.",
        "",
        f"| seed | test rows | {metric.title} | 95 % interval | simple rival "
        "| Trainer | seconds | Trainer's |",
        "|---:|---:|---:|:---|---:|---:|---:|---:|",
        *(
            f"| {one.seed} | {one.rows:,} | {one.value:.4f} "
            f"| {one.interval[0]:.3f} to {one.interval[1]:.3f} | {one.rival:.4f} "
            f"| {write(one.plain, 4)} | {one.seconds:.0f} | {write(one.plain_seconds, 0)} |"
            for one in scores
        ),
        "",
        f"Mean {metric.spoken} **{average:.4f}**; floor {measurement.floor}: {reached}.{tell_tau(scores)}",
    ]
    return "\n".join(lines) + "\n"


def tell_seeds(scores: Sequence[Score]) -> str:
    """The option of the command, where it was not run with the seeds that it runs with by itself."""
    seeds = tuple(one.seed for one in scores)
    return "" if seeds == SEEDS else f" --seeds {','.join(map(str, seeds))}"


def tell_settings(measurement: Measurement) -> str:
    """The checkpoint and the fields that are not those of all others."""
    own = ["an encoder of 2 layers of 128 that has learnt nothing"] * (measurement.checkpoint == CHINESE)
    return "".join(f", {part}" for part in [*own, *(f"`{one}`" for one in measurement.settings)])


def tell_tau(scores: Sequence[Score]) -> str:
    """What an answer has to be better by than none, of each seed; empty where nothing has no answer."""
    found = [f"{one.tau:.2f}" for one in scores if one.tau is not None]
    return f" Tau, by seed: {', '.join(found)}." if found else ""


def write(value: float | None, digits: int) -> str:
    """A number where it was measured."""
    return "" if value is None else f"{value:.{digits}f}"


def put_section(page: str, title: str, section: str) -> str:
    """The page with a section in the place of its namesake, or at the end.

    >>> put_section("# Old\\n\\n## A\\n\\n1\\n\\n## B\\n\\n2\\n", "A", "## A\\n\\n3\\n").splitlines()[-7:]
    ['## A', '', '3', '', '## B', '', '2']
    """
    found = re.split(r"^(?=## )", page, flags=re.MULTILINE)[1:]
    sections = {part.splitlines()[0].removeprefix("## "): part.strip() + "\n" for part in found}
    return "\n".join([HEAD, *(sections | {title: section}).values()])
