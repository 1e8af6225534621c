"""The list of datasets, or what to do where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gradio as gr
from markupsafe import Markup

from studio.pages import events, layout
from studio.pages import format as fmt
from studio.pages.data.describing import name_answers
from studio.pages.data.findings import findings_badge
from studio.pages.links import link
from studio.pages.words import words_of
from studio.tasks.registry import get_task

if TYPE_CHECKING:
    from studio.data.dataset import Dataset
    from studio.pages.registry import Services

W = words_of("data")


def render_list(datasets: list[Dataset], users: dict[str, list[str]]) -> Markup:
    """The table of datasets; ``users`` are the names of the models trained on each, by the dataset's id."""
    if not datasets:
        actions = layout.button_link(W.list.import_, link("data", new=1), primary=True)
        actions += layout.button_link(W.list.sample, link())
        return layout.empty(W.list.empty, W.list.empty_text, actions)
    columns = [
        W.list.name,
        W.list.task,
        layout.Column(W.list.rows, number=True),
        W.list.answers,
        W.list.findings,
        W.list.when,
        W.list.used_by,
    ]
    rows = [
        [
            layout.text_link(dataset.name, link("data", dataset=dataset.name)),
            get_task(dataset.task).title,
            fmt.count(sum(dataset.rows.values())),
            name_answers(dataset),
            findings_badge(dataset),
            layout.time_ago(dataset.created_at),
            name_users(users.get(dataset.id, [])),
        ]
        for dataset in datasets
    ]
    return layout.table(columns, rows, label=W.list.label)


def name_users(models: list[str]) -> str | Markup:
    """How many models a dataset has, with a link to the one or to all."""
    if not models:
        return W.list.unused
    address = link("results", model=models[0]) if len(models) == 1 else link("results")
    return layout.text_link(models[0] if len(models) == 1 else W.list.models.count(len(models)), address)


def build(studio: Services) -> None:
    """Lay the list out."""
    actions = layout.button_link(W.list.import_, link("data", new=1), primary=True)
    layout.html(layout.heading(W.title, W.lead, actions))
    table = layout.waiting("data-table")

    def show(request: gr.Request) -> Markup:
        datasets = studio.datasets.list()
        users: dict[str, list[str]] = {}
        for model in studio.models.list():
            users.setdefault(model.dataset_id, []).append(model.name)
        return render_list(datasets, users)

    events.on_load(show, None, table)
