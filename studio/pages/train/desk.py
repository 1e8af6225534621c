"""What the Train page answers to each wish: values in, values out, over the services."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from studio.errors import NotFound, StudioError
from studio.pages import format as fmt
from studio.pages import layout, links
from studio.pages.data.describing import name_answers
from studio.pages.glossary import explained
from studio.pages.train import choices, fields
from studio.pages.train.plan import Longer, Place, longer_length, plan_piece, same_as_command
from studio.pages.train.wish import Wish, key_of, read_wish, wish_of_recipe
from studio.pages.words import words_of
from studio.tasks.registry import get_task
from studio.training.recipe import Recipe

if TYPE_CHECKING:
    from studio.data.dataset import Dataset
    from studio.pages.registry import Services
    from studio.services.checkpoints import CheckpointView
    from studio.services.training import TrainRequest

W = words_of("train")


@dataclass(frozen=True)
class Opened:
    """What the page shows at once when it opens; ``problem`` says what of its address is not there."""

    wish: Wish
    options: list[tuple[str, str]]
    nonce: str
    problem: Markup = layout.EMPTY


@dataclass(frozen=True)
class Planned:
    """The plan beside the form, or the sentence why there is none."""

    plan: Markup
    command: Markup = layout.EMPTY
    can_start: bool = False
    asks_agreement: bool = False


@dataclass(frozen=True)
class Shown:
    """Everything that follows from a wish."""

    checkpoint: str
    facts: Markup
    cards: Markup
    presets: Markup
    preset_values: Mapping[str, Any]
    planned: Planned
    suggested: str = ""
    views: Sequence[CheckpointView] = field(default_factory=list)


class TrainDesk:
    """The answers of the Train page."""

    def __init__(self, studio: Services) -> None:
        self.studio = studio

    def open(self, asked: Callable[[str], str | None]) -> Opened:
        """The form that the address asks for, with what can be chosen."""
        known = self.studio.datasets.list()
        datasets = [dataset for dataset in known if dataset.rows["train"]]
        options = [*map(option_of, datasets), *self.version_option(asked("dataset"))]
        names = {name for _, name in options}
        wish, problem = self.wish_of_address(asked, names)
        if wish.dataset and wish.dataset not in names:
            kept = any(dataset.name == wish.dataset for dataset in known)
            words = W.dataset.no_rows if kept else W.dataset.unknown
            problem = layout.notice("warning", words.say(name=wish.dataset), W.dataset.unknown_hint)
            wish = replace(wish, dataset="")
        if not wish.dataset and datasets and not problem:
            wish = replace(wish, dataset=datasets[0].name)
        return Opened(wish, options, secrets.token_hex(8), problem)

    def version_option(self, address: str | None) -> list[tuple[str, str]]:
        """The version that an address such as tickets@1 names, where it is there and can be trained on."""
        if not address or "@" not in address:
            return []
        try:
            dataset = self.studio.datasets.get(address)
        except StudioError:
            return []
        return [option_of(dataset, address)] if dataset.rows["train"] else []

    def wish_of_address(
        self, asked: Callable[[str], str | None], datasets: Container[str]
    ) -> tuple[Wish, Markup]:
        """The form of ``?from=JOB`` with what the address changes of it, or that of the address alone.

        With it comes a notice of what is gone.
        """
        job_id = asked("from")
        if not job_id:
            return read_wish(asked), layout.EMPTY
        try:
            job = self.studio.jobs.get(job_id)
        except NotFound:
            return Wish(), layout.notice("warning", W.earlier.gone, W.earlier.hint)
        recipe = job.payload.get("recipe")
        if job.kind != "train" or not recipe:
            return Wish(), layout.notice("warning", W.earlier.none.say(name=job.title), W.earlier.hint)
        method = {"method": recipe["method"]} if "method" in recipe else {}
        wish = Wish(job.payload["dataset"], recipe["checkpoint"], recipe["preset"], method)
        if wish.dataset not in datasets:
            return wish, layout.EMPTY
        try:
            preset_values = self.preset_values(wish.request(wish.checkpoint))
        except StudioError as error:
            return replace(wish, checkpoint=""), layout.notice("warning", error.message, error.hint)
        found = wish_of_recipe(wish.dataset, recipe, preset_values)
        return replace(found, changes={**found.changes, **read_wish(asked).changes}), layout.EMPTY

    def show(self, wish: Wish) -> Shown:
        """Everything beside and below the choices, for a wish with a dataset."""
        if not wish.dataset:
            nothing = Planned(layout.paragraph(W.plan.nothing, quiet=True))
            empty = choices.preset_cards({}, wish.preset)
            return Shown("", layout.EMPTY, layout.EMPTY, empty, Recipe().model_dump(), nothing)
        dataset = self.studio.datasets.get(wish.dataset)
        recommended = self.studio.checkpoints.recommend(dataset.name)
        views = self.studio.checkpoints.list()
        states = {view.checkpoint.id: view.state for view in views}
        checkpoint = wish.checkpoint or recommended[0].checkpoint.id
        facts, chosen, problem = dataset_facts(dataset), None, layout.EMPTY
        preset_values: Mapping[str, Any] = Recipe().model_dump()
        presets = choices.preset_cards({}, wish.preset)
        try:
            chosen = self.studio.checkpoints.get(checkpoint)
            preset_values = self.preset_values(wish.request(checkpoint))
            presets = choices.preset_cards(self.preset_plans(wish, checkpoint), wish.preset)
        except StudioError as error:
            problem = layout.notice("warning", error.message, error.hint)
        planned = Planned(problem) if problem else self.plan(wish, checkpoint)
        return Shown(
            checkpoint=checkpoint,
            facts=facts,
            cards=choices.checkpoint_cards(recommended, states, chosen),
            presets=presets,
            preset_values=preset_values,
            planned=planned,
            suggested=self.studio.training.suggest_name(dataset.name, checkpoint),
            views=views,
        )

    def fitting(self, wish: Wish) -> Wish:
        """The wish without changes to fields that mean nothing to the task of its dataset."""
        if not wish.dataset:
            return wish
        unused = get_task(self.studio.datasets.get(wish.dataset).task).unused_settings
        return replace(
            wish, changes={name: value for name, value in wish.changes.items() if name not in unused}
        )

    def edit(self, wish: Wish, checkpoint: str, values: Sequence[Any]) -> tuple[Wish, Mapping[str, Any]]:
        """The wish after the fields were typed in, and the preset's values it is held against.

        Fields that follow from another one (the learning rate from the method) move with it while
        they are unchanged.
        """
        typed = fields.values_by_name(values)
        before = self.preset_values(wish.request(checkpoint))
        changes = fields.changes_between(typed, before)
        after = self.preset_values(replace(wish, changes=changes).request(checkpoint))
        kept = {name: value for name, value in changes.items() if not fields.same(value, after[name])}
        return replace(wish, changes=kept), after

    def plan(self, wish: Wish, checkpoint: str) -> Planned:
        """The plan of a wish; a field that does not fit gives its sentence instead."""
        try:
            fields.refuse_empty(wish.changes)
            request = wish.request(checkpoint)
            planned = self.studio.training.plan(request)
            resolved = self.studio.checkpoints.resolve(checkpoint)
        except StudioError as error:
            return Planned(layout.notice("warning", error.message, error.hint))
        overview = self.studio.system.overview()
        longer = self.longer(request, longer_length(planned, resolved.checkpoint.max_tokens), planned)
        return Planned(
            plan=plan_piece(planned, Place(overview.device, overview.memory_bytes), longer),
            command=same_as_command(planned, self.studio.settings.home),
            can_start=True,
            asks_agreement=resolved.needs_agreement,
        )

    def longer(self, request: TrainRequest, length: int | None, planned: Any) -> Longer | None:
        """A greater maximum length with what it costs."""
        if length is None:
            return None
        other = self.studio.training.plan(replace(request, changes={**request.changes, "max_length": length}))
        return Longer(length, other.estimate.seconds - planned.estimate.seconds)

    def start(self, wish: Wish, checkpoint: str, nonce: str) -> str:
        """Queue the training and return the address of its job; the same form twice gives the same job."""
        fields.refuse_empty(wish.changes)
        job = self.studio.training.start(wish.request(checkpoint, key_of(nonce, wish, checkpoint)))
        return links.link("jobs", job=job.id)

    def preset_values(self, request: TrainRequest) -> Mapping[str, Any]:
        """What the preset sets every field to; some values follow from the method that was chosen."""
        method = {key: value for key, value in request.changes.items() if key == "method"}
        own = self.studio.training.recipe(replace(request, changes={}))
        chosen = self.studio.training.recipe(replace(request, changes=method)) if method else own
        return {**chosen.model_dump(), "method": own.method}

    def preset_plans(self, wish: Wish, checkpoint: str) -> dict[str, Any]:
        """The plan of each preset as it is without changes."""
        return {
            preset: self.studio.training.plan(wish.with_preset(preset).request(checkpoint))
            for preset in W.presets
        }


def option_of(dataset: Dataset, address: str = "") -> tuple[str, str]:
    """A dataset as it stands in the list: words to read, and its name, or the address of one version."""
    version = W.dataset.version.say(name=dataset.name, version=dataset.version)
    words = W.dataset.option.say(
        name=version if address else dataset.name,
        rows=fmt.count(dataset.rows["train"]),
        answers=name_answers(dataset),
    )
    return str(words), address or dataset.name


def dataset_facts(dataset: Dataset) -> Markup:
    """How the rows of the dataset will be used."""
    counts = {split: fmt.count(dataset.rows.get(split, 0)) for split in ("train", "validation", "test")}
    words = W.dataset.facts.say(rows=counts["train"], validation=counts["validation"], test=counts["test"])
    return layout.paragraph(explained(words), quiet=True)
