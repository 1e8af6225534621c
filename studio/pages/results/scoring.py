"""The tab Score new data: a labelled file is kept as test rows and the model is scored on them by a job."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from markupsafe import Markup

from jobs.states import TERMINAL, JobState
from studio.errors import StudioError
from studio.pages import events, guard, layout, slots
from studio.pages import format as fmt
from studio.pages.data.describing import name_encoding
from studio.pages.links import link
from studio.pages.results.chosen import Chosen, Source, address_of_source, title_of
from studio.pages.results.desk import Desk, Part
from studio.pages.scores import main_metric
from studio.pages.words import words_of
from studio.services.datasets import ImportRequest
from studio.services.names import free_name, name_from
from studio.tasks.classification import CLASSIFICATION
from studio.tasks.registry import get_task

if TYPE_CHECKING:
    from jobs.queue import JobView
    from studio.data.problems import Problem
    from studio.pages.registry import Services
    from studio.records.evaluations import EvaluationRecord
    from studio.records.models import ModelRecord
    from studio.services.datasets import TablePreview

W = words_of("results")
FRAME = words_of("frame")
PREVIEW_ROWS = 4
EVALUATE = "evaluate"


def build(desk: Desk) -> Part:
    """Lay the tab out."""
    layout.html(layout.section(W.scoring.title, W.scoring.text))
    desk.board.render()
    with gr.Row(equal_height=False):
        with gr.Column(elem_classes="s-panel", min_width=320, scale=3):
            build_upload(desk)
        with gr.Column(elem_classes="s-panel", min_width=320, scale=2):
            nothing, other, score = build_other(desk)

    def fill(chosen: Chosen) -> tuple[Any, ...]:
        names = fitting_datasets(desk.studio, chosen.model)
        return (
            render_board(desk.studio, chosen.model.name),
            layout.EMPTY if names else layout.paragraph(W.scoring.no_other),
            gr.update(choices=names, value=names[0] if names else None, visible=bool(names)),
            gr.update(visible=bool(names)),
        )

    return Part([desk.board, nothing, other, score], fill)


def build_upload(desk: Desk) -> None:
    """A file to score on: what was understood of it, its columns, and the button."""
    studio = desk.studio
    layout.html(layout.section(W.scoring.upload, W.scoring.upload_text.say(files=FRAME.table_files)))
    file = gr.File(label=W.scoring.file, type="filepath", height=160, elem_id="scoring-file")
    understood = layout.html(elem_id="scoring-understood")
    with gr.Column(visible=False) as form:
        with gr.Row():
            # Custom values, as several columns may play one role.
            first, second = slots.TITLES.values()
            text = gr.Dropdown(label=first, elem_id="scoring-text", allow_custom_value=True)
            text_b = gr.Dropdown(
                label=second, elem_id="scoring-text-b", allow_custom_value=True, visible=False
            )
            answer = CLASSIFICATION.answer_role.title
            label = gr.Dropdown(label=answer, elem_id="scoring-label", allow_custom_value=True)
        name = gr.Textbox(label=W.scoring.name, info=W.scoring.name_help, max_lines=1, elem_id="scoring-name")
        drop = gr.Checkbox(label=W.scoring.drop, value=False, elem_id="scoring-drop")
        problems = layout.html(elem_id="scoring-problems")
        with gr.Row(elem_classes="s-buttons"):
            go = gr.Button(W.scoring.button, variant="primary", elem_id="scoring-go")

    def look(model: str, path: str | None) -> tuple[Any, ...]:
        if not path:
            return layout.EMPTY, gr.update(visible=False), *[gr.update()] * 4, False, layout.EMPTY
        return show_preview(studio, model, guard.uploaded(path))

    def start(model: str, *values: Any) -> tuple[Any, ...]:
        request = request_of(studio.models.get(model).task, *values)
        found = check(studio, model, request)
        if any(problem.severity == "error" for problem in found):
            return tell_found(found), *(gr.skip(),) * 4
        studio.evaluations.score_table(model, request)
        return tell_found(found), render_board(studio, model), layout.EMPTY, gr.update(visible=False), None

    looked = [understood, form, text, text_b, label, name, drop, problems]
    events.on_slow([file.upload, file.clear], look, [desk.name, file], looked)
    fields = [file, text, text_b, label, name, drop]
    events.on_slow(go.click, start, [desk.name, *fields], [problems, desk.board, understood, form, file])


def build_other(desk: Desk) -> tuple[gr.HTML, gr.Dropdown, gr.Button]:
    """A dataset of the studio to score on: the word where there is none, which one, and the button."""
    layout.html(layout.section(W.scoring.other, W.scoring.other_text))
    nothing = layout.html()
    other = gr.Dropdown(label=W.scoring.dataset, elem_id="scoring-dataset")
    score = gr.Button(W.scoring.button, elem_id="scoring-other")

    def start(model: str, dataset: str | None) -> Markup:
        if dataset:
            desk.studio.evaluations.start(model, dataset, "test")
        return render_board(desk.studio, model)

    events.on(score.click, start, [desk.name, other], desk.board)
    return nothing, other, score


def fitting_datasets(studio: Services, model: ModelRecord) -> list[str]:
    """Datasets with test rows whose labels the model all knows, but its own and those it was scored on."""
    scored = {row.dataset_id for row in studio.evaluations.list(model.name) if row.split == "test"}
    return [
        dataset.name
        for dataset in studio.datasets.list()
        if dataset.rows.get("test")
        and dataset.task == model.task
        and dataset.id not in {model.dataset_id, *scored}
        and set(dataset.labels) <= set(model.labels)
        and set(model.roles) <= set(dataset.roles)
    ]


def show_preview(studio: Services, model: str, path: Path) -> tuple[Any, ...]:
    """What was understood of a file, the guessed columns and a free name."""
    try:
        known = studio.models.get(model)
        task = get_task(known.task)
        preview = studio.datasets.inspect(path, file_name=path.name, task=known.task)
    except StudioError as error:
        return guard.as_notice(error), gr.update(visible=False), *[gr.update()] * 4, False, layout.EMPTY
    columns = [str(column) for column in preview.table.frame.columns]
    asked = {slot: role for slot, role in slots.roles_of(task).items() if role.key in known.roles}
    roles = [*(asked.get(slot) for slot in slots.SLOTS), task.answer_role]
    taken = {dataset.name for dataset in studio.datasets.list()}
    return (
        render_preview(preview),
        gr.update(visible=True),
        *(slots.column_field(role, columns, role and preview.roles.get(role.key)) for role in roles),
        free_name(name_from(path.name), taken),
        False,
        layout.EMPTY,
    )


def render_preview(preview: TablePreview) -> Markup:
    """Rows, encoding and separator in a sentence, and the first rows."""
    report, frame = preview.table.report, preview.table.frame
    sentence = W.scoring.understood.count(
        len(frame), encoding=name_encoding(report.encoding), file=preview.table.file
    )
    rows = [
        [fmt.shorten(str(cell), 80) for cell in row]
        for row in frame.head(PREVIEW_ROWS).itertuples(index=False, name=None)
    ]
    table = layout.table([str(column) for column in frame.columns], rows, label=W.scoring.first_rows)
    return layout.paragraph(sentence, quiet=True) + table


def request_of(task: str, path: str | None, *values: Any) -> ImportRequest:
    """What the form asks for: the columns of text, second text and answer, a name, whether to drop rows."""
    *columns, name, drop = values
    file = guard.uploaded(path or "")
    known = get_task(task)
    chosen = slots.by_role(known, dict(zip(slots.SLOTS, columns, strict=False)))
    chosen[known.answer_role.key] = columns[-1]
    return ImportRequest(
        path=file,
        task=task,
        name=(name or "").strip(),
        roles={role: column for role, column in chosen.items() if column},
        drop_bad_rows=bool(drop),
        file_name=file.name,
    )


def check(studio: Services, model: str, request: ImportRequest) -> tuple[Problem, ...]:
    """Everything that is wrong with the table for this model."""
    return studio.evaluations.check_table(model, request)


def tell_found(found: Sequence[Problem]) -> Markup:
    """Why a file cannot be scored, else how it was read; nothing where there is nothing to tell."""
    errors = [problem for problem in found if problem.severity == "error"]
    if errors:
        return layout.notice("error", W.scoring.refused, more=render_problems(errors))
    return layout.notice("info", W.scoring.told, more=render_problems(found)) if found else layout.EMPTY


def render_problems(problems: Sequence[Problem]) -> Markup:
    """What was found, why it matters and what to do, one line each."""
    return Markup('<ul class="s-findings">{}</ul>').format(
        layout.join(
            Markup("<li><strong>{}</strong> {}</li>").format(
                problem.message, " ".join([*problem.examples, problem.why, problem.hint])
            )
            for problem in problems
        )
    )


def render_board(studio: Services, name: str) -> Markup:
    """What the model was scored on since its training, and what is on its way."""
    model = studio.models.get(name)
    records = studio.evaluations.list(name)
    scored = {(row.dataset_id, row.split) for row in records}
    jobs = [
        job
        for job in studio.jobs.board()
        if is_on_board(job, model.id) and (job.payload["dataset_id"], job.payload["split"]) not in scored
    ]
    waiting = [waiting_row(job) for job in jobs]
    done = [done_row(model, row) for row in records]
    if not waiting and not done:
        return layout.EMPTY
    columns = [
        W.scoring.data,
        W.scoring.state,
        layout.Column(W.list.score, number=True),
        layout.Column(W.rivals.f1, number=True),
        W.list.created,
        W.scoring.report,
    ]
    under_way = any(job.state not in TERMINAL for job in jobs)
    message = layout.notice("info", W.scoring.under_way) if under_way else layout.EMPTY
    return layout.table(columns, [*waiting, *done], label=W.scoring.title) + message


def is_on_board(job: JobView, model_id: str) -> bool:
    """Whether a job scores this model and is on its way or has failed."""
    ended = (JobState.SUCCEEDED, JobState.CANCELLED)
    return job.kind == EVALUATE and job.payload.get("model_id") == model_id and job.state not in ended


def done_row(model: ModelRecord, row: EvaluationRecord) -> list[str | Markup]:
    """A finished scoring with its scores and the way to its report."""
    metric = main_metric(model.task)
    source = Source(row.split, row.dataset)
    return [
        title_of(source),
        layout.state_badge(JobState.SUCCEEDED),
        fmt.score(row.metrics.get(metric.name), metric.unit),
        fmt.percent(row.metrics.get("f1_macro")),
        layout.time_ago(row.created_at),
        layout.text_link(W.scoring.open_report, address_of_source(model.name, source)),
    ]


def waiting_row(job: JobView) -> list[str | Markup]:
    """A job without scores yet: how far it is, or why it failed."""
    progress = layout.bar(job.fraction or 0.0, job.title)
    if job.state == JobState.FAILED and job.error:
        progress = layout.text_link(job.error.message, link("jobs", job=job.id))
    return [
        title_of(Source(job.payload["split"], job.payload["dataset"])),
        layout.state_badge(job.state),
        progress,
        "",
        layout.time_ago(job.created_at),
        "",
    ]
