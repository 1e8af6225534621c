"""An engine as the studio opens it, and records to put into it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from jobs.database import make_engine
from studio.data.dataset import Dataset, SplitDescription
from studio.data.problems import Problem
from studio.data.readers import ReaderReport
from studio.records.evaluations import EvaluationRecord
from studio.records.models import ModelRecord
from studio.records.schema import upgrade

MOMENT = datetime(2026, 11, 2, 8, 30, 15, 123456, tzinfo=UTC)


def open_database(folder: Path) -> Engine:
    """A real SQLite file with the tables of this room."""
    engine = make_engine(f"sqlite:///{folder / 'studio.db'}")
    upgrade(engine)
    return engine


def dataset(number: int = 1, **changes: Any) -> Dataset:
    """A dataset, later for a higher number."""
    values: dict[str, Any] = {
        "id": f"{number:032x}",
        "name": f"tickets {number}",
        "task": "classification",
        "fingerprint": "f" * 64,
        "roles": {"text": "Text", "label": "标签"},
        "labels": (" ham", "ham"),
        "rows": {"train": 8, "validation": 1, "test": 1},
        "reader": ReaderReport("csv", "utf-8", ",", None, True, 10, 0),
        "problems": (Problem("note", "duplicate_text", "One.", "Why.", "Hint.", "t.csv", "Text", 1, (3,)),),
        "created_at": MOMENT.replace(minute=number),
        "class_counts": {"train": {" ham": 4, "ham": 4}},
        "lengths": {},
        "split": SplitDescription((0.8, 0.1, 0.1), 0),
        "split_fingerprints": {"test": "e" * 64},
        "files": {"all": "t.csv"},
    }
    return Dataset(**{**values, **changes})


def model(number: int = 1, **changes: Any) -> ModelRecord:
    """A model, later for a higher number."""
    values: dict[str, Any] = {
        "id": f"{number:032x}",
        "name": f"model {number}",
        "task": "classification",
        "checkpoint": "minilm-l6",
        "dataset": "tickets",
        "dataset_id": "d" * 32,
        "dataset_fingerprint": "f" * 64,
        "recipe": {"learning_rate": 1e-4, "epochs": 3},
        "labels": ("a", "b"),
        "metrics": {"test": {"accuracy": 0.97}},
        "best_epoch": 2,
        "parameters": 22_713_216,
        "trainable_parameters": 22_713_216,
        "size_bytes": 91_000_000_000,
        "seconds": 61.5,
        "rows_per_second": None,
        "created_at": MOMENT.replace(minute=number),
    }
    return ModelRecord(**{**values, **changes})


def evaluation(number: int = 1, **changes: Any) -> EvaluationRecord:
    """An evaluation of model 1, later for a higher number."""
    values: dict[str, Any] = {
        "id": f"{number:032x}",
        "model_id": f"{1:032x}",
        "dataset": "tickets",
        "dataset_id": f"{number:032x}",
        "split": "test",
        "metrics": {"accuracy": 0.9},
        "created_at": MOMENT.replace(minute=number),
    }
    return EvaluationRecord(**{**values, **changes})
