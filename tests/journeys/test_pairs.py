"""A person with a table of pairs: both texts are found, learnt, and asked for in two boxes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import write_csv
from tests.encoders import build_encoder
from tests.journeys.served import ServedStudio
from tests.test_pairs import HEADER, pairs

pytestmark = pytest.mark.browser


def test_pairs_are_imported_learnt_and_asked_in_two_boxes(
    studio: ServedStudio, page: Page, tmp_path: Path
) -> None:
    table = write_csv(tmp_path / "pairs.csv", pairs(), HEADER)
    page.goto(f"{studio.url}/data?new=1", wait_until="commit")
    page.locator("#import-file input[type=file]").set_input_files(table)
    expect(page.locator("#import-text input").first).to_have_value("Sentence1")
    expect(page.locator("#import-text-b input").first).to_have_value("Sentence2")
    expect(page.locator("#import-first-rows")).to_contain_text("second text")
    page.locator("#import-go").click()
    expect(page).to_have_url(re.compile(r"dataset=pairs"))
    encoder = build_encoder(tmp_path / "tiny", "bert")
    studio.run(
        *("train", "--dataset", "pairs", "--checkpoint", str(encoder)),
        *("--name", "judge", "--set", "epochs=1", "--wait"),
    )

    page.goto(f"{studio.url}/predict?model=judge", wait_until="commit")
    first, second = page.locator("#predict-text textarea"), page.locator("#predict-text-b textarea")
    answer = page.locator("#predict-answer")
    first.fill("the cat is number 3")
    page.locator("#predict-go").click()
    expect(answer).to_contain_text("There is no second text yet")
    second.fill("we saw a cat of 3")
    page.locator("#predict-go").click()
    expect(answer).to_contain_text("the cat is number 3 ‖ we saw a cat of 3")
    page.locator("#predict-seen-panel button").first.click()
    tokens = page.locator("#predict-seen .s-tokens > li")
    expect(tokens.first).to_have_text("[CLS]2")
    expect(page.locator("#predict-seen .s-tokens .s-of-1").first).to_have_text(re.compile(r"^w\d+$"))
    second.fill("we saw an otter of 3 " * 40)
    page.locator("#predict-go").click()
    expect(page.locator("#predict-seen")).to_contain_text("Of the second text, the last")
    expect(page.locator("#predict-seen del")).to_contain_text("otter")
    expect(answer).to_contain_text("leaves out the rest")
    page.locator("#predict-seen summary").click()
    expect(page.locator("#predict-seen tbody tr")).to_have_count(tokens.count() - 1)
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.set_viewport_size({"width": 1280, "height": 900})
    page.locator("#predict-examples button").first.click()
    expect(second).to_have_value(re.compile(r"^we saw a \w+ of \d+$"))
    expect(answer).to_contain_text("‖ we saw")

    new = write_csv(tmp_path / "new.csv", [row[:3] for row in pairs()[:5]], HEADER[:3])
    page.locator("#predict-file input[type=file]").set_input_files(new)
    expect(page.locator("#predict-column-b input").first).to_have_value("Sentence2")
    page.locator("#predict-start").click()
    expect(page.locator("#predict-board")).to_contain_text("5 rows answered")
    page.goto(f"{studio.url}/results?model=judge&tab=mistakes", wait_until="commit")
    expect(page.locator("body")).to_contain_text("‖ we saw")
