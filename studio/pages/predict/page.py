"""The layout of the Predict page, its one timer and its buttons."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.components.base import Component

from studio.errors import InvalidInput, NotFound, StudioError
from studio.pages import events, guard, layout, links, live, slots
from studio.pages.predict import answer, chosen, filing, seen
from studio.pages.words import words_of
from studio.tasks.base import Role, Row
from studio.tasks.classification import CLASSIFICATION
from studio.tasks.registry import get_task, title_of

if TYPE_CHECKING:
    from studio.pages.registry import Services
    from studio.records.models import ModelRecord

W = words_of("predict")
FRAME = words_of("frame")
NAMES_AT_MOST = 200

# Ctrl or Cmd with Enter presses the button, from within the text.
KEYS_SCRIPT = """
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
  if (!event.target.closest('#predict-text, #predict-text-b')) return;
  event.preventDefault();
  document.querySelector('#predict-go')?.click();
});
"""

# Where the answer is below the examples (a phone), what was asked brings it into sight.
SHOW_ANSWER = """
() => { if (window.innerWidth < 760)
  document.querySelector('#predict-answer').scrollIntoView({block: 'center', behavior: 'smooth'}); }
"""


@dataclass(frozen=True)
class Parts:
    """The components of the page."""

    problem: gr.HTML
    empty: gr.HTML
    form: gr.Column
    model: gr.Dropdown
    status: gr.HTML
    text: gr.Textbox
    text_b: gr.Textbox
    go: gr.Button
    examples: gr.HTML
    answer: gr.HTML
    seen: gr.HTML
    pending: gr.Textbox
    file: gr.File
    understood: gr.HTML
    choice: gr.Column
    column: gr.Dropdown
    column_b: gr.Dropdown
    start: gr.Button
    job: gr.Textbox
    board: gr.HTML
    usage: gr.HTML
    address: gr.Textbox


def build(studio: Services) -> None:
    """Lay the page out."""
    layout.html(layout.heading(W.title, W.lead), elem_id="predict-heading")
    made: dict[str, Any] = {
        "problem": layout.waiting("predict-problem"),
        "empty": layout.html(chosen.render_empty(), elem_id="predict-empty", visible=False),
        "pending": events.hidden_text("predict-pending"),
        "job": events.hidden_text("predict-job"),
        "address": events.hidden_text("predict-address"),
    }
    with gr.Column(visible=False, elem_id="predict-form") as made["form"]:
        with gr.Row(equal_height=True):
            with gr.Column(elem_classes="s-panel", scale=6, min_width=320):
                made |= lay_out_question()
            with gr.Column(elem_classes="s-panel s-said", scale=5, min_width=320):
                layout.html(layout.section(W.answer.title))
                made["answer"] = layout.html(elem_id="predict-answer")
        with gr.Accordion(W.seen.title, open=False, elem_id="predict-seen-panel"):
            made["seen"] = layout.html(seen.render_seen(()), elem_id="predict-seen")
        with gr.Row(equal_height=False):
            with gr.Column(scale=6, min_width=320):
                with gr.Column(elem_classes="s-panel"):
                    made |= lay_out_file()
                made["board"] = layout.html(elem_id="predict-board")
            with gr.Column(elem_classes="s-panel", scale=5, min_width=320):
                layout.html(layout.section(W.usage.title, W.usage.text))
                made["usage"] = layout.html(elem_id="predict-usage")
    PredictPage(studio, Parts(**made)).wire()


def lay_out_question() -> dict[str, Any]:
    """The choice of model, its one or two texts, the button and the examples."""
    made: dict[str, Any] = {}
    made["model"] = gr.Dropdown([], label=W.model.label, elem_id="predict-model", interactive=True)
    made["status"] = layout.html(elem_id="predict-status")
    first, second = slots.TITLES.values()
    made["text"] = gr.Textbox(label=first, max_lines=16, elem_id="predict-text")
    made["text_b"] = gr.Textbox(label=second, max_lines=16, visible=False, elem_id="predict-text-b")
    with gr.Row(elem_classes="s-buttons s-ask"):
        made["go"] = gr.Button(W.text.button, variant="primary", elem_id="predict-go")
        gr.HTML(layout.paragraph(W.text.keys, quiet=True), js_on_load=KEYS_SCRIPT, apply_default_css=False)
    made["examples"] = layout.pickable(elem_id="predict-examples")
    return made


def lay_out_file() -> dict[str, Any]:
    """The upload, the choice of its text columns, and the button that queues the job."""
    made: dict[str, Any] = {}
    layout.html(layout.section(W.file.title, W.file.text))
    made["file"] = gr.File(
        label=W.file.label.say(files=FRAME.table_files), type="filepath", height=160, elem_id="predict-file"
    )
    made["understood"] = layout.html(elem_id="predict-understood")
    with gr.Column(visible=False) as made["choice"]:
        first, second = slots.TITLES.values()
        # Custom values, as several columns may play one role.
        made["column"] = gr.Dropdown(label=first, elem_id="predict-column", allow_custom_value=True)
        made["column_b"] = gr.Dropdown(
            label=second, elem_id="predict-column-b", allow_custom_value=True, visible=False
        )
        with gr.Row(elem_classes="s-buttons"):
            made["start"] = gr.Button(W.file.button, variant="primary", elem_id="predict-start")
    return made


class PredictPage:
    """The answers of the Predict page."""

    def __init__(self, studio: Services, parts: Parts) -> None:
        self.studio = studio
        self.parts = parts
        self.watch = chosen.Watch(studio)

    @property
    def turned(self) -> list[Component]:
        """What another model changes."""
        p = self.parts
        return [p.text, p.text_b, p.status, p.examples, p.usage, p.answer, p.seen, p.pending]

    def wire(self) -> None:
        """Listen to the address, the fields and the buttons."""
        p = self.parts
        opened = [p.problem, p.empty, p.form, p.model, p.job, p.board, *self.turned]
        events.on_load(self.open, None, opened)
        live.stay_live(
            self.render,
            self.watch.revision,
            inputs=[p.model, p.pending, p.job],
            outputs=[p.status, p.answer, p.seen, p.pending, p.board],
        )
        events.then_show_address(
            events.on(
                p.model.input,
                self.turn,
                [p.model, p.text, p.text_b, p.job],
                [p.address, p.problem, *self.turned],
            ),
            p.address,
        )
        asked = [p.answer, p.seen, p.pending, p.status]
        for event in (
            events.on(
                [p.go.click, p.text.submit, p.text_b.submit],
                self.ask_texts,
                [p.model, p.text, p.text_b],
                asked,
            ),
            events.on(p.examples.click, self.pick, p.model, [p.text, p.text_b, *asked]),
        ):
            event.success(None, None, None, js=SHOW_ANSWER, queue=False, show_progress="hidden")
        looked = [p.understood, p.choice, p.column, p.column_b]
        events.on_slow([p.file.upload, p.file.clear], self.look, [p.model, p.file], looked)
        events.then_show_address(
            events.on_slow(
                p.start.click,
                self.start,
                [p.model, p.file, p.column, p.column_b],
                [p.job, p.address, p.board, p.file, *looked],
            ),
            p.address,
        )

    def open(self, request: gr.Request) -> tuple[Any, ...]:
        """What the address asks for, or the newest model; the empty page where there is none."""
        names = [model.name for model in self.studio.models.list()]
        rest = (gr.skip(),) * (3 + len(self.turned))
        if not names:
            return (layout.EMPTY, gr.update(visible=True), gr.update(visible=False), *rest)
        problem, job_id, board, wanted = layout.EMPTY, "", layout.EMPTY, links.asked(request, "model")
        if asked := links.asked(request, "job"):
            try:
                job = self.studio.jobs.get(asked)
                job_id, board = job.id, filing.render_job(self.studio, job)
                wanted = wanted or self.name_of(job.payload.get("model_id"))
            except NotFound:
                problem = layout.notice("warning", W.job.missing, W.job.missing_hint)
        if wanted and wanted not in names:
            problem = layout.notice("warning", W.model.gone, W.model.gone_hint)
        name = None if wanted and wanted not in names else wanted or names[0]
        offered = list(dict.fromkeys([*names[:NAMES_AT_MOST], *([name] if name else [])]))
        choices = gr.update(choices=offered, value=name)
        shown = gr.update(visible=False), gr.update(visible=True)
        turned = self.show_model(name, {}, request) if name else self.show_none()
        return (problem, *shown, choices, job_id, board, *turned)

    def name_of(self, model_id: object) -> str | None:
        """The present name of a model, None where it is gone."""
        return next((model.name for model in self.studio.models.list() if model.id == model_id), None)

    def show_model(self, name: str, given: Mapping[str, str], request: gr.Request) -> tuple[Any, ...]:
        """The values of ``turned``, what is given being what stands in the fields.

        The model is being loaded from now on.
        """
        model = self.studio.models.get(name)
        self.studio.predictions.warm(name)
        self.watch.add(name)
        asked = slots.by_role(get_task(model.task), given)
        whole = all((asked.get(role) or "").strip() for role in model.roles)
        answered, read, pending, status = self.ask(name, asked) if whole else self.wait_for_text(model)
        return (
            *show_boxes(model),
            status,
            chosen.render_examples(chosen.find_examples(self.studio, model)),
            chosen.render_usage(
                self.studio.models.usage(name, links.origin(request)), self.studio.settings.home
            ),
            answered,
            read,
            pending,
        )

    def show_none(self) -> tuple[Any, ...]:
        """The values of ``turned`` while no model is chosen."""
        unchosen = answer.render_waiting(W.model.unchosen, W.model.unchosen_hint)
        hidden = gr.update(visible=False)
        return gr.skip(), hidden, *(layout.EMPTY,) * 3, unchosen, seen.render_seen(()), ""

    def wait_for_text(self, model: ModelRecord) -> tuple[Any, Any, str, Any]:
        """What stands in the answer's place before anything was asked."""
        status = chosen.render_status(self.studio, model, chosen.state_of(self.studio, model.name))
        return answer.render_waiting(W.answer.none, W.answer.none_text), seen.render_seen(()), "", status

    def turn(
        self, name: str, text: str | None, text_b: str | None, job_id: str, request: gr.Request
    ) -> tuple[Any, ...]:
        """Another model was chosen: it is shown, and answers what stands there."""
        address = links.link("predict", model=name, job=job_id)
        return (address, layout.EMPTY, *self.show_model(name, in_boxes(text, text_b), request))

    def ask_texts(self, name: str | None, text: str | None, text_b: str | None) -> tuple[Any, ...]:
        """As ``ask``, of what stands in the fields."""
        if not name:
            unchosen = layout.notice("info", W.model.unchosen, W.model.unchosen_hint)
            return unchosen, seen.render_seen(()), "", layout.EMPTY
        task = get_task(self.studio.models.get(name).task)
        return self.ask(name, slots.by_role(task, in_boxes(text, text_b)))

    def ask(self, name: str, asked: Mapping[str, str]) -> tuple[Any, Any, str, Any]:
        """Answer, what is read, row that waits, and status; a model on its way is not waited for.

        What is asked is by role, as a person writes it.
        """
        none = seen.render_seen(())
        model = self.studio.models.get(name)
        state = chosen.state_of(self.studio, name)
        try:
            row = read_boxes(model, asked)
        except InvalidInput as error:
            nothing = layout.notice("info", error.message, error.hint)
            return nothing, none, "", chosen.render_status(self.studio, model, state)
        if state == "ready":
            return *self.answer(name, row), "", chosen.render_status(self.studio, model, state)
        self.watch.add(name)
        self.studio.predictions.warm(name)
        loading = answer.render_waiting(W.answer.loading, W.answer.loading_text)
        status = chosen.render_status(self.studio, model, chosen.state_of(self.studio, name))
        return loading, none, json.dumps(row, ensure_ascii=False), status

    def answer(self, name: str, row: Row) -> tuple[Any, Any]:
        """The answer, or why there is none, and what the model read for it."""
        try:
            said = answer.ask(self.studio, name, row)
        except StudioError as error:
            return guard.as_notice(error), seen.render_seen(())
        return answer.render_answer(said, name), seen.render_seen(said.seen)

    def pick(self, name: str | None, event: gr.EventData) -> tuple[Any, ...]:
        """An example was chosen: it is written into the fields and answered."""
        row = json.loads(events.picked(event))
        if not name:
            return (*(gr.skip(),) * 2, *self.ask_texts(None, None, None))
        roles = get_task(self.studio.models.get(name).task).roles
        written = {role.key: role.written(row[role.key]) for role in roles if role.key in row}
        return (*[*written.values(), ""][:2], *self.ask(name, written))

    def render(self, name: str | None, pending: str, job_id: str) -> tuple[Any, ...]:
        """Status, a waiting row's answer once the model is there, what is read, and how far the file is."""
        board = filing.render_job(self.studio, self.studio.jobs.get(job_id)) if job_id else gr.skip()
        if not name:
            return (*(gr.skip(),) * 4, board)
        state = chosen.state_of(self.studio, name)
        if state == "gone":
            gone = layout.notice("warning", W.model.gone, W.model.gone_hint)
            return layout.EMPTY, gone, seen.render_seen(()), "", board
        status = chosen.render_status(self.studio, self.studio.models.get(name), state)
        if not pending or state == "loading":
            return status, *(gr.skip(),) * 3, board
        # Where loading failed, asking is what says why.
        return status, *self.answer(name, json.loads(pending)), "", board

    def look(self, name: str | None, path: str | None) -> tuple[Any, ...]:
        """What was understood of a file and which columns are the texts, or why it is no table."""
        nothing = (gr.update(visible=False), *(gr.update(choices=[], value=None),) * 2)
        if not path:
            return layout.EMPTY, *nothing
        file = guard.uploaded(path)
        try:
            preview = self.studio.datasets.inspect(file, file_name=file.name)
            model = self.studio.models.get(name) if name else None
            guessed = filing.guess_columns(self.studio, model, preview)
        except StudioError as error:
            return guard.as_notice(error), *nothing
        columns = [str(column) for column in preview.table.frame.columns]
        return (
            filing.render_understood(preview),
            gr.update(visible=True),
            *(
                slots.column_field(role, columns, role and guessed.get(role.key))
                for role in slots_read(model).values()
            ),
        )

    def start(
        self, name: str | None, path: str | None, column: str | None, column_b: str | None
    ) -> tuple[Any, ...]:
        """Queue the file and show its job; the field is free for the next one."""
        if not name:
            raise InvalidInput(W.model.unchosen, W.model.unchosen_hint)
        model = self.studio.models.get(name)
        columns = slots.by_role(get_task(model.task), {slots.FIRST: column, slots.SECOND: column_b})
        job = filing.start(self.studio, model, guard.uploaded(path or ""), columns)
        return (
            job.id,
            links.link("predict", model=name, job=job.id),
            filing.render_job(self.studio, job),
            None,
            *self.look(name, None),
        )


def in_boxes(text: str | None, text_b: str | None) -> dict[str, str]:
    """What stands in the fields; Gradio gives None for one that was never filled."""
    return {slots.FIRST: text or "", slots.SECOND: text_b or ""}


def slots_read(model: ModelRecord | None) -> dict[str, Role | None]:
    """By field what a model reads of it, None where it reads nothing; of no model its first text."""
    task = get_task(model.task) if model else CLASSIFICATION
    read = model.roles if model else task.required_roles
    roles = slots.roles_of(task)
    return {slot: roles[slot] if slot in roles and roles[slot].key in read else None for slot in slots.SLOTS}


def show_boxes(model: ModelRecord) -> tuple[Any, ...]:
    """The fields as they are for a model: what each is for, and whether it reads it at all."""
    return tuple(
        gr.update(
            visible=role is not None,
            label=role.title if role else None,
            lines=role.lines if role else 1,
            placeholder=W.placeholders.get(role.key, "") if role else None,
        )
        for role in slots_read(model).values()
    )


def read_boxes(model: ModelRecord, asked: Mapping[str, str]) -> dict[str, str]:
    """What a model reads, of what a person has written; InvalidInput where it is missing or no such thing."""
    task, row = get_task(model.task), {}
    for role in model.roles:
        if not (asked.get(role) or "").strip():
            raise InvalidInput(W.text.missing.say(what=title_of(role)), W.text.missing_hint)
        row[role] = task.role(role).read(asked[role])
    return row
