"""Which column is taken for the label: by its name and its values, never dates, and notes last."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.data.guessing import guess_roles, guess_task
from studio.data.readers import read_table
from studio.tasks.registry import TASKS
from tests.conftest import write_csv

MESSAGES = [f"hello, my parcel number {n} has not come yet, what can I do about it?" for n in range(60)]
NOTES = ["called back", "", "see note", "-"]


@pytest.mark.parametrize(
    "name", ["Queue", "type", "status", "Department", "priority", "tag", "部门", "优先级", "Whatever"]
)
def test_notes_dates_and_ids_are_not_taken_before_the_real_column(tmp_path: Path, name: str) -> None:
    rows = [
        [str(n), f"{n % 9 + 10}.11.2024", f"2024-11-0{n % 3 + 1} 10:00", text, f"kind {n % 12}", NOTES[n % 4]]
        for n, text in enumerate(MESSAGES)
    ]
    path = write_csv(tmp_path / "a.csv", rows, ("Ticket ID", "Created", "Closed", "Message", name, "Notes"))
    assert guess_roles(read_table(path)) == {"text": "Message", "label": name}


def test_a_column_named_as_a_label_goes_before_one_that_often_stands_beside_it(tmp_path: Path) -> None:
    rows = [[text, f"{n % 2}", f"{n % 5}"] for n, text in enumerate(MESSAGES)]
    path = write_csv(tmp_path / "a.csv", rows, ("text", "status", "category"))
    assert guess_roles(read_table(path))["label"] == "category"


def test_of_two_columns_that_may_be_labels_the_filled_one_is_taken(tmp_path: Path) -> None:
    rows = [[text, "x" if n % 2 else "", f"some {n % 6}"] for n, text in enumerate(MESSAGES)]
    rows[1][1] = "y"
    path = write_csv(tmp_path / "a.csv", rows, ("text", "one", "other"))
    assert guess_roles(read_table(path))["label"] == "other"


def test_tags_with_commas_between_are_several_labels_and_not_the_date_beside_them(tmp_path: Path) -> None:
    tags = ["late, rude staff", "praise", "", "late, broken", "broken, praise, late"]
    rows = [[text, tags[n % 5], f"2024-0{n % 9 + 1}-11"] for n, text in enumerate(MESSAGES)]
    table = read_table(write_csv(tmp_path / "a.csv", rows, ("comment", "tags", "date")))
    assert guess_task(table, list(TASKS.values())) == "multilabel"
    assert guess_roles(table, TASKS["multilabel"]) == {"text": "comment", "labels": "tags"}
    assert guess_roles(table)["label"] == "tags"


@pytest.mark.parametrize("below", ["", ",,,,\n"])
def test_a_title_filled_up_with_commas_is_no_header_beside_columns_without_a_name(
    tmp_path: Path, below: str
) -> None:
    rows = "".join(f"{n},my parcel number {n} has not come,Returns,,\n" for n in range(60))
    path = tmp_path / "export.csv"
    title = f'"Export, all queues",,,,\n{below}'
    path.write_text(f"{title}Ticket ID,Message,Queue,,\n{rows}", encoding="utf-8-sig")
    table = read_table(path)
    assert list(table.frame.columns)[:3] == ["Ticket ID", "Message", "Queue"] and len(table.frame) == 60
    (told,) = (problem for problem in table.problems if problem.code == "preamble")
    assert told.message.endswith("left out: line 1." if not below else "left out: lines 1 and 2.")
