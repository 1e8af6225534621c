"""A dataset of a million rows is looked through in the browser, fifty rows at a time."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from studio.bootstrap import prepare_home
from studio.data.importing import ImportRequest, prepare_import
from studio.data.library import Library, describe
from studio.data.splits import SPLITS
from studio.records.datasets import DatasetStore
from studio.settings import Settings
from tests.journeys.served import ServedStudio

pytestmark = pytest.mark.browser
ROWS = 1_000_000
PATIENT_SECONDS = 10.0  # far above what it takes: these machines have two cores and do other things too


def make_dataset(home: Path, small: Path) -> None:
    """Keep a million rows as a dataset of which only a few were imported."""
    settings = Settings(home=home)
    engine = prepare_home(settings)
    at = np.arange(ROWS)
    texts = [f"message number {row} about {'cats' if row % 2 else 'tools'}" for row in range(ROWS)]
    labels = np.array(["tools", "animals"])[at % 2]
    frame = pd.DataFrame({"text": texts, "label": labels, "line": at + 2, "file": "big.csv", "marks": 0})
    sides = np.asarray(SPLITS, dtype=object)[np.minimum(np.maximum(at % 10 - 7, 0), 2)]
    frames = {split: frame[sides == split].reset_index(drop=True) for split in SPLITS}
    known = describe(prepare_import(ImportRequest(path=small, name="big")), "b" * 32)
    rows = {split: len(part) for split, part in frames.items()}
    dataset = replace(known, rows=rows, labels=("animals", "tools"), mark_codes=(), problems=())
    DatasetStore(engine).add(Library(settings.datasets_dir).keep(dataset, frames))
    engine.dispose()


@pytest.fixture
def big(tmp_path: Path, small_table: Path) -> Iterator[ServedStudio]:
    """A studio with the dataset of a million rows, without a worker."""
    make_dataset(tmp_path / "home", small_table)
    served = ServedStudio(tmp_path / "home", "--no-worker").start()
    yield served
    served.stop()


def seconds_of(act: Callable[[], None]) -> float:
    """How long something takes."""
    started = time.monotonic()
    act()
    return time.monotonic() - started


def test_a_million_rows_are_filtered_searched_and_paged_in_seconds(big: ServedStudio, page: Page) -> None:
    page.goto(f"{big.url}/data?dataset=big&tab=rows", wait_until="commit")
    rows = page.locator("#data-rows")
    expect(rows).to_contain_text("Rows 1 to 50 of 1,000,000.")
    expect(rows.locator("tbody tr")).to_have_count(50)

    def search() -> None:
        page.locator("#data-search input, #data-search textarea").first.fill("NUMBER 77777")
        page.keyboard.press("Enter")
        expect(rows).to_contain_text("Rows 1 to 11 of 11 that match, of 1,000,000 in all.")

    def narrow() -> None:
        page.get_by_role("button", name="Clear the filters").click()
        expect(rows).to_contain_text("Rows 1 to 50 of 1,000,000.")
        page.goto(f"{big.url}/data?dataset=big&tab=rows&split=test&label=animals", wait_until="commit")
        expect(rows).to_contain_text("Rows 1 to 50 of 100,000 that match")

    def turn() -> None:
        page.locator("#data-page input").fill("1500")
        page.keyboard.press("Enter")
        expect(rows).to_contain_text("Rows 74,951 to 75,000 of 100,000 that match")

    assert seconds_of(search) < PATIENT_SECONDS
    assert seconds_of(narrow) < 2 * PATIENT_SECONDS
    assert seconds_of(turn) < PATIENT_SECONDS
    expect(page).to_have_url(re.compile(r"split=test&label=animals&page=1500"))
    page.get_by_role("button", name="Next").click()
    expect(rows).to_contain_text("Rows 75,001 to 75,050")
    # A field that is left as it was found asks for nothing: it must not undo what the button did.
    for first in ("75,051", "75,101", "75,151"):
        page.locator("#data-search input, #data-search textarea").first.focus()
        page.get_by_role("button", name="Next").click()
        expect(rows).to_contain_text(f"Rows {first} to")
    page.locator("#data-search input, #data-search textarea").first.focus()
    page.locator("#data-page input").focus()
    page.wait_for_timeout(1_000)
    expect(rows).to_contain_text("Rows 75,151 to 75,200")
