"""All problems are found at once, each with its rows, a reason and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.data.problems import Problem
from studio.data.readers import read_table
from tests.data.tables import check_tables, many_rows, write_table

ROLES = {"text": "text", "label": "label"}


def check(tmp_path: Path, rows: list[tuple[str, str]], **others: list[tuple[str, str]]) -> dict[str, Problem]:
    """Problems by code of a file of rows, and of own files by split."""
    main = read_table(write_table(tmp_path / "main.csv", [("text", "label"), *rows]))
    tables = {"all": main} | {
        split: read_table(write_table(tmp_path / f"{split}.csv", [("text", "label"), *own]))
        for split, own in others.items()
    }
    return {problem.code: problem for problem in check_tables(tables, ROLES)}


def test_a_good_table_has_no_problems(tmp_path: Path) -> None:
    assert check(tmp_path, many_rows(200)) == {}


def test_empty_texts_and_missing_labels_are_errors_with_all_their_rows(tmp_path: Path) -> None:
    rows = many_rows(200)
    rows[3] = ("  \u200b", "good")
    rows[5] = ("a text", "")
    rows[7] = ("another text", "   ")
    found = check(tmp_path, rows)
    assert (found["missing_text"].severity, found["missing_text"].rows) == ("error", (5,))
    assert (found["missing_label"].severity, found["missing_label"].rows) == ("error", (7, 9))
    assert found["missing_label"].message == "2 rows without a label: lines 7 and 9."
    assert found["missing_label"].column == "label"


def test_only_twenty_rows_are_listed_and_all_are_counted(tmp_path: Path) -> None:
    rows = [(text, "" if index < 30 else label) for index, (text, label) in enumerate(many_rows(200))]
    problem = check(tmp_path, rows)["missing_label"]
    assert problem.count == 30
    assert problem.rows == tuple(range(2, 22))


def test_a_padded_label_is_a_warning_and_stays_a_label_of_its_own(tmp_path: Path) -> None:
    found = check(tmp_path, [*many_rows(200, ["ham", "spam"]), ("one more message", " ham")])
    assert found["padded_label"].severity == "warning"
    assert found["padded_label"].rows == (202,)
    assert "'ham' is there too" in found["padded_label"].message
    assert "similar_labels" not in found


def test_labels_that_differ_in_case_only_are_a_warning(tmp_path: Path) -> None:
    found = check(
        tmp_path, [*many_rows(200, ["Ham", "spam"]), *[(f"late message {n}", "ham") for n in range(12)]]
    )
    assert found["similar_labels"].count == 12
    assert found["similar_labels"].rows[0] == 202


def test_rare_labels_are_warnings(tmp_path: Path) -> None:
    rows = [*many_rows(200), ("only one of its kind", "odd"), ("rare a", "rare"), ("rare b", "rare")]
    rows += [(f"few {number}", "few") for number in range(9)]
    found = check(tmp_path, rows)
    assert (found["single_row_label"].severity, found["single_row_label"].rows) == ("warning", (202,))
    assert (found["two_row_label"].severity, found["two_row_label"].rows) == ("warning", (203, 204))
    assert (found["rare_label"].count, found["rare_label"].rows) == (9, tuple(range(205, 214)))


def test_the_same_text_with_different_labels_is_a_warning(tmp_path: Path) -> None:
    found = check(tmp_path, [*many_rows(200), ("MESSAGE number 0  is about the 0 thing", "bad")])
    assert found["conflicting_labels"].rows == (2, 202)
    assert "duplicate_text" not in found


def test_duplicates_count_the_repeats(tmp_path: Path) -> None:
    rows = many_rows(200)
    found = check(tmp_path, [*rows, rows[0], rows[0], rows[1]])
    assert found["duplicate_text"].severity == "note"
    assert found["duplicate_text"].count == 3
    assert "conflicting_labels" not in found


def test_imbalance_is_a_warning_with_both_labels(tmp_path: Path) -> None:
    rows = [(text, "rare" if index < 15 else "common") for index, (text, _) in enumerate(many_rows(300))]
    assert check(tmp_path, rows)["imbalance"].message.startswith(
        "'common' has 285 rows, 19 times as many as 'rare'"
    )


def test_one_label_only_is_an_error(tmp_path: Path) -> None:
    assert check(tmp_path, many_rows(200, ["same"]))["one_label"].severity == "error"


def test_a_label_per_row_is_an_error_about_the_column(tmp_path: Path) -> None:
    rows = [(text, f"id-{index}") for index, (text, _) in enumerate(many_rows(200))]
    found = check(tmp_path, rows)
    assert found["labels_like_ids"].severity == "error"
    assert "Choose another column" in found["labels_like_ids"].hint


def test_many_labels_for_the_rows_is_a_warning(tmp_path: Path) -> None:
    rows = [(text, f"topic-{index % 40}") for index, (text, _) in enumerate(many_rows(200))]
    assert check(tmp_path, rows)["many_labels"].severity == "warning"


def test_few_rows_warn_and_too_few_are_an_error(tmp_path: Path) -> None:
    few = check(tmp_path, many_rows(30))["few_rows"]
    assert few.severity == "warning" and "at least 10 for each label" in few.hint
    assert [(p.code, p.severity) for p in check(tmp_path, many_rows(3)).values()] == [
        ("too_few_rows", "error")
    ]


def test_long_texts_are_noted(tmp_path: Path) -> None:
    found = check(tmp_path, [*many_rows(200), ("word " * 1000, "good")])
    assert (found["long_text"].severity, found["long_text"].rows) == ("note", (202,))


def test_a_text_of_the_test_file_that_is_in_training_is_a_warning_there(tmp_path: Path) -> None:
    rows = many_rows(200)
    found = check(tmp_path, rows, test=[*[(f"new {n} text", "good") for n in range(10)], rows[4]])
    assert (found["shared_text"].file, found["shared_text"].rows) == ("test.csv", (12,))


def test_a_label_that_training_does_not_have_is_an_error_in_the_other_file(tmp_path: Path) -> None:
    found = check(tmp_path, many_rows(200), validation=[("a text", "good"), ("other text", "ugly")])
    problem = found["unseen_label"]
    assert (problem.severity, problem.file, problem.rows) == ("error", "validation.csv", (3,))


def test_reading_and_roles_are_part_of_the_same_list(tmp_path: Path) -> None:
    path = tmp_path / "main.csv"
    path.write_text("text,label\n" + "".join(f"text {n},{'ab'[n % 2]}\n" for n in range(120)) + "short\n,a\n")
    codes = [problem.code for problem in check_tables({"all": read_table(path)}, ROLES)]
    assert codes == ["too_few_fields", "missing_text"]
    wrong = check_tables({"all": read_table(path)}, {"text": "text", "label": "nothing"})
    assert {problem.code for problem in wrong} == {"too_few_fields", "unknown_column"}


@pytest.mark.parametrize("severity", ["error", "warning", "note"])
def test_every_problem_says_why_and_what_to_do(tmp_path: Path, severity: str) -> None:
    rows = [*many_rows(200), ("", "good"), ("message number 0 is about the 0 thing", "bad"), ("x", " bad")]
    for problem in check(tmp_path, rows).values():
        assert problem.message.endswith(".")
        assert problem.why.endswith(".")
        assert problem.hint.endswith(".")
        assert "!" not in problem.message + problem.why + problem.hint


def test_problems_survive_json(tmp_path: Path) -> None:
    for problem in check(tmp_path, [*many_rows(20), ("", "good")]).values():
        assert Problem.from_json(problem.to_json()) == problem
