"""Roles are guessed by content, and a choice that cannot work gets a sentence."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from studio.data.columns import check_roles, match_columns
from studio.data.guessing import guess_roles
from studio.data.one_column import one_column
from studio.data.readers import ReadOptions, Table, read_table
from studio.tasks.registry import TASKS, get_task
from tests.data.tables import many_rows, write_table


def table_of(tmp_path: Path, rows: list[tuple[str, ...]]) -> Table:
    """Rows, written and read back."""
    return read_table(write_table(tmp_path / "t.csv", rows))


def test_the_label_has_few_values_and_the_text_is_longest(tmp_path: Path) -> None:
    rows = [(str(index), text, "shop", label) for index, (text, label) in enumerate(many_rows(40))]
    table = table_of(tmp_path, [("nr", "body", "source", "kind"), *rows])
    assert guess_roles(table) == {"text": "body", "label": "kind"}


def test_numbers_as_labels_are_found(tmp_path: Path) -> None:
    rows = [(str(index % 3), text) for index, (text, _) in enumerate(many_rows(30))]
    assert guess_roles(table_of(tmp_path, rows)) == {"text": "column_2", "label": "column_1"}


def test_a_column_called_label_wins_over_another_that_repeats(tmp_path: Path) -> None:
    rows = [(text, "en" if index % 5 else "de", label) for index, (text, label) in enumerate(many_rows(40))]
    table = table_of(tmp_path, [("text", "language", "label"), *rows])
    assert guess_roles(table)["label"] == "label"


def test_a_column_called_text_wins_over_somewhat_longer_addresses(tmp_path: Path) -> None:
    rows = [(f"https://example.org/{'a' * 60}/{index}", *row) for index, row in enumerate(many_rows(20))]
    assert guess_roles(table_of(tmp_path, [("url", "Text", "label"), *rows]))["text"] == "Text"


@pytest.mark.parametrize("names", [("text", "label"), ("评论", "类别"), ("Message", "Topic")])
def test_long_labels_that_are_named_so_stay_labels_beside_short_texts(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    rows = [(f"short {number % 40}", f"a label with a long name {number % 4}") for number in range(80)]
    assert guess_roles(table_of(tmp_path, [names, *rows])) == dict(zip(("text", "label"), names, strict=True))


def test_a_given_role_is_kept_and_the_rest_is_guessed_around_it(tmp_path: Path) -> None:
    rows = [(text, text * 2, label) for text, label in many_rows(20)]
    table = table_of(tmp_path, [("title", "body", "topic"), *rows])
    assert guess_roles(table, given={"text": "title"}) == {"text": "title", "label": "topic"}


def test_one_column_leaves_the_label_open(tmp_path: Path) -> None:
    table = table_of(tmp_path, [("text",), *[(text,) for text, _ in many_rows(20)]])
    roles = guess_roles(table)
    assert "label" not in roles
    (found,) = check_roles(roles, table)
    assert (found.code, found.severity, found.column, found.rows) == ("one_column", "error", "text", (3,))


def test_one_column_is_told_with_what_was_seen_and_what_is_needed(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("text#label\n" + "".join(f"message {n} came#{'ab'[n % 2]}\n" for n in range(30)))
    (found,) = check_roles({"text": "text"}, read_table(path))
    assert found.message == (
        "t.csv was read as one column, 'text', of 31 rows; needed are a column with the text and one with "
        "the label."
    )
    assert found.hint == (
        "If line 2, “message 0 came#a”, holds all of it, choose “#”, which stands in nearly every line, as "
        "the separator. If another file or folder holds the label, add a column with the label beside the "
        "text, or bring one zip with a folder of texts for each label."
    )
    again = read_table(path, ReadOptions(delimiter="#"))
    assert not check_roles({"text": "text", "label": "label"}, again)


@pytest.mark.parametrize("task", TASKS)
def test_every_task_says_what_it_needs_beside_the_one_column(tmp_path: Path, task: str) -> None:
    table = table_of(tmp_path, [("note",), *[(f"It rained on day {n}",) for n in range(20)]])
    (found,) = check_roles({}, table, get_task(task))
    needed = found.message.partition("; needed are a column with the ")[2]
    assert needed.count("one with the ") == sum(role.required for role in get_task(task).roles) - 1
    assert "If line 3, “It rained on day 1”, holds all of it, choose the sign between them" in found.hint
    assert ("zip" in found.hint) == (task == "classification")


def test_every_role_of_every_task_can_be_named_beside_one_column(tmp_path: Path) -> None:
    table = table_of(tmp_path, [("text",), *[(text,) for text, _ in many_rows(20)]])
    for task in TASKS.values():
        roles = [role.key for role in task.roles]
        assert "one with the " in one_column(table, roles).message


def test_a_workbook_of_one_column_has_no_separator_to_choose(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pd.DataFrame({"text": [f"It rained on day {n}" for n in range(20)]}).to_parquet(path)
    (found,) = check_roles({"text": "text"}, read_table(path))
    assert "separator" not in found.hint and found.hint.startswith(
        "If another file or folder holds the label, "
    )


def test_a_registered_task_is_understood(tmp_path: Path) -> None:
    table = table_of(tmp_path, [("text", "label"), *many_rows(20)])
    assert guess_roles(table, get_task("classification")) == {"text": "text", "label": "label"}


def test_names_match_without_regard_to_case_and_blanks(tmp_path: Path) -> None:
    table = table_of(tmp_path, [("Text", "Category"), *many_rows(8)])
    assert match_columns({"text": " text ", "label": "CATEGORY"}, table) == {
        "text": "Text",
        "label": "Category",
    }


@pytest.mark.parametrize(
    ("roles", "code"),
    [
        ({"text": "text"}, "missing_role"),
        ({"text": "text", "label": "absent"}, "unknown_column"),
        ({"text": "text", "label": "text"}, "column_in_two_roles"),
        ({"text": "text", "label": "label", "tags": "label"}, "unknown_role"),
    ],
)
def test_roles_that_cannot_work_are_errors(tmp_path: Path, roles: dict[str, str], code: str) -> None:
    table = table_of(tmp_path, [("text", "label"), *many_rows(8)])
    found = check_roles(roles, table)
    assert code in [problem.code for problem in found]
    assert all(problem.severity == "error" and problem.hint for problem in found)


def test_a_table_of_pairs_is_known_by_the_names_of_its_columns(tmp_path: Path) -> None:
    rows = [(text, f"not {text}", label) for text, label in many_rows(40)]
    pairs = table_of(tmp_path, [("Premise", "Hypothesis", "label"), *rows])
    assert guess_roles(pairs) == {"text": "Premise", "text_b": "Hypothesis", "label": "label"}
    one = guess_roles(pairs, given={"text": "Hypothesis"})
    assert one == {"text": "Hypothesis", "label": "label"}, "whoever chose one text wants no second"
    others = table_of(tmp_path, [("body", "reply", "label"), *rows])
    assert set(guess_roles(others)) == {"text", "label"}, "of other names nobody knows that they are a pair"
