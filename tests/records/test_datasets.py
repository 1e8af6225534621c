"""Datasets are remembered with all that is known of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.errors import Conflict
from studio.records.datasets import DatasetStore
from tests.records.databases import dataset, open_database


@pytest.fixture
def store(tmp_path: Path) -> DatasetStore:
    """An empty store."""
    return DatasetStore(open_database(tmp_path))


def test_a_dataset_comes_back_as_it_was(store: DatasetStore) -> None:
    store.add(dataset())
    assert store.get("tickets 1") == dataset()
    assert store.get("tickets 2") is None


def test_the_newest_comes_first(store: DatasetStore) -> None:
    for number in (2, 3, 1):
        store.add(dataset(number))
    assert [one.name for one in store.list()] == ["tickets 3", "tickets 2", "tickets 1"]


def test_a_taken_name_is_a_conflict_and_the_first_stays(store: DatasetStore) -> None:
    store.add(dataset(1, name="tickets"))
    with pytest.raises(Conflict, match="There is a dataset 'tickets' already"):
        store.add(dataset(2, name="tickets"))
    assert store.name_taken("tickets")
    assert [one.id for one in store.list()] == [dataset(1).id]


def test_a_deleted_dataset_is_forgotten_and_its_name_is_free(store: DatasetStore) -> None:
    store.add(dataset())
    assert store.delete("tickets 1")
    assert not store.delete("tickets 1")
    assert not store.name_taken("tickets 1")
    store.add(dataset())
