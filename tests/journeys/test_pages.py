"""Every page with two trained models: compare them, and look at all pages narrow, wide, light and dark."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from tests.conftest import small_rows, write_csv
from tests.journeys.conftest import Watch
from tests.journeys.served import ServedStudio

pytestmark = pytest.mark.browser
ADDRESSES = (
    "/",
    "/data",
    "/data?dataset=small",
    "/data?new=1",
    "/train",
    "/train?dataset=small",
    "/jobs",
    "/results",
    "/results?model=one",
    "/predict?model=one",
    "/compare",
    "/compare?models=one,two",
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedStudio]:
    """A studio with two models on the same small dataset."""
    folder = tmp_path_factory.mktemp("trained")
    served = ServedStudio(folder / "home").start()
    table = write_csv(folder / "small.csv", small_rows(), ("text", "label"))
    served.run("dataset", "import", str(table), "--name", "small")
    for name, epochs in (("one", 3), ("two", 1)):
        served.run(
            "train", "--dataset", "small", "--checkpoint", "minilm-l6", "--name", name,
            "--set", f"epochs={epochs}", "--wait",
        )  # fmt: skip
    yield served
    served.stop()


def test_two_models_are_compared_on_the_same_rows(trained: ServedStudio, page: Page) -> None:
    page.goto(f"{trained.url}/compare?models=one,two", wait_until="commit")
    expect(page.locator("#page")).to_contain_text("within chance")
    expect(page.locator("#page")).to_contain_text("one")
    expect(page.locator("#page")).to_contain_text("two")
    comparison = trained.run("compare", "one", "two")
    assert set(comparison["ranking"]) == {"one", "two"}
    assert comparison["differences"][0]["verdict"] == "within chance"


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_fits_its_window_and_keeps_quiet(
    trained: ServedStudio, browser: Browser, watch: Watch, width: int, theme: str
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 844})
    for address in ADDRESSES:
        page = watch.follow(context.new_page())
        separator = "&" if "?" in address else "?"
        page.goto(f"{trained.url}{address}{separator}__theme={theme}", wait_until="commit")
        expect(page.locator("#page h1").first).to_be_visible()
        page.wait_for_timeout(700)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
        text = page.locator("#page").inner_text()
        assert "Traceback" not in text and "undefined" not in text and "None" not in text.split(), address
        page.close()
    context.close()


SCROLLING = (
    ("/data", "#data-table .s-table"),
    ("/data?dataset=small&tab=rows", "#data-rows .s-table"),
    ("/results", "#results-models .s-table"),
    ("/compare?models=one,two", "#compare-table .s-table"),
)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("address", "frame"), SCROLLING)
def test_a_table_that_is_wider_than_a_phone_shows_that_it_scrolls_and_keeps_its_first_column(
    trained: ServedStudio, browser: Browser, theme: str, address: str, frame: str
) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    separator = "&" if "?" in address else "?"
    page.goto(f"{trained.url}{address}{separator}__theme={theme}", wait_until="commit")
    table = page.locator(frame).first
    expect(table).to_be_visible()
    page.wait_for_timeout(700)
    assert table.evaluate("table => table.scrollWidth - table.clientWidth") > 20
    assert edge_contrast(table) > 20, "columns wait on the right and nothing says so"
    assert table.evaluate("table => (table.scrollLeft = table.scrollWidth, table.scrollLeft)") > 20
    page.wait_for_timeout(200)
    assert edge_contrast(table) < 5, "nothing waits on the right any more"
    frame_at = table.bounding_box()
    first_at = table.locator("tbody tr").first.locator("td").first.bounding_box()
    assert frame_at is not None and first_at is not None
    assert 0 <= first_at["x"] - frame_at["x"] <= 2 and 30 < first_at["width"] <= 0.45 * 390
    context.close()


def edge_contrast(table: Locator) -> float:
    """How much lighter or darker, of 255, the right edge of a frame is than the ground beside it."""
    picture = np.asarray(Image.open(io.BytesIO(table.screenshot())).convert("L"), dtype=float)
    ground = np.median(picture[:, 2:-30], axis=1)
    return float(np.median(np.abs(picture[:, -4] - ground)))


def test_nothing_touches_or_leaves_its_line_on_a_phone(trained: ServedStudio, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{trained.url}/data?new=1", wait_until="commit")
    label = page.locator("#import-elsewhere .label-wrap > span").first
    expect(label).to_be_visible()
    assert label.evaluate("label => getComputedStyle(label).textAlign") in {"left", "start"}
    page.goto(f"{trained.url}/train?dataset=small", wait_until="commit")
    page.locator("#train-all .label-wrap").click()
    place = page.locator("#train-all tbody tr").nth(1).locator("td").nth(1)
    expect(place).to_contain_text("MB")
    edge = page.locator("#train-all .s-table").bounding_box()
    cell = place.bounding_box()
    assert edge is not None and cell is not None
    assert cell["x"] + cell["width"] <= edge["x"] + edge["width"]
    context.close()


def test_an_address_shows_one_row_by_its_line(trained: ServedStudio, page: Page) -> None:
    page.goto(f"{trained.url}/data?dataset=small%401&tab=rows&line=5", wait_until="commit")
    expect(page.locator("#data-rows tbody tr")).to_have_count(1)
    expect(page.locator("#data-rows tbody td").first).to_have_text("5")
    expect(page.locator("#data-line input")).to_have_value("5")
    page.locator("#data-line input").fill("7")
    page.locator("#data-line input").press("Enter")
    expect(page.locator("#data-rows tbody td").first).to_have_text("7")
    expect(page).to_have_url(re.compile(r"line=7"))
    page.locator("#data-clear").click()
    expect(page.locator("#data-rows tbody tr")).to_have_count(50)


def test_leaving_a_page_while_it_works_is_no_error(trained: ServedStudio, page: Page) -> None:
    for pick, milliseconds in ((0, 0), (2, 10), (0, 30), (2, 60)):
        page.goto(f"{trained.url}/train?dataset=small", wait_until="commit")
        expect(page.locator("#train-plan")).to_contain_text("Training rows")
        page.locator("#train-presets [data-pick]").nth(pick).click()
        page.wait_for_timeout(milliseconds)
        page.locator("header nav a", has_text="Jobs").click()
        expect(page).to_have_url(re.compile(r"/jobs$"))
        expect(page.locator("#page h1").first).to_be_visible()


def test_a_page_goes_on_answering_after_a_download(trained: ServedStudio, page: Page) -> None:
    page.goto(f"{trained.url}/results?model=one", wait_until="commit")
    with page.expect_download() as waiting:
        page.locator("#results-actions a", has_text="Download").click()
    assert waiting.value.suggested_filename == "one.zip"
    page.get_by_role("tab", name="Recipe").click()
    page.locator("#recipe-delete").click()
    expect(page.locator("#recipe-delete-question")).to_contain_text("one")
    page.locator("#recipe-delete-keep").click()
    expect(page.locator("#recipe-delete-keep")).to_be_hidden()


def test_a_thing_that_does_not_exist_gets_a_sentence_and_a_next_step(
    trained: ServedStudio, page: Page
) -> None:
    for address in ("/results?model=none", "/data?dataset=none", "/jobs?job=none", "/predict?model=none"):
        page.goto(f"{trained.url}{address}", wait_until="commit")
        expect(page.locator("#page")).to_contain_text(re.compile("There is no|not there any more"))


def test_the_command_line_and_the_api_give_the_same_answer_as_transformers(trained: ServedStudio) -> None:
    text = "a very old cat"
    by_command = trained.run("predict", "one", "--text", text)
    by_api = trained.call("POST", "/models/one/predict", {"inputs": [{"text": text}]})["predictions"][0]
    assert by_command["label"] == by_api["label"]
    assert abs(by_command["confidence"] - by_api["confidence"]) < 1e-5
    assert set(by_api["probabilities"]) == {"animals", "tools"}


def test_the_report_and_the_history_of_a_model_have_the_contracts_shape(trained: ServedStudio) -> None:
    report = trained.get("/models/one/report")
    assert {"model", "dataset", "split", "rows", "metrics", "intervals", "per_label", "confusion"} <= set(
        report
    )
    names = "accuracy balanced_accuracy f1_macro f1_weighted precision_macro recall_macro mcc log_loss ece f1"
    assert set(names.split()) <= set(report["metrics"])
    history = trained.get("/models/one")["history"]
    assert {"epoch", "step", "split", "name", "value"} <= set(history[0])
    evaluated = trained.run("evaluate", "one", "--split", "test")
    assert evaluated["metrics"] == report["metrics"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_way_past_the_navigation_is_readable_once_it_has_the_focus(
    trained: ServedStudio, browser: Browser, theme: str
) -> None:
    page = browser.new_page()
    page.goto(f"{trained.url}/?__theme={theme}", wait_until="commit")
    skip = page.locator(".s-skip")
    expect(skip).to_be_attached()
    skip.focus()
    box = skip.bounding_box()
    assert box is not None and box["x"] >= 0
    ink, ground = (
        skip.evaluate(f"link => getComputedStyle(link)['{name}']") for name in ("color", "background-color")
    )
    assert contrast(ink, ground) >= 4.5, (ink, ground)
    page.close()


def contrast(one: str, other: str) -> float:
    """The contrast of two CSS colours, as WCAG 2 defines it: 21 for black on white.

    >>> contrast("rgb(0, 0, 0)", "rgb(255, 255, 255)")
    21.0
    """
    light = [
        sum(
            share * (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)
            for share, part in zip(
                (0.2126, 0.7152, 0.0722),
                (int(each) / 255 for each in re.findall(r"\d+", colour)[:3]),
                strict=True,
            )
        )
        for colour in (one, other)
    ]
    return (max(light) + 0.05) / (min(light) + 0.05)


@pytest.mark.parametrize(
    "address", ["/", "/data", "/train", "/jobs", "/results", "/results?model=one", "/predict", "/compare"]
)
def test_a_page_says_that_it_is_being_read_until_its_answer_comes(
    trained: ServedStudio, browser: Browser, address: str
) -> None:
    page = browser.new_page()
    page.route("**/gradio_api/queue/join*", lambda _held: None)
    page.goto(trained.url + address, wait_until="commit")
    reading = page.locator("#page").get_by_text("Reading …")
    expect(reading.first).to_be_visible()
    page.wait_for_timeout(500)
    # What is held goes on once the page is no longer routed.
    page.unroute("**/gradio_api/queue/join*")
    expect(reading).to_have_count(0)
    page.close()
