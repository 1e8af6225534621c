"""A client of the API alone, with the security rules that the server puts around it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from studio.api.app import build_api
from studio.api.security import SecurityMiddleware
from studio.bootstrap import Studio


@pytest.fixture
def client(studio: Studio) -> Iterator[TestClient]:
    """Requests as from this machine."""
    application = build_api(studio)
    application.add_middleware(SecurityMiddleware, settings=studio.settings)
    with TestClient(application, base_url="http://127.0.0.1:7860", raise_server_exceptions=False) as made:
        yield made
