"""A person with annotated texts: the task is found, learnt, looked at and asked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.encoders import build_encoder
from tests.journeys.served import ServedStudio
from tests.test_entities import records, write_lines

pytestmark = pytest.mark.browser


def test_entities_are_imported_learnt_looked_at_and_asked(
    studio: ServedStudio, page: Page, tmp_path: Path
) -> None:
    rows = records()
    rows[3]["spans"] = [{"start": 1, "end": 99, "label": "TOOL"}]
    table = write_lines(tmp_path / "notes.jsonl", rows)
    page.goto(f"{studio.url}/data?new=1", wait_until="commit")
    page.locator("#import-file input[type=file]").set_input_files(table)
    expect(page.locator("body")).to_contain_text("Its columns look like those for “Find entities”")
    expect(page.locator("#import-task").get_by_label("Find entities")).to_be_checked()
    expect(page.locator("#import-label input").first).to_have_value("spans")
    expect(page.locator("#import-label")).to_contain_text("Entities")
    expect(page.locator("#import-text input").first).to_have_value("message")
    expect(page.locator("#import-findings")).to_contain_text("leaves the text")
    page.locator("#import-findings").get_by_role("button", name="Leave these rows out").first.click()
    expect(page.locator("#import-go")).to_contain_text("159 rows")
    expect(page.locator("#import-counts-numbers")).to_contain_text("ANIMAL")
    page.locator("#import-go").click()
    expect(page).to_have_url(re.compile(r"dataset=notes"))
    expect(page.locator("body")).to_contain_text("2 labels")
    page.goto(f"{studio.url}/data?dataset=notes&tab=rows&label=TOOL", wait_until="commit")
    expect(page.locator("body")).to_contain_text("TOOL 5–")

    encoder = build_encoder(tmp_path / "tiny", "bert")
    for name, epochs in (("finder", 6), ("shorter", 1)):
        studio.run(
            *("train", "--dataset", "notes", "--checkpoint", str(encoder), "--name", name),
            *("--set", f"epochs={epochs}", "--set", "learning_rate=0.005", "--wait"),
        )
    job = studio.get("/jobs")[0]["id"]
    page.goto(f"{studio.url}/jobs?job={job}", wait_until="commit")
    expect(page.locator("body")).to_contain_text("Validation F1")

    page.goto(f"{studio.url}/results?model=shorter&tab=entities", wait_until="commit")
    expect(page.locator("#entities-table")).to_contain_text("Wrong boundary")
    expect(page.locator("#entities-errors")).to_contain_text("missed")
    expect(page.locator("#entities-texts .s-entity").first).to_be_visible()
    expect(page.get_by_role("tab", name="By label")).to_be_hidden()
    page.locator("#entities-table").get_by_role("button", name="TOOL").click()
    expect(page.locator("body")).to_contain_text("that was not found as it is")
    page.get_by_role("tab", name="Overview").click()
    expect(page.locator("#results-rivals")).to_contain_text("Looking up the entities")
    page.goto(f"{studio.url}/compare?models=finder,shorter", wait_until="commit")
    expect(page.locator("#compare-table")).to_contain_text("finder")
    page.get_by_role("tab", name="By label").click()
    expect(page.locator("#compare-labels-table")).to_contain_text("ANIMAL")

    page.goto(f"{studio.url}/predict?model=finder", wait_until="commit")
    page.locator("#predict-text textarea").fill("the cat is broken")
    page.locator("#predict-go").click()
    expect(page.locator("#predict-answer mark")).to_contain_text("cat")
    expect(page.locator("#predict-answer .s-chance")).to_have_count(1)
    new = write_lines(tmp_path / "new.jsonl", [{"message": row["message"]} for row in records(5, 3)])
    page.locator("#predict-file input[type=file]").set_input_files(new)
    page.locator("#predict-start").click()
    expect(page.locator("#predict-board")).to_contain_text("5 rows answered")
