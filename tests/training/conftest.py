"""Tiny encoders and a tiny table that can be learnt, shared by the tests of this room."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def encoder_folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One folder for each family."""
    from tests.encoders import FAMILIES, build_encoder

    home = tmp_path_factory.mktemp("encoders")
    return {family: build_encoder(home / family, family) for family in FAMILIES}


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Tiny matrices are slower on several threads."""
    import torch

    torch.set_num_threads(1)
