"""A fresh queue for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.database import make_engine, upgrade
from jobs.store import Store
from tests.jobs.bench import Bench
from tests.jobs.store_calls import HandClock


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the tables and nothing in them, to copy."""
    path = tmp_path_factory.mktemp("template") / "studio.db"
    engine = make_engine(f"sqlite:///{path}")
    upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture
def bench(tmp_path: Path, empty_database: Path) -> Iterator[Bench]:
    """A fresh queue."""
    path = tmp_path / "studio.db"
    shutil.copy(empty_database, path)
    bench = Bench(tmp_path, f"sqlite:///{path}")
    yield bench
    bench.close()


@pytest.fixture
def clock() -> HandClock:
    """A clock that stands still until the test moves it."""
    return HandClock()


@pytest.fixture
def store(bench: Bench, clock: HandClock) -> Store:
    """A store that goes by the clock of the test."""
    return Store(bench.engine, clock)
