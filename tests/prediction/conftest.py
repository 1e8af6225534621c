"""Two tiny models and one predictor process, shared by the tests of this room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.prediction.pool import PredictorPool
from tests.prediction.tiny_models import make_model_folder


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of two labels that cuts texts at 16 tokens."""
    return make_model_folder(tmp_path_factory.mktemp("models") / "first")


@pytest.fixture(scope="session")
def other_folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three more models, of three labels."""
    root = tmp_path_factory.mktemp("others")
    return [
        make_model_folder(root / f"model-{seed}", ("yes", "no", "也许"), seed=seed) for seed in range(1, 4)
    ]


@pytest.fixture(scope="session")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PredictorPool]:
    """A pool whose process has been started by whoever asks first."""
    pool = PredictorPool(tmp_path_factory.mktemp("log"))
    yield pool
    pool.close()
