"""The tab Recipe and files: how the model was made, its files, its speed, how to call it, name and end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from markupsafe import Markup

from studio.pages import events, layout, links
from studio.pages import format as fmt
from studio.pages.commands import command_piece
from studio.pages.links import link
from studio.pages.results import speed
from studio.pages.results.chosen import Chosen, TrainedOn
from studio.pages.results.desk import Desk, Part
from studio.pages.results.summary import zip_address
from studio.pages.words import words_of
from studio.tasks.registry import get_task
from studio.training.recipe import Recipe, field_specs

if TYPE_CHECKING:
    from studio.records.models import ModelRecord
    from studio.services.models import Usage

W = words_of("results")


def build(desk: Desk) -> Part:
    """Lay the tab out."""
    with gr.Row(equal_height=False):
        with gr.Column(min_width=320):
            origin = layout.html(elem_id="recipe-origin")
        with gr.Column(min_width=320):
            made = layout.html(elem_id="recipe-made")
    speed.build(desk)
    usage = layout.html(elem_id="recipe-use")
    with gr.Row(equal_height=False):
        with gr.Column(elem_classes="s-panel", min_width=320):
            new_name = build_renaming(desk)
        with gr.Column(elem_classes="s-panel", min_width=320):
            build_deleting(desk)

    def show_usage(request: gr.Request) -> Markup:
        name = links.asked(request, "model")
        if not name or desk.studio.models.find(name) is None:
            return layout.EMPTY
        return render_usage(desk.studio.models.usage(name, links.origin(request)), desk.studio.settings.home)

    events.on_load(show_usage, None, usage)

    def fill(chosen: Chosen) -> tuple[Any, ...]:
        model = chosen.model
        form = speed.render_form(desk.studio, model)
        origin = render_origin(model, desk.studio.settings.home, chosen.trained_on)
        return origin, render_recipe(model), form, model.name

    return Part([origin, made, desk.form, new_name], fill)


def build_renaming(desk: Desk) -> gr.Textbox:
    """The model's name, to be changed."""
    layout.html(layout.section(W.rename.title, W.rename.text))
    new_name = gr.Textbox(label=W.rename.label, max_lines=1, elem_id="recipe-name")
    with gr.Row(elem_classes="s-buttons"):
        rename = gr.Button(W.rename.button, elem_id="recipe-rename")
    target = events.hidden_text()

    def give_name(name: str, wanted: str) -> str:
        return link("results", model=desk.studio.models.rename(name, wanted.strip()).name, tab="recipe")

    asked = [rename.click, new_name.submit]
    events.then_go(events.on(asked, give_name, [desk.name, new_name], target), target)
    return new_name


def build_deleting(desk: Desk) -> None:
    """The model's end, after a question that says what goes with it."""
    question = layout.html(layout.section(W.delete.title, W.delete.text), elem_id="recipe-delete-question")
    with gr.Row(elem_classes="s-buttons"):
        delete = gr.Button(W.delete.button, variant="stop", elem_id="recipe-delete")
        confirm = gr.Button(variant="stop", visible=False, elem_id="recipe-delete-confirm")
        keep = gr.Button(W.delete.keep, visible=False, elem_id="recipe-delete-keep")
    target = events.hidden_text()

    def ask(name: str) -> tuple[Any, ...]:
        model = desk.studio.models.get(name)
        return (
            layout.section(W.delete.question.say(name=name), W.delete.goes.say(**what_goes(model))),
            gr.update(visible=False),
            gr.update(value=W.delete.confirm.say(name=name), visible=True),
            gr.update(visible=True),
        )

    def remove(name: str) -> str:
        desk.studio.models.delete(name)
        return link("results")

    asking = [question, delete, confirm, keep]
    events.on(delete.click, ask, desk.name, asking)
    events.on(keep.click, no_question, None, asking)
    events.then_go(events.on(confirm.click, remove, desk.name, target), target)


def no_question() -> tuple[Any, ...]:
    """The place of the question before it is asked."""
    hidden = gr.update(visible=False)
    return layout.section(W.delete.title, W.delete.text), gr.update(visible=True), hidden, hidden


def what_goes(model: ModelRecord) -> dict[str, str]:
    """What is deleted with a model, and what stays."""
    return {"size": fmt.size(model.size_bytes), "dataset": model.dataset}


def render_origin(model: ModelRecord, home: Path, on: TrainedOn | None = None) -> Markup:
    """Where the model came from, and its files; ``on`` is the version of its dataset."""
    on = on or TrainedOn(model.dataset, model.dataset)
    items: list[tuple[str, str | Markup]] = [
        (W.origin.dataset, layout.text_link(on.title, link("data", dataset=on.address))),
        (W.origin.checkpoint, fmt.checkpoint(model.checkpoint, 60)),
        (W.origin.job, layout.text_link(W.origin.job_link, link("jobs", job=model.id))),
        (W.origin.created, layout.time_ago(model.created_at)),
        *([(W.origin.labels, fmt.count(len(model.labels)))] if model.labels else []),
        (W.origin.weights, W.origin.weights_value.say(**count_weights(model))),
        (W.origin.size, fmt.size(model.size_bytes)),
        (W.origin.speed, describe_speed(model.rows_per_second)),
        (W.origin.download, layout.text_link(W.origin.zip, zip_address(model.name))),
    ]
    command = f'python -m studio model export "{model.name}" --to "{model.name}" --format folder'
    return (
        layout.section(W.origin.title)
        + layout.card(layout.facts(items))
        + command_piece(command, W.origin.folder, home)
    )


def count_weights(model: ModelRecord) -> dict[str, str]:
    """All weights and those that were trained, in millions."""
    share = model.trainable_parameters / model.parameters if model.parameters else 0.0
    return {"all": fmt.number(model.parameters / 1e6), "share": fmt.percent(share)}


def describe_speed(rows_per_second: float | None) -> str:
    """How fast the model answers."""
    return str(W.origin.speed_value.say(n=fmt.number(rows_per_second))) if rows_per_second else fmt.ABSENT


def describe_recipe(model: ModelRecord) -> str:
    """The recipe as a few plain sentences."""
    recipe = Recipe.model_validate(model.recipe)
    course = W.recipe.course_whole if get_task(model.task).reads_all else W.recipe.course
    method = W.method[recipe.method].say(
        checkpoint=fmt.checkpoint(model.checkpoint, 60), rank=recipe.lora_rank
    )
    sentences = [
        method,
        course.count(recipe.epochs, batch=recipe.batch_size, length=recipe.max_length),
        W.recipe.rate.say(
            rate=write_choice(recipe.learning_rate),
            warmup=fmt.percent(recipe.warmup_share, digits=2),
            schedule=W.schedule[recipe.schedule],
        ),
    ]
    if recipe.early_stopping:
        sentences.append(W.recipe.stopping.count(recipe.early_stopping))
    if recipe.class_weights == "balanced":
        sentences.append(W.recipe.balanced)
    return " ".join(str(sentence) for sentence in sentences)


def render_recipe(model: ModelRecord) -> Markup:
    """The recipe in words, then field by field, and the way to a new training from it."""
    rows: list[list[str | Markup]] = [
        [layout.term(spec.title, spec.help), write_choice(model.recipe.get(spec.name))]
        for spec in field_specs()
        if spec.name in model.recipe
    ]
    table = layout.table(
        [W.recipe.field, layout.Column(W.recipe.value, number=True)], rows, label=W.recipe.title
    )
    again = layout.button_link(W.recipe.again, link("train", **{"from": model.id}))
    return layout.section(W.recipe.title) + layout.card(
        layout.paragraph(describe_recipe(model)),
        layout.details(W.recipe.all, table),
        Markup('<div class="s-actions">{}</div>').format(again),
    )


def write_choice(value: Any) -> str:
    """One value of a recipe as a person writes it.

    >>> write_choice(3e-05), write_choice("full"), write_choice(None), write_choice(3), write_choice(1.0)
    ('0.00003', 'full', "the checkpoint's own", '3', '1')
    """
    if value is None:
        return str(W.recipe.own)
    return f"{value:.10f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def render_usage(usage: Usage, home: Path) -> Markup:
    """How to call the model: a command, curl and Python, ready to copy."""
    return layout.section(W.use.title, W.use.text) + Markup('<div class="s-stack">{}{}{}</div>').format(
        command_piece(usage.command, W.use.command, home),
        layout.code(usage.curl, W.use.curl),
        layout.code(usage.python, W.use.python),
    )
