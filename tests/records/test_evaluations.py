"""Evaluations are remembered per model, one for each split of a dataset."""

from __future__ import annotations

from pathlib import Path

from studio.records.evaluations import EvaluationStore, add_evaluation_in
from studio.records.models import add_model_in
from studio.records.schema import writing
from tests.records.databases import evaluation, model, open_database


def test_evaluations_come_back_newest_first_and_a_repeat_replaces_the_first(tmp_path: Path) -> None:
    engine = open_database(tmp_path)
    repeat = evaluation(3, dataset_id=evaluation(1).dataset_id, metrics={"accuracy": 0.8})
    with writing(engine) as connection:
        add_model_in(connection, model(1))
        for record in (evaluation(1), evaluation(2), repeat):
            add_evaluation_in(connection, record)
    store = EvaluationStore(engine)
    assert store.list(model(1).id) == [repeat, evaluation(2)]
    assert store.get(evaluation(2).id) == evaluation(2)
    assert store.get(evaluation(1).id) is None
