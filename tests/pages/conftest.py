"""A real studio in a temporary home, and its pages behind a test client."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from studio.bootstrap import Studio, open_studio
from studio.pages.app import mount_pages
from studio.settings import Settings


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A studio with nothing in it yet."""
    home = tmp_path_factory.mktemp("home")
    with contextlib.closing(open_studio(Settings(home=home))) as opened:
        yield opened


@pytest.fixture(scope="module")
def browserless(studio: Studio) -> Iterator[TestClient]:
    """The mounted pages, asked without a browser."""
    before = {name: os.environ.get(name) for name in ("GRADIO_TEMP_DIR", "GRADIO_ANALYTICS_ENABLED")}
    application = mount_pages(FastAPI(), studio, studio.settings)
    with TestClient(application, base_url="http://127.0.0.1:7860") as client:
        yield client
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@pytest.fixture
def table_file(tmp_path: Path) -> Path:
    """A table of forty labelled texts with one empty text, one missing label and one short row."""
    lines = ["id;message;topic"]
    lines += [f"{number};text number {number} of some length;{'ab'[number % 2]}" for number in range(40)]
    lines[5] = "4;;a"
    lines[7] = "6;a text without its label;"
    lines.append("broken;row")
    path = tmp_path / "Tickets.CSV"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
