"""The Train page put together: what happens on each click, and what each answer fills."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.components.base import Component

from studio.errors import StudioError
from studio.pages import events, guard, layout, links
from studio.pages.train import choices, fields
from studio.pages.train.desk import Planned, TrainDesk
from studio.pages.train.form import (
    ANY_OPTION,
    Advanced,
    Carried,
    Chooser,
    PlanPanel,
    empty_piece,
    lay_out_choices,
    lay_out_fields,
    lay_out_plan,
)
from studio.pages.train.wish import Wish
from studio.pages.words import words_of

if TYPE_CHECKING:
    from studio.pages.registry import Services

W = words_of("train")


def build(studio: Services) -> None:
    """Lay the page out."""
    layout.html(layout.heading(W.title, W.lead))
    problem = layout.waiting("train-problem")
    empty = layout.html(empty_piece(), elem_id="train-empty", visible=False)
    carried = Carried(*[events.hidden_text(f"train-{name}") for name in Carried.__dataclass_fields__])
    with gr.Row(elem_id="train-form", elem_classes="s-train", visible=False) as form:
        with gr.Column(scale=5, min_width=320):
            chooser = lay_out_choices()
            advanced = lay_out_fields()
        with gr.Column(scale=3, min_width=300, elem_classes="s-panel s-train-plan"):
            panel = lay_out_plan()
    page = TrainPage(TrainDesk(studio), carried, chooser, advanced, panel)
    opened = events.on_load(
        page.open,
        None,
        [problem, empty, form, chooser.dataset, chooser.other, carried.nonce, *page.wish_outputs],
    )
    page.refresh_on(opened.then)
    page.wire_choices()
    page.wire_fields()
    page.wire_start()


@dataclass(frozen=True)
class TrainPage:
    """The page's components and the desk that answers them."""

    desk: TrainDesk
    carried: Carried
    chooser: Chooser
    advanced: Advanced
    panel: PlanPanel

    @property
    def wish_inputs(self) -> list[Component]:
        """What a wish is read from, in the order of ``read``."""
        c = self.carried
        return [
            self.chooser.dataset, c.checkpoint, c.preset, c.changes,
            self.panel.name, c.suggested, self.panel.agree, c.in_use,
        ]  # fmt: skip

    @property
    def wish_outputs(self) -> list[Component]:
        """Where the parts of a wish that the address gives are put."""
        return [self.carried.checkpoint, self.carried.preset, self.carried.changes, self.panel.name]

    @property
    def plan_outputs(self) -> list[Component]:
        """What follows from any change: ``show_plan`` fills it."""
        a, p, c = self.advanced, self.panel, self.carried
        return [c.changes, c.address, a.accordion, a.reset, *a.fields, p.plan, p.command, p.start, p.agree]

    def open(self, request: gr.Request) -> tuple[Any, ...]:
        """Fill the form from the address."""
        opened = self.desk.open(lambda name: links.asked(request, name))
        wish, some = opened.wish, bool(opened.options)
        own = [model.name for model in self.desk.studio.models.list()]
        return (
            opened.problem,
            gr.update(visible=not some),
            gr.update(visible=some),
            gr.update(choices=opened.options, value=wish.dataset or None),
            gr.update(choices=own),
            opened.nonce,
            wish.checkpoint,
            wish.preset,
            fields.dump_changes(wish.changes),
            wish.name,
        )

    def refresh_on(self, listen: Callable[..., Any]) -> None:
        """Answer the whole form anew on a component's event, or after one (its ``then``)."""
        c = self.chooser
        outputs = [
            self.carried.in_use, self.carried.suggested, self.panel.name, self.panel.refusal,
            c.facts, c.cards, c.presets, c.filters[0], c.table, *self.plan_outputs,
        ]  # fmt: skip
        answered = listen(
            guard.with_toast(self.refresh),
            [*self.wish_inputs, *c.filters],
            outputs,
            show_progress="minimal",
            show_progress_on=self.panel.plan,
            trigger_mode="always_last",
            api_visibility="private",
        )
        events.then_show_address(answered, self.carried.address)

    def refresh(self, *values: Any) -> tuple[Any, ...]:
        """Everything that follows from the form."""
        wish = self.desk.fitting(read(values[:8])[0])
        shown = self.desk.show(wish)
        names = [ANY_OPTION, *((name, name) for name in choices.languages(shown.views))]
        return (
            shown.checkpoint,
            shown.suggested,
            wish.name or shown.suggested,
            layout.EMPTY,
            shown.facts,
            shown.cards,
            shown.presets,
            gr.update(choices=names),
            choices.checkpoint_table(shown.views, choices.Filters(*values[8:]), shown.checkpoint),
            *show_plan(wish, shown.planned, fields.updates(shown.preset_values, wish.changes)),
        )

    def wire_choices(self) -> None:
        """Choosing a dataset, a checkpoint or a preset answers the whole form anew."""
        c, k = self.chooser, self.carried
        self.refresh_on(c.dataset.input)
        for piece in (c.cards, c.table):
            self.refresh_on(events.on(piece.click, pick_checkpoint, None, k.checkpoint).then)
        self.refresh_on(
            events.on(c.use.click, lambda typed: (typed or "").strip(), c.other, k.checkpoint).then
        )
        self.refresh_on(events.on(c.presets.click, pick_preset, None, [k.preset, k.changes]).then)
        self.refresh_on(events.on(self.panel.plan.click, pick_length, k.changes, k.changes).then)
        self.refresh_on(events.on(self.advanced.reset.click, lambda: "{}", None, k.changes).then)
        for chosen in c.filters:
            events.on(chosen.input, self.narrow, [k.in_use, *c.filters], c.table)

    def narrow(self, checkpoint: str, *filters: str) -> Any:
        """The list of all checkpoints under other filters."""
        views = self.desk.studio.checkpoints.list()
        return choices.checkpoint_table(views, choices.Filters(*filters), checkpoint)

    def wire_fields(self) -> None:
        """Typing in a field answers with the plan at once."""
        typed = events.on_typing(
            # blur: a name that was pasted tells of no input.
            [
                *(field.input for field in (*self.advanced.fields, self.panel.name, self.panel.agree)),
                self.panel.name.blur,
            ],
            self.edit,
            [*self.wish_inputs, *self.advanced.fields],
            self.plan_outputs,
        )
        events.then_show_address(typed, self.carried.address)

    def edit(self, *values: Any) -> tuple[Any, ...]:
        """The plan of the form as it was just typed in."""
        before, checkpoint = read(values[:8])
        wish, preset_values = self.desk.edit(before, checkpoint, values[8:])
        typed = fields.values_by_name(values[8:])
        return show_plan(
            wish, self.desk.plan(wish, checkpoint), fields.updates(preset_values, wish.changes, typed)
        )

    def wire_start(self) -> None:
        """Start queues the job and goes to it; a refusal stays in the page."""
        started = events.on_slow(
            self.panel.start.click,
            self.start,
            [*self.wish_inputs, self.carried.nonce],
            [self.carried.target, self.panel.refusal],
        )
        events.then_go(started, self.carried.target)

    def start(self, *values: Any) -> tuple[str, Any]:
        """The address of the job that was queued, or the sentence why it was not."""
        wish, checkpoint = read(values[:8])
        try:
            return self.desk.start(wish, checkpoint, values[8]), layout.EMPTY
        except StudioError as error:
            return "", guard.as_notice(error)


def read(values: Any) -> tuple[Wish, str]:
    """The wish that the form's values make, and the checkpoint in use."""
    dataset, checkpoint, preset, changes, name, suggested, agreed, in_use = values
    typed = (name or "").strip()
    wish = Wish(
        dataset=dataset or "",
        checkpoint=checkpoint or "",
        preset=preset,
        changes=fields.load_changes(changes),
        name="" if typed == suggested else typed,
        agreed=bool(agreed),
    )
    return wish, in_use


def show_plan(wish: Wish, planned: Planned, field_updates: list[Any]) -> tuple[Any, ...]:
    """The values of ``TrainPage.plan_outputs``."""
    changed = len(wish.changes)
    title = W.advanced.changed.say(n=changed) if changed else W.advanced.title
    return (
        fields.dump_changes(wish.changes),
        wish.address(),
        gr.update(label=title),
        gr.update(visible=changed > 0),
        *field_updates,
        planned.plan,
        planned.command,
        gr.update(interactive=planned.can_start),
        gr.update(visible=planned.asks_agreement),
    )


def pick_checkpoint(event: gr.EventData) -> str:
    """The checkpoint whose card or row was chosen."""
    return events.picked(event)


def pick_preset(event: gr.EventData) -> tuple[str, str]:
    """The preset that was chosen; its values replace what was changed."""
    return events.picked(event), "{}"


def pick_length(changes: str, event: gr.EventData) -> str:
    """The changes with the greater maximum length that the plan offers."""
    return fields.dump_changes({**fields.load_changes(changes), "max_length": int(events.picked(event))})
