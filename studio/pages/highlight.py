"""A text in which entities are marked, each with its label; shared by Predict and Results."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from studio.metrics.entities import Entity

COLOURS = 8


def mark_entities(text: str, entities: Sequence[Entity], labels: Sequence[str]) -> Markup:
    """A text with marks on entities, which do not overlap; labels have colours by their places in ``labels``.

    >>> mark_entities("Anna left", [(0, 4, "PER")], ["PER"])
    Markup('<mark class="s-entity s-hue-0">Anna<b>PER</b></mark> left')
    """
    parts, done = [], 0
    for start, end, label in sorted(entities):
        hue = labels.index(label) % COLOURS if label in labels else COLOURS - 1
        parts.append(Markup("{}").format(text[done:start]))
        parts.append(
            Markup('<mark class="s-entity s-hue-{}">{}<b>{}</b></mark>').format(hue, text[start:end], label)
        )
        done = end
    return Markup("").join([*parts, Markup("{}").format(text[done:])])


def marked_text(text: str, entities: Sequence[Entity], labels: Sequence[str]) -> Markup:
    """The same as a paragraph that keeps its lines."""
    return Markup('<p class="s-marked">{}</p>').format(mark_entities(text, entities, labels))
