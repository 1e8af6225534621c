"""Findings read as sentences with their rows, why they matter and what to do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from studio.data.problems import Problem
from studio.data.readers import read_table
from studio.pages.data.findings import (
    count_by_severity,
    name_lines,
    render_finding,
    render_findings,
    summarise,
)

EMPTY_TEXT = Problem(
    "error",
    "empty_text",
    "9 rows have no text.",
    "Nothing to learn from.",
    "Fill it in.",
    file="t.csv",
    count=9,
    rows=(3, 5, 8),
)


def test_the_lines_are_named_and_the_rest_is_counted() -> None:
    assert name_lines(EMPTY_TEXT) == "lines 3, 5, 8 and 6 more"


def test_lines_that_the_sentence_names_are_not_named_twice() -> None:
    assert name_lines(replace(EMPTY_TEXT, message="9 rows have no text: lines 3, 5, 8 and 6 more.")) == ""


def test_a_finding_without_rows_names_none() -> None:
    assert name_lines(replace(EMPTY_TEXT, rows=(), count=0)) == ""


def test_errors_are_summed_up_first_and_shown_first() -> None:
    note = replace(EMPTY_TEXT, severity="note", message="Blanks were left out.")
    html = render_findings([note, EMPTY_TEXT], "t.csv")
    assert html.index("9 rows have no text") < html.index("Blanks were left out")
    assert summarise([note, EMPTY_TEXT, EMPTY_TEXT], "t.csv") == "2 errors, 1 note in t.csv."
    assert count_by_severity([note, EMPTY_TEXT]) == {"error": 1, "warning": 0, "note": 1}


def test_a_table_without_findings_says_so() -> None:
    assert "Nothing was found" in render_findings([], "t.csv")


def test_the_rows_of_a_finding_can_be_opened(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("text,label\nfirst,a\n<i>second</i>,b\nthird,a\n", encoding="utf-8")
    table = read_table(path)
    html = render_finding(replace(EMPTY_TEXT, rows=(3,), count=1), table)
    assert "&lt;i&gt;second&lt;/i&gt;" in html
    assert "first" not in html
    assert "<details" not in render_finding(replace(EMPTY_TEXT, file="other.csv"), table)
