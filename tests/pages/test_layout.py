"""Pieces of HTML: nothing a person typed becomes markup, and nothing is told by colour alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from html.parser import HTMLParser

import pandas as pd
import pytest
from markupsafe import Markup

from jobs.states import JobState
from studio.pages import charts, layout
from studio.pages.words import words_of
from studio.results.charts import ChartWithTable, draw_class_counts

EVIL = '<img src=x onerror="alert(1)">&"'
PIECES: dict[str, Callable[[], Markup]] = {
    "navigation": lambda: layout.navigation([("", EVIL), ("data", EVIL)], "data"),
    "heading": lambda: layout.heading(EVIL, EVIL),
    "section": lambda: layout.section(EVIL, EVIL),
    "paragraph": lambda: layout.paragraph(EVIL),
    "notice": lambda: layout.notice("error", EVIL, EVIL),
    "empty": lambda: layout.empty(EVIL, EVIL, layout.button_link(EVIL, EVIL)),
    "badge": lambda: layout.badge("good", EVIL),
    "tiles": lambda: layout.tiles([layout.Tile(EVIL, EVIL, EVIL)]),
    "facts": lambda: layout.facts([(EVIL, EVIL)]),
    "term": lambda: layout.term(EVIL, EVIL),
    "table": lambda: layout.table([EVIL, layout.Column(EVIL, help=EVIL)], [[EVIL, EVIL]], label=EVIL),
    "bar": lambda: layout.bar(0.5, EVIL, EVIL),
    "steps": lambda: layout.steps([(EVIL, EVIL)]),
    "step_title": lambda: layout.step_title(1, EVIL, EVIL),
    "code": lambda: layout.code(EVIL, EVIL),
    "details": lambda: layout.details(EVIL, EVIL),
    "card": lambda: layout.card(EVIL, EVIL),
    "pick_button": lambda: layout.pick_button(EVIL, EVIL),
    "back_link": lambda: layout.back_link(EVIL, EVIL),
    "text_link": lambda: layout.text_link(EVIL, EVIL),
    "numbers": lambda: charts.numbers_table(ChartWithTable(None, pd.DataFrame({EVIL: [EVIL]}), EVIL)),
}


class Reader(HTMLParser):
    """Collects the tags of a piece and how they close."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in {"path", "circle", "img", "br", "input"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", PIECES)
def test_what_a_person_typed_never_becomes_markup(name: str) -> None:
    reader = Reader()
    reader.feed(PIECES[name]())
    assert "img" not in reader.tags
    assert not reader.open


@pytest.mark.parametrize("kind", ["info", "good", "warning", "error"])
def test_a_notice_has_an_icon_and_a_word_besides_its_colour(kind: str) -> None:
    html = layout.notice(kind, "Row 214 has no label.", "Fill it in, or drop it.")
    assert "<svg" in html
    assert words_of("frame").notice[kind] in html


@pytest.mark.parametrize("state", list(JobState))
def test_every_state_of_a_job_has_an_icon_and_a_word(state: JobState) -> None:
    html = layout.state_badge(state)
    assert "<svg" in html
    assert words_of("frame").state[state.value] in html


def test_numbers_in_a_table_stand_on_the_right_under_their_head() -> None:
    html = layout.table(["Name", layout.Column("Rows", number=True)], [["a", "12"]], label="Datasets")
    assert html.count('class="s-number"') == 2
    assert 'aria-label="Datasets"' in html


def test_a_bar_stays_within_its_track_and_says_its_percent() -> None:
    assert 'aria-valuenow="100"' in layout.bar(1.7, "Training")
    assert "width:0.0%" in layout.bar(-1, "Training")


def test_a_time_shows_its_age_and_holds_the_exact_moment() -> None:
    html = layout.time_ago(datetime(2020, 5, 4, 3, 2, 1, tzinfo=UTC))
    assert 'datetime="2020-05-04T03:02:01+00:00"' in html
    assert "title=" in html


def test_a_chart_brings_its_sentence_its_numbers_and_a_name() -> None:
    chart, numbers = charts.chart_values(draw_class_counts({"a": 3, "b": 1}))
    spec = chart.to_dict()
    assert spec["usermeta"]["embedOptions"] == {"renderer": "svg", "actions": False}
    assert spec["description"] in numbers
    assert "75 %" in numbers


def test_where_there_is_nothing_to_draw_the_reason_stands() -> None:
    chart, numbers = charts.chart_values(draw_class_counts({}))
    assert chart is None
    assert "no labelled rows" in numbers
