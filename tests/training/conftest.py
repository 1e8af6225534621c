"""Tiny encoders learn on one thread."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Tiny matrices are slower on several threads."""
    import torch

    torch.set_num_threads(1)
