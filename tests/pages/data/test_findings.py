"""Findings read as sentences with their rows, why they matter and what to do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from studio.data.fixes import Step
from studio.data.importing import ImportRequest, prepare_import
from studio.data.problems import Problem
from studio.data.readers import read_table
from studio.pages.data.findings import (
    Desk,
    count_by_severity,
    name_lines,
    render_finding,
    render_findings,
    shown_cell,
    summarise,
)
from studio.pages.data.fixing import choose, dump_choices, load_choices
from studio.pages.data.review import render_check, render_understood
from tests.conftest import write_csv

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
    html = render_finding(replace(EMPTY_TEXT, rows=(3,), count=1), Desk((table,)))
    assert "&lt;i&gt;second&lt;/i&gt;" in html
    assert "first" not in html
    assert "<table" not in render_finding(replace(EMPTY_TEXT, file="other.csv"), Desk((table,)))


def test_what_stands_in_the_first_rows_is_listed_as_it_is() -> None:
    told = replace(EMPTY_TEXT, examples=("Line 3, “<b>”: O «I-LOC» O",))
    html = render_finding(told)
    assert "<li>Line 3, “&lt;b&gt;”: O «I-LOC» O</li>" in html
    assert "<li>" not in render_finding(EMPTY_TEXT)
    assert Problem.from_json(told.to_json()) == told


def test_fixes_of_reading_and_of_rows_each_say_what_they_did(tmp_path: Path) -> None:
    path = tmp_path / "t.conll"
    sentences = "".join(f"Anna B-PER\nleft{number} O\n\n" for number in range(20))
    path.write_text(sentences + "Rome I-LOC\nis O\n\n" + "Anna B-PER\nleft0 O\n\n", encoding="utf-8")
    choices = load_choices("tag_sequence=begin_entities duplicate_text=drop_repeats")
    prepared = prepare_import(ImportRequest(path=path, name="t", fixes=choices))
    html = render_check(prepared, read_table(path), choices)
    assert html.count("1 tag that does not fit those beside it was taken as an entity (line 61).") == 1
    assert html.count("1 row left out: the same text and label as an earlier row.") == 1


def test_sentences_of_a_file_of_words_and_tags_are_shown_as_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "t.conll"
    path.write_text("Anna B-PER\nleft O\n\nRome B-LOC\nis O\nold O\n\n", encoding="utf-8")
    table = read_table(path)
    html = render_finding(replace(EMPTY_TEXT, file="", rows=(4,), count=1), Desk((table,)))
    assert "Rome is old" in html and "B-LOC O O" in html and "[" not in html
    understood = render_understood(table)
    assert "a word with its tag in each line" in understood and "2 rows." in understood
    assert "column" not in understood


def test_three_rows_stand_with_a_finding_and_the_others_one_click_away(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id,text,label\n" + "".join(f"{n},text {n},a\n" for n in range(9)), encoding="utf-8")
    desk = Desk((read_table(path),), columns=("text", "label"))
    html = render_finding(replace(EMPTY_TEXT, rows=tuple(range(2, 9)), count=7), desk)
    before, after = html.split("<details")
    assert before.count("<tr") == 4 and '<th scope="col">id' not in before
    assert after.count("<tr") == 8 and "Show 7 rows" in after


def test_the_advised_fix_stands_first_and_an_error_cannot_be_ignored() -> None:
    fixable = replace(EMPTY_TEXT, fixes=("fill_fields", "drop_rows"))
    html = render_finding(fixable, Desk(fixable=True))
    assert html.index("fix:empty_text=fill_fields") < html.index("fix:empty_text=drop_rows")
    assert "ignore" not in html
    assert "fix:empty_text=ignore" in render_finding(replace(fixable, severity="note"), Desk(fixable=True))
    assert "<button" not in render_finding(fixable)


def test_a_decided_finding_moves_to_what_was_done_and_stays_open_where_only_partly_mended() -> None:
    choices = load_choices("empty_text=drop_rows")
    warning = replace(EMPTY_TEXT, severity="warning")
    html = render_findings([warning], "t.csv", Desk(choices=choices, fixable=True))
    assert "s-finding" not in html and "undo:empty_text=drop_rows" in html
    choices = load_choices("empty_text=fill_fields")
    step = Step("empty_text", "fill_fields", 4, "4 rows were filled.")
    html = render_findings([warning], "t.csv", Desk(choices=choices, steps=(step,), fixable=True))
    assert "4 rows were filled." in html and "9 rows have no text." in html
    told = replace(warning, code="filled_rows", message=step.message)
    html = render_findings([told], "t.csv", Desk(choices=choices, steps=(step,), fixable=True))
    assert html.count(step.message) == 1


def test_a_letter_that_could_not_be_read_is_marked() -> None:
    assert "s-damaged" in shown_cell("caf\ufffd <b>")
    assert "&lt;b&gt;" in shown_cell("caf\ufffd <b>")
    assert "empty" in shown_cell("")


def test_a_short_cell_stays_on_one_line() -> None:
    assert shown_cell("28.06.2024") == '<span class="s-whole">28.06.2024</span>'
    assert shown_cell("Hello, the app crashes") == "Hello, the app crashes"


def test_rows_that_were_changed_by_a_fix_are_said_to_be_those_of_the_file(tmp_path: Path) -> None:
    rows = [[f"message number {n} of all", "Technical" if n % 9 else "technical "] for n in range(90)]
    path = write_csv(tmp_path / "t.csv", [*rows, ["the only one", "Praise"]], ("text", "label"))

    def shown(text: str) -> str:
        choices = load_choices(text)
        prepared = prepare_import(ImportRequest(path=path, name="t", fixes=choices))
        return render_check(prepared, read_table(path), choices)

    assert "as the file has them" in shown("similar_labels=merge_labels")
    assert "as the file has them" not in shown("single_row_label=ignore")


def test_a_label_with_few_rows_can_be_joined_with_another_that_is_chosen(tmp_path: Path) -> None:
    rows = [[f"message number {n} of all", "Technical" if n % 2 else "Billing"] for n in range(90)]
    rows += [[f"{label} asks {n}", label] for label in ("Tech", "Bill & co") for n in range(4)]
    path = write_csv(tmp_path / "t.csv", rows, ("text", "label"))

    def shown(text: str) -> str:
        choices = load_choices(text)
        prepared = prepare_import(ImportRequest(path=path, name="t", fixes=choices))
        return render_check(prepared, read_table(path), choices)

    html = shown("")
    assert 'data-pick="fix:rare_label=join_labels"' in html
    one, into = (html.split(f'<select name="{name}">')[1].split("</select>")[0] for name in ("one", "into"))
    assert one == '<option value="Bill &amp; co">Bill &amp; co</option><option value="Tech">Tech</option>'
    assert into.startswith('<option value="Billing">') and into.count("<option") == 4
    (made,) = choose((), "fix:rare_label=join_labels", (), {"one": "Bill & co", "into": "Billing"})
    kept = dump_choices([made])
    assert load_choices(kept) == (made,)
    html = shown(kept)
    assert "4 rows got the label" in html and f"undo:{made}".replace(">", "&gt;") in html
    assert html.split('<select name="one">')[1].count("Bill &amp; co") == 0, "only Tech is left with few rows"
