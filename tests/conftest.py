"""A studio in a temporary home, with its services, and small tables to import."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from studio.settings import Settings

if TYPE_CHECKING:
    from studio.bootstrap import Studio

if "PYTEST_XDIST_WORKER" in os.environ:
    # Tests run beside each other, a core for each, and so do the processes they start.
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# What an example takes says more of the machine, and of what runs beside it, than of the code.
hypothesis.settings.register_profile("studio", deadline=None)
hypothesis.settings.load_profile("studio")

WORDS = {
    "animals": ("cat", "dog", "horse", "owl", "otter", "badger", "heron", "toad"),
    "tools": ("hammer", "saw", "drill", "wrench", "chisel", "plane", "clamp", "file"),
}
PATTERNS = (
    "the {} is in the garden",
    "I saw a {} this morning",
    "our {} needs some attention",
    "who left the {} by the door",
    "a very old {}",
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a fresh home."""
    return Settings(home=tmp_path / "home", offline=True)


@pytest.fixture
def studio(settings: Settings) -> Iterator[Studio]:
    """The services over a fresh home, without a worker."""
    from studio.bootstrap import open_studio  # not above: tests of one room need only that room

    opened = open_studio(settings)
    yield opened
    opened.close()


def write_csv(path: Path, rows: list[list[str]], header: tuple[str, ...]) -> Path:
    """Write rows as CSV and give the path."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])
    return path


def small_rows() -> list[list[str]]:
    """80 distinct rows in two classes."""
    return [[p.format(word), label] for label, words in WORDS.items() for word in words for p in PATTERNS]


@pytest.fixture
def write_table(tmp_path: Path) -> Callable[..., Path]:
    """Write rows as CSV into the test's folder and give the path."""

    def write(
        rows: list[list[str]], header: tuple[str, ...] = ("text", "label"), name: str = "table.csv"
    ) -> Path:
        return write_csv(tmp_path / name, rows, header)

    return write


@pytest.fixture
def small_table(write_table: Callable[..., Path]) -> Path:
    """80 distinct rows in two classes."""
    return write_table(small_rows(), name="small.csv")


@pytest.fixture(scope="session")
def encoder_folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One folder for each family."""
    from tests.encoders import FAMILIES, build_encoder

    home = tmp_path_factory.mktemp("encoders")
    return {family: build_encoder(home / family, family) for family in FAMILIES}
