"""Small trainings of a model that finds entities."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np

from studio.tasks.token_classification import TOKEN_CLASSIFICATION
from studio.training.engine import TrainingRun
from tests.training.runs import make_run

LABELS = ("ANIMAL", "TOOL")
NAMES = {"ANIMAL": ("cat", "dog", "horse", "black cat"), "TOOL": ("hammer", "saw", "drill", "my saw")}
FRAMES = ("the {} is broken", "where is the {} , please", "{} and food", "not my {} but the {}")


def make_tagged(count: int, seed: int = 0) -> dict[str, list[str]]:
    """Texts in which animals and tools are named, in some twice or not at all."""
    drawn = np.random.default_rng(seed)
    rows: dict[str, list[str]] = {"text": [], "tags": []}
    for number in range(count):
        first, *parts = (FRAMES[number % 4] if number % 5 else "thanks").split("{}")
        text, entities = first, []
        for part in parts:
            label = LABELS[drawn.integers(2)]
            name = NAMES[label][drawn.integers(4)]
            entities.append([len(text), len(text) + len(name), label])
            text += name + part
        rows["text"].append(text)
        rows["tags"].append(json.dumps(entities))
    return rows


def make_tagging_run(checkpoint: Path, home: Path, rows: int = 32, **settings: Any) -> TrainingRun:
    """A training on such texts with 16 more of them for validation."""
    run = make_run(checkpoint, home, rows=rows, **settings)
    return dataclasses.replace(
        run,
        task=TOKEN_CLASSIFICATION,
        labels=LABELS,
        train=make_tagged(rows),
        validation=make_tagged(16, seed=1),
    )
