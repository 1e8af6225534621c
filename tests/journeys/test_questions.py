"""A person with passages and questions: the task is chosen, learnt, looked at and asked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from studio.tasks.question_answering import read_answers
from tests.conftest import write_csv
from tests.encoders import build_encoder
from tests.journeys.served import ServedStudio
from tests.training.questioned import make_questions

pytestmark = pytest.mark.browser
HEADER = ("asked", "passage", "answer")


def questions(rows: int = 80) -> list[list[str]]:
    """A question, a passage, and the words of it that answer, or nothing."""
    made = make_questions(rows)
    return [
        [question, f"{context} {number}", next((one.text for one in read_answers(cell)), "")]
        for number, (question, context, cell) in enumerate(zip(*made.values(), strict=True))
    ]


def test_questions_are_imported_learnt_looked_at_and_asked(
    studio: ServedStudio, page: Page, tmp_path: Path
) -> None:
    table = write_csv(tmp_path / "quiz.csv", questions(), HEADER)
    page.goto(f"{studio.url}/data?new=1", wait_until="commit")
    page.locator("#import-file input[type=file]").set_input_files(table)
    page.locator("#import-task").get_by_text("Answer questions").click()
    expect(page.locator("#import-text input").first).to_have_value("asked")
    expect(page.locator("#import-text-b input").first).to_have_value("passage")
    expect(page.locator("#import-text-b")).to_contain_text("Passage")
    expect(page.locator("#import-label input").first).to_have_value("answer")
    expect(page.locator("#import-findings")).to_contain_text("where it stands first")
    expect(page.locator("#import-counts-numbers")).to_contain_text("With an answer")
    page.locator("#import-go").click()
    expect(page).to_have_url(re.compile(r"dataset=quiz"))
    expect(page.locator("body")).to_contain_text("80 rows with answers to questions")
    page.goto(f"{studio.url}/data?dataset=quiz&tab=rows", wait_until="commit")
    expect(page.locator("body")).to_contain_text("no answer")

    encoder = build_encoder(tmp_path / "tiny", "bert")
    for name, epochs in (("reader", 3), ("shorter", 1)):
        studio.run(
            *("train", "--dataset", "quiz", "--checkpoint", str(encoder), "--name", name),
            *("--set", f"epochs={epochs}", "--set", "learning_rate=0.003", "--wait"),
        )
    page.goto(f"{studio.url}/results?model=reader&tab=questions", wait_until="commit")
    expect(page.locator("#results-questions")).to_contain_text("By the length of the passage")
    expect(page.get_by_role("tab", name="By label")).to_be_hidden()
    page.get_by_role("tab", name="Overview").click()
    expect(page.locator("#results-rivals")).to_contain_text("The sentence nearest to the question")
    page.goto(f"{studio.url}/compare?models=reader,shorter", wait_until="commit")
    expect(page.locator("#compare-table")).to_contain_text("reader")

    page.goto(f"{studio.url}/predict?model=reader", wait_until="commit")
    page.locator("#predict-text textarea").fill("why is it broken")
    page.locator("#predict-text-b textarea").fill("where is the dog and my saw please")
    page.locator("#predict-go").click()
    expect(page.locator("#predict-answer .s-chance")).to_have_count(6)
    expect(page.locator("#predict-answer .s-marked")).to_contain_text("please")
    page.locator("#predict-examples button").first.click()
    expect(page.locator("#predict-text-b textarea")).to_have_value(re.compile(r"where is the"))
    new = write_csv(tmp_path / "new.csv", [row[:2] for row in questions(5)], HEADER[:2])
    page.locator("#predict-file input[type=file]").set_input_files(new)
    expect(page.locator("#predict-column-b input").first).to_have_value("passage")
    page.locator("#predict-start").click()
    expect(page.locator("#predict-board")).to_contain_text("5 rows answered")
