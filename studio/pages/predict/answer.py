"""One text and its answer: asked of the model, and shown with how sure it is; plain functions."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from studio.numbers import short_number
from studio.pages import format as fmt
from studio.pages import layout
from studio.pages.highlight import marked_text
from studio.pages.links import link
from studio.pages.words import words_of
from studio.prediction.reading import Reading
from studio.tasks.base import Row
from studio.tasks.multilabel import BETWEEN_LABELS
from studio.tasks.multiple_choice import CHOICES, read_options
from studio.tasks.question_answering import CONTEXT
from studio.tasks.registry import show_row
from studio.tasks.token_classification import ENTITIES

if TYPE_CHECKING:
    from studio.data.writings import Strange
    from studio.pages.registry import Services

W = words_of("predict")
BARS_AT_MOST = 10
CHOSEN, REST = " s-chosen", " s-rest"  # mark the bar of an answer that was given, and of what is left over
QUOTE_LENGTH = 120  # characters
# From this probability on; what lies below the last one is no more than a guess.
SURE_FROM = (("very", 0.95), ("fairly", 0.8), ("rather", 0.5))
RUNNER_UP_FROM = 0.1


@dataclass(frozen=True)
class Answer:
    """What the model said of a row, as its task gives it, and how long that took in milliseconds.

    ``seen`` is what the model read of the row, ``strange`` what it is written in where it learnt from
    hardly any such texts.
    """

    row: Row
    found: Mapping[str, Any]
    milliseconds: float
    seen: Sequence[Reading] = ()
    strange: Strange | None = None


def ask(studio: Services, model: str, row: Row) -> Answer:
    """Have a row answered; errors as those of the service."""
    before = time.perf_counter()
    found = studio.predictions.predict(model, [row])[0]
    took = (time.perf_counter() - before) * 1000
    seen = studio.predictions.read(model, [row])[0]
    return Answer(row, found, took, seen, studio.predictions.find_strange(model, row))


def ranked(
    probabilities: Mapping[str, float], at_most: int = BARS_AT_MOST
) -> tuple[list[tuple[str, float]], int, float]:
    """The most probable labels first, then how many are left out and what they sum to.

    >>> ranked({"a": 0.2, "b": 0.7, "c": 0.1}, at_most=1)[0]
    [('b', 0.7)]
    >>> ranked({"a": 0.25, "b": 0.5, "c": 0.25}, at_most=1)[1:]
    (2, 0.5)
    """
    order = sorted(probabilities.items(), key=lambda item: (-item[1], item[0]))
    rest = order[at_most:]
    return order[:at_most], len(rest), sum(share for _, share in rest)


def sureness(confidence: float) -> str:
    """The key of the words for how sure an answer is.

    >>> [sureness(share) for share in (0.99, 0.8, 0.5, 0.3)]
    ['very', 'fairly', 'rather', 'guess']
    """
    return next((key for key, least in SURE_FROM if confidence >= least), "guess")


def say_sureness(confidence: float) -> str:
    """How sure an answer is as a sentence."""
    return str(W.sure[sureness(confidence)].say(share=fmt.percent(confidence)))


def describe_sureness(found: Mapping[str, Any]) -> str:
    """How sure a label is as a sentence, with the next best one where that is close."""
    shown, _, _ = ranked(found["probabilities"], 2)
    sentence = say_sureness(found["confidence"])
    if sureness(found["confidence"]) != "very" and len(shown) > 1 and shown[1][1] >= RUNNER_UP_FROM:
        label, share = shown[1]
        sentence = f"{sentence} {W.sure.next.say(label=label, share=fmt.percent(share))}"
    return str(sentence)


def render_bars(probabilities: Mapping[str, float]) -> Markup:
    """A bar for each label, the most probable first; beyond ten the rest in one."""
    shown, left_out, rest = ranked(probabilities)
    bars = [(label, share, chosen_if(place == 0)) for place, (label, share) in enumerate(shown)]
    if left_out:
        bars.append((W.answer.rest.count(left_out), rest, REST))
    return draw_bars(bars)


def chosen_if(chosen: bool) -> str:
    """What marks the bar of an answer that was given."""
    return CHOSEN if chosen else ""


def draw_bars(bars: Sequence[tuple[str, float, str]]) -> Markup:
    """A bar for each name and share, with what marks it."""
    return Markup('<ol class="s-chances" aria-label="{}">{}</ol>').format(
        W.answer.shares,
        layout.join(
            Markup(
                '<li class="s-chance{}"><span class="s-chance-name">{}</span>'
                '<span class="s-track" aria-hidden="true"><span style="width:{:.1f}%"></span></span>'
                '<span class="s-chance-value">{}</span></li>'
            ).format(mark, label, share * 100, fmt.percent(share))
            for label, share, mark in bars
        ),
    )


@dataclass(frozen=True)
class Shown:
    """An answer in large type, what there is to say of it, and the tab of Results on how far to trust it."""

    title: str
    sentence: str
    more: Markup
    trust: str
    tab: str


def show_label(answer: Answer) -> Shown:
    """A label with how sure it is, and all probabilities."""
    found = answer.found
    bars = render_bars(found["probabilities"])
    return Shown(found["label"], describe_sureness(found), bars, W.answer.trust, "confidence")


def show_number(answer: Answer) -> Shown:
    """A number, which comes without a measure of how sure it is."""
    return Shown(
        short_number(answer.found["value"]), W.answer.number, layout.EMPTY, W.answer.trust_number, "errors"
    )


def show_labels(answer: Answer) -> Shown:
    """The labels that are given, and how probable each is."""
    found = answer.found
    title = BETWEEN_LABELS.join(found["labels"]) or W.answer.no_label
    bars = draw_bars(
        [
            (label, share, chosen_if(label in found["labels"]))
            for label, share in ranked(found["probabilities"])[0]
        ]
    )
    return Shown(title, W.answer.labels, bars, W.answer.trust_labels, "labels")


def show_choice(answer: Answer) -> Shown:
    """The chosen option with how sure it is, and the share of each in their order."""
    found, shares = answer.found, answer.found["probabilities"]
    options = read_options(answer.row[CHOICES.key])
    bars = draw_bars(
        [
            (option, share, chosen_if(place == found["index"]))
            for place, (option, share) in enumerate(zip(options, shares, strict=True))
        ]
    )
    return Shown(found["choice"], say_sureness(found["confidence"]), bars, W.answer.trust_choice, "options")


def show_entities(answer: Answer) -> Shown:
    """How many entities there are, the text with them marked, and how sure each is."""
    found = answer.found[ENTITIES]
    labels = sorted({entity["label"] for entity in found})
    spans = [(entity["start"], entity["end"], entity["label"]) for entity in found]
    shown = sorted(found, key=lambda entity: -entity["score"])[:BARS_AT_MOST]
    bars = [(f"{entity['text']} ({entity['label']})", entity["score"], CHOSEN) for entity in shown]
    more = marked_text(next(iter(answer.row.values())), spans, labels)
    title = W.answer.entities.count(len(found)) if found else W.answer.no_entity
    return Shown(
        title,
        W.answer.entities_sure if found else W.answer.entities_none,
        more + draw_bars(bars) if found else layout.EMPTY,
        W.answer.trust_entities,
        "entities",
    )


def show_span(answer: Answer) -> Shown:
    """The answer, the passage with it marked, and the best spans, with no answer where there may be none."""
    found = answer.found
    title = found["answer"] or W.answer.no_answer
    mark = str(W.answer.answer_mark)
    marks = [(found["start"], found["end"], mark)] if found["answer"] else []
    places = (found["start"], found["end"]) if found["answer"] else None
    bars = [
        (one["answer"], one["score"], chosen_if((one["start"], one["end"]) == places))
        for one in found["spans"]
    ]
    told = W.answer.spans_always
    if found["no_answer"]:  # 0 where the model always answers
        told = W.answer.spans
        bars.append((str(W.answer.no_answer), found["no_answer"], CHOSEN if places is None else REST))
    passage = marked_text(answer.row[CONTEXT.key], marks, [mark])
    more = passage + layout.paragraph(told, quiet=True) + draw_bars(bars)
    if found["score"] < max(share for _, share, _ in bars):
        more += layout.paragraph(W.answer.threshold, quiet=True)
    return Shown(title, say_sureness(found["score"]), more, W.answer.trust_answers, "questions")


# By what an answer holds.
SHOWN: dict[str, Callable[[Answer], Shown]] = {
    "label": show_label,
    "labels": show_labels,
    "value": show_number,
    "choice": show_choice,
    ENTITIES: show_entities,
    "answer": show_span,
}


def render_answer(answer: Answer, model: str) -> Markup:
    """The answer in large type, and what there is to know about it."""
    shown = next(show(answer) for key, show in SHOWN.items() if key in answer.found)
    trust = layout.text_link(shown.trust, link("results", model=model, tab=shown.tab))
    took = W.answer.took.say(time=f"{max(1, round(answer.milliseconds)):,d}")
    return Markup(
        '<div class="s-verdict" role="status"><p class="s-verdict-label">{}</p>'
        '<p class="s-verdict-sure">{}</p>{}{}{}'
        '<p class="s-verdict-foot"><span class="s-verdict-text">{}</span>{} · {}</p></div>'
    ).format(
        shown.title,
        shown.sentence,
        shown.more,
        render_strange(answer.strange),
        render_cut(answer.seen),
        W.answer.about.say(text=fmt.shorten(show_row(answer.row), QUOTE_LENGTH)),
        took,
        trust,
    )


def render_strange(strange: Strange | None) -> Markup:
    """That the model has learnt from hardly any texts in this script or language; nothing where it has."""
    if strange is None:
        return layout.EMPTY
    words = W.strange.few if strange.share else W.strange.none
    name = W.strange.names.get(strange.name, strange.name)
    return layout.paragraph(words.say(name=name, share=fmt.percent(strange.share, digits=1)), quiet=True)


def render_cut(seen: Sequence[Reading]) -> Markup:
    """That the model leaves some of the row unread; nothing where it reads all of it."""
    longest = max(seen, key=lambda reading: reading.lost, default=None)
    if longest is None or not longest.lost:
        return layout.EMPTY
    read = len(longest.tokens)
    sentence = W.answer.cut.say(tokens=fmt.count(read + longest.lost), read=fmt.count(read))
    return layout.notice("info", sentence, W.answer.cut_hint)


def render_waiting(title: str, text: str) -> Markup:
    """What stands in the answer's place while there is none."""
    return Markup('<div class="s-verdict s-verdict-none" role="status"><h3>{}</h3><p>{}</p></div>').format(
        title, text
    )
