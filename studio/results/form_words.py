"""A compiled form in words: how its answers compare with the plain ones, and how much faster they come."""

from __future__ import annotations

from studio.metrics.registry import get_metric
from studio.records.forms import CompiledForm
from studio.results.wording import count_words, percent


def describe_form(form: CompiledForm) -> str:
    """What the form costs and gains, in two sentences.

    >>> print(describe_form(CompiledForm("1", "int8", "test", 400, 0.9975, "accuracy", 0.0025, 2.04, 1.5, 9)))
    It gives 99.8 % of 400 test rows the same answer as the plain form, and accuracy loses 0.25 points. \
It answers a file 2.0 times as fast and a single text 1.5 times, measured in turns on this machine.
    """
    return f"{describe_answers(form)} {describe_speed(form)}"


def describe_answers(form: CompiledForm) -> str:
    """How its answers compare with the plain ones."""
    rows = count_words(form.rows, f"{form.split} row")
    return (
        f"It gives {percent(form.agreement)} of {rows} the same answer as the plain form, "
        f"and {get_metric(form.metric).spoken} {describe_loss(form.loss)}."
    )


def describe_loss(loss: float) -> str:
    """What a score lost, in points of a hundred.

    >>> [describe_loss(loss) for loss in (0.0, 0.0123, -0.005)]
    ['loses nothing', 'loses 1.2 points', 'gains 0.5 points']
    """
    if not loss:
        return "loses nothing"
    return f"{'loses' if loss > 0 else 'gains'} {abs(loss) * 100:.2g} points"


def describe_speed(form: CompiledForm) -> str:
    """How many times as fast it answers."""
    file, text = f"{form.file_speed:.1f}", f"{form.text_speed:.1f}"
    return (
        f"It answers a file {file} times as fast and a single text {text} times, "
        "measured in turns on this machine."
    )
