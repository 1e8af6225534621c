"""Of this machine, only folders that the operator opened are read, and nothing by way of a link."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.data.sources import SourceRules, fetch_source, list_tables
from studio.errors import InvalidInput, NotFound


@pytest.fixture
def opened(tmp_path: Path) -> Path:
    """A folder with tables, and links that lead out of it."""
    folder = tmp_path / "open"
    (folder / "classes" / "good").mkdir(parents=True)
    (folder / "tickets.csv").write_text("text,label\n")
    (folder / "program.exe").write_text("no table")
    (folder / ".hidden.csv").write_text("text,label\n")
    (folder / "classes" / "good" / "1.txt").write_text("hello")
    (tmp_path / "secret.csv").write_text("not for you")
    (folder / "link.csv").symlink_to(tmp_path / "secret.csv")
    (folder / "inner.csv").symlink_to(folder / "tickets.csv")
    (folder / "out").symlink_to(tmp_path)
    return folder


def bring(address: str, *folders: Path) -> Path:
    """What an address means."""
    rules = SourceRules(max_bytes=1000, folders=folders)
    return fetch_source(address, rules, Path("unused"), lambda share, sentence: None).path


def test_tables_inside_are_listed_and_opened(opened: Path) -> None:
    tables = list_tables([opened])
    assert [table.name for table in tables] == ["inner.csv", "tickets.csv", "classes/good/1.txt"]
    assert bring(tables[1].address, opened) == opened / "tickets.csv"
    assert bring("server:tickets.csv", opened) == opened / "tickets.csv"
    assert bring("server:inner.csv", opened) == opened / "tickets.csv"
    assert bring("server:classes", opened) == opened / "classes"


@pytest.mark.parametrize(
    "name", ["../secret.csv", "link.csv", "out/secret.csv", "/etc/passwd", "classes/../../secret.csv"]
)
def test_nothing_outside_is_opened(opened: Path, name: str) -> None:
    with pytest.raises(InvalidInput, match="not in a folder that is open"):
        bring(f"server:{name}", opened)


def test_a_folder_with_a_link_that_leads_out_is_refused(opened: Path) -> None:
    (opened / "classes" / "good" / "2.txt").symlink_to(opened.parent / "secret.csv")
    with pytest.raises(InvalidInput, match="a link that leads out"):
        bring("server:classes", opened)


def test_what_is_not_there_and_no_open_folder_are_said(opened: Path) -> None:
    with pytest.raises(NotFound, match=r"no 'lost\.csv'"):
        bring("server:lost.csv", opened)
    with pytest.raises(InvalidInput, match="No folder of this server is open"):
        bring("server:tickets.csv")
    for address in ("server:", "server:a\0b"):
        with pytest.raises(InvalidInput, match="No file is named"):
            bring(address, opened)
