"""A person with an own file that is not perfect."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.served import ServedStudio

pytestmark = pytest.mark.browser
TALK = (("酒店的位置很好，服务也不错", "好"), ("房间太小，隔音很差", "坏"))


def test_a_table_with_a_broken_row_is_explained_and_imported_without_it(
    studio: ServedStudio, page: Page, write_table: Callable[..., Path]
) -> None:
    rows = [[f"message number {n} about {'cats' if n % 2 else 'tools'}", "ab"[n % 2]] for n in range(60)]
    rows[11][1] = ""
    table = write_table(rows, header=("message", " topic "), name="tickets.CSV")
    page.goto(f"{studio.url}/data?new=1", wait_until="commit")
    page.locator("#import-file input[type=file]").set_input_files(table)
    expect(page.locator("#import-understood")).to_contain_text("Understood: UTF-8")
    expect(page.locator("#import-findings")).to_contain_text("13")
    expect(page.locator("#import-findings")).to_contain_text("without a label")
    page.locator("#import-findings").get_by_role("button", name="Leave these rows out").click()
    expect(page.locator("#import-findings")).to_contain_text("Done")
    page.locator("#import-name input, #import-name textarea").first.fill("tickets")
    page.get_by_role("button", name="Import 59 rows").click()
    expect(page).to_have_url(re.compile(r"/data\?.*dataset=tickets"))
    expect(page.locator("#data-heading")).to_contain_text("tickets")
    dataset = studio.get("/datasets")[0]
    assert sum(dataset["rows"].values()) == 59
    assert dataset["reader"]["rows_dropped"] == 1
    page.goto(f"{studio.url}/data", wait_until="commit")
    expect(page.locator("#data-table")).to_contain_text("tickets")


def test_a_file_that_is_no_table_gets_a_sentence(studio: ServedStudio, page: Page, tmp_path: Path) -> None:
    broken = tmp_path / "broken.csv"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40)
    page.goto(f"{studio.url}/data?new=1", wait_until="commit")
    page.locator("#import-file input[type=file]").set_input_files(broken)
    understood = page.locator("#import-understood")
    expect(understood).to_contain_text(re.compile("table", re.IGNORECASE))
    expect(understood).not_to_contain_text("Traceback")
    assert studio.get("/datasets") == []


def test_another_file_after_the_first_was_taken_away_is_read_and_checked_anew(
    studio: ServedStudio, page: Page, tmp_path: Path
) -> None:
    first = tmp_path / "chinese.csv"
    rows = [f"{pattern}{number},{label}" for number in range(20) for pattern, label in TALK]
    first.write_text("\n".join(["文本,类别", *rows]), encoding="gb18030")
    second = tmp_path / "french.csv"
    lines = [f"texte {number} sur un café;avis {number % 2}" for number in range(50)]
    second.write_text("\n".join(["texte;avis", *lines]), encoding="cp1252")
    page.goto(f"{studio.url}/data?new=1", wait_until="commit")
    chosen = page.locator("#import-text input").first
    page.locator("#import-file input[type=file]").set_input_files(first)
    expect(chosen).to_have_value("文本")
    expect(page.locator("#import-go")).to_contain_text("40 rows")
    page.locator("#import-file").get_by_label("Clear").click()
    expect(chosen).to_be_hidden()
    page.locator("#import-file input[type=file]").set_input_files(second)
    expect(chosen).to_have_value("texte")
    expect(page.locator("#import-first-rows")).to_contain_text("sur un café")
    expect(page.locator("#import-go")).to_contain_text("50 rows")
    expect(page.locator("#import-fixes")).to_be_hidden()
    page.locator("#import-go").click()
    expect(page).to_have_url(re.compile(r"dataset="))
    assert studio.get("/datasets")[0]["roles"] == {"text": "texte", "label": "avis"}
