"""Three recipes to start from, chosen by measuring (docs/presets.md says on what)."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any

PRESETS = ("quick", "balanced", "best")

SMALL_PARAMETERS = 40_000_000
BASE_PARAMETERS = 200_000_000
# Learning rate by least width. Measured at 384; for wider encoders that of the BERT paper, for narrower ones
# those of the papers on its miniatures and on ELECTRA.
RATES = ((1024, 2e-5), (768, 3e-5), (300, 1e-4), (0, 3e-4))
FROZEN_RATE = 3e-3
LORA_RATES = ((1024, 3e-4), (768, 5e-4), (0, 2e-3))
FEW_ROWS = 2_000
MANY_ROWS = 20_000
LENGTH_STEPS = (32, 64, 128, 192, 256, 384, 512)
EPOCHS = {"quick": 3, "balanced": 4, "best": 6}
STEPS_AT_LEAST = {"quick": 60, "balanced": 80, "best": 120}
EPOCHS_AT_MOST = 15
LENGTH_LIMITS = {"quick": 128, "balanced": 256, "best": 512}


@dataclass(frozen=True)
class PresetFacts:
    """What a preset looks at; token counts include special tokens, ``parameters`` are the encoder's.

    ``hidden`` is the encoder's width, which says more than its parameters: ALBERT has few and is wide.
    """

    parameters: int
    rows: int
    median_tokens: int
    p95_tokens: int
    device: str
    max_tokens: int
    method: str = "full"
    hidden: int | None = None


def preset_recipe(preset: str, facts: PresetFacts) -> dict[str, Any]:
    """Return the recipe fields of a preset for one dataset, checkpoint and device; KeyError if unknown."""
    fields: dict[str, Any] = {
        "learning_rate": learning_rate(facts),
        "batch_size": batch_size(facts),
        "epochs": epochs(preset, facts),
        "max_length": max_length(preset, facts),
        "head_factor": 10.0,
        "warmup_share": 0.1,
        "weight_decay": 0.01,
        "schedule": "linear",
        "early_stopping": 2 if preset == "best" else 0,
        "method": facts.method,
    }
    return fields


def learning_rate(facts: PresetFacts) -> float:
    """Narrower encoders and smaller trained parts want larger steps."""
    width = facts.hidden or guess_width(facts.parameters)
    if facts.method == "frozen":
        return FROZEN_RATE
    rates = LORA_RATES if facts.method == "lora" else RATES
    return next(rate for least, rate in rates if width >= least)


def guess_width(parameters: int) -> int:
    """Width of an ordinary encoder of so many parameters.

    >>> guess_width(22_713_216), guess_width(109_482_240), guess_width(335_141_888)
    (384, 768, 1024)
    """
    return 384 if parameters < SMALL_PARAMETERS else 768 if parameters < BASE_PARAMETERS else 1024


def batch_size(facts: PresetFacts) -> int:
    """16 rows where rows are few, so that there are enough steps; else 32."""
    return 16 if facts.rows < FEW_ROWS else 32


def epochs(preset: str, facts: PresetFacts) -> int:
    """Fewer passes over many rows; more over few, because a new head needs steps to learn anything."""
    wanted = EPOCHS[preset]
    if facts.rows > MANY_ROWS:
        return wanted - 1
    steps_per_epoch = max(1, ceil(facts.rows / batch_size(facts)))
    return max(wanted, min(EPOCHS_AT_MOST, ceil(STEPS_AT_LEAST[preset] / steps_per_epoch)))


def max_length(preset: str, facts: PresetFacts) -> int:
    """Long enough for 95 % of the texts, within what the preset affords and the checkpoint reads."""
    limit = min(LENGTH_LIMITS[preset], facts.max_tokens)
    return min(limit, next((step for step in LENGTH_STEPS if step >= facts.p95_tokens), LENGTH_STEPS[-1]))
