"""The versions of a dataset: what each changed, who was trained on it, and the ways back; HTML out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from markupsafe import Markup

from studio.pages import format as fmt
from studio.pages import layout
from studio.pages.links import link
from studio.pages.words import words_of

if TYPE_CHECKING:
    from studio.data.dataset import Dataset
    from studio.data.fixes import Step

W = words_of("data")
RESTORE, UNDO_STEP = "restore", "undo"
NOTES = ("restore", "undo", "ignore")  # steps that only say something: nothing of them can be undone
FORMATS = ("csv", "jsonl", "parquet")
STEPS_IN_A_LINE = 3


def address_in(versions: Sequence[Dataset], dataset: Dataset) -> str:
    """What a version is called in an address: the plain name where it is the newest."""
    return dataset.name if dataset.version == versions[0].version else dataset.address


def parent_of(versions: Sequence[Dataset], dataset: Dataset) -> Dataset | None:
    """The version that a version was made from, where it is still kept."""
    return next((each for each in versions if each.id == dataset.parent), None)


def render_strip(versions: Sequence[Dataset], dataset: Dataset) -> Markup:
    """Which version is shown, what it changed, and the newer one; nothing for the first where it is alone."""
    newest = versions[0]
    if newest.version == 1:
        return layout.EMPTY
    parent = parent_of(versions, dataset)
    words = W.versions.strip_from if parent else W.versions.strip
    sentence = words.say(
        version=dataset.version, newest=newest.version, parent=parent.version if parent else 0
    )
    told = " ".join([sentence, *tell_steps(dataset)])
    all_versions = layout.text_link(
        W.versions.all, link("data", dataset=address_in(versions, dataset), tab="versions")
    )
    if dataset.version == newest.version:
        return layout.notice("info", told, all_versions)
    newer = layout.text_link(W.versions.newer.say(version=newest.version), link("data", dataset=dataset.name))
    return layout.notice("warning", told, layout.join([newer, all_versions], " · "))


def tell_steps(dataset: Dataset) -> list[str]:
    """What a version changed, the first steps and how many more there are."""
    more = len(dataset.steps) - STEPS_IN_A_LINE
    told = [step.message for step in dataset.steps[:STEPS_IN_A_LINE]]
    return [*told, W.versions.more_steps.count(more)] if more > 0 else told


def render_versions(
    versions: Sequence[Dataset], shown: Dataset, models: Mapping[str, Sequence[str]]
) -> Markup:
    """All versions, the newest first; ``models`` are the names trained on each, by the version's id."""
    lead = W.versions.lead if len(versions) > 1 else W.versions.lead_alone
    pieces = [render_version(versions, dataset, shown, models.get(dataset.id, ())) for dataset in versions]
    return layout.paragraph(lead, quiet=True) + Markup('<div class="s-version-list">{}</div>').format(
        layout.join(pieces)
    )


def render_version(
    versions: Sequence[Dataset], dataset: Dataset, shown: Dataset, models: Sequence[str]
) -> Markup:
    """One version."""
    newest = versions[0].version == dataset.version
    marks = [layout.badge("good", W.versions.newest)] * newest
    marks += [layout.badge("info", W.versions.shown, "quiet")] * (dataset.version == shown.version)
    trained = layout.join((layout.text_link(name, link("results", model=name)) for name in models), ", ")
    return Markup(
        '<article class="s-version"><header><h3>{}</h3>{}<span class="s-quiet">{}</span></header>'
        "{}{}{}</article>"
    ).format(
        W.versions.title.say(version=dataset.version),
        layout.join(marks),
        layout.time_ago(dataset.created_at),
        render_steps(dataset, newest),
        layout.facts(
            [
                (W.versions.rows, describe_rows(dataset)),
                (W.versions.models, trained or W.list.unused),
                (W.versions.download, download_links(dataset)),
            ]
        ),
        render_ways(versions, dataset, shown),
    )


def describe_rows(dataset: Dataset) -> str:
    """How many rows there are, and in which part."""
    counts = {split: fmt.count(dataset.rows.get(split, 0)) for split in ("train", "validation", "test")}
    return W.versions.rows_text.say(all=fmt.count(sum(dataset.rows.values())), **counts)


def render_steps(dataset: Dataset, undoable: bool) -> Markup:
    """What a version changed, each step with the way back; the first says what it came from."""
    files = ", ".join(dataset.files.values())
    origin = layout.EMPTY if dataset.parent else layout.paragraph(W.versions.imported.say(file=files))
    if not dataset.steps:
        return origin
    lines = [
        Markup("<li><span>{}</span>{}</li>").format(
            step.message, undo_button(dataset, number, step) if undoable and dataset.parent else ""
        )
        for number, step in enumerate(dataset.steps, 1)
    ]
    return origin + Markup('<ul class="s-history">{}</ul>').format(layout.join(lines))


def undo_button(dataset: Dataset, number: int, step: Step) -> Markup:
    """The way back from one step, where it changed rows."""
    if step.action in NOTES:
        return layout.EMPTY
    aloud = W.versions.undo_aloud.say(step=step.message)
    return layout.action_button(W.versions.undo, f"{UNDO_STEP}:{dataset.version}:{number}", "plain", aloud)


def render_ways(versions: Sequence[Dataset], dataset: Dataset, shown: Dataset) -> Markup:
    """Open, train on it, restore."""
    address = address_in(versions, dataset)
    made = []
    if dataset.version != shown.version:
        made.append(layout.button_link(W.versions.open, link("data", dataset=address)))
    if dataset.rows.get("train"):
        made.append(layout.button_link(W.versions.train, link("train", dataset=address)))
    if dataset.version != versions[0].version:
        aloud = W.versions.restore_aloud.say(version=dataset.version)
        made.append(layout.action_button(W.versions.restore, f"{RESTORE}:{dataset.version}", "", aloud))
    return Markup('<div class="s-actions">{}</div>').format(layout.join(made))


def download_links(dataset: Dataset) -> Markup:
    """The version as a file in each format; CSV also as it is, with what that means."""
    links = [
        layout.text_link(W.versions.formats[name], export_address(dataset, format=name)) for name in FORMATS
    ]
    raw = layout.text_link(W.versions.raw, export_address(dataset, format="csv", raw="true"))
    return layout.join(links, " · ") + Markup("<small>{} {}</small>").format(W.versions.neutralised, raw)


def export_address(dataset: Dataset, **query: str) -> str:
    """Where a version is fetched as a file."""
    return f"/api/v1/datasets/{quote(dataset.address)}/export{link('', **query)[1:]}"
