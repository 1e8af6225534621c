"""A person with a table of numbers: the task is chosen, learnt, looked at and asked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import write_csv
from tests.encoders import build_encoder
from tests.journeys.served import ServedStudio
from tests.test_numbers import HEADER, scored

pytestmark = pytest.mark.browser


def test_numbers_are_imported_learnt_looked_at_and_asked(
    studio: ServedStudio, page: Page, tmp_path: Path
) -> None:
    table = write_csv(tmp_path / "sts.csv", scored(), HEADER)
    page.goto(f"{studio.url}/data?new=1", wait_until="commit")
    page.locator("#import-file input[type=file]").set_input_files(table)
    page.locator("#import-task").get_by_text("Predict a number").click()
    answer_column = page.locator("#import-label")
    expect(answer_column.locator("input").first).to_have_value("score")
    expect(answer_column).to_contain_text("Number")
    expect(page.locator("#import-counts-numbers")).to_contain_text("From 0.1 to 4.5")
    page.locator("#import-go").click()
    expect(page).to_have_url(re.compile(r"dataset=sts"))
    expect(page.locator("body")).to_contain_text("numbers from 0.1 to 4.5")

    encoder = build_encoder(tmp_path / "tiny", "bert")
    for name, epochs in (("alike", 2), ("shorter", 1)):
        studio.run(
            *("train", "--dataset", "sts", "--checkpoint", str(encoder)),
            *("--name", name, "--set", f"epochs={epochs}", "--wait"),
        )
    job = studio.get("/jobs")[0]["id"]
    page.goto(f"{studio.url}/jobs?job={job}", wait_until="commit")
    expect(page.locator("body")).to_contain_text("Validation Spearman correlation")

    page.goto(f"{studio.url}/results", wait_until="commit")
    expect(page.locator("#results-models")).to_contain_text("Spearman correlation")
    page.goto(f"{studio.url}/results?model=alike&tab=labels", wait_until="commit")
    expect(page.locator("#results-rivals")).to_contain_text("Always the mean")
    expect(page.get_by_role("tab", name="By label")).to_be_hidden()
    page.get_by_role("tab", name="Errors", exact=True).click()
    expect(page.locator("#errors-answers svg.marks").first).to_be_visible()
    expect(page.locator("#errors-worst")).to_contain_text("we saw")
    page.goto(f"{studio.url}/compare?models=alike,shorter", wait_until="commit")
    expect(page.locator("#compare-table")).to_contain_text("Spearman correlation")
    expect(page.get_by_role("tab", name="By label")).to_be_hidden()

    page.goto(f"{studio.url}/predict?model=alike", wait_until="commit")
    page.locator("#predict-text textarea").fill("the cat is number 3")
    page.locator("#predict-text-b textarea").fill("we saw a cat of 3")
    page.locator("#predict-go").click()
    expect(page.locator("#predict-answer")).to_contain_text("The number that the model expects")
    new = write_csv(tmp_path / "new.csv", [row[:3] for row in scored()[:5]], HEADER[:3])
    page.locator("#predict-file input[type=file]").set_input_files(new)
    page.locator("#predict-start").click()
    expect(page.locator("#predict-board")).to_contain_text("5 rows answered")
    page.goto(studio.url, wait_until="commit")
    expect(page.locator("body")).to_contain_text("Spearman correlation on test texts")
