"""Tables that are not uploaded: fetched into the folder of uploads, or a sentence why not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from studio.bootstrap import Studio
from studio.pages.data import fetching
from studio.pages.guard import uploaded
from studio.services.sources import SourceService


@pytest.fixture
def opened(studio: Studio, table_file: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A studio whose operator opened the folder of the table, with a fresh folder of uploads."""
    uploads = table_file.parent / "uploads"
    uploads.mkdir()
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(uploads))
    folder = table_file.parent / "open"
    folder.mkdir()
    table_file.rename(folder / table_file.name)
    return SimpleNamespace(sources=SourceService(replace(studio.settings, data_folders=(folder,))))


def test_a_table_of_an_opened_folder_is_offered_and_fetched_as_an_upload(opened: SimpleNamespace) -> None:
    listed = fetching.list_tables(opened)
    ((title, address),) = listed["choices"]
    assert title.startswith("Tickets.CSV") and listed["visible"] is True
    path, arrived, failed = fetching.fetch(opened, "", address)
    assert uploaded(path).name == "Tickets.CSV"
    assert (fetching.split_column_of(arrived), failed) == ("", "")


def test_what_cannot_be_fetched_is_said_in_place(opened: SimpleNamespace, tmp_path: Path) -> None:
    for address in ("", "server:/etc/passwd", "http://127.0.0.1:1/table.csv", "ftp://example.org/t.csv"):
        _, _, failed = fetching.fetch(opened, address, None)
        assert 'role="alert"' in failed, address
        assert not list((tmp_path / "uploads").rglob("*/*")), address


def test_no_list_is_shown_where_no_folder_is_open(studio: Studio) -> None:
    assert fetching.list_tables(studio)["visible"] is False
