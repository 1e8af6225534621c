"""A person with a table of topics: the task is chosen, learnt, looked at and asked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import write_csv
from tests.encoders import build_encoder
from tests.journeys.served import ServedStudio
from tests.test_label_sets import HEADER, messages

pytestmark = pytest.mark.browser


def test_labels_are_imported_learnt_looked_at_and_asked(
    studio: ServedStudio, page: Page, tmp_path: Path
) -> None:
    table = write_csv(tmp_path / "notes.csv", messages(), HEADER)
    page.goto(f"{studio.url}/data?new=1", wait_until="commit")
    page.locator("#import-file input[type=file]").set_input_files(table)
    page.locator("#import-task").get_by_text("Give any number of labels").click()
    answer_column = page.locator("#import-label")
    expect(answer_column.locator("input").first).to_have_value("topics")
    expect(answer_column).to_contain_text("Labels")
    expect(page.locator("#import-counts-numbers")).to_contain_text("kitchen")
    page.locator("#import-go").click()
    expect(page).to_have_url(re.compile(r"dataset=notes"))
    expect(page.locator("body")).to_contain_text("3 labels")
    page.goto(f"{studio.url}/data?dataset=notes&tab=rows&label=pets", wait_until="commit")
    expect(page.locator("body")).to_contain_text("kitchen | pets")

    encoder = build_encoder(tmp_path / "tiny", "bert")
    for name, epochs in (("tagger", 6), ("shorter", 1)):
        studio.run(
            *("train", "--dataset", "notes", "--checkpoint", str(encoder), "--name", name),
            *("--set", f"epochs={epochs}", "--set", "learning_rate=0.003", "--wait"),
        )
    job = studio.get("/jobs")[0]["id"]
    page.goto(f"{studio.url}/jobs?job={job}", wait_until="commit")
    expect(page.locator("body")).to_contain_text("Validation F1 (micro)")

    page.goto(f"{studio.url}/results?model=tagger&tab=labels", wait_until="commit")
    expect(page.locator("#labels-table")).to_contain_text("Threshold")
    page.locator("#labels-table").get_by_role("button", name="pets").click()
    expect(page.locator("body")).to_contain_text("were not given it")
    expect(page.get_by_role("tab", name="Confidence")).to_be_hidden()
    page.get_by_role("tab", name="Overview").click()
    expect(page.locator("#results-rivals")).to_contain_text("Always the commonest labels")
    page.goto(f"{studio.url}/compare?models=tagger,shorter", wait_until="commit")
    expect(page.locator("#compare-table")).to_contain_text("F1 (micro)")
    page.get_by_role("tab", name="By label").click()
    expect(page.locator("#compare-labels-table")).to_contain_text("kitchen")

    page.goto(f"{studio.url}/predict?model=tagger", wait_until="commit")
    page.locator("#predict-text textarea").fill("the cat and the food")
    page.locator("#predict-go").click()
    expect(page.locator("#predict-answer")).to_contain_text("the label's own threshold")
    new = write_csv(tmp_path / "new.csv", [row[:2] for row in messages()[:5]], HEADER[:2])
    page.locator("#predict-file input[type=file]").set_input_files(new)
    page.locator("#predict-start").click()
    expect(page.locator("#predict-board")).to_contain_text("5 rows answered")
    page.goto(studio.url, wait_until="commit")
    expect(page.locator("body")).to_contain_text("F1 (micro) on test texts")
