"""Rows are filtered, paged and corrected in place, and the draft becomes a version of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from studio.bootstrap import Studio
from studio.data.dataset import Dataset
from studio.data.editing import Edit
from studio.data.fixes import Step
from studio.pages.data import browsing, detail, rows, versions
from studio.pages.data.browsing import Filters
from studio.services.datasets import ImportRequest
from tests.conftest import small_rows


@pytest.fixture
def small(studio: Studio, write_table: Callable[..., Path]) -> Dataset:
    """Eighty rows in two labels, newly imported."""
    for dataset in studio.datasets.list():
        studio.datasets.delete(dataset.name)
    return studio.datasets.import_file(ImportRequest(path=write_table(small_rows()), name="small"))


def test_rows_are_shown_fifty_at_a_time_with_the_line_they_came_from(studio: Studio, small: Dataset) -> None:
    page, draft, html, editing, address = rows.show_rows(studio, small.address, Filters(split="train"))
    assert (page, draft, editing) == (1, "", "")
    assert html.count("<tr") == 51
    assert f"Rows 1 to 50 of {small.rows['train']} that match, of 80 in all." in html
    page, *_, address = rows.show_rows(studio, small.address, Filters(split="train", page=99))
    assert page == 2
    assert address == "/data?dataset=small%401&tab=rows&split=train&page=2"


def test_all_filters_hold_together_and_an_empty_answer_says_how_to_widen_it(
    studio: Studio, small: Dataset
) -> None:
    filters = Filters(label="tools", search="HAMMER", shortest=10, longest=30)
    _, _, html, *_ = rows.show_rows(studio, small.address, filters)
    assert "hammer" in html and "drill" not in html and "cat" not in html
    _, _, html, *_ = rows.show_rows(studio, small.address, Filters(search="no such words"))
    assert "No row matches" in html and "Try fewer filters" in html and 'data-pick="clear"' in html


def test_an_address_carries_the_filters_and_brings_them_back(studio: Studio, small: Dataset) -> None:
    filters = Filters(split="test", label="tools", search="a b", shortest=3)
    address = browsing.address_of("small@1", filters)
    assert address == "/data?dataset=small%401&tab=rows&split=test&label=tools&shortest=3&search=a+b"
    found = detail.show(studio, small, "rows", Filters(label="gone"))
    assert any("Rows 1 to 50 of 80." in str(value) for value in found)


def test_one_row_is_found_by_its_line(studio: Studio, small: Dataset) -> None:
    filters = Filters.of_address({"split": "test", "line": "5"})
    address = browsing.address_of("small@1", filters)
    assert address == "/data?dataset=small%401&tab=rows&split=test&line=5"
    _, _, html, *_ = rows.show_rows(studio, small.address, Filters(line=5))
    assert html.count("<tr") == 2 and "1 that match, of 80 in all" in html


def test_a_row_is_corrected_in_place_and_saved_as_a_version(studio: Studio, small: Dataset) -> None:
    name, place = small.address, "train:0"
    *_, html, editing, _ = rows.press_in_row(studio, name, Filters(), f"edit:{place}", {})
    assert editing == place and "<select" in html and 'name="new"' in html
    *_, draft, html, _, _ = rows.press_in_row(
        studio, name, Filters(), f"set:{place}", {"label": "animals", "new": "plants"}
    )
    assert "1 change not saved" in draft and "Save as version 2" in draft
    assert "s-edited" in html and "plants" in html
    rows.press_in_row(studio, name, Filters(), "drop:train:1", {})
    *_, draft, html, _, _ = rows.press_in_row(studio, name, Filters(), "move:train:2:test", {})
    assert "3 changes not saved" in draft and "will be left out" in html
    address, *_ = rows.decide_draft(studio, name, Filters(), "undo")
    assert address == "" and len(studio.datasets.edits(name)) == 2
    address, *_ = rows.decide_draft(studio, name, Filters(split="train"), "save")
    assert address == "/data?dataset=small&tab=rows&split=train"
    new = studio.datasets.get("small")
    assert new.version == 2 and sum(new.rows.values()) == 79 and "plants" in new.labels
    assert studio.datasets.get("small@1") == small


def test_a_draft_is_discarded_at_once(studio: Studio, small: Dataset) -> None:
    rows.press_in_row(studio, small.address, Filters(), "drop:train:1", {})
    _, _, draft, *_ = rows.decide_draft(studio, small.address, Filters(), "discard")
    assert draft == "" and not studio.datasets.edits(small.address)


def test_versions_are_listed_newest_first_with_their_steps_and_the_ways_back(
    studio: Studio, small: Dataset
) -> None:
    rows.press_in_row(studio, small.address, Filters(), "drop:train:1", {})
    new = studio.datasets.save_edits(small.address)
    kept = studio.datasets.versions("small")
    html = versions.render_versions(kept, new, {small.id: ["first-model"]})
    assert html.index("Version 2") < html.index("Version 1")
    assert "1 row was left out" in html
    assert 'data-pick="undo:2:1"' in html and 'data-pick="restore:1"' in html
    assert 'href="/results?model=first-model"' in html
    assert 'href="/train?dataset=small%401"' in html and 'href="/train?dataset=small"' in html
    assert "/api/v1/datasets/small%402/export?format=csv&amp;raw=true" in html
    assert small.id not in html and new.id not in html


def test_a_row_that_is_set_twice_is_one_change() -> None:
    first, again = (Edit("train", 3, "set_label", label) for label in ("a", "b"))
    moved = Edit("train", 3, "move", "test")
    assert "1 change not saved" in browsing.render_draft([first, again], 2)
    assert "2 changes not saved" in browsing.render_draft([first, again, moved], 2)


def test_the_heading_says_which_version_is_shown_and_leads_to_the_newest(
    studio: Studio, small: Dataset
) -> None:
    assert versions.render_strip(studio.datasets.versions("small"), small) == ""
    rows.press_in_row(studio, small.address, Filters(), "drop:train:1", {})
    new = studio.datasets.save_edits(small.address)
    kept = studio.datasets.versions("small")
    assert "This is version 2 of 2, made from version 1. 1 row was left out" in versions.render_strip(
        kept, new
    )
    steps = tuple(Step("by_hand", f"step{n}", n, f"{n} rows changed.") for n in range(1, 6))
    told = versions.render_strip(kept, replace(new, steps=steps))
    assert "3 rows changed. And 2 more steps." in told and "4 rows changed" not in told
    assert "And 1 more step." in versions.render_strip(kept, replace(new, steps=steps[:4]))
    older = versions.render_strip(kept, small)
    assert "s-warning" in older and "Open version 2, the newest" in older
    assert versions.address_in(kept, small) == "small@1"
    assert detail.find(studio, "small", "1") == small
    assert detail.find(studio, "small@9") is None and detail.find(studio, "small@x") is None
