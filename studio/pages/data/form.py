"""The import form: four steps on one page, each showing its effect at once."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, replace
from dataclasses import fields as fields_of
from typing import TYPE_CHECKING, Any

import gradio as gr

from studio.errors import StudioError
from studio.pages import charts, events, guard, layout, links
from studio.pages.data import fixing, opening, review
from studio.pages.data.describing import lengths_chart
from studio.pages.data.draft import (
    Draft,
    carry_out,
    check,
    count_rows,
    is_large,
    look,
    saved_draft,
    suggest_name,
)
from studio.pages.links import link
from studio.pages.words import words_of
from studio.results.charts import draw_class_counts

if TYPE_CHECKING:
    from studio.data.readers import ReaderReport
    from studio.pages.registry import Services

W = words_of("data")
NOTHING_KEPT: dict[str, Any] = {}  # Gradio keeps the old value in the browser where it is given None


def build(studio: Services, kept: gr.BrowserState) -> None:
    """Lay the form out; ``fields`` are in the order of ``Draft``, which ``kept`` holds through a reload."""
    layout.html(
        layout.back_link(W.import_.back, link("data")) + layout.heading(W.import_.title, W.import_.lead)
    )
    file, overruling, understood = opening.build()
    with gr.Column(visible=False, elem_id="import-rest") as rest:
        roles, first_rows = build_columns()
        fixes, found = build_check()
        splitting, name, result, button = build_split()
    fields = [file, *overruling.fields, *roles, fixes, *splitting, name]
    effects = [first_rows, *found, result, button, kept]
    address = events.hidden_text()
    # Every check runs by one event, so that an older answer never overtakes a newer one. What was read goes
    # along in a hidden text, as the fields of the roles still hold their values of before when it changes.
    was_read = events.hidden_text()

    def read(*values: Any) -> tuple[Any, ...]:
        draft = as_first_read(Draft.of(values))
        understood, rest, sheet, text, label, name = read_file(studio, draft)
        overruled = (*opening.FOUND_BY_ITSELF[:-1], sheet)
        return understood, rest, *overruled, text, label, "", name, *note_reading(text, label)

    def read_again(*values: Any) -> tuple[Any, ...]:
        understood, rest, sheet, text, label = read_otherwise(studio, Draft.of(values))
        return understood, rest, sheet, text, label, *note_reading(text, label)

    def check_again(event: gr.EventData, noted: str, *values: Any) -> tuple[Any, ...]:
        draft = Draft.of(values)
        if event.target is was_read:
            draft = replace(draft, **roles_noted(noted))
        return show_effects(studio, draft, len(effects))

    def decide(event: gr.EventData, *values: Any) -> str:
        return decide_fixes(studio, Draft.of(values), events.picked(event))

    def keep(*values: Any) -> tuple[str, dict[str, Any]]:
        draft = Draft.of(values)
        address = carry_out(studio, draft)
        # A background import may fail: then the form is still as it was.
        return address, asdict(draft) if is_large(studio, draft) else NOTHING_KEPT

    def restore(saved: Any, request: gr.Request) -> tuple[Any, ...]:
        draft = saved_draft(saved) if links.asked(request, "new") else None
        return restore_form(studio, None if draft and is_imported(studio, draft) else draft, len(fields))

    fresh = [understood, rest, *overruling.fields, *roles, fixes, name, was_read, kept]
    events.on_upload([file.upload, file.clear], read, fields, fresh)
    events.on_slow(
        overruling.changed, read_again, fields, [understood, rest, overruling.sheet, *roles, was_read, kept]
    )
    events.on_load(restore, kept, [*fields, understood, rest, was_read])
    events.on(found[0].click, decide, fields, fixes)
    changed = [field.input for field in roles]
    changed += [field.change for field in (*splitting, fixes, was_read)]
    events.on_change([*changed, name.blur], check_again, [was_read, *fields], effects)
    events.then_go(events.on_slow(button.click, keep, fields, [address, kept]), address)


def build_columns() -> tuple[list[Any], gr.HTML]:
    """Step 2: which column plays which role, with the first rows."""
    with gr.Column(elem_classes="s-panel"):
        layout.html(layout.step_title(2, W.columns.title, W.columns.text))
        with gr.Row():
            # Custom values, because a value of the file before would be refused before any handler sees it.
            text = gr.Dropdown(
                label=W.columns.text_field,
                info=W.columns.text_help,
                elem_id="import-text",
                allow_custom_value=True,
            )
            label = gr.Dropdown(
                label=W.columns.label_field,
                info=W.columns.label_help,
                elem_id="import-label",
                allow_custom_value=True,
            )
        first_rows = layout.html(elem_id="import-first-rows")
    return [text, label], first_rows


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


def build_split() -> tuple[list[Any], gr.Textbox, gr.HTML, gr.Button]:
    """Step 4: shares and seed or own files, the name, and the button."""
    with gr.Column(elem_classes="s-panel"):
        layout.html(layout.step_title(4, W.split.title, W.split.text))
        with gr.Row():
            train = gr.Number(80, label=W.split.train, minimum=0, maximum=100, elem_id="import-train")
            validation = gr.Number(10, label=W.split.validation, minimum=0, maximum=100)
            test = gr.Number(10, label=W.split.test, minimum=0, maximum=100)
            seed = gr.Number(0, label=W.split.seed, info=W.split.seed_help, precision=0, minimum=0)
        with gr.Accordion(W.split.own_files, open=False), gr.Row():
            own_validation = gr.File(label=W.split.own_validation, type="filepath", height=120)
            own_test = gr.File(label=W.split.own_test, type="filepath", height=120)
        result = layout.html(elem_id="import-result")
        name = gr.Textbox(
            label=W.split.name,
            info=W.split.name_help,
            max_lines=1,
            elem_id="import-name",
            elem_classes="s-tight",
        )
        with gr.Row(elem_classes="s-buttons"):
            button = gr.Button(W.split.import_none, variant="primary", elem_id="import-go")
    return [train, validation, test, seed, own_validation, own_test], name, result, button


def as_first_read(draft: Draft) -> Draft:
    """The draft without anything that was overruled or decided about another file."""
    names = [field.name for field in fields_of(Draft)][1 : 1 + len(opening.FOUND_BY_ITSELF)]
    return replace(draft, fixes="", **dict(zip(names, opening.FOUND_BY_ITSELF, strict=True)))


def read_file(studio: Services, draft: Draft) -> tuple[Any, ...]:
    """What is understood, whether the other steps show, sheets to choose from, guessed roles and a name."""
    nothing = ("", gr.update(visible=False), gr.update(visible=False), *(gr.skip(),) * 3)
    if not draft.file:
        return nothing
    try:
        preview = look(studio, draft)
    except StudioError as error:
        return (guard.as_notice(error), *nothing[1:])
    names = [str(column) for column in preview.table.frame.columns]
    report = preview.table.report
    return (
        review.render_understood(preview.table),
        gr.update(visible=True),
        choose_sheet(report),
        gr.update(choices=names, value=preview.roles.get("text")),
        gr.update(choices=names, value=preview.roles.get("label")),
        suggest_name(studio, draft),
    )


def choose_sheet(report: ReaderReport) -> Any:
    """The list of sheets, where the file is a workbook that has several."""
    several = bool(report.sheet) and len(report.parts) > 1
    return gr.update(choices=list(report.parts), value=report.sheet if several else "", visible=several)


def read_otherwise(studio: Services, draft: Draft) -> tuple[Any, ...]:
    """As read_file, for a file that is read in another way: the chosen roles that are still columns stay."""
    understood, rest, sheet, text, label, _ = read_file(studio, draft)
    return understood, rest, sheet, *keep_roles(draft, text, label)


def note_reading(text: Any, label: Any) -> tuple[Any, Any]:
    """What is to be noted of a reading, and what is kept of the draft: nothing where it could not be read."""
    if not isinstance(text, dict) or "choices" not in text:
        return gr.skip(), NOTHING_KEPT
    return note_roles(text, label), gr.skip()


def note_roles(text: Any, label: Any) -> str:
    """The roles that a reading chose, with the moment, so that every reading is a change.

    >>> roles_noted(note_roles({"value": "message"}, {"value": None}))
    {'text': 'message', 'label': None}
    """
    chosen = [update.get("value") if isinstance(update, dict) else None for update in (text, label)]
    return json.dumps({"text": chosen[0], "label": chosen[1], "at": time.time()})


def roles_noted(noted: str) -> dict[str, str | None]:
    """What ``note_roles`` wrote."""
    found = json.loads(noted)
    return {role: found[role] for role in ("text", "label")}


def keep_roles(draft: Draft, text: Any, label: Any) -> tuple[Any, Any]:
    """The columns offered for each role, with the one that was chosen where it is among them."""
    if not isinstance(text, dict) or "choices" not in text:
        return text, label
    kept = {draft.text, draft.label} & set(text["choices"])
    found = []
    for chosen, update in ((draft.text, text), (draft.label, label)):
        guessed = None if update["value"] in kept else update["value"]
        found.append({**update, "value": chosen if chosen in kept else guessed})
    return found[0], found[1]


def is_imported(studio: Services, draft: Draft) -> bool:
    """Whether the import that a kept draft started in the background has been done since."""
    return is_large(studio, draft) and draft.name in {dataset.name for dataset in studio.datasets.list()}


def decide_fixes(studio: Services, draft: Draft, pick: str) -> str:
    """What is decided about the findings after one more button was pressed."""
    everything = pick.startswith(f"{fixing.ALL}:")
    problems = check(studio, draft).problems if everything else ()
    return fixing.dump_choices(fixing.choose(draft.choices, pick, problems))


def show_effects(studio: Services, draft: Draft, size: int) -> tuple[Any, ...]:
    """First rows, findings, charts, split and the button, as they follow from the draft."""
    if not draft.file:
        return (*(gr.skip(),) * (size - 1), NOTHING_KEPT)
    try:
        prepared = check(studio, draft)
    except StudioError as error:
        blocked = gr.update(value=W.split.import_none, interactive=False)
        return (*(gr.skip(),) * (size - 3), guard.as_notice(error), blocked, asdict(draft))
    table = next(iter(prepared.tables.values()))
    rows = count_rows(prepared)
    large = is_large(studio, draft)
    action = W.split.import_large if large else W.split.import_.count(rows)
    return (
        review.render_first_rows(table, prepared.roles),
        review.render_check(prepared, table, draft.choices),
        *charts.chart_values(draw_class_counts(prepared.class_counts)),
        *charts.chart_values(lengths_chart(prepared.lengths)),
        review.render_split(prepared, large),
        gr.update(value=action, interactive=not prepared.blocking and rows > 0),
        asdict(draft),
    )


def restore_form(studio: Services, draft: Draft | None, size: int) -> tuple[Any, ...]:
    """The fields as they were before a reload, with what is understood of the file and the roles as noted."""
    if draft is None:
        return (gr.skip(),) * (size + 3)
    understood, rest, sheet, text, label, _ = read_file(studio, draft)
    values = asdict(draft)
    values["sheet"] = sheet
    values["text"], values["label"] = text, label = keep_roles(draft, text, label)
    return (*values.values(), understood, rest, note_roles(text, label))
