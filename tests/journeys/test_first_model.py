"""A newcomer: from the first page to a prediction, with nothing but the sample."""

from __future__ import annotations

import re
import signal

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.served import ServedStudio

pytestmark = pytest.mark.browser
TRAINING_MILLISECONDS = 600_000  # beside another journey, on one core


def test_from_the_sample_to_a_prediction_in_three_clicks(studio: ServedStudio, page: Page) -> None:
    page.goto(studio.url, wait_until="commit")
    title, cards = page.locator("#start-board .s-section"), page.locator("#start-board .s-steps")
    expect(cards).to_be_visible()
    above, below = title.bounding_box(), cards.bounding_box()
    assert above is not None and below is not None
    assert below["y"] - (above["y"] + above["height"]) >= 8
    page.get_by_role("button", name="Try the sample").click()
    expect(page).to_have_url(re.compile(r"/train\?.*dataset=customer-messages"))
    expect(page.locator("#train-plan")).to_contain_text("Training rows")
    start = page.locator("button#train-start, #train-start button").first
    expect(start).to_be_enabled()
    start.click()
    expect(page).to_have_url(re.compile(r"/jobs\?.*job="))
    expect(page.locator("#jobs-headline")).to_be_visible()
    results = page.get_by_role("link", name="Open the results")
    results.wait_for(timeout=TRAINING_MILLISECONDS)
    results.click()
    expect(page.locator("#results-heading")).to_contain_text("Right on")
    expect(page.locator("#results-heading")).to_contain_text("TF-IDF")
    model = studio.get("/models")[0]
    assert model["metrics"]["test"]["accuracy"] > 0.8
    page.goto(f"{studio.url}/predict?model={model['name']}", wait_until="commit")
    page.locator("#predict-text textarea").fill("my parcel never arrived and nobody answers the phone")
    page.get_by_role("button", name="Predict", exact=True).click()
    expect(page.locator("#predict-answer")).to_contain_text("delivery", timeout=60_000)
    assert studio.get("/jobs")[0]["state"] == "succeeded"


def test_ctrl_c_ends_the_studio_with_its_worker_and_children(studio: ServedStudio) -> None:
    studio.run("dataset", "sample")
    studio.run("train", "--dataset", "customer-messages", "--checkpoint", "minilm-l6", "--set", "epochs=50")
    studio.wait_for_job("running")
    assert len(studio.children()) >= 2
    studio.stop(signal.SIGINT)
    assert studio.process is not None
    assert studio.process.returncode in {0, -signal.SIGINT, 130}
