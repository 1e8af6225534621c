"""A person with questions and replies: the task is chosen, learnt, looked at and asked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import write_csv
from tests.encoders import build_encoder
from tests.journeys.served import ServedStudio

pytestmark = pytest.mark.browser
WORDS = ("cat", "food", "dog", "fish", "milk")
HEADER = ("asked", "option1", "option2", "option3", "right")


def questions(rows: int = 60) -> list[list[str]]:
    """A text about a word, and the word among two or three options; the right one is counted from 1."""
    made = []
    for number in range(rows):
        options = [WORDS[(number + step) % len(WORDS)] for step in range(2 + number % 2)]
        right = number % len(options)
        text = f"row {number} asks for the {options[right]}"
        made.append([text, *options, *[""] * (3 - len(options)), str(right + 1)])
    return made


def test_options_are_imported_learnt_looked_at_and_asked(
    studio: ServedStudio, page: Page, tmp_path: Path
) -> None:
    table = write_csv(tmp_path / "quiz.csv", questions(), HEADER)
    page.goto(f"{studio.url}/data?new=1", wait_until="commit")
    page.locator("#import-file input[type=file]").set_input_files(table)
    page.locator("#import-task").get_by_text("Choose an option").click()
    expect(page.locator("#import-text-b input").first).to_have_value("option1, option2, option3")
    expect(page.locator("#import-text-b")).to_contain_text("Options")
    expect(page.locator("#import-label input").first).to_have_value("right")
    expect(page.locator("#import-text input").first).to_have_value("asked")
    expect(page.locator("#import-findings")).to_contain_text("counted from 1")
    expect(page.locator("#import-counts-numbers")).to_contain_text("Option 1")
    page.locator("#import-go").click()
    expect(page).to_have_url(re.compile(r"dataset=quiz"))
    expect(page.locator("body")).to_contain_text("2 to 3 options")
    page.goto(f"{studio.url}/data?dataset=quiz&tab=rows", wait_until="commit")
    expect(page.locator("body")).to_contain_text("cat | food")

    encoder = build_encoder(tmp_path / "tiny", "bert")
    for name, epochs in (("chooser", 4), ("shorter", 1)):
        studio.run(
            *("train", "--dataset", "quiz", "--checkpoint", str(encoder), "--name", name),
            *("--set", f"epochs={epochs}", "--set", "learning_rate=0.003", "--wait"),
        )
    page.goto(f"{studio.url}/results?model=chooser&tab=options", wait_until="commit")
    expect(page.locator("#results-options")).to_contain_text("By where the right option stands")
    expect(page.get_by_role("tab", name="By label")).to_be_hidden()
    page.get_by_role("tab", name="Mistakes").click()
    expect(page.locator("body")).to_contain_text("Download")
    page.get_by_role("tab", name="Overview").click()
    expect(page.locator("#results-rivals")).to_contain_text("By chance")
    page.goto(f"{studio.url}/compare?models=chooser,shorter", wait_until="commit")
    expect(page.locator("#compare-table")).to_contain_text("chooser")

    page.goto(f"{studio.url}/predict?model=chooser", wait_until="commit")
    page.locator("#predict-text textarea").fill("this row asks for the milk")
    page.locator("#predict-text-b textarea").fill("only one")
    page.locator("#predict-go").click()
    expect(page.locator("#predict-answer")).to_contain_text("one on each line")
    page.locator("#predict-text-b textarea").fill("milk\nfish\ncat")
    page.locator("#predict-go").click()
    expect(page.locator("#predict-answer .s-chance")).to_have_count(3)
    page.locator("#predict-examples button").first.click()
    expect(page.locator("#predict-text-b textarea")).to_have_value(re.compile(r"\n"))
    new = write_csv(tmp_path / "new.csv", [row[:4] for row in questions(5)], HEADER[:4])
    page.locator("#predict-file input[type=file]").set_input_files(new)
    expect(page.locator("#predict-column-b input").first).to_have_value("option1, option2, option3")
    page.locator("#predict-start").click()
    expect(page.locator("#predict-board")).to_contain_text("5 rows answered")
