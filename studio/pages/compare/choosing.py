"""What is compared: the models and rows that the address or the form names; plain functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from studio.pages.links import link
from studio.pages.words import words_of

if TYPE_CHECKING:
    from studio.pages.registry import Services
    from studio.records.models import ModelRecord
    from studio.results.compare import Comparison

W = words_of("compare")
SPLITS = ("test", "validation")
MODELS_AT_MOST = 12
KEPT = 8


@dataclass(frozen=True)
class Selection:
    """The chosen models, and the rows they are compared on."""

    models: tuple[str, ...] = ()
    split: str = "test"

    @property
    def address(self) -> str:
        """The address that brings the same comparison back."""
        split = None if self.split == "test" else self.split
        return link("compare", models=",".join(self.models), split=split)


def select(
    models: Sequence[ModelRecord], asked: str | None, dataset: str | None, split: str | None
) -> Selection:
    """What an address asks for: models by name, or those of a dataset, or those of the fullest dataset.

    Names that no model has are left out.
    """
    rows = split if split in SPLITS else SPLITS[0]
    known = [model.name for model in models]
    if asked:
        wanted = [name for name in asked.split(",") if name in known]
        return Selection(tuple(wanted[:MODELS_AT_MOST]), rows)
    chosen = dataset or fullest_dataset(models)
    return Selection(models_of(models, chosen), rows)


def missing_names(models: Sequence[ModelRecord], asked: str | None) -> list[str]:
    """The names of an address that no model has."""
    known = {model.name for model in models}
    names = dict.fromkeys((asked or "").split(","))
    return [name for name in names if name and name not in known][:MODELS_AT_MOST]


def fullest_dataset(models: Sequence[ModelRecord]) -> str | None:
    """The dataset with two models or more whose newest model is newest; None where there is none."""
    names = [model.dataset for model in models]
    return next((name for name in names if names.count(name) > 1), names[0] if names else None)


def models_of(models: Sequence[ModelRecord], dataset: str | None) -> tuple[str, ...]:
    """The newest models of a dataset."""
    return tuple(model.name for model in models if model.dataset == dataset)[:MODELS_AT_MOST]


def dataset_of(models: Sequence[ModelRecord], selection: Selection) -> str | None:
    """The dataset of all chosen models; None where they have several or there are none."""
    found = {model.dataset for model in models if model.name in selection.models}
    return found.pop() if len(found) == 1 else None


def model_choices(models: Sequence[ModelRecord]) -> list[tuple[str, str]]:
    """Every model to choose from, with its dataset where the name does not tell it."""
    return [
        (
            model.name
            if model.name.startswith(model.dataset)
            else W.choose.option.say(name=model.name, dataset=model.dataset),
            model.name,
        )
        for model in models
    ]


def dataset_choices(models: Sequence[ModelRecord]) -> list[tuple[str, str]]:
    """Every dataset that models were trained on, with how many."""
    names = [model.dataset for model in models]
    return [
        (W.choose.dataset_option.count(names.count(name), name=name), name) for name in dict.fromkeys(names)
    ]


class Comparisons:
    """Comparisons that were made, kept while nothing about their models changes."""

    def __init__(self, studio: Services) -> None:
        self._studio = studio
        self._kept = lru_cache(maxsize=KEPT)(self._make)

    def of(self, selection: Selection) -> Comparison:
        """The comparison; InvalidInput for fewer than two models."""
        ids = tuple(self._studio.models.get(name).id for name in selection.models)
        return self._kept(selection, ids)

    def _make(self, selection: Selection, _ids: tuple[str, ...]) -> Comparison:
        return self._studio.comparisons.compare(list(selection.models), selection.split)
