"""What the form asks for, as one value: read from the address, written back to it, turned into a request."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from studio.pages import links
from studio.pages.train import fields
from studio.services.training import TrainRequest

DEFAULT_PRESET = "balanced"


@dataclass(frozen=True)
class Wish:
    """The form: ``changes`` are the recipe fields that differ from the preset, ``name`` one that was typed.

    ``guided`` says that nobody chose the checkpoint yet, so that the guide does for each dataset.
    """

    dataset: str = ""
    checkpoint: str = ""
    preset: str = DEFAULT_PRESET
    changes: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    agreed: bool = False

    @property
    def guided(self) -> bool:
        """Whether the checkpoint is the guide's choice."""
        return not self.checkpoint

    def request(self, checkpoint: str, key: str | None = None) -> TrainRequest:
        """The request to the training service; ``checkpoint`` is the chosen one or the guide's."""
        return TrainRequest(
            dataset=self.dataset,
            checkpoint=checkpoint,
            preset=self.preset,
            changes=dict(self.changes),
            name=self.name.strip() or None,
            key=key,
            allow_pickle=self.agreed,
        )

    def address(self) -> str:
        """The address that brings the same form back."""
        preset = None if self.preset == DEFAULT_PRESET else self.preset
        changes = {name: fields.write_value(value) for name, value in self.changes.items()}
        return links.link(
            "train",
            dataset=self.dataset,
            checkpoint=self.checkpoint,
            preset=preset,
            name=self.name,
            **changes,
        )

    def with_preset(self, preset: str) -> Wish:
        """The form with another preset, whose values replace what was changed."""
        return replace(self, preset=preset, changes={})


def read_wish(asked: Callable[[str], str | None]) -> Wish:
    """The form that an address asks for; ``asked`` gives the value of one part of it or None."""
    changes = {}
    for spec in fields.SPECS:
        value = fields.read_value(spec, asked(spec.name))
        if value is not None:
            changes[spec.name] = value
    return Wish(
        dataset=asked("dataset") or "",
        checkpoint=asked("checkpoint") or "",
        preset=asked("preset") or DEFAULT_PRESET,
        changes=changes,
        name=asked("name") or "",
    )


def wish_of_recipe(dataset: str, recipe: Mapping[str, Any], preset_recipe: Mapping[str, Any]) -> Wish:
    """The form that gives the recipe of an earlier training again."""
    return Wish(
        dataset=dataset,
        checkpoint=str(recipe["checkpoint"]),
        preset=str(recipe["preset"]),
        changes=fields.changes_between(recipe, preset_recipe),
    )


def key_of(nonce: str, wish: Wish, checkpoint: str) -> str:
    """The key of one form of one opened page: a second click of it queues nothing new.

    >>> one = Wish("tickets", changes={"epochs": 3})
    >>> key_of("a", one, "minilm-l6") == key_of("a", Wish("tickets", changes={"epochs": 3}), "minilm-l6")
    True
    >>> key_of("a", one, "minilm-l6") == key_of("b", one, "minilm-l6")
    False
    """
    content = json.dumps([wish.dataset, checkpoint, wish.preset, sorted(wish.changes.items()), wish.name])
    return f"page-{nonce}-{hashlib.sha256(content.encode()).hexdigest()[:16]}"
