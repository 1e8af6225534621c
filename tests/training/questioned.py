"""Small trainings of a model that answers questions about passages."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from studio.tasks.question_answering import QUESTION_ANSWERING, write_answers
from studio.training.engine import TrainingRun
from tests.training.runs import make_run

ANIMALS, TOOLS = ("cat", "dog", "horse"), ("hammer", "saw", "drill")
FILLING = ("the food is good and", "my order was not fine and", "it is broken and")


def make_questions(count: int, seed: int = 0, unanswerable: bool = True) -> dict[str, list[str]]:
    """Passages with an animal and a tool, or only one of them, and a question for one of the two."""
    drawn = np.random.default_rng(seed)
    rows: dict[str, list[str]] = {"question": [], "context": [], "answers": []}
    for number in range(count):
        named = {"animal": str(drawn.choice(ANIMALS)), "tool": str(drawn.choice(TOOLS))}
        wanted = ("animal", "tool")[number % 2]
        is_there = not unanswerable or number % 4 > 0
        there = [name for what, name in named.items() if is_there or what != wanted]
        fillings = drawn.choice(FILLING, int(drawn.integers(1, 4))).tolist()
        passage = " ".join([*fillings, "where is the", " and my ".join(there), "please"])
        answer = named[wanted]
        rows["question"].append("how is my order" if wanted == "animal" else "why is it broken")
        rows["context"].append(passage)
        rows["answers"].append(write_answers([(passage.index(answer), answer)] if is_there else []))
    return rows


def make_answering_run(checkpoint: Path, home: Path, rows: int = 32, **settings: Any) -> TrainingRun:
    """A training on such questions with 16 more of them for validation."""
    run = make_run(checkpoint, home, rows=rows, **settings)
    return dataclasses.replace(
        run,
        task=QUESTION_ANSWERING,
        labels=(),
        train=make_questions(rows),
        validation=make_questions(16, seed=1),
    )
