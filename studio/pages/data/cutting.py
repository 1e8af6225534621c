"""What each checkpoint that is here would cut off the texts of a dataset; plain functions, HTML out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from studio.pages import format as fmt
from studio.pages import layout
from studio.pages.words import words_of

if TYPE_CHECKING:
    from studio.services.lengths import CheckpointLengths

W = words_of("data")


def render_cutting(lines: Sequence[CheckpointLengths]) -> Markup:
    """A table with one line per checkpoint under one sentence; empty where nothing was counted."""
    if not lines:
        return layout.EMPTY
    limits = list(lines[0].facts.cut)
    columns = [
        W.cutting.checkpoint,
        layout.Column(W.cutting.half, number=True),
        layout.Column(W.cutting.most, number=True),
        layout.Column(W.cutting.longest, number=True, help=W.cutting.longest_help),
        *(layout.Column(W.cutting.cut.say(limit=limit), number=True) for limit in limits),
        layout.Column(W.cutting.advised, number=True, help=W.cutting.advised_help),
    ]
    rows = [
        [
            line.checkpoint.title,
            fmt.count(line.facts.median),
            fmt.count(line.facts.p95),
            longest_cell(line.longest),
            *(fmt.percent(line.facts.cut[limit]) for limit in limits),
            fmt.count(line.advised),
        ]
        for line in lines
    ]
    exact = all(line.facts.exact for line in lines)
    note = W.cutting.exact if exact else W.cutting.sampled
    return (
        layout.section(W.cutting.title)
        + layout.paragraph(W.cutting.lead)
        + layout.table(columns, rows, label=W.cutting.title)
        + layout.paragraph(note, quiet=True)
    )


def longest_cell(longest: Mapping[str, int]) -> str:
    """The tokens of the longest text of all, and in which part it is where it is no training text.

    >>> longest_cell({"train": 20, "test": 20}), longest_cell({"train": 20, "test": 1200})
    ('20', '1,200 (test)')
    """
    part = max(longest, key=lambda part: longest[part])
    tokens = fmt.count(longest[part])
    return tokens if part == "train" else W.cutting.longest_in.say(tokens=tokens, part=W.splits[part].lower())
