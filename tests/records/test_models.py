"""Models are remembered within the transaction of their job, under a name of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine

from studio.errors import Conflict, NotFound
from studio.records.evaluations import EvaluationStore, add_evaluation_in
from studio.records.forms import CompiledForm
from studio.records.models import ModelRecord, ModelStore, add_model_in
from studio.records.schema import writing
from tests.records.databases import evaluation, model, open_database


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """A real database."""
    return open_database(tmp_path)


@pytest.fixture
def store(engine: Engine) -> ModelStore:
    """An empty store."""
    return ModelStore(engine)


def add(engine: Engine, *records: ModelRecord) -> list[ModelRecord]:
    """Publish models, as finishing jobs do."""
    with writing(engine) as connection:
        return [add_model_in(connection, record) for record in records]


def test_a_model_comes_back_as_it_was(engine: Engine, store: ModelStore) -> None:
    add(engine, model(1), model(2, best_epoch=None, rows_per_second=12.5))
    assert store.get("model 1") == model(1)
    assert store.by_id(model(2).id) == model(2, best_epoch=None, rows_per_second=12.5)
    assert store.get("absent") is None
    assert store.by_id("absent") is None


def test_a_model_answers_by_one_form_until_it_is_forgotten(engine: Engine, store: ModelStore) -> None:
    form = CompiledForm("f" * 12, "int8", "test", 158, 0.9975, "accuracy", 0.0025, 2.04, 1.5, 9)
    add(engine, model(1), model(2, compiled=form))
    assert store.get("model 2") == model(2, compiled=form)
    store.set_form(model(1).id, form)
    assert store.get("model 1") == model(1, compiled=form)
    store.set_form(model(1).id, None)
    assert store.get("model 1") == model(1)
    noted = model(2, compiled=form).to_json()
    assert ModelRecord.from_json(noted) == model(2, compiled=form)
    del noted["compiled"]
    assert ModelRecord.from_json(noted) == model(2), "as an earlier version noted it"


def test_the_newest_comes_first(engine: Engine, store: ModelStore) -> None:
    add(engine, model(2), model(3), model(1))
    assert [one.name for one in store.list()] == ["model 3", "model 2", "model 1"]
    assert [one.name for one in store.list(limit=1)] == ["model 3"]
    assert store.count() == 3


def test_names_are_found_for_many_at_once(engine: Engine, store: ModelStore) -> None:
    add(engine, model(1), model(2))
    assert store.names_of([model(1).id, "absent"]) == {model(1).id: "model 1"}
    assert store.names_of([]) == {}


def test_a_model_is_there_only_when_its_job_has_finished(engine: Engine, store: ModelStore) -> None:
    with pytest.raises(ZeroDivisionError), writing(engine) as connection:
        add_model_in(connection, model())
        raise ZeroDivisionError
    assert store.list() == []


def test_a_training_is_not_lost_when_its_name_was_taken_meanwhile(engine: Engine, store: ModelStore) -> None:
    kept = add(engine, model(1, name="m"), model(2, name="m"), model(3, name="m"))
    assert [record.name for record in kept] == ["m", "m-2", "m-3"]
    assert store.get("m-2") == model(2, name="m-2")


def test_renaming_keeps_everything_else(engine: Engine, store: ModelStore) -> None:
    add(engine, model(1), model(2))
    assert store.rename("model 1", "客服 v2") == model(1, name="客服 v2")
    assert store.name_taken("客服 v2")
    assert not store.name_taken("model 1")
    with pytest.raises(Conflict, match="There is a model 'model 2' already"):
        store.rename("客服 v2", "model 2")
    with pytest.raises(NotFound):
        store.rename("model 1", "other")


def test_a_deleted_model_takes_its_evaluations_along(engine: Engine, store: ModelStore) -> None:
    add(engine, model(1), model(2))
    with writing(engine) as connection:
        add_evaluation_in(connection, evaluation(1))
        add_evaluation_in(connection, evaluation(2, model_id=model(2).id))
    assert store.delete("model 1")
    assert not store.delete("model 1")
    assert EvaluationStore(engine).list(model(1).id) == []
    assert len(EvaluationStore(engine).list(model(2).id)) == 1
