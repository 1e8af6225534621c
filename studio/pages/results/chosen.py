"""What the page shows: one model, and the report on the rows that were chosen; plain functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.errors import NotFound
from studio.pages.links import link
from studio.pages.results.places import NOWHERE, RowsAt
from studio.pages.words import words_of

if TYPE_CHECKING:
    from studio.pages.registry import Services
    from studio.records.models import ModelRecord
    from studio.results.predictions import Predictions
    from studio.results.report import Report

W = words_of("results")
OWN_SPLITS = ("test", "validation")
SPLITS = (*OWN_SPLITS, "train")
FIRST_TAB = "overview"


@dataclass(frozen=True)
class Source:
    """The rows a report is about: a split of the model's own dataset (dataset empty) or of another."""

    split: str = "test"
    dataset: str = ""

    @property
    def key(self) -> str:
        """The source as the value of a component.

        >>> Source("validation").key, Source("test", "may").key
        ('validation', 'test:may')
        """
        return f"{self.split}:{self.dataset}" if self.dataset else self.split

    @classmethod
    def parse(cls, key: str | None) -> Source:
        """Read what ``key`` wrote; nothing, or a split that there is not, means the test rows.

        >>> Source.parse("validation:may: 2"), Source.parse(None), Source.parse("all").split
        (Source(split='validation', dataset='may: 2'), Source(split='test', dataset=''), 'test')
        """
        split, _, dataset = (key or "test").partition(":")
        return cls(split if split in SPLITS else SPLITS[0], dataset)


@dataclass(frozen=True)
class TrainedOn:
    """The dataset of a model: what it is called, its address, and its version where it has several."""

    title: str
    address: str
    version: int | None = None
    versions: int = 1


@dataclass(frozen=True)
class Chosen:
    """A model with its own reports by split, and the one that is shown (None where there is none)."""

    model: ModelRecord
    source: Source
    report: Report | None
    own: dict[str, Report]
    true: str | None = None
    predicted: str | None = None
    trained_on: TrainedOn | None = None
    rows_at: RowsAt = NOWHERE

    @property
    def reports(self) -> list[tuple[str, Report]]:
        """The reports to set beside each other, titled, the shown one first."""
        found = [(title_of(self.source), self.report)] if self.report else []
        found += [
            (title_of(Source(split)), report)
            for split, report in self.own.items()
            if Source(split) != self.source
        ]
        return found

    @property
    def kind(self) -> str:
        """What the model answers with, which is another thing for each task."""
        return self.model.task

    @property
    def split_words(self) -> str:
        """What the shown rows are called within a sentence."""
        if self.source.dataset:
            return str(W.rows.other.say(dataset=self.source.dataset))
        return str(W.rows[self.source.split])


def read_chosen(studio: Services, name: str, key: str | None = None) -> Chosen:
    """The model with its reports; NotFound where there is no such model."""
    model = studio.models.get(name)
    own = {}
    for split in OWN_SPLITS:
        report = find_report(studio, name, Source(split))
        if report is not None and report.rows:
            own[split] = report
    source = Source.parse(key)
    if not key and "test" not in own and own:
        source = Source(next(iter(own)))
    report = own.get(source.split) if not source.dataset else find_report(studio, name, source)
    rows_at = find_rows(studio, name, source) if report else NOWHERE
    return Chosen(model, source, report, own, trained_on=find_trained_on(studio, model), rows_at=rows_at)


def find_rows(studio: Services, name: str, source: Source) -> RowsAt:
    """Where the rows stand that the shown report is about."""
    dataset = studio.evaluations.scored_dataset(name, source.dataset or None, source.split)
    return RowsAt(dataset.address if dataset else "", source.split)


def find_trained_on(studio: Services, model: ModelRecord) -> TrainedOn:
    """The version that a model was trained on; its plain name where that is gone or the only one."""
    dataset = studio.datasets.by_id(model.dataset_id)
    versions = studio.datasets.versions(dataset.name) if dataset else []
    if dataset is None or len(versions) < 2:
        return TrainedOn(model.dataset, model.dataset)
    newest = versions[0].version
    words = W.versions.newest if dataset.version == newest else W.versions.older
    title = words.say(name=dataset.name, version=dataset.version, newest=newest)
    return TrainedOn(title, dataset.address, dataset.version, newest)


def find_report(studio: Services, name: str, source: Source) -> Report | None:
    """The report on some rows, or None."""
    try:
        return studio.evaluations.report(name, source.dataset or None, source.split)
    except NotFound:
        return None


def find_predictions(studio: Services, chosen: Chosen) -> Predictions | None:
    """The answers row by row, or None where they were not kept."""
    try:
        source = chosen.source
        return studio.evaluations.predictions(chosen.model.name, source.dataset or None, source.split)
    except NotFound:
        return None


def list_sources(studio: Services, chosen: Chosen) -> list[tuple[str, str]]:
    """Title and key of everything the model was scored on, its own test rows first."""
    found = [
        (f"{title_of(Source(split))} · {W.rows.count.count(report.rows)}", split)
        for split, report in chosen.own.items()
    ]
    for evaluation in studio.evaluations.list(chosen.model.name):
        source = Source(evaluation.split, evaluation.dataset)
        if evaluation.dataset_id != chosen.model.dataset_id or evaluation.split not in OWN_SPLITS:
            found.append((title_of(source), source.key))
    return found


def title_of(source: Source) -> str:
    """The short name of some rows.

    >>> title_of(Source("validation")), title_of(Source("test", "may")), title_of(Source("train", "may"))
    ('Validation', 'may', 'may, training')
    """
    title = str(W.sources[source.split])
    if not source.dataset:
        return title
    return source.dataset if source.split == "test" else f"{source.dataset}, {title.lower()}"


def address_of(chosen: Chosen, tab: str = FIRST_TAB) -> str:
    """The address that shows the same again."""
    return address_of_source(
        chosen.model.name,
        chosen.source,
        tab=None if tab == FIRST_TAB else tab,
        true=chosen.true if tab == "mistakes" else None,
        predicted=chosen.predicted if tab == "mistakes" else None,
    )


def address_of_source(name: str, source: Source, **more: str | None) -> str:
    """The address of a model's report on some rows.

    >>> address_of_source("bbc m", Source("test", "may")), address_of_source("bbc m", Source("validation"))
    ('/results?model=bbc+m&dataset=may', '/results?model=bbc+m&split=validation')
    """
    split = None if source.split == SPLITS[0] else source.split
    return link("results", model=name, dataset=source.dataset, split=split, **more)
