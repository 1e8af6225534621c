"""A hub on loopback, and tiny encoders built once for all tests of this room."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.settings import Settings
from tests.checkpoints.loopback_hub import LoopbackHub
from tests.checkpoints.tiny_encoders import as_pickle, make_encoder


@pytest.fixture
def hub() -> Iterator[LoopbackHub]:
    """An empty hub that listens on loopback."""
    with LoopbackHub() as one:
        yield one


@pytest.fixture
def settings(tmp_path: Path, hub: LoopbackHub) -> Settings:
    """Settings of a fresh home that reaches the loopback hub."""
    return Settings(home=tmp_path / "home", hub_endpoint=hub.url)


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of about a megabyte with safetensors; tests copy it before they change it."""
    return make_encoder(tmp_path_factory.mktemp("encoders") / "tiny-bert", rows=8000)


@pytest.fixture(scope="session")
def tiny_pickle(tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same BERT as an old checkpoint: a pickle with gamma and beta and a shared weight."""
    folder = tmp_path_factory.mktemp("encoders") / "tiny-pickle"
    shutil.copytree(tiny_bert, folder)
    return as_pickle(folder)


@pytest.fixture
def bert_copy(tiny_bert: Path, tmp_path: Path) -> Path:
    """A copy of the tiny BERT to change."""
    return shutil.copytree(tiny_bert, tmp_path / "copied-bert")
