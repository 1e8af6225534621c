"""The import form: four steps on one page, each showing its effect at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import gradio as gr

from studio.errors import StudioError
from studio.pages import charts, events, guard, layout, links, slots
from studio.pages.data import dividing, fetching, filling, fixing, opening, review
from studio.pages.data.describing import answers_chart, lengths_chart
from studio.pages.data.draft import (
    TASK_CHOICES,
    Draft,
    carry_out,
    check,
    count_rows,
    is_large,
    saved_draft,
    task_of,
)
from studio.pages.links import link
from studio.pages.words import words_of
from studio.tasks.registry import get_task

if TYPE_CHECKING:
    from studio.pages.registry import Services

W = words_of("data")
FIELD_WIDTH = 240  # pixels: on a phone each stands alone, so that the names of columns can be read
NOTHING_KEPT: dict[str, Any] = {}  # Gradio keeps the old value in the browser where it is given None


def build(studio: Services, kept: gr.BrowserState) -> None:
    """Lay the form out; ``fields`` are in the order of ``Draft``, which ``kept`` holds through a reload."""
    layout.html(
        layout.back_link(W.import_.back, link("data")) + layout.heading(W.import_.title, W.import_.lead)
    )
    file, overruling, understood, elsewhere = opening.build(studio.settings.max_upload_bytes)
    with gr.Column(visible=False, elem_id="import-rest") as rest:
        roles, first_rows = build_columns()
        fixes, found = build_check()
        splitting, closing = dividing.build()
    name, button = closing.name, closing.button
    fields = [file, *overruling.fields, *roles, fixes, *splitting.fields, name]
    effects = [understood, first_rows, *found, closing.result, button, kept]
    address = events.hidden_text()
    # Every check runs by one event, so that an older answer never overtakes a newer one. What was read goes
    # along in a hidden text, as the fields of the roles still hold their values of before when it changes.
    was_read, arrived = events.hidden_text(), events.hidden_text()
    by_hand = events.hidden_text()  # the task, where a person chose it
    answers = Answers(studio, was_read, len(fields), len(effects))
    sheet = overruling.sheet
    filled = [understood, rest, sheet, *roles, splitting.method, *splitting.shown_by_method]
    fresh = [*overruling.fields[:-1], fixes, name, was_read, kept]
    events.on_upload([file.upload, file.clear], answers.read, [by_hand, *fields], [*fresh, *filled])
    events.on_slow(
        [elsewhere.button.click, elsewhere.address.submit],
        lambda address, table: fetching.fetch(studio, address, table),
        [elsewhere.address, elsewhere.table],
        [file, arrived, elsewhere.failed],
    )
    events.on_upload([arrived.change], answers.read_fetched, [arrived, by_hand, *fields], [*fresh, *filled])
    events.on_load(lambda: fetching.list_tables(studio), None, elsewhere.table)
    events.on_slow(roles[0].input, answers.choose_task, fields, [by_hand, was_read, *filled])
    events.on_slow(overruling.changed, answers.read_again, fields, [was_read, *filled])
    events.on_load(answers.restore, kept, [*fields, understood, rest, was_read])
    events.on(found[0].click, answers.decide, fields, fixes)
    changed = [field.input for field in roles[1:]]
    changed += [field.change for field in (*splitting.fields, fixes, was_read)]
    events.on_change([*changed, name.blur], answers.check_again, [was_read, *fields], effects)
    events.then_go(events.on_slow(button.click, answers.keep, fields, [address, kept]), address)


@dataclass(frozen=True)
class Answers:
    """What the form answers to its events; ``fields`` and ``effects`` are how many there are."""

    studio: Services
    was_read: gr.Textbox
    fields: int
    effects: int

    def read(self, *values: Any) -> tuple[Any, ...]:
        """A file was uploaded or taken away."""
        return self.read_fetched("", *values)

    def read_fetched(self, noted: str, by_hand: str, *values: Any) -> tuple[Any, ...]:
        """A file is there; ``noted`` is what is known of one that was fetched, ``by_hand`` a chosen task."""
        filled = filling.read_new(self.studio, Draft.of(values), fetching.split_column_of(noted), by_hand)
        note = (filled.noted(), gr.skip() if filled.readable else NOTHING_KEPT)
        return (*opening.FOUND_BY_ITSELF[:-1], "", filled.name, *note, *filled.updates())

    def read_again(self, *values: Any) -> tuple[Any, ...]:
        """How the file is to be read was changed."""
        filled = filling.read_again(self.studio, Draft.of(values))
        return filled.noted(), *filled.updates()

    def choose_task(self, *values: Any) -> tuple[Any, ...]:
        """Another task was chosen for the table."""
        draft = Draft.of(values)
        filled = filling.choose_task(self.studio, draft)
        return draft.task, filled.noted(), *filled.updates()

    def check_again(self, event: gr.EventData, noted: str, *values: Any) -> tuple[Any, ...]:
        """A choice was made, or another file was read."""
        draft = Draft.of(values)
        if event.target is self.was_read:
            draft = replace(draft, **filling.read_noted(noted))
        return show_effects(self.studio, draft, self.effects, filling.told_in(noted))

    def decide(self, event: gr.EventData, *values: Any) -> str:
        """A button of a finding was pressed."""
        return decide_fixes(self.studio, Draft.of(values), events.picked(event), events.picked_fields(event))

    def keep(self, *values: Any) -> tuple[str, dict[str, Any]]:
        """The dataset is wanted: where the browser goes, and what it keeps of the form."""
        draft = Draft.of(values)
        address = carry_out(self.studio, draft)
        # A background import may fail: then the form is still as it was.
        return address, asdict(draft) if is_large(self.studio, draft) else NOTHING_KEPT

    def restore(self, saved: Any, request: gr.Request) -> tuple[Any, ...]:
        """The page was opened: the form as it was, unless that was imported since."""
        draft = saved_draft(saved) if links.asked(request, "new") else None
        if draft and is_imported(self.studio, draft):
            draft = None
        return filling.restore(self.studio, draft, self.fields)


def build_columns() -> tuple[list[Any], gr.HTML]:
    """Step 2: the task, and which column plays which role of it, with the first rows."""
    first = get_task(TASK_CHOICES[0][1])
    asked = slots.roles_of(first)
    with gr.Column(elem_classes="s-panel"):
        layout.html(layout.step_title(2, W.columns.title, W.columns.text))
        task = gr.Radio(
            TASK_CHOICES,
            value=TASK_CHOICES[0][1],
            label=W.columns.task_field,
            info=W.columns.task_help,
            elem_id="import-task",
        )
        with gr.Row():
            # Custom values, because a value of the file before would be refused before any handler sees it.
            text = gr.Dropdown(
                label=asked[slots.FIRST].title,
                info=asked[slots.FIRST].help,
                elem_id="import-text",
                allow_custom_value=True,
                min_width=FIELD_WIDTH,
            )
            text_b = gr.Dropdown(
                label=asked[slots.SECOND].title,
                info=asked[slots.SECOND].help,
                elem_id="import-text-b",
                allow_custom_value=True,
                min_width=FIELD_WIDTH,
            )
            answer = gr.Dropdown(
                label=first.answer_role.title,
                info=first.answer_role.help,
                elem_id="import-label",
                allow_custom_value=True,
                min_width=FIELD_WIDTH,
            )
        first_rows = layout.html(elem_id="import-first-rows")
    return [task, text, text_b, answer], first_rows


def build_check() -> tuple[gr.Textbox, list[Any]]:
    """Step 3: all findings with their fixes, what was decided about them, and two charts."""
    with gr.Column(elem_classes="s-panel"):
        layout.html(layout.step_title(3, W.check.title, W.check.text))
        findings = layout.pickable(elem_id="import-findings")
        fixes = events.hidden_text("import-fixes")
        with gr.Row(equal_height=False):
            counts = charts.chart_with_table(W.check.counts_chart, elem_id="import-counts")
            lengths = charts.chart_with_table(W.check.lengths_chart, elem_id="import-lengths")
    return fixes, [findings, *counts, *lengths]


def is_imported(studio: Services, draft: Draft) -> bool:
    """Whether the import that a kept draft started in the background has been done since."""
    return is_large(studio, draft) and draft.name in {dataset.name for dataset in studio.datasets.list()}


def decide_fixes(
    studio: Services, draft: Draft, pick: str, fields: Mapping[str, str] = fixing.NO_FIELDS
) -> str:
    """What is decided about the findings after one more button was pressed."""
    everything = pick.startswith(f"{fixing.ALL}:")
    problems = check(studio, draft).problems if everything else ()
    return fixing.dump_choices(fixing.choose(draft.choices, pick, problems, fields))


def show_effects(studio: Services, draft: Draft, size: int, told: str = "") -> tuple[Any, ...]:
    """What was understood, first rows, findings, charts, split and button, as they follow from the draft.

    ``told`` is the task of which the columns told, if any.
    """
    if not draft.file:
        return (*(gr.skip(),) * (size - 1), NOTHING_KEPT)
    try:
        prepared = check(studio, draft)
    except StudioError as error:
        blocked = gr.update(value=W.split.import_none, interactive=False)
        return (*(gr.skip(),) * (size - 3), guard.as_notice(error), blocked, asdict(draft))
    table = next(iter(prepared.tables.values()))
    rows = count_rows(prepared)
    drawn = answers_chart(prepared.class_counts, prepared.lengths, rows)
    large = is_large(studio, draft)
    action = W.split.import_large if large else W.split.import_.count(rows)
    return (
        review.render_understood(table, task_of(draft).title if told and told == draft.task else ""),
        review.render_first_rows(table, prepared.roles, prepared.request.task),
        review.render_check(prepared, table, draft.choices),
        *charts.chart_values(drawn),
        *charts.chart_values(lengths_chart(prepared.lengths)),
        review.render_split(prepared, large),
        gr.update(value=action, interactive=not prepared.blocking and rows > 0),
        asdict(draft),
    )
