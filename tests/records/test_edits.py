"""The draft of a version is kept in order, and ends with the version it becomes."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine

from studio.data.editing import Edit
from studio.errors import Conflict
from studio.records.datasets import DatasetStore
from studio.records.edits import EditStore
from tests.records.databases import dataset, open_database

FIRST, SECOND = Edit("train", 3, "set_label", "新", new_label=True), Edit("test", 0, "drop")


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """A database with two datasets and a draft of the first."""
    engine = open_database(tmp_path)
    for number in (1, 2):
        DatasetStore(engine).add(dataset(number))
    for edit in (FIRST, SECOND):
        EditStore(engine).add(dataset(1).id, [edit])
    return engine


def test_a_draft_comes_back_in_order_and_belongs_to_one_version(engine: Engine) -> None:
    assert EditStore(engine).list(dataset(1).id) == (FIRST, SECOND)
    assert EditStore(engine).list(dataset(2).id) == ()


def test_the_last_edit_is_taken_back_first(engine: Engine) -> None:
    edits = EditStore(engine)
    assert edits.remove_last(dataset(1).id)
    assert edits.list(dataset(1).id) == (FIRST,)
    edits.add(dataset(1).id, [SECOND])
    edits.clear(dataset(1).id)
    assert edits.list(dataset(1).id) == ()
    assert not edits.remove_last(dataset(1).id)


def test_a_saved_draft_ends_together_with_the_new_version(engine: Engine) -> None:
    version = dataset(3, name=dataset(1).name, version=2, parent=dataset(1).id)
    DatasetStore(engine).add_version(version, dataset(1).id, (FIRST, SECOND))
    assert EditStore(engine).list(dataset(1).id) == ()


@pytest.mark.parametrize("saved", [(), (FIRST,)])
def test_an_edit_made_while_a_version_is_written_is_never_lost(
    engine: Engine, saved: tuple[Edit, ...]
) -> None:
    store = DatasetStore(engine)
    with pytest.raises(Conflict, match="changed or deleted meanwhile"):
        store.add_version(dataset(3, name=dataset(1).name, version=2), dataset(1).id, saved)
    assert EditStore(engine).list(dataset(1).id) == (FIRST, SECOND)
    assert len(store.versions(dataset(1).name)) == 1


def test_a_deleted_dataset_takes_its_draft_along(engine: Engine) -> None:
    DatasetStore(engine).delete(dataset(1).name)
    assert EditStore(engine).list(dataset(1).id) == ()
