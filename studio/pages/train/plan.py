"""The plan: what a training will do, take and need, said before it starts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from studio.pages import format as fmt
from studio.pages import layout
from studio.pages.commands import command_piece
from studio.pages.words import words_of
from studio.tasks.registry import get_task

if TYPE_CHECKING:
    from studio.services.training import TrainingPlan

W = words_of("train")
FEW_SHARE = 0.01
TIGHT_SHARE = 0.8


@dataclass(frozen=True)
class Longer:
    """A greater maximum length, and the seconds it would add."""

    length: int
    more_seconds: float


@dataclass(frozen=True)
class Place:
    """Where training would run: the device's word and the memory it has."""

    device: str
    memory_bytes: int


def plan_piece(plan: TrainingPlan, place: Place, longer: Longer | None) -> Markup:
    """The plan as it stands beside the form."""
    found = plan.estimate
    device = W.device.get(place.device, place.device)
    head = Markup('<p class="s-plan-time"><strong>{}</strong> {}</p>').format(
        fmt.rough_duration(found.seconds), W.plan.on.say(device=device)
    )
    rows = [
        (W.plan.rows, fmt.count(plan.rows)),
        (W.plan.epochs, fmt.count(plan.recipe.epochs)),
        (W.plan.steps, W.plan.steps_of.say(n=fmt.count(plan.steps), batch=plan.recipe.batch_size)),
        (W.plan.memory, W.plan.about.say(size=fmt.size(found.memory_bytes))),
        (W.plan.disk, W.plan.about.say(size=fmt.size(found.disk_bytes))),
    ]
    pieces = [head, layout.facts(rows), length_piece(plan, longer)]
    if found.memory_bytes > TIGHT_SHARE * place.memory_bytes:
        have = W.plan.tight.say(need=fmt.size(found.memory_bytes), have=fmt.size(place.memory_bytes))
        pieces.append(layout.notice("warning", have, W.plan.tight_hint))
    pieces += [layout.notice("info", note) for note in plan.notes]
    pieces += [layout.notice("warning", warning) for warning in plan.warnings]
    return Markup('<div class="s-plan">{}</div>').format(layout.join(pieces))


def length_piece(plan: TrainingPlan, longer: Longer | None) -> Markup:
    """How many texts will be cut, or read in parts, with one click to a greater length."""
    length = plan.recipe.max_length
    if not exceeds(plan):
        longest = fmt.count(max(plan.longest.values()))
        return layout.paragraph(W.plan.uncut.say(longest=longest, length=length), quiet=True)
    words = " ".join([training_words(plan), *other_words(plan)])
    if longer is None:
        return layout.paragraph(words)
    label = W.plan.longer.say(length=longer.length, more=more_time(longer.more_seconds))
    return Markup('<p class="s-text">{} {}</p>').format(words, layout.pick_button(label, str(longer.length)))


def exceeds(plan: TrainingPlan) -> bool:
    """Whether a text of any part is longer than the maximum length."""
    return max(plan.longest.values()) > plan.recipe.max_length


def training_words(plan: TrainingPlan) -> str:
    """How many of the training texts are longer than the maximum length."""
    length = plan.recipe.max_length
    if plan.longest["train"] <= length:
        return W.plan.training_fits.say(length=length)
    share = W.plan.few if plan.cut_share < FEW_SHARE else fmt.percent(plan.cut_share, digits=2)
    reads_all = get_task(plan.recipe.task).reads_all
    return (W.plan.parted if reads_all else W.plan.cut).say(share=share, length=length)


def other_words(plan: TrainingPlan) -> list[str]:
    """The longest validation or test text, where it exceeds the maximum length and all training texts."""
    others = {part: tokens for part, tokens in plan.longest.items() if part != "train"}
    part = max(others, key=lambda part: others[part], default="")
    if not part or others[part] <= max(plan.recipe.max_length, plan.longest["train"]):
        return []
    words = W.plan.others_parted if get_task(plan.recipe.task).reads_all else W.plan.others_cut
    return [words.say(part=W.plan.part[part], longest=fmt.count(others[part]))]


def more_time(seconds: float) -> str:
    """Seconds added, as a person says it.

    >>> more_time(200), more_time(4), more_time(-3)
    ('+3 min', '+4 s', 'no slower')
    """
    if seconds < 1:
        return str(W.plan.no_slower)
    return "+" + (f"{seconds:.0f} s" if seconds < 90 else fmt.rough_duration(seconds).removeprefix("about "))


def same_as_command(plan: TrainingPlan, home: Path) -> Markup:
    """The same training as a command."""
    return layout.details(W.plan.command, command_piece(plan.command, W.plan.command_label, home))


def longer_length(plan: TrainingPlan, max_tokens: int) -> int | None:
    """The next greater maximum length where texts are cut and the checkpoint reads more; else None."""
    wanted = min(2 * plan.recipe.max_length, max_tokens)
    return wanted if exceeds(plan) and wanted > plan.recipe.max_length else None
