"""Finished models kept in a studio with made-up answers; all that is made of the answers is real."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import numpy as np

from jobs.database import make_engine
from studio.bootstrap import Studio
from studio.data.library import Library
from studio.files import write_json
from studio.records.evaluations import EvaluationRecord, add_evaluation_in
from studio.records.models import ModelRecord, add_model_in
from studio.records.schema import writing
from studio.results.baselines import fit_baselines
from studio.results.predictions import Predictions, write_predictions
from studio.results.report import Report, ReportInputs, build_report
from studio.training.recipe import Recipe
from tests.asked import asked

HISTORY = [
    {"epoch": epoch, "step": 10 * epoch, "split": split, "name": name, "value": value}
    for epoch, values in enumerate([(1.2, 0.9, 0.7), (0.6, 0.5, 0.9), (0.3, 0.6, 0.85)], 1)
    for (split, name), value in zip(
        [("train", "loss"), ("validation", "loss"), ("validation", "accuracy")], values, strict=True
    )
]


def answer_rows(studio: Studio, dataset_id: str, split: str, *, skill: float, seed: int) -> Predictions:
    """Made-up answers to the rows of a dataset, better the higher the skill."""
    library = Library(studio.settings.datasets_dir)
    labels = list(library.load(dataset_id).labels)
    frame = library.frame(dataset_id, split)
    truth = np.array([labels.index(label) for label in frame["label"]])
    logits = np.random.default_rng(seed).normal(size=(len(frame), len(labels)))
    logits[np.arange(len(frame)), truth] += skill
    shares = np.exp(logits)
    shares /= shares.sum(axis=1, keepdims=True)
    return Predictions.from_rows(
        labels, asked(frame["text"]), truth, shares, lines=frame["line"], files=list(frame["file"])
    )


def keep_model(
    studio: Studio, dataset_name: str, name: str, *, skill: float = 2.0, seed: int = 0, **choices: Any
) -> ModelRecord:
    """A finished model on a dataset; ``choices`` are recipe fields."""
    dataset = studio.datasets.get(dataset_name)
    model_id = uuid.uuid4().hex
    folder = studio.settings.models_dir / model_id
    frame = Library(studio.settings.datasets_dir).frame(dataset.id, "train")
    ids = [dataset.labels.index(label) for label in frame["label"]]
    fitted = fit_baselines(list(frame["text"]), ids, list(dataset.labels))
    reports: dict[str, Report] = {}
    for split in ("validation", "test"):
        answers = answer_rows(studio, dataset.id, split, skill=skill, seed=seed)
        write_predictions(answers, folder / f"predictions-{split}.parquet")
        reports[split] = build_report(ReportInputs(name, dataset.name, split, answers, baselines=fitted))
    write_json(
        folder / "folder" / "report.json",
        {"splits": {split: report.to_json() for split, report in reports.items()}},
    )
    write_json(folder / "history.json", HISTORY)
    record = ModelRecord(
        id=model_id,
        name=name,
        task="classification",
        checkpoint="minilm-l6",
        dataset=dataset.name,
        dataset_id=dataset.id,
        dataset_fingerprint=dataset.fingerprint,
        recipe=Recipe.from_settings({"epochs": 3, **choices}).model_dump(),
        labels=tuple(dataset.labels),
        metrics={split: report.metrics for split, report in reports.items()},
        best_epoch=2,
        parameters=22_700_000,
        trainable_parameters=22_700_000,
        size_bytes=90_000_000,
        seconds=200.0,
        rows_per_second=300.0,
        created_at=datetime.now(UTC),
    )
    with writing(make_engine(studio.settings.database_url)) as connection:
        return add_model_in(connection, record)


def keep_evaluation(studio: Studio, model: ModelRecord, dataset_name: str) -> EvaluationRecord:
    """A finished evaluation of a model on the test rows of another dataset."""
    dataset = studio.datasets.get(dataset_name)
    answers = answer_rows(studio, dataset.id, "test", skill=2.0, seed=1)
    record = EvaluationRecord(
        id=uuid.uuid4().hex,
        model_id=model.id,
        dataset=dataset.name,
        dataset_id=dataset.id,
        split="test",
        metrics={},
        created_at=datetime.now(UTC),
    )
    report = build_report(ReportInputs(model.name, dataset.name, "test", answers))
    folder = studio.settings.models_dir / model.id / "evaluations"
    write_predictions(answers, folder / f"{record.id}.parquet")
    write_json(folder / f"{record.id}.json", report.to_json())
    with writing(make_engine(studio.settings.database_url)) as connection:
        add_evaluation_in(connection, record)
    return record
