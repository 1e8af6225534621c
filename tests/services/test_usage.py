"""The ready-made calls of a model work as they are copied, from where the person is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from studio.bootstrap import Studio
from studio.services.datasets import ImportRequest
from studio.services.models import ModelService
from tests.results.kept_models import keep_model

NAME = "客服 2"
ADDRESS = "/api/v1/models/%E5%AE%A2%E6%9C%8D%202/predict"


class Listener(BaseHTTPRequestHandler):
    """Answers every text and keeps what it was asked."""

    asked: list[tuple[str, str | None, Any]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append((self.path, self.headers["Authorization"], json.loads(body)))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"predictions": [{"label": "animals"}]}')

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def listener() -> Iterator[HTTPServer]:
    """A listener on a port of its own."""
    Listener.asked = []
    server = HTTPServer(("127.0.0.1", 0), Listener)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def models(studio: Studio, small_table: Path) -> ModelService:
    """The models of a studio that has one."""
    studio.datasets.import_file(ImportRequest(path=small_table, name="small"))
    keep_model(studio, "small", NAME)
    return studio.models


def with_settings(models: ModelService, **changes: Any) -> ModelService:
    """The same models under other settings."""
    settings = replace(models._settings, **changes)
    return ModelService(settings, models._rows, models._jobs, models._pool)


@pytest.mark.parametrize("token", [None, "secret"])
def test_the_python_asks_the_model_over_http(
    models: ModelService, listener: HTTPServer, token: str | None
) -> None:
    usage = with_settings(models, token=token, port=listener.server_port).usage(NAME)
    environment = {**os.environ, "STUDIO_TOKEN": token or ""}
    ran = subprocess.run(
        [sys.executable, "-c", usage.python], env=environment, capture_output=True, text=True, check=False
    )
    assert ran.stdout == "[{'label': 'animals'}]\n", ran.stderr
    wanted = f"Bearer {token}" if token else None
    assert listener.RequestHandlerClass.asked == [(ADDRESS, wanted, {"inputs": [{"text": "..."}]})]  # type: ignore[attr-defined]


def test_no_call_names_a_path_of_the_machine(models: ModelService) -> None:
    usage = models.usage(NAME)
    assert not any(str(models.home) in text for text in (usage.command, usage.curl, usage.python))


def test_the_address_is_one_that_can_be_reached(models: ModelService) -> None:
    everywhere = with_settings(models, host="0.0.0.0")
    for text in (everywhere.usage(NAME).curl, everywhere.usage(NAME).python):
        assert f"http://127.0.0.1:7860{ADDRESS}" in text
    from_afar = everywhere.usage(NAME, "http://192.168.0.7:7860")
    for text in (from_afar.curl, from_afar.python):
        assert f"http://192.168.0.7:7860{ADDRESS}" in text
