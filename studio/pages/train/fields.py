"""The recipe's fields as a form: every component is made of what ``studio.training.recipe`` declares."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr
from gradio.components.base import Component

from studio.errors import InvalidInput
from studio.numbers import format_number
from studio.pages.words import words_of
from studio.tasks.registry import get_task
from studio.training.recipe import FieldSpec, field_specs

W = words_of("train")
SPECS: tuple[FieldSpec, ...] = tuple(field_specs())
NAMES = tuple(spec.name for spec in SPECS)
MAIN = tuple(spec for spec in SPECS if not spec.advanced)
METHODS = next(spec.choices for spec in SPECS if spec.name == "method")
FINE = tuple(spec for spec in SPECS if spec.advanced)


def make_component(spec: FieldSpec) -> Component:
    """The component of one field: a choice, or a number to type."""
    shared: dict[str, Any] = {
        "label": title_of(spec),
        "info": help_of(spec),
        "elem_id": f"train-field-{spec.name.replace('_', '-')}",
        "interactive": True,
        "min_width": 200,
    }
    if spec.choices:
        return gr.Dropdown(choices=list(spec.choices), value=spec.default, filterable=False, **shared)
    if spec.kind == "text":
        return gr.Textbox(value=spec.default, **shared)
    # No minimum and maximum here: Gradio would answer a wrong value with a message over the page.
    placeholder = str(W.field.own) if spec.optional else None
    return gr.Number(value=spec.default, step=step_of(spec), placeholder=placeholder, **shared)


def step_of(spec: FieldSpec) -> float:
    """What one click of a number's arrows adds.

    >>> [step_of(spec) for spec in SPECS if spec.name in {"epochs", "weight_decay"}]
    [1, 0.01]
    """
    if spec.kind == "integer":
        return 1
    return 0.00001 if (spec.maximum or 1) < 0.5 else 0.01 if (spec.maximum or 1) <= 1 else 0.1


def title_of(spec: FieldSpec, preset_value: Any = None, changed: bool = False) -> str:
    """The label of a field; a changed one says so, with the preset's value."""
    if not changed:
        return spec.title
    return str(W.field.changed.say(title=spec.title, value=write_value(preset_value) or W.field.own))


def help_of(spec: FieldSpec) -> str:
    """What the field does, and what may be entered, in its unit."""
    if spec.choices or spec.minimum is None or spec.maximum is None:
        return spec.help
    unit = spec.unit if spec.kind == "integer" else ""
    limits = W.field.limits.say(
        low=write_limit(spec.minimum), high=f"{write_limit(spec.maximum)} {unit}".strip()
    )
    return f"{spec.help} {limits}"


def write_limit(value: float) -> str:
    """A limit as a person reads it.

    >>> write_limit(8192), write_limit(1e-7), write_limit(0.5)
    ('8,192', '0.0000001', '0.5')
    """
    return f"{int(value):,d}" if float(value).is_integer() else write_value(value)


def write_value(value: Any) -> str:
    """A field's value as a person types it; nothing is empty.

    >>> [write_value(value) for value in (3, 3.0, 3e-5, 0.01, None, "linear", 2147483647)]
    ['3', '3', '0.00003', '0.01', '', 'linear', '2147483647']
    """
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return str(value)
    return format_number(value)


def read_value(spec: FieldSpec, text: str | None) -> Any:
    """A field's value as an address gives it; None where it gives none that can be shown in the form.

    >>> epochs = next(spec for spec in SPECS if spec.name == "epochs")
    >>> read_value(epochs, "5"), read_value(epochs, "many"), read_value(epochs, None)
    (5, None, None)
    """
    if not text:
        return None
    if spec.choices:
        return text if text in spec.choices else None
    if spec.kind == "text":
        return text
    try:
        return tidy(float(text))
    except ValueError:
        return None


def tidy(value: Any) -> Any:
    """A number without a fraction as a whole one, an empty text as nothing; all else as it is."""
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        return int(value)
    return None if value == "" else value


def same(one: Any, other: Any) -> bool:
    """Whether two values of a field mean the same.

    >>> same(3, 3.0), same(3e-5, 0.00003), same(None, ""), same(0, None), same("linear", "cosine")
    (True, True, True, False, False)
    """
    one, other = tidy(one), tidy(other)
    if isinstance(one, int | float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-15)
    return bool(one == other)


def changes_between(values: Mapping[str, Any], preset_values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields whose values differ from the preset's."""
    return {
        name: tidy(values[name])
        for name in NAMES
        if name in values and not same(values[name], preset_values[name])
    }


def values_by_name(values: Sequence[Any]) -> dict[str, Any]:
    """The values of the components, in the order of the fields."""
    return {name: tidy(value) for name, value in zip(NAMES, values, strict=True)}


def refuse_empty(changes: Mapping[str, Any]) -> None:
    """InvalidInput that names the fields left empty which need a value."""
    empty = [
        spec for spec in SPECS if spec.name in changes and changes[spec.name] is None and not spec.optional
    ]
    if empty:
        titles = ", ".join(spec.title for spec in empty)
        hint = " ".join(str(W.field.enter.say(title=spec.title, allowed=spec.allowed)) for spec in empty)
        raise InvalidInput(str(W.field.empty.say(titles=titles)), hint)


def counts_for(spec: FieldSpec, method: str, task: str) -> bool:
    """Whether a field counts for a method and a task.

    One that begins with a method's name counts for that method only.

    >>> rank, weights = (next(spec for spec in SPECS if spec.name == name)
    ...     for name in ("lora_rank", "class_weights"))
    >>> counts_for(rank, "full", "classification"), counts_for(rank, "lora", "classification")
    (False, True)
    >>> counts_for(weights, "full", "classification"), counts_for(weights, "full", "regression")
    (True, False)
    """
    owner = spec.name.partition("_")[0]
    return (owner not in METHODS or owner == method) and spec.name not in get_task(task).unused_settings


def updates(
    preset_values: Mapping[str, Any], changes: Mapping[str, Any], shown: Mapping[str, Any] | None = None
) -> list[Any]:
    """What to change in the components; with ``shown``, values that are right stay untouched while typing.

    ``preset_values`` are those of a whole recipe.
    """
    method, task = changes.get("method", preset_values["method"]), preset_values["task"]
    made = []
    for spec in SPECS:
        changed = spec.name in changes
        value = changes[spec.name] if changed else preset_values[spec.name]
        update: dict[str, Any] = {
            "label": title_of(spec, preset_values[spec.name], changed),
            "elem_classes": ["s-changed"] if changed else [],
            "visible": counts_for(spec, method, task),
        }
        if shown is None or not same(shown[spec.name], value):
            update["value"] = value
        made.append(gr.update(**update))
    return made


def dump_changes(changes: Mapping[str, Any]) -> str:
    """The changes as the hidden text that carries them between two events."""
    return json.dumps(dict(changes))


def load_changes(text: str) -> dict[str, Any]:
    """The changes that ``dump_changes`` wrote."""
    read = json.loads(text or "{}")
    return {name: read[name] for name in NAMES if name in read}
