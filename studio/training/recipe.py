"""Every choice of one training run, declared once with its words, unit and limits.

Form, command line, JSON schema and docs are derived from the declarations in ``Recipe``.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic.fields import FieldInfo

from studio.errors import InvalidInput
from studio.numbers import format_number

Kind = Literal["number", "integer", "choice", "text"]
OWN_WORDS = {"", "none", "null", "own"}


def setting(default: Any, title: str, words: str, *, unit: str = "", **options: Any) -> Any:
    """Declare one field; options are ``ge`` and ``le`` (limits), ``advanced`` and ``chosen_elsewhere``."""
    extra = {
        "unit": unit,
        "advanced": options.pop("advanced", True),
        "chosen_elsewhere": options.pop("chosen_elsewhere", False),
    }
    return Field(default, title=title, description=words, json_schema_extra=extra, **options)


class Recipe(BaseModel):
    """One training run, JSON in and out; the same recipe, data and machine give the same model."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    checkpoint: str = setting(
        "minilm-l6", "Checkpoint", "Where training starts.", advanced=False, chosen_elsewhere=True
    )
    task: str = setting(
        "classification", "Task", "What the model learns to do.", advanced=False, chosen_elsewhere=True
    )
    preset: Literal["quick", "balanced", "best"] = setting(
        "balanced", "Preset", "Where the other fields came from.", advanced=False, chosen_elsewhere=True
    )
    epochs: int = setting(
        3,
        "Epochs",
        "How often the model sees every training row; the best epoch is kept.",
        unit="epochs",
        ge=1,
        le=100,
        advanced=False,
    )
    learning_rate: float = setting(
        1e-4,
        "Learning rate",
        "How far each step moves the weights: too high forgets what was known, too low learns little.",
        ge=1e-7,
        le=1e-1,
        advanced=False,
    )
    batch_size: int = setting(
        32,
        "Batch size",
        "Rows per step: more is steadier and needs more memory.",
        unit="rows",
        ge=1,
        le=512,
        advanced=False,
    )
    max_length: int = setting(
        128,
        "Maximum length",
        "Texts are cut after so many tokens, or read so many at a time where entities or answers are found; "
        "more cost time and memory.",
        unit="tokens",
        ge=8,
        le=8192,
        advanced=False,
    )
    method: Literal["full", "lora", "frozen"] = setting(
        "full",
        "Method",
        "Train all weights (full), small additions to them (lora), or the head on a fixed encoder (frozen).",
    )
    head_factor: float = setting(
        10.0,
        "Head factor",
        "How many times faster the new head learns than the encoder under it, with the method full.",
        unit="times",
        ge=1.0,
        le=100.0,
    )
    schedule: Literal["linear", "cosine", "constant"] = setting(
        "linear", "Schedule", "How the learning rate falls after warm-up."
    )
    warmup_share: float = setting(
        0.1,
        "Warm-up share",
        "Share of all steps over which the learning rate rises from zero.",
        unit="share of steps",
        ge=0.0,
        le=0.5,
    )
    weight_decay: float = setting(
        0.01,
        "Weight decay",
        "How strongly weights are pulled towards zero against overfitting.",
        ge=0.0,
        le=1.0,
    )
    early_stopping: int = setting(
        0,
        "Early stopping",
        "Stop after so many epochs without a better validation score; 0 never stops early.",
        unit="epochs",
        ge=0,
        le=50,
    )
    class_weights: Literal["none", "balanced"] = setting(
        "none", "Class weights", "Whether mistakes on rare labels count more (balanced) or the same (none)."
    )
    gradient_clipping: float = setting(
        1.0,
        "Gradient clipping",
        "Longest step direction that is not shortened; 0 switches it off.",
        ge=0.0,
        le=100.0,
    )
    dropout: float | None = setting(
        None,
        "Dropout",
        "Share of signals dropped at random against overfitting; empty keeps the checkpoint's own.",
        unit="share",
        ge=0.0,
        le=0.9,
    )
    lora_rank: int = setting(
        16, "LoRA rank", "Size of the additions that LoRA trains; more can learn more.", ge=1, le=256
    )
    lora_alpha: int = setting(
        32, "LoRA alpha", "How strongly the additions of LoRA count; twice the rank is usual.", ge=1, le=1024
    )
    precision: Literal["auto", "fp32", "bf16", "fp16"] = setting(
        "auto",
        "Precision",
        "Number format of the computation; auto takes what is fast and safe on the device.",
    )
    seed: int = setting(
        0, "Seed", "Starting point of all chance; the same seed gives the same run again.", ge=0, le=2**31 - 1
    )

    @field_validator("dropout", mode="before")
    @classmethod
    def read_own(cls, value: object) -> object:
        """Read an empty answer as the checkpoint's own dropout."""
        return None if isinstance(value, str) and value.strip().lower() in OWN_WORDS else value

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Recipe:
        """Make a recipe of texts or numbers as a person or a script gave them.

        Raises InvalidInput naming every field that does not fit, its value and its limits.
        """
        cleaned = {
            name: value.strip() if isinstance(value, str) else value for name, value in settings.items()
        }
        try:
            return cls.model_validate(cleaned)
        except ValidationError as error:
            raise explain(error) from error


@dataclass(frozen=True)
class FieldSpec:
    """One field as a form, a flag or a docs table needs it; limits are inclusive, None where absent."""

    name: str
    title: str
    help: str
    kind: Kind
    unit: str
    minimum: float | None
    maximum: float | None
    choices: tuple[str, ...]
    default: Any
    optional: bool
    advanced: bool

    @property
    def allowed(self) -> str:
        """Say what may be entered.

        >>> next(spec for spec in field_specs() if spec.name == "batch_size").allowed
        'a whole number from 1 to 512'
        """
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        if self.kind == "text":
            return "a name"
        noun = "a whole number" if self.kind == "integer" else "a number"
        limits = f"{noun} from {format_number(self.minimum)} to {format_number(self.maximum)}"
        return f"{limits}, or nothing" if self.optional else limits


def field_specs() -> list[FieldSpec]:
    """Describe every field a person may change beside checkpoint, task and preset, in the order to show."""
    return [
        spec_of(name, info)
        for name, info in Recipe.model_fields.items()
        if not extra_of(info)["chosen_elsewhere"]
    ]


def extra_of(info: FieldInfo) -> dict[str, Any]:
    """Return what ``setting`` noted beside pydantic's own options."""
    return info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}


def spec_of(name: str, info: FieldInfo) -> FieldSpec:
    """Describe one field of the recipe."""
    choices = get_args(info.annotation) if get_origin(info.annotation) is Literal else ()
    types = get_args(info.annotation) if not choices and get_args(info.annotation) else (info.annotation,)
    kinds: dict[Any, Kind] = {int: "integer", float: "number", str: "text"}
    limits = {type(rule).__name__: rule for rule in info.metadata}
    low, high = limits.get("Ge"), limits.get("Le")
    extra = extra_of(info)
    return FieldSpec(
        name=name,
        title=info.title or name,
        help=info.description or "",
        kind="choice" if choices else kinds[types[0]],
        unit=extra["unit"],
        minimum=low.ge if low else None,
        maximum=high.le if high else None,
        choices=tuple(choices),
        default=info.default,
        optional=type(None) in types,
        advanced=extra["advanced"],
    )


def explain(error: ValidationError) -> InvalidInput:
    """Turn pydantic's findings into one plain error."""
    messages: list[str] = []
    hints: list[str] = []
    for finding in error.errors():
        name = str(finding["loc"][0])
        if name not in Recipe.model_fields:
            messages.append(f"There is no recipe field '{name}'.")
            hints.append(suggest_field(name))
            continue
        spec = spec_of(name, Recipe.model_fields[name])
        messages.append(f"{spec.title} ({name}) is '{finding['input']}', which does not fit.")
        hints.append(f"Choose {spec.allowed} for {name}.")
    return InvalidInput(" ".join(messages), " ".join(dict.fromkeys(hints)))


def suggest_field(name: str) -> str:
    """Name the nearest field, or all of them."""
    near = difflib.get_close_matches(name, Recipe.model_fields, n=1)
    return f"Did you mean {near[0]}?" if near else f"The fields are: {', '.join(Recipe.model_fields)}."
