"""The import form shows the effect of every choice at once, and imports what it showed."""

from __future__ import annotations

import shutil
from dataclasses import asdict, replace
from pathlib import Path

import gradio as gr
import pytest

from studio.bootstrap import Studio
from studio.data.sample import SAMPLES
from studio.errors import InvalidInput
from studio.pages.data import dividing, filling, form
from studio.pages.data.draft import Draft, carry_out, saved_draft, suggest_name
from studio.pages.links import link

EFFECTS = 9
DIVIDED = ("ratios", None, 80, 10, 10, 0, True, 5, 1)
LEAVE_OUT = "missing_text=drop_rows missing_label=drop_rows too_few_fields=drop_rows"


@pytest.fixture
def draft(table_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Draft:
    """The form just after the file with three broken rows was uploaded."""
    uploads = tmp_path / "uploads"
    uploads.mkdir()
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(uploads))
    file = shutil.copy(table_file, uploads / table_file.name)
    read_as = ["", "", "", "", "", "auto", None, None, ""]
    values = [
        str(file),
        *read_as,
        "classification",
        "message",
        "",
        "topic",
        "",
        *DIVIDED,
        None,
        None,
        "Tickets",
    ]
    return Draft.of(values)


def test_what_was_understood_of_the_file_is_said_in_words(studio: Studio, draft: Draft) -> None:
    filled = filling.read_new(studio, draft)
    assert "UTF-8, separated by semicolons, column names in line 1" in filled.understood
    assert "1 row could not be read" in filled.understood
    assert "Show the row that was left out" in filled.understood and "broken;row" in filled.understood
    assert (filled.text, filled.answer, filled.name) == ("message", "topic", "Tickets")
    _, rest, *_ = filled.updates()
    assert rest["visible"] is True


def test_a_file_that_says_its_task_chooses_it(studio: Studio, draft: Draft) -> None:
    path = shutil.copy(SAMPLES["question-answering"].path, draft.path.parent)
    filled = filling.read_new(studio, replace(draft, file=str(path)))
    assert filled.task == "question-answering"
    assert (filled.text, filled.text_b, filled.answer) == ("question", "context", "answers")


def test_columns_that_tell_of_their_task_choose_it_and_that_is_said(studio: Studio, draft: Draft) -> None:
    path = shutil.copy(SAMPLES["token-classification"].path, draft.path.parent)
    filled = filling.read_new(studio, replace(draft, file=str(path)))
    assert (filled.task, filled.text, filled.answer) == ("token-classification", "text", "entities")
    assert "Its columns look like those for “Find entities”" in filled.understood
    assert "look like" not in filling.read_new(studio, draft).understood
    chosen = replace(draft, file=str(path), **filling.read_noted(filled.noted()))
    told = filling.told_in(filled.noted())
    assert "look like" in form.show_effects(studio, chosen, EFFECTS, told)[0]
    assert (
        "look like" not in form.show_effects(studio, replace(chosen, task="classification"), EFFECTS, told)[0]
    )


def test_the_task_that_a_file_said_does_not_stick_to_the_next_file(studio: Studio, draft: Draft) -> None:
    answered = replace(draft, task="question-answering", text="question", text_b="context", answer="answers")
    filled = filling.read_new(studio, answered)
    assert filled.task == "classification"
    assert (filled.text, filled.answer) == ("message", "topic")


def test_a_chosen_task_stays_where_the_next_file_has_the_columns(studio: Studio, draft: Draft) -> None:
    filled = filling.read_new(studio, replace(draft, task="multilabel"), by_hand="multilabel")
    assert filled.task == "multilabel"


def test_a_task_that_was_only_found_gives_way_to_what_the_next_file_tells(
    studio: Studio, draft: Draft
) -> None:
    path = draft.path.with_name("doccano.jsonl")
    entities = '{"text": "Anna left", "label": [[0, 4, "PER"]]}\n'
    path.write_text(entities * 12, encoding="utf-8")
    before = replace(draft, file=str(path), task="classification", text="text", answer="label")
    assert filling.read_new(studio, before).task == "token-classification"
    assert filling.read_new(studio, before, by_hand="classification").task == "classification"
    path.write_text('{"text": "Anna left", "label": "good"}\n' * 12, encoding="utf-8")
    assert filling.read_new(studio, replace(before, task="multilabel")).task == "classification"


def test_choosing_the_reading_by_hand_wins(studio: Studio, draft: Draft) -> None:
    filled = filling.read_again(studio, replace(draft, delimiter=",", header="no"))
    assert "separated by commas, no column names" in filled.understood


def test_another_reading_keeps_the_roles_that_are_still_columns(studio: Studio, draft: Draft) -> None:
    chosen = replace(draft, text="topic", answer="message", encoding="utf-8", name="mine", column="id")
    filled = filling.read_again(studio, chosen)
    assert filled.readable
    assert (filled.text, filled.answer, filled.column) == ("topic", "message", "id")
    filled = filling.read_again(studio, replace(chosen, header="no"))
    assert filled.text in filled.names and "topic" not in filled.names
    assert filled.answer != filled.text and filled.column is None


def test_a_guess_never_gives_a_column_two_roles(studio: Studio, draft: Draft) -> None:
    filled = filling.read_again(studio, replace(draft, text="topic", answer="gone"))
    assert (filled.text, filled.answer) == ("topic", None)


def test_columns_that_belong_together_in_a_task_win_over_a_text_of_the_one_before(
    studio: Studio, draft: Draft
) -> None:
    rows = "".join(f"she opens,the door {n},a lid {n},a book {n},{n % 3}\n" for n in range(12))
    path = draft.path.with_name("ends.csv")
    path.write_text("start,ending0,ending1,ending2,right\n" + rows, encoding="utf-8")
    before = replace(draft, file=str(path), task="classification", text="ending0", answer="right")
    filled = filling.choose_task(studio, replace(before, task="multiple-choice"))
    assert filled.text == "start" and filled.answer == "right"
    assert filled.text_b == "ending0, ending1, ending2"


def test_a_finding_shows_the_options_of_its_rows(studio: Studio, draft: Draft) -> None:
    path = draft.path.with_name("ends.csv")
    rows = [f"she opens {n},the door {n},{'' if n == 4 else f'a lid {n}'},a book {n},A" for n in range(12)]
    path.write_text("\n".join(["start,A,B,C,answer", *rows]), encoding="utf-8")
    filled = filling.read_new(studio, replace(draft, file=str(path), task="classification"))
    chosen = replace(draft, file=str(path), **filling.read_noted(filled.noted()))
    _, _, findings, *_ = form.show_effects(studio, chosen, EFFECTS)
    first = findings[: findings.index("<details")] if "<details" in findings else findings
    assert "the door 4" in first and "a book 4" in first


def test_only_a_new_file_fills_in_the_name(studio: Studio) -> None:
    with gr.Blocks() as page:
        form.build(studio, gr.BrowserState())
    ids = {block.elem_id: number for number, block in page.blocks.items()}
    filling = [fn for fn in page.fns.values() if ids["import-name"] in [part._id for part in fn.outputs]]
    triggers = {
        event
        for fn in filling
        for target, event in fn.targets
        if target
        in {ids["import-file"], ids["import-encoding"], ids["import-delimiter"], ids["import-header"]}
    }
    assert triggers == {"upload", "clear"}


def test_a_file_that_is_no_table_says_why_and_hides_the_rest(studio: Studio, draft: Draft) -> None:
    draft.path.write_bytes(b"")
    filled = filling.read_new(studio, draft)
    assert 'role="alert"' in filled.understood and "is empty" in filled.understood
    _, rest, *_ = filled.updates()
    assert rest["visible"] is False


def test_taking_the_file_away_hides_the_rest(studio: Studio, draft: Draft) -> None:
    understood, rest, *_ = filling.read_new(studio, replace(draft, file=None)).updates()
    assert understood == ""
    assert rest["visible"] is False


def test_rows_with_errors_stand_in_the_way_until_they_are_left_out(studio: Studio, draft: Draft) -> None:
    *_, result, button, _ = form.show_effects(studio, draft, EFFECTS)
    assert button["interactive"] is False
    assert "Mend the errors" in result and 'href="#import-findings"' in result
    *_, result, button, _ = form.show_effects(studio, replace(draft, fixes=LEAVE_OUT), EFFECTS)
    assert button["interactive"] is True
    assert button["value"] == "Import 38 rows"
    assert "to learn from" in result


def test_the_number_on_the_button_is_the_number_imported(studio: Studio, draft: Draft) -> None:
    wanted = replace(draft, fixes=LEAVE_OUT, name="counted")
    *_, button, _ = form.show_effects(studio, wanted, EFFECTS)
    dataset = studio.datasets.import_file(wanted.request())
    assert button["value"] == f"Import {sum(dataset.rows.values())} rows"
    assert suggest_name(studio, replace(draft, name="")) == "Tickets"


def test_every_finding_is_shown_with_its_lines(studio: Studio, draft: Draft) -> None:
    _, first_rows, findings, *_ = form.show_effects(studio, draft, EFFECTS)
    assert all(f"line {line}" in findings for line in (6, 8, 42))
    assert first_rows.count("<tr") == 9


def test_the_same_column_twice_is_a_finding_and_not_a_crash(studio: Studio, draft: Draft) -> None:
    *_, button, _ = form.show_effects(studio, replace(draft, answer="message"), EFFECTS)
    assert button["interactive"] is False


@pytest.mark.parametrize("shares", [(80, 10, 5), (80, None, 10), (110, -5, -5)])
def test_shares_that_do_not_add_up_are_named_where_they_stand(
    studio: Studio, draft: Draft, shares: tuple[float | None, ...]
) -> None:
    train, validation, test = shares
    wrong = replace(draft, train=train, validation=validation, test=test)
    *_, result, button, _ = form.show_effects(studio, wrong, EFFECTS)
    assert "add up to 100" in result
    assert button["interactive"] is False


def test_the_form_survives_a_reload_with_its_file_and_its_choices(studio: Studio, draft: Draft) -> None:
    chosen = replace(draft, text="topic", text_b="id", answer="message", fixes=LEAVE_OUT, seed=7, name="mine")
    chosen = replace(chosen, method="groups", column="id")
    *_, kept = form.show_effects(studio, chosen, EFFECTS)
    saved = saved_draft(kept)
    assert saved == chosen
    *values, understood, rest, noted = filling.restore(studio, saved, 27)
    assert filling.read_noted(noted) == {
        "task": "classification", "text": "topic", "text_b": "id", "answer": "message",
        "method": "groups", "column": "id",
    }  # fmt: skip
    assert values[10] == "classification"
    assert [field["value"] for field in values[11:14]] == ["topic", "id", "message"]
    assert (values[15], values[16]["value"], values[16]["visible"]) == ("groups", "id", True)
    assert [value["value"] for value in values[17:24]] == [80, 10, 10, 7, True, 5, 1]
    assert (values[14], *values[24:]) == (LEAVE_OUT, None, None, "mine")
    assert "Understood" in understood and rest["visible"] is True


def test_a_kept_form_whose_file_is_gone_or_was_never_uploaded_is_forgotten(draft: Draft) -> None:
    kept = asdict(draft)
    assert saved_draft({**kept, "file": "/etc/passwd"}) is None
    assert saved_draft({**kept, "own_test": "/etc/passwd"}) is None
    assert saved_draft({**kept, "file": None}) is None
    assert saved_draft({"file": draft.file}) is None
    assert saved_draft("nonsense") is None
    draft.path.unlink()
    assert saved_draft(kept) is None


def test_thirds_of_a_hundred_are_accepted(draft: Draft) -> None:
    shares = replace(draft, train=33.33, validation=33.33, test=33.34).shares()
    assert sum(shares) == pytest.approx(1)


def test_a_draft_naming_a_file_of_the_host_is_refused(draft: Draft, table_file: Path) -> None:
    with pytest.raises(InvalidInput, match="not a file that was uploaded"):
        replace(draft, file=str(table_file)).request()
    with pytest.raises(InvalidInput, match="not a file that was uploaded"):
        replace(draft, own_test="/etc/passwd").request()


def test_a_fix_is_chosen_and_undone_by_its_button(studio: Studio, draft: Draft) -> None:
    _, _, findings, *_ = form.show_effects(studio, draft, EFFECTS)
    assert 'data-pick="fix:missing_label=drop_rows"' in findings
    chosen = form.decide_fixes(studio, draft, "fix:missing_label=drop_rows")
    assert chosen == "missing_label=drop_rows"
    _, _, findings, *_ = form.show_effects(studio, replace(draft, fixes=chosen), EFFECTS)
    assert 'data-pick="undo:missing_label=drop_rows"' in findings
    assert 'data-pick="fix:missing_label=drop_rows"' not in findings
    assert form.decide_fixes(studio, replace(draft, fixes=chosen), "undo:missing_label=drop_rows") == ""


def test_all_rows_with_errors_are_left_out_by_one_button(studio: Studio, draft: Draft) -> None:
    _, _, findings, *_ = form.show_effects(studio, draft, EFFECTS)
    assert "Leave out the 3 rows with errors" in findings
    chosen = form.decide_fixes(studio, draft, "all:drop_rows")
    assert set(chosen.split()) == set(LEAVE_OUT.split())
    *_, button, _ = form.show_effects(studio, replace(draft, fixes=chosen), EFFECTS)
    assert button["value"] == "Import 38 rows"


def test_another_file_starts_without_what_was_decided_about_the_one_before(draft: Draft) -> None:
    decided = replace(
        draft,
        delimiter=";",
        header="no",
        skip_lines=2,
        fixes=LEAVE_OUT,
        name="mine",
        method="time",
        column="id",
    )
    assert filling.as_first_read(decided) == replace(draft, name="mine")


def test_every_way_of_reading_by_hand_reaches_the_reader(draft: Draft) -> None:
    chosen = replace(
        draft, delimiter="##$$&&", quote="none", escape="\\", comment=" # ", header_lines=2, skip_lines=3,
        sheet="May", fixes="too_few_fields=fill_fields rare_label=ignore",
    )  # fmt: skip
    reading = chosen.reading
    assert (reading.delimiter, reading.quote, reading.escape, reading.comment) == ("##$$&&", "", "\\", "#")
    assert (reading.header_lines, reading.skip_lines, reading.sheet) == (2, 3, "May")
    assert reading.repairs == {"fill_fields"}
    assert replace(draft, delimiter="\\t").reading.delimiter == "\t"


def test_every_way_to_divide_reaches_the_studio_with_what_it_needs(draft: Draft) -> None:
    assert draft.plan.kind == "ratios" and draft.plan.column is None
    assert replace(draft, method="groups", column="id", seed=3).plan.column == "id"
    assert replace(draft, method="column", column="topic", train=None).plan.ratios == (0.8, 0.1, 0.1)
    folds = replace(draft, method="folds", folds=4, fold=2, test=None).plan
    assert (folds.folds, folds.fold, folds.ratios) == (4, 1, (0.9, 0.1, 0.0))
    with pytest.raises(InvalidInput, match="No column is chosen"):
        replace(draft, method="time").request()


def test_a_missing_column_to_divide_by_is_said_where_it_is_chosen(studio: Studio, draft: Draft) -> None:
    wanted = replace(draft, method="groups", fixes=LEAVE_OUT)
    *_, result, button, _ = form.show_effects(studio, wanted, EFFECTS)
    assert "No column is chosen" in result and button["interactive"] is False
    *_, result, button, _ = form.show_effects(studio, replace(wanted, column="id"), EFFECTS)
    assert button["interactive"] is True


def test_only_the_fields_that_a_method_needs_are_shown() -> None:
    shown = {
        method: [
            name
            for name, update in zip(dividing.SHOWN_BY_METHOD, dividing.show_fields(method), strict=True)
            if update["visible"]
        ]
        for method in ("ratios", "column", "time", "folds")
    }
    assert shown["column"] == ["column"]
    assert shown["ratios"] == ["train", "validation", "test", "seed", "stratified"]
    assert shown["time"] == ["column", "train", "validation", "test"]
    assert shown["folds"] == ["column", "validation", "seed", "stratified", "folds", "fold"]


def test_folds_become_a_dataset_each_and_every_row_is_tested_once(studio: Studio, draft: Draft) -> None:
    few = replace(draft, fixes=LEAVE_OUT)
    wanted = replace(few, method="folds", folds=3, train=90, validation=10, name="f")
    assert carry_out(studio, wanted) == link("data")
    made = [dataset for dataset in studio.datasets.list() if dataset.name.startswith("f-fold-")]
    assert len(made) == 3
    assert sum(dataset.rows["test"] for dataset in made) == sum(made[0].rows.values())
