"""Tables of texts with options to choose from, however they and the right one are written."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from studio.bootstrap import Studio
from studio.data.editing import Edit
from studio.data.fixes import FixChoice
from studio.data.importing import ImportRequest, PreparedImport, prepare_import
from studio.data.options import find_reading
from studio.data.scoring import prepare_scoring
from studio.data.splits import SplitPlan
from studio.errors import InvalidInput
from studio.tasks.multiple_choice import MULTIPLE_CHOICE, write_options
from tests.conftest import write_csv

ROOT = Path(os.environ.get("STUDIO_TEST_DATA", "/absent"))
WORDS = ("bread", "train", "rain", "music", "paper", "river", "stone")
ROWS = 60


def question(number: int) -> str:
    """The text of a row, longer than its options."""
    return f"which of these words stands in the sentence of number {number}?"


def options_of(number: int, count: int | None = None) -> list[str]:
    """Two to four different options of a row, or so many."""
    count = 2 + number % 3 if count is None else count
    return [f"the {WORDS[(number + place) % 7]}" for place in range(count)]


def right_of(number: int, count: int | None = None) -> int:
    """Which of them is right, counted from 0; each place comes first in some row."""
    return number // 3 % len(options_of(number, count))


def filled(options: Sequence[str], width: int = 4) -> list[str]:
    """Cells of a column each, the last ones empty."""
    return [*options, *[""] * (width - len(options))]


def prepare(path: Path, **options: Any) -> PreparedImport:
    """The import as a choice of options."""
    return prepare_import(ImportRequest(path=path, name="t", task="multiple-choice", **options))


def rows_of(prepared: PreparedImport) -> pd.DataFrame:
    """All rows in the order of the file."""
    assert not prepared.blocking, [problem.message for problem in prepared.problems]
    return pd.concat(prepared.frames.values()).sort_values("line")


def wanted(count: int | None = None) -> list[tuple[str, str]]:
    """The options and the right one of each row, as a dataset keeps them."""
    found = [(options_of(number, count), right_of(number, count)) for number in range(ROWS)]
    return [(write_options(options), options[right]) for options, right in found]


def kept(prepared: PreparedImport) -> list[tuple[str, str]]:
    """The options and the right one of each row that was read."""
    rows = rows_of(prepared)
    return list(zip(rows["choices"], rows["label"], strict=True))


def problem_of(prepared: PreparedImport, code: str) -> Any:
    """The one finding with a code."""
    (found,) = [problem for problem in prepared.problems if problem.code == code]
    return found


COLUMNS: dict[str, tuple[tuple[str, ...], Callable[[int], str], str]] = {
    "swag": (("ending0", "ending1", "ending2", "ending3"), str, "counted from 0"),
    "from one": (("option1", "option2", "option3", "option4"), lambda place: str(place + 1), "from 1"),
    "zero based words": (("choice_1", "choice_2", "choice_3", "choice_4"), str, "counted from 0"),
    "letters": (("A", "B", "C", "D"), lambda place: "ABCD"[place], ""),
    "small letters": (("opa", "opb", "opc", "opd"), lambda place: f"({'abcd'[place]})", ""),
    "columns": (("end1", "end2", "end3", "end4"), lambda place: f"END{place + 1}", ""),
    "decimals": (("Option A", "Option B", "Option C", "Option D"), lambda place: f"{place + 1}.0", "from 1"),
    "chinese": (("选项A", "选项B", "选项C", "选项D"), lambda place: "ABCD"[place], ""),
    "chinese columns": (("选项A", "选项B", "选项C", "选项D"), lambda place: f"选项{'ABCD'[place]}", ""),
    "wide letters": (("选项A", "选项B", "选项C", "选项D"), lambda place: "ＡＢＣＤ"[place], ""),
}


@pytest.mark.parametrize("form", COLUMNS)
def test_a_column_for_each_option_is_read_by_its_name(form: str, tmp_path: Path) -> None:
    names, write, counted = COLUMNS[form]
    chinese = form.startswith(("chinese", "wide"))
    header = ("题目", *names, "答案") if chinese else ("id", "question", *names, "label")
    rows = [
        [*([] if chinese else [str(n)]), question(n), *filled(options_of(n)), write(right_of(n))]
        for n in range(ROWS)
    ]
    prepared = prepare(write_csv(tmp_path / "t.csv", rows, header))
    assert prepared.roles == {
        "text": "题目" if chinese else "question",
        "choices": ", ".join(names),
        "label": header[-1],
    }
    assert kept(prepared) == wanted()
    assert prepared.labels == ()
    told = [problem for problem in prepared.problems if problem.code == "right_option_counted"]
    assert [counted in problem.message for problem in told] == [True] * bool(counted)


def test_a_table_without_names_is_read_by_what_stands_before_the_right_option(tmp_path: Path) -> None:
    path = tmp_path / "t.tsv"
    lines = [["o", question(n), *options_of(n, 4), str(right_of(n, 4))] for n in range(ROWS)]
    path.write_text("".join("\t".join(line) + "\n" for line in lines), encoding="utf-8")
    prepared = prepare(path)
    assert prepared.roles == {
        "text": "column_2",
        "choices": "column_3, column_4, column_5, column_6",
        "label": "column_7",
    }
    assert kept(prepared) == wanted(4)
    assert "counted from 0" in problem_of(prepared, "right_option_counted").message


CELLS: dict[str, Callable[[list[str]], str]] = {
    "json": lambda options: json.dumps(options),
    "python": str,
    "dict": lambda options: json.dumps({"text": options, "label": list("ABCDE"[: len(options)])}),
    "python dict": lambda options: str({"label": list("ABCDE"[: len(options)]), "text": options}),
    "bar": " | ".join,
    "lines": "\n".join,
    "semicolon": "; ".join,
    "chinese semicolon": "；".join,
}


@pytest.mark.parametrize("form", CELLS)
@pytest.mark.parametrize("answer", ["text", "letter", "number"])
def test_options_of_one_column_are_read_however_they_are_written(
    form: str, answer: str, tmp_path: Path
) -> None:
    rows = []
    for number in range(ROWS):
        options, right = options_of(number), right_of(number)
        said = {"text": f" {options[right]} ", "letter": "ABCD"[right], "number": str(right + 1)}[answer]
        rows.append([question(number), CELLS[form](options), said])
    prepared = prepare(write_csv(tmp_path / "t.csv", rows, ("question", "options", "answer")))
    assert prepared.roles == {"text": "question", "choices": "options", "label": "answer"}
    assert kept(prepared) == wanted()


def test_lines_of_json_hold_lists_and_numbers(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    rows = [
        {"passage": question(n), "choices": options_of(n), "gold": right_of(n), "id": n} for n in range(ROWS)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    prepared = prepare(path)
    assert prepared.roles == {"text": "passage", "choices": "choices", "label": "gold"}
    assert kept(prepared) == wanted()


def test_a_column_of_lists_is_preferred_to_two_columns_that_only_count_up(tmp_path: Path) -> None:
    header = ("ctx_a", "ctx_b", "ctx", "endings", "label")
    rows = [
        [f"it is {n}", "then", f"{question(n)} then", json.dumps(options_of(n)), str(right_of(n))]
        for n in range(ROWS)
    ]
    prepared = prepare(write_csv(tmp_path / "t.csv", rows, header))
    assert prepared.roles == {"text": "ctx", "choices": "endings", "label": "label"}
    pairs = [
        [f"{question(n)} first", f"{question(n)} second", *options_of(n, 2), "12"[right_of(n, 2)]]
        for n in range(ROWS)
    ]
    prepared = prepare(
        write_csv(tmp_path / "p.csv", pairs, ("sentence1", "sentence2", "choice1", "choice2", "answer"))
    )
    assert prepared.roles["choices"] == "choice1, choice2"


def test_numbers_as_options_are_told_from_the_numbers_of_options(tmp_path: Path) -> None:
    rows = [
        [question(n), *(str(2 * n + 3 * place) for place in range(3)), str(2 * n + 3 * (n % 3))]
        for n in range(2, ROWS)
    ]
    prepared = prepare(
        write_csv(tmp_path / "t.csv", rows, ("question", "option1", "option2", "option3", "answer"))
    )
    found = kept(prepared)
    assert [right for _, right in found] == [row[-1] for row in rows]
    assert not [problem for problem in prepared.problems if problem.code == "right_option_counted"]
    assert find_reading(["A", "B"], [["B", "A"], ["C", "B"]], []) == "letters"


def test_rows_that_cannot_be_used_are_named_with_their_lines_and_can_be_dropped(tmp_path: Path) -> None:
    names = ("A", "B", "C", "D")
    rows = [[question(n), *filled(options_of(n, 3)), "ABC"[right_of(n, 3)]] for n in range(ROWS)]
    rows[1][5] = " "
    rows[2][1:5] = ["alone", "", "", ""]
    rows[3][1:5] = ["", "", "", ""]
    rows[4][1:5] = ["first", "", "third", ""]
    rows[5][5], rows[6][5] = "D", "whatever"
    rows[7][0] = ""
    path = write_csv(tmp_path / "t.csv", rows, ("question", *names, "answer"))
    prepared = prepare(path)
    errors = {problem.code: problem for problem in prepared.problems if problem.severity == "error"}
    assert {code: list(problem.rows) for code, problem in errors.items()} == {
        "missing_right_option": [3],
        "unreadable_options": [4, 5],
        "missing_option": [6],
        "not_an_option": [7, 8],
        "missing_text": [9],
    }
    assert all(problem.file == "t.csv" and problem.fixes == ("drop_rows",) for problem in errors.values())
    assert errors["not_an_option"].column == "answer"
    assert errors["missing_option"].column == errors["unreadable_options"].column == "A, B, C"
    with pytest.raises(InvalidInput, match="5 problems"):
        prepared.raise_if_blocking()
    assert len(rows_of(prepare(path, drop_bad_rows=True))) == ROWS - 7
    one_by_one = tuple(FixChoice(code, "drop_rows") for code in errors)
    assert len(rows_of(prepare(path, fixes=one_by_one))) == ROWS - 7


def test_cells_that_are_no_list_are_faults_of_the_options_alone(tmp_path: Path) -> None:
    rows = [[question(n), json.dumps(options_of(n)), "AB"[n % 2]] for n in range(ROWS)]
    bad = ["", "alone", '["a"]', "[]", '["a", null]', '{"a": 1}', '["a", ["b"]]', "[broken", '["a", ""]']
    for place, cell in enumerate(bad):
        rows[place][1] = cell
    prepared = prepare(write_csv(tmp_path / "t.csv", rows, ("question", "options", "answer")))
    errors = {
        problem.code: list(problem.rows) for problem in prepared.problems if problem.severity == "error"
    }
    assert errors == {"unreadable_options": list(range(2, 10)), "missing_option": [10]}


def test_what_is_worth_knowing_about_options_is_said(tmp_path: Path) -> None:
    rows = [[question(n), *options_of(n, 3), "ABC"[right_of(n, 3)]] for n in range(ROWS)]
    rows[3][2] = rows[3][1]
    rows[10][:4], rows[11][:4] = rows[9][:4], rows[9][:4]
    rows[9][4], rows[10][4], rows[11][4] = "A", "B", "A"
    rows[20][:4] = [rows[21][0], "other", "options", "here"]
    prepared = prepare(write_csv(tmp_path / "t.csv", rows, ("question", "A", "B", "C", "answer")))
    assert problem_of(prepared, "same_options").rows == (5,)
    assert problem_of(prepared, "conflicting_options").rows == (11, 12, 13), "not where options differ"
    assert problem_of(prepared, "duplicate_text").rows == (13,)
    summary = prepared.lengths["label"]
    train = prepared.frames["train"]
    assert sum(summary["places"]) == sum(summary["options"]) == len(train)
    assert summary["options"] == [0, 0, len(train)], "all have three"


def test_other_files_are_read_in_the_same_way_as_the_main_one(tmp_path: Path) -> None:
    header = ("question", "ending1", "ending2", "ending3", "label")
    rows = [[question(n), *options_of(n, 3), str(right_of(n, 3))] for n in range(ROWS)]
    main = write_csv(tmp_path / "main.csv", rows, header)
    # Alone, this file counts from 1.
    few = [["one more question of another file?", "yes", "no", "perhaps", "1"]]
    test = write_csv(tmp_path / "test.csv", few, header)
    assert prepare(main, test=test).frames["test"]["label"].tolist() == ["no"]
    listed = [[question(n), " | ".join(options_of(n)), "AB"[n % 2]] for n in range(ROWS)]
    main = write_csv(tmp_path / "listed.csv", listed, ("question", "options", "answer"))
    semicolons = [["a question; with one", "yes; or no | no; or yes", "B"]]
    test = write_csv(tmp_path / "listed_test.csv", semicolons, ("question", "options", "answer"))
    assert prepare(main, test=test).frames["test"]["label"].tolist() == ["no; or yes"]
    bad = write_csv(tmp_path / "bad.csv", [["a question of its own", "yes", "no", "perhaps", "7"]], header)
    wrong = problem_of(prepare(tmp_path / "main.csv", test=bad), "not_an_option")
    assert (wrong.file, list(wrong.rows)) == ("bad.csv", [2])
    fewer = write_csv(
        tmp_path / "fewer.csv",
        [["a question", "yes", "no", "1"]],
        ("question", "ending1", "ending2", "label"),
    )
    assert (
        "has no column 'ending3'"
        in problem_of(prepare(tmp_path / "main.csv", test=fewer), "unknown_column").message
    )


def test_a_table_to_score_tells_how_its_right_options_were_understood(tmp_path: Path) -> None:
    rows = [[question(n), *options_of(n, 3), str(1 + n % 2)] for n in range(2)]
    rows.append([question(2), *options_of(2, 3), ""])
    path = write_csv(tmp_path / "t.csv", rows, ("question", "end1", "end2", "end3", "label"))
    request = ImportRequest(path=path, name="t", task="multiple-choice")
    found = prepare_scoring(request, (), MULTIPLE_CHOICE)
    assert problem_of(found, "missing_right_option").rows == (4,)
    found = prepare_scoring(
        ImportRequest(path=path, name="t", task="multiple-choice", drop_bad_rows=True), (), MULTIPLE_CHOICE
    )
    assert not found.blocking and found.rows == {"train": 0, "validation": 0, "test": 2}
    assert found.frames["test"]["label"].tolist() == ["the bread", "the rain"]
    assert "counted from 1" in problem_of(found, "right_option_counted").message


@pytest.fixture
def imported(studio: Studio, tmp_path: Path) -> Studio:
    """A studio with a dataset of options."""
    rows = [[question(n), *filled(options_of(n)), "ABCD"[right_of(n)]] for n in range(ROWS)]
    path = write_csv(tmp_path / "t.csv", rows, ("question", "A", "B", "C", "D", "answer"))
    studio.datasets.import_file(ImportRequest(path=path, name="asked", task="multiple-choice"))
    return studio


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_what_is_exported_gives_the_same_dataset_again(imported: Studio, tmp_path: Path, form: str) -> None:
    first = imported.datasets.get("asked")
    to = imported.datasets.export("asked", tmp_path / f"rows.{form}", form, raw=True)
    if form == "jsonl":
        line = json.loads(to.read_text().splitlines()[0])
        assert isinstance(line["choices"], list) and line["label"] in line["choices"]
    again = imported.datasets.import_file(
        ImportRequest(path=to, name="again", task="multiple-choice", plan=SplitPlan("column", column="split"))
    )
    assert again.roles == {"text": "text", "choices": "choices", "label": "label"}
    assert again.fingerprint == first.fingerprint


def test_rows_are_dropped_and_moved_but_their_right_option_stays(imported: Studio) -> None:
    with pytest.raises(InvalidInput, match="not one label each"):
        imported.datasets.edit_rows("asked", [Edit("train", 0, "set_label", "the rain")])
    moved = imported.datasets.rows("asked", "train", 1, 1)[0]
    second = imported.datasets.edit_rows(
        "asked", [Edit("train", 0, "drop"), Edit("train", 1, "move", "test")]
    )
    first = imported.datasets.get("asked@1")
    assert second.version == 2 and second.rows["train"] == first.rows["train"] - 2
    assert sum(second.lengths["label"]["places"]) == second.rows["train"]
    there = [row["text"] for row in imported.datasets.rows("asked@2", "test", 0, 500)]
    assert moved["text"] in there


def test_control_characters_in_options_do_not_part_them_from_the_right_one(
    studio: Studio, tmp_path: Path
) -> None:
    rows = [[question(n), *options_of(n, 2), "AB"[right_of(n, 2)]] for n in range(ROWS)]
    rows[3][1:4] = ["the\x01 sun", "a moon", "A"]
    rows[4][0] += "\x02"
    path = write_csv(tmp_path / "t.csv", rows, ("question", "A", "B", "answer"))
    request = ImportRequest(path=path, name="t", task="multiple-choice")
    fix = FixChoice("control_characters", "remove_control_characters")
    assert "control_characters" in {problem.code for problem in studio.datasets.prepare(request).problems}
    studio.datasets.import_file(request)
    (mended,) = [studio.datasets.apply_fixes("t", [fix])]
    assert not [problem for problem in mended.problems if problem.code == "control_characters"]
    every = [row for split in mended.rows for row in studio.datasets.rows("t", split, 0, 500)]
    assert any(row["label"] == "the sun" and row["choices"] == '["the sun", "a moon"]' for row in every)


def real(path: str) -> Path:
    """A file of the real data, or the test is passed over."""
    if not (ROOT / path).is_file():
        pytest.skip(f"{path} is not there; set STUDIO_TEST_DATA")
    return ROOT / path


def test_codah_is_read_as_it_comes() -> None:
    folder = real("codah/fold_0/train.tsv").parent
    prepared = prepare(
        folder / "train.tsv", validation=folder / "dev.tsv", test=folder / "test.tsv", drop_bad_rows=True
    )
    assert prepared.roles == {
        "text": "column_2",
        "choices": "column_3, column_4, column_5, column_6",
        "label": "column_7",
    }
    assert "counted from 0" in problem_of(prepared, "right_option_counted").message
    assert prepared.rows == {"train": 1665, "validation": 556, "test": 555}
    first = prepared.frames["train"].iloc[0]
    assert (first["text"], first["label"]) == ("The chicken cannot fly. It", "crosses the road.")


def test_swag_is_read_as_it_comes() -> None:
    prepared = prepare(real("swag_sample/sample.json"), roles={"text": "sent2"})
    assert prepared.roles == {
        "text": "sent2",
        "choices": "ending0, ending1, ending2, ending3",
        "label": "label",
    }
    assert rows_of(prepared)["label"].iloc[1] == "continue to play marching, interspersed."


def test_html_in_options_is_found_and_goes_from_the_right_one_too(tmp_path: Path) -> None:
    rows = [
        [f"question {number}?", "<b>yes</b> &amp; no", "never", "AAB"[number % 3]] for number in range(40)
    ]
    rows.append(["nothing is left of one?", "<br>", "<i>some</i>", "B"])
    path = write_csv(tmp_path / "t.csv", rows, ("text", "A", "B", "label"))
    roles = {"text": "text", "choices": "A, B", "label": "label"}
    assert problem_of(prepare(path, roles=roles), "html").count == 41
    found = rows_of(prepare(path, roles=roles, fixes=(FixChoice("html", "strip_html"),)))
    assert set(found["choices"][:-1]) == {'["yes & no", "never"]'}
    assert set(found["label"][:-1]) == {"yes & no", "never"}
    assert tuple(found.iloc[-1][["choices", "label"]]) == ('["<br>", "<i>some</i>"]', "<i>some</i>")
