"""Datasets are remembered with all that is known of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.data.dataset import Dataset
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


@pytest.fixture
def versions(store: DatasetStore) -> list[Dataset]:
    """Three versions of one name, and another name."""
    first = dataset(1, name="tickets")
    second = dataset(2, name="tickets", version=2, parent=first.id)
    third = dataset(3, name="tickets", version=3, parent=second.id, mark_codes=("html",))
    store.add(first)
    store.add_version(second, first.id)
    store.add_version(third, second.id)
    store.add(dataset(4))
    return [first, second, third]


def test_a_name_means_its_newest_version_and_the_others_are_there(
    store: DatasetStore, versions: list[Dataset]
) -> None:
    first, second, third = versions
    assert store.get("tickets") == third
    assert store.get("tickets", 1) == first
    assert store.get("tickets", 7) is None
    assert store.by_id(second.id) == second
    assert store.versions("tickets") == [third, second, first]
    assert [one.name for one in store.list()] == ["tickets 4", "tickets"]
    assert store.ids() == {first.id, second.id, third.id, dataset(4).id}


def test_an_import_never_takes_a_name_of_which_only_a_later_version_is_left(
    store: DatasetStore, versions: list[Dataset]
) -> None:
    assert store.delete_version(versions[0].id)
    assert not store.delete_version(versions[0].id)
    with pytest.raises(Conflict, match="There is a dataset 'tickets' already"):
        store.add(dataset(5, name="tickets"))
    assert store.versions("tickets") == versions[:0:-1]


def test_two_versions_made_at_once_do_not_get_one_number(
    store: DatasetStore, versions: list[Dataset]
) -> None:
    for number in (2, 3):
        with pytest.raises(Conflict, match="changed or deleted meanwhile"):
            store.add_version(dataset(8, name="tickets", version=number), versions[0].id)
    with pytest.raises(Conflict, match="changed or deleted meanwhile"):
        store.add_version(dataset(8, name="absent", version=2), versions[0].id)
    assert store.get("tickets") == versions[-1]


def test_a_deleted_name_takes_all_its_versions_along(store: DatasetStore, versions: list[Dataset]) -> None:
    assert store.delete("tickets")
    assert store.versions("tickets") == []
    assert store.ids() == {dataset(4).id}
