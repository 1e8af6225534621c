"""The top of a model's results: its name, the sentence, and what to do with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from markupsafe import Markup

from studio.pages import format as fmt
from studio.pages import layout
from studio.pages.answers import unbroken
from studio.pages.glossary import explained
from studio.pages.links import link
from studio.pages.results.chosen import Chosen
from studio.pages.words import words_of

if TYPE_CHECKING:
    from studio.records.models import ModelRecord

W = words_of("results")
API = "/api/v1/models"
USE_TAB = "use"


def render_heading(chosen: Chosen) -> Markup:
    """Name, sentence, what it is held against, and the facts of the training."""
    report = chosen.report
    back = Markup('<p class="s-back">{}</p>').format(layout.text_link(W.back, link("results")))
    if report is None:
        return back + layout.heading(chosen.model.name, W.missing.message.say(rows=chosen.split_words))
    lead = str(report.sentences["score"])
    if chosen.source.dataset:
        lead = W.on_other.say(dataset=chosen.source.dataset, sentence=lead[:1].lower() + lead[1:])
    on = chosen.trained_on
    trained_on = W.versions.sentence.say(dataset=on.title) if on and on.version else ""
    rest = [
        report.sentences["baselines"],
        report.sentences.get("confusion", ""),
        describe_run(chosen.model),
        str(trained_on),
    ]
    return (
        back
        + layout.heading(chosen.model.name, Markup("<strong>{}</strong>").format(unbroken(lead)))
        + layout.paragraph(explained(unbroken(" ".join(part for part in rest if part))))
    )


def describe_run(model: ModelRecord) -> str:
    """Best epoch and training time as a sentence."""
    epochs = model.recipe.get("epochs")
    time = W.trained.say(time=fmt.duration(model.seconds))
    if model.best_epoch is None or not epochs:
        return str(time)
    best = W.best_epoch.say(best=f"{model.best_epoch:g}", epochs=epochs)
    return f"{best} {time}"


def render_actions(chosen: Chosen) -> Markup:
    """Try it, compare, download, call it."""
    name = chosen.model.name
    pieces = [
        layout.button_link(W.actions.predict, link("predict", model=name), primary=True),
        layout.button_link(W.actions.compare, link("compare", dataset=chosen.model.dataset)),
        layout.button_link(W.actions.download.say(size=fmt.size(chosen.model.size_bytes)), zip_address(name)),
        Markup('<a class="s-button" href="{}" data-pick="{}">{}</a>').format(
            link("results", model=name, tab="recipe"), USE_TAB, W.actions.use
        ),
    ]
    return Markup('<div class="s-actions">{}</div>').format(layout.join(pieces))


def render_notes(chosen: Chosen) -> Markup:
    """What a reader must know to read the numbers rightly."""
    notes: list[Any] = list(chosen.report.notes) if chosen.report else []
    return layout.join(layout.notice("info", note) for note in notes)


def zip_address(name: str) -> str:
    """Where the model folder is to be had as a zip.

    >>> zip_address("客服 1")
    '/api/v1/models/%E5%AE%A2%E6%9C%8D%201/export'
    """
    return f"{API}/{quote(name, safe='')}/export"


def csv_address(chosen: Chosen) -> str:
    """Where the answers on the shown rows are to be had as CSV."""
    source = chosen.source
    query = link("", split=source.split, dataset=source.dataset)[1:]
    return f"{API}/{quote(chosen.model.name, safe='')}/predictions.csv{query}"
