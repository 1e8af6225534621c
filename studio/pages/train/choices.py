"""What to choose from: cards of recommended checkpoints and of presets, and the list of all checkpoints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from studio.pages import format as fmt
from studio.pages import layout
from studio.pages.words import words_of

if TYPE_CHECKING:
    from studio.checkpoints.catalogue import Checkpoint
    from studio.checkpoints.guide import Recommendation
    from studio.services.checkpoints import CheckpointView
    from studio.services.training import TrainingPlan

W = words_of("train")
ANY = "any"
UNKNOWN = "unknown"
ROWS_AT_MOST = 200
SMALL_PARAMETERS, BASE_PARAMETERS = 50_000_000, 150_000_000
HERE = {"built in", "downloaded", "a folder here", "your model"}


@dataclass(frozen=True)
class Filters:
    """What the list of all checkpoints is narrowed to; ``any`` means all."""

    language: str = ANY
    size: str = ANY
    case: str = ANY
    place: str = ANY


def choice(
    title: str, value: str, *lines: str | Markup, pressed: bool = False, badge: Markup = layout.EMPTY
) -> Markup:
    """A card that is one large button: title, a badge beside it, and lines under it."""
    texts = layout.join(
        Markup('<span class="s-choice-line">{}</span>').format(line) for line in lines if line
    )
    return layout.pick_button(
        Markup(
            '<span class="s-choice"><span class="s-choice-title"><strong>{}</strong>{}</span>{}</span>'
        ).format(title, badge, texts),
        value,
        pressed,
    )


def choices(cards: Iterable[Markup], label: str) -> Markup:
    """Cards beside each other, of which one is chosen."""
    return Markup('<div class="s-choices" role="group" aria-label="{}">{}</div>').format(
        label, layout.join(cards)
    )


def place_badge(state: str) -> Markup:
    """Whether a checkpoint is here or would be downloaded."""
    return layout.badge("good" if state in HERE else "quiet", W.place.get(state, state))


def size_line(checkpoint: Checkpoint) -> str:
    """Language (where it is known), layers and size in one line."""
    facts = W.checkpoint.facts.say(
        layers=checkpoint.layers,
        millions=fmt.number(checkpoint.parameters / 1e6),
        tokens=fmt.count(checkpoint.max_tokens),
    )
    return facts if checkpoint.language == UNKNOWN else f"{checkpoint.language} · {facts}"


def checkpoint_cards(
    recommended: Sequence[Recommendation], states: dict[str, str], chosen: CheckpointView | None
) -> Markup:
    """Three recommended checkpoints with their reasons, and the chosen one where it is another."""
    cards = [
        choice(
            one.checkpoint.title,
            one.checkpoint.id,
            one.reason,
            size_line(one.checkpoint),
            pressed=chosen is not None and one.checkpoint.id == chosen.checkpoint.id,
            badge=place_badge(states.get(one.checkpoint.id, "")),
        )
        for one in recommended
    ]
    if chosen is not None and all(one.checkpoint.id != chosen.checkpoint.id for one in recommended):
        own = chosen.checkpoint
        words = own.good_for or W.checkpoint.chosen
        size = size_line(own) if chosen.known else W.checkpoint.unknown
        cards.append(choice(own.title, own.id, words, size, pressed=True, badge=place_badge(chosen.state)))
    return choices(cards, W.checkpoint.title)


def preset_cards(plans: dict[str, TrainingPlan], chosen: str) -> Markup:
    """The three presets with what each costs; without plans, only what each is for."""
    cards = []
    names: dict[str, str] = {}
    for name in W.presets:
        plan, words, lines = plans.get(name), W.presets[name], []
        if plan is not None:
            recipe = plan.recipe
            time = fmt.rough_duration(plan.estimate.seconds)
            lines.append(W.preset.cost.say(time=time, epochs=recipe.epochs, length=recipe.max_length))
            first = names.setdefault(recipe.model_dump_json(exclude={"preset"}), words.title)
            if first != words.title:
                lines.append(W.preset.alike.say(other=first))
        cards.append(choice(words.title, name, words.text, *lines, pressed=name == chosen))
    return choices(cards, W.preset.title)


def size_class(parameters: int) -> str:
    """The size of a checkpoint in one word.

    >>> [size_class(millions * 10**6) for millions in (4, 66, 335)]
    ['small', 'medium', 'large']
    """
    if parameters < SMALL_PARAMETERS:
        return "small"
    return "medium" if parameters < BASE_PARAMETERS else "large"


def languages(views: Sequence[CheckpointView]) -> list[str]:
    """Every language of the list, in its order."""
    return list(dict.fromkeys(view.checkpoint.language for view in views))


def matches(view: CheckpointView, filters: Filters) -> bool:
    """Whether a checkpoint passes the filters."""
    one = view.checkpoint
    case = {True: "cased", False: "uncased", None: "unknown"}[one.cased]
    return (
        filters.language in {ANY, one.language}
        and filters.size in {ANY, size_class(one.parameters)}
        and filters.case in {ANY, case}
        and filters.place in {ANY, "here" if view.state in HERE else "network"}
    )


def checkpoint_table(views: Sequence[CheckpointView], filters: Filters, chosen: str) -> Markup:
    """All checkpoints that pass the filters, each to be chosen by its name."""
    found = [view for view in views if matches(view, filters)][:ROWS_AT_MOST]
    if not found:
        return layout.paragraph(W.all.none, quiet=True)
    heads = W.all.columns
    columns = [
        layout.Column(heads.title),
        layout.Column(heads.place),
        layout.Column(heads.language),
        layout.Column(heads.case, help=heads.case_help),
        layout.Column(heads.layers, number=True),
        layout.Column(heads.parameters, number=True, help=heads.parameters_help),
        layout.Column(heads.tokens, number=True, help=heads.tokens_help),
        layout.Column(heads.good_for),
        layout.Column(heads.licence),
    ]
    rows = [row_of(view, chosen) for view in found]
    marks = ["s-chosen" if view.checkpoint.id == chosen else "" for view in found]
    shown = W.all.shown.count(len(found), of=len(views))
    return layout.paragraph(shown, quiet=True) + layout.table(
        columns, rows, label=W.all.label, row_class=marks
    )


def row_of(view: CheckpointView, chosen: str) -> list[str | Markup]:
    """One checkpoint as a row of the list."""
    one = view.checkpoint
    here = view.state in HERE
    place = W.place.get(view.state, view.state)
    download = "" if here else W.place.download.say(size=fmt.size(one.download_bytes))
    return [
        layout.pick_button(one.title, one.id, one.id == chosen),
        layout.join([place, download], by=" · ") if download else place,
        one.language,
        W.case[{True: "cased", False: "uncased", None: "unknown"}[one.cased]],
        str(one.layers),
        W.all.millions.say(n=fmt.number(one.parameters / 1e6)),
        fmt.count(one.max_tokens),
        one.good_for,
        one.licence or fmt.ABSENT,
    ]
