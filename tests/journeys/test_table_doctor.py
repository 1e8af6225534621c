"""Tables as people really have them: understood, mended by clicks, and refused in a sentence."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import small_rows
from tests.journeys.served import ServedStudio

pytestmark = pytest.mark.browser
TRAINING_MILLISECONDS = 240_000
TALK = (
    ("酒店的位置很好；服务也不错", "好评"),
    ("房间太小，隔音很差", "差评"),
    ("早餐一般，价格偏高", "中评"),
)


def choose_file(studio: ServedStudio, page: Page, table: Path) -> None:
    """Open the import form and hand it a file."""
    page.goto(f"{studio.url}/data?new=1", wait_until="commit")
    page.locator("#import-file input[type=file]").set_input_files(table)


def import_as(page: Page, name: str) -> None:
    """Name the dataset and press the button."""
    page.locator("#import-name input, #import-name textarea").first.fill(name)
    page.locator("#import-go").click()
    expect(page).to_have_url(re.compile(rf"/data\?.*dataset={name}"))


def test_a_gbk_file_with_semicolons_is_understood_and_imported(
    studio: ServedStudio, page: Page, tmp_path: Path
) -> None:
    table = tmp_path / "评论.csv"
    rows = [f'{number};"第{number}条：{text}";{label}' for number in range(40) for text, label in TALK]
    table.write_text("\r\n".join(["编号;内容;类别", *rows]), encoding="gbk")
    choose_file(studio, page, table)
    understood = page.locator("#import-understood")
    expect(understood).to_contain_text("Chinese (GB18030, GBK), separated by semicolons")
    expect(understood).to_contain_text("120 rows")
    expect(page.locator("#import-text input").first).to_have_value("内容")
    expect(page.locator("#import-label input").first).to_have_value("类别")
    expect(page.locator("#import-first-rows")).to_contain_text("第0条：酒店的位置很好；服务也不错")
    expect(page.locator("#import-go")).to_contain_text("Import 120 rows")
    import_as(page, "reviews")
    dataset = studio.get("/datasets")[0]
    assert dataset["labels"] == ["中评", "好评", "差评"]
    assert dataset["reader"]["delimiter"] == ";"


def test_three_broken_rows_are_mended_by_clicks_and_one_fix_is_undone(
    studio: ServedStudio, page: Page, tmp_path: Path
) -> None:
    lines = ["id,message,topic"]
    lines += [f"{n},message number {n} about {'cats' if n % 2 else 'tools'},{'ab'[n % 2]}" for n in range(60)]
    lines[10] = "9,a row that ends too early"
    lines[20] = "19,,a"
    lines[30] = "29,a text without its label,"
    table = tmp_path / "broken.csv"
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    choose_file(studio, page, table)
    findings, go = page.locator("#import-findings"), page.locator("#import-go")
    expect(findings).to_contain_text("3 errors")
    expect(page.locator("#import-result")).to_contain_text("Mend the errors")
    page.locator("#import-go").scroll_into_view_if_needed()
    expect(findings).not_to_be_in_viewport()
    page.get_by_role("link", name="Go to the errors").click()
    expect(findings).to_be_in_viewport()
    for code in ("too_few_fields", "missing_text", "missing_label"):
        findings.locator(f'[data-pick="fix:{code}=drop_rows"]').click()
        expect(findings.locator(f'[data-pick="undo:{code}=drop_rows"]')).to_be_visible()
    expect(go).to_contain_text("Import 57 rows")
    findings.locator('[data-pick="undo:missing_text=drop_rows"]').click()
    expect(page.locator("#import-result")).to_contain_text("Mend the errors")
    findings.locator('[data-pick="fix:missing_text=drop_rows"]').click()
    expect(go).to_contain_text("Import 57 rows")
    import_as(page, "mended")
    page.get_by_role("tab", name="Versions").click()
    history = page.locator("#data-versions")
    expect(history).to_contain_text("Version 1")
    expect(history.locator(".s-history")).to_contain_text(re.compile("left out", re.IGNORECASE))
    dataset = studio.get("/datasets")[0]
    assert sum(dataset["rows"].values()) == 57
    assert dataset["reader"]["rows_dropped"] == 3


def test_tags_that_fit_nowhere_begin_an_entity_by_a_click_and_stay_decided(
    studio: ServedStudio, page: Page, tmp_path: Path
) -> None:
    sentences = [f"Anna B-PER\nvisits O\nplace{number} O" for number in range(119)]
    table = tmp_path / "notes.conll"
    table.write_text("\n\n".join(["In O\nRome I-LOC\nthen O", *sentences]), encoding="utf-8")
    choose_file(studio, page, table)
    findings = page.locator("#import-findings")
    expect(findings).to_contain_text("1 tag does not fit those beside it (line 2).")
    expect(findings).to_contain_text("Line 2, “Rome”: O «I-LOC» O")
    findings.locator('[data-pick="fix:tag_sequence=drop_rows"]').click()
    expect(page.locator("#import-go")).to_contain_text("Import 119 rows")
    findings.locator('[data-pick="undo:tag_sequence=drop_rows"]').click()
    findings.locator('[data-pick="fix:tag_sequence=begin_entities"]').click()
    expect(findings.locator(".s-done")).to_contain_text("1 tag that does not fit those beside it was taken")
    expect(page.locator("#import-go")).to_contain_text("Import 120 rows")
    import_as(page, "notes")
    dataset = studio.get("/datasets/notes")
    assert dataset["labels"] == ["LOC", "PER"]
    assert dataset["answered"] == ["begun_entities=begin_entities"]
    page.get_by_role("tab", name="Findings").click()
    expect(page.locator("#data-findings .s-done")).to_contain_text("was taken as an entity (line 2)")


def test_a_leak_is_found_moved_by_a_click_and_trained_on_as_a_version(
    studio: ServedStudio, page: Page, write_table: Callable[..., Path]
) -> None:
    rows = small_rows()
    own_test = [*rows[:3], *[[f"{text} again today", label] for text, label in rows[::8]]]
    table, test = write_table(rows, name="leaky.csv"), write_table(own_test, name="leaky-test.csv")
    choose_file(studio, page, table)
    expect(page.locator("#import-go")).to_contain_text("Import 80 rows")
    page.get_by_role("button", name="I have a validation or test file of my own").click()
    page.locator("#import-own-test input[type=file]").set_input_files(test)
    expect(page.locator("#import-findings")).to_contain_text("test rows have a text that occurs in training")
    import_as(page, "leaky")
    page.get_by_role("tab", name="Findings").click()
    page.locator('#data-findings [data-pick="fix:shared_text=move_to_train"]').click()
    expect(page.locator("#data-heading")).to_contain_text("This is version 2 of 2")
    expect(page.locator("#data-findings")).not_to_contain_text("have a text that occurs in training")
    assert studio.get("/datasets/leaky@1")["rows"]["test"] == 13
    assert studio.get("/datasets/leaky")["rows"]["test"] == 10
    page.goto(f"{studio.url}/train?dataset=leaky&checkpoint=minilm-l6&epochs=1", wait_until="commit")
    start = page.locator("button#train-start, #train-start button").first
    expect(start).to_be_enabled()
    start.click()
    results = page.get_by_role("link", name="Open the results")
    results.wait_for(timeout=TRAINING_MILLISECONDS)
    results.click()
    expect(page.locator("#results-heading")).to_contain_text("Trained on leaky, version 2.")


@pytest.fixture
def small_limit(tmp_path: Path) -> Iterator[ServedStudio]:
    """A studio that takes uploads of one megabyte."""
    served = ServedStudio(tmp_path / "home", "--no-worker", STUDIO_MAX_UPLOAD_MB="1").start()
    yield served
    served.stop()


def test_a_file_over_the_limit_is_not_sent_and_says_what_to_do(
    small_limit: ServedStudio, page: Page, tmp_path: Path
) -> None:
    large, small = tmp_path / "large.csv", tmp_path / "small.csv"
    large.write_text("text,label\n" + "a text that is long enough,a\n" * 60_000, encoding="utf-8")
    small.write_text("text,label\n" + "one,a\ntwo,b\n" * 20, encoding="utf-8")
    choose_file(small_limit, page, large)
    refusal = page.locator("[data-upload-limit]")
    expect(refusal).to_contain_text("The file is larger than 1 MB")
    expect(refusal).to_be_visible()
    page.locator("#import-file input[type=file]").set_input_files(small)
    expect(page.locator("#import-understood")).to_contain_text("40 rows")
    expect(refusal).to_be_hidden()


NO_TABLES = {
    "program.csv": b"MZ\x90\x00" + bytes(range(256)) * 40,
    "nothing.csv": b"",
    "header only.csv": b"text,label\n",
}


def test_what_is_no_table_gets_one_sentence_and_no_trace(
    studio: ServedStudio, page: Page, tmp_path: Path
) -> None:
    for name, content in NO_TABLES.items():
        broken = tmp_path / name
        broken.write_bytes(content)
        choose_file(studio, page, broken)
        problem = page.locator("#import-understood [role=alert]")
        expect(problem).to_contain_text(name)
        expect(page.locator("#import-go")).to_be_hidden()
        assert "Traceback" not in page.locator("#page").inner_text()
    assert studio.get("/datasets") == []
