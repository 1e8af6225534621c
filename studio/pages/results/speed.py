"""The faster form of a model: asked for, made, measured, and given up again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gradio as gr
from markupsafe import Markup

from jobs.states import TERMINAL, JobState
from studio.errors import NotKept
from studio.pages import events, layout
from studio.pages.glossary import explained
from studio.pages.links import link
from studio.pages.results.desk import Desk
from studio.pages.words import words_of
from studio.results.form_words import describe_form
from studio.services.forms import FormWish

if TYPE_CHECKING:
    from jobs.queue import JobView
    from studio.pages.registry import Services
    from studio.records.models import ModelRecord

W = words_of("results")
REMOVE = "remove"
WISHES = {
    "float": FormWish(),
    "int8": FormWish(int8=True),
    "anyway-float": FormWish(accept_loss=True, accept_slow=True),
    "anyway-int8": FormWish(int8=True, accept_loss=True, accept_slow=True),
}


def build(desk: Desk) -> None:
    """Lay out what there is of a faster form, with its buttons."""
    with gr.Column(elem_classes="s-panel"):
        layout.html(layout.section(W.form.title, explained(W.form.text)))
        desk.form.render()

    def choose(name: str, event: gr.EventData) -> Markup:
        act(desk.studio, name, events.picked(event))
        return render_form(desk.studio, desk.studio.models.get(name))

    events.on(desk.form.click, choose, desk.name, desk.form)


def act(studio: Services, name: str, wish: str) -> None:
    """Do what a button stands for."""
    if wish == REMOVE:
        studio.forms.remove(name)
    elif wish in WISHES:
        studio.forms.start(name, WISHES[wish])


def render_form(studio: Services, model: ModelRecord) -> Markup:
    """Which form answers, what came of the last wish for another, and the buttons."""
    job, form = studio.forms.latest(model), model.compiled
    told = f"{W.form[form.kind]} {describe_form(form)}" if form else W.form.plain
    said = layout.paragraph(explained(told))
    if job is not None and job.state not in TERMINAL:
        return said + layout.bar(job.fraction or 0.0, job.title, job.message) + way_to_job(job)
    if job is not None and job.state == JobState.FAILED and job.error is not None:
        ways = layout.notice_actions(keep_anyway(job) + way_to_job(job))
        said += layout.notice("warning", job.error.message, job.error.hint, more=ways)
    return said + Markup('<div class="s-actions">{}</div>').format(buttons_for(model))


def keep_anyway(job: JobView) -> Markup:
    """The button that keeps a form all the same, where that is why the job failed."""
    if job.error is None or job.error.code != NotKept.code:
        return layout.EMPTY
    return layout.action_button(W.form.anyway, "anyway-int8" if job.payload["int8"] else "anyway-float")


def buttons_for(model: ModelRecord) -> Markup:
    """To make each kind that does not answer already, and to go back to the plain form."""
    kind = model.compiled.kind if model.compiled else ""
    made = layout.EMPTY
    if kind != "float":
        made += layout.action_button(W.form.make_float, "float", "" if kind else "primary")
    if kind != "int8":
        made += layout.action_button(W.form.make_int8, "int8", about=W.form.int8_about)
    if kind:
        made += layout.action_button(W.form.remove, REMOVE)
    return made


def way_to_job(job: JobView) -> Markup:
    """The link to the job's own page."""
    return layout.button_link(W.form.job, link("jobs", job=job.id))
