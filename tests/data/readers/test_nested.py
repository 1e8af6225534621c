"""Objects inside records become columns of their own; answers, lists and entities stay whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from studio.data.guessing import guess_roles, guess_task
from studio.data.readers import read_table
from studio.data.readers.cells import ROWS_PER_CHUNK
from studio.data.readers.pieces import open_pieces
from studio.tasks.classification import CLASSIFICATION
from studio.tasks.registry import TASKS

QUEUES = ("Returns", "Delivery", "Technical")
PARTS = [
    "customer.address.country",
    "customer.name",
    "id",
    "message.body",
    "message.subject",
    "queue",
    "tags",
]


def tickets() -> list[dict[str, Any]]:
    """Tickets as a program exports them, one without a subject, one without a message."""
    made = [
        {
            "id": n,
            "customer": {"name": f"C{n}", "address": {"country": "CH" if n % 2 else "DE"}},
            "message": {"subject": "re", "body": f"Good morning,\nparcel number {n} has not come yet"},
            "queue": QUEUES[n % 3],
            "tags": ["a", "b"],
        }
        for n in range(40)
    ]
    made[3]["message"] = {"body": "short"}
    made[0]["message"] = None
    return made


def write(path: Path, records: list[dict[str, Any]]) -> Path:
    """The records as one JSON value, or one a line."""
    lines = "\n".join(map(json.dumps, records))
    text = json.dumps({"tickets": records}, indent=1) if path.suffix == ".json" else lines
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["tickets.json", "tickets.jsonl"])
def test_parts_of_objects_are_columns_and_the_body_is_the_text(tmp_path: Path, name: str) -> None:
    table = read_table(write(tmp_path / name, tickets()))
    assert sorted(table.frame.columns) == PARTS
    bodies = table.frame["message.body"].tolist()
    assert bodies[:2] == ["", "Good morning,\nparcel number 1 has not come yet"]
    assert table.frame["message.subject"].tolist()[:4] == ["", "re", "re", ""]
    told = [problem for problem in table.problems if problem.code == "opened_objects"]
    assert [problem.column for problem in told] == ["customer", "message"]
    assert "message.subject" in told[1].message and "message.body" in told[1].message
    assert guess_roles(table, CLASSIFICATION) == {"text": "message.body", "label": "queue"}
    assert guess_task(table, list(TASKS.values())) is None


def test_a_file_to_be_answered_has_the_same_columns(tmp_path: Path) -> None:
    path = write(tmp_path / "tickets.jsonl", tickets())
    whole = read_table(path)
    with open_pieces(path) as pieces:
        frames = list(pieces.frames())
    assert list(frames[0].columns) == list(whole.frame.columns)
    assert [row for frame in frames for row in frame["message.body"]] == whole.frame["message.body"].tolist()


@pytest.mark.parametrize(
    "value",
    [
        {"text": ["Rome"], "answer_start": [3]},
        {"text": "Rome", "answer_start": 3},
        {"text": ["yes", "no"], "label": ["A", "B"]},
        {"start": 0, "end": 4, "label": "PER"},
        {},
        {f"key {n}": n for n in range(51)},
    ],
)
def test_what_is_one_thing_stays_in_one_cell(tmp_path: Path, value: dict[str, Any]) -> None:
    path = write(tmp_path / "a.jsonl", [{"text": "in Rome", "value": value}] * 3)
    assert list(read_table(path).frame.columns) == ["text", "value"]


def test_a_name_that_is_taken_leaves_the_object_whole_and_depth_is_bounded(tmp_path: Path) -> None:
    deep = {"a": {"b": {"c": {"d": "1"}}}}
    path = write(tmp_path / "a.jsonl", [{"x.y": "1", "x": {"y": "2"}, "deep": deep}] * 3)
    frame = read_table(path).frame
    assert list(frame.columns) == ["x.y", "x", "deep.a.b.c"]
    assert frame.iloc[0].tolist() == ["1", '{"y":"2"}', '{"d":"1"}']


def test_a_name_that_is_taken_later_loses_no_value(tmp_path: Path) -> None:
    first = [{"mail": {"subject": "a"}}] * ROWS_PER_CHUNK
    later = [{"mail": {"subject": "b"}, "mail.subject": "OWN"}, {"mail": {"subject": "c"}}]
    path = write(tmp_path / "a.jsonl", first + later)
    table = read_table(path)
    assert table.frame["mail.subject"].tolist()[-3:] == ["a", "OWN", "c"]
    assert table.frame["mail"].tolist()[-3:] == ["", '{"subject":"b"}', ""]
    (told,) = [problem.message for problem in table.problems if problem.code == "opened_objects"]
    assert "1 object stays whole in 'mail'" in told
    with open_pieces(path) as pieces:
        last = list(pieces.frames())[-1]
    assert last[["mail.subject", "mail"]].to_numpy().tolist()[-2:] == [["OWN", '{"subject":"b"}'], ["c", ""]]


@pytest.mark.parametrize("first", [[], [{"a": {"b": {"c": 0}}}] * ROWS_PER_CHUNK])
def test_two_parts_of_one_name_stay_in_their_object(tmp_path: Path, first: list[dict[str, Any]]) -> None:
    path = write(tmp_path / "a.jsonl", [*first, {"a": {"b.c": 1, "b": {"c": 2}}}])
    assert read_table(path).frame["a"].tolist()[-1] == '{"b.c":1,"b":{"c":2}}'


def test_parts_of_two_keys_with_one_name_are_both_there(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", [{"a": {"b.c": "1"}, "a.b": {"c": "2"}}])
    frame = read_table(path).frame
    assert frame.to_dict("records") == [{"a.b.c": "1", "a.b": '{"c":"2"}'}]


def test_a_key_never_has_more_than_its_columns(tmp_path: Path) -> None:
    first = [{"by id": {"0": "x"}}] * ROWS_PER_CHUNK
    later = [{"by id": {str(n): "y"}} for n in range(1, 3_001)]
    frame = read_table(write(tmp_path / "a.jsonl", first + later)).frame
    assert len(frame.columns) == 51
    assert frame["by id.49"].tolist().count("y") == 1
    assert frame["by id"].tolist()[-1] == '{"3000":"y"}'


def test_options_by_name_are_columns(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", [{"question": "q", "options": {"A": "yes", "B": "no"}}])
    assert list(read_table(path).frame.columns) == ["question", "options.A", "options.B"]


def test_lists_are_never_a_second_text(tmp_path: Path) -> None:
    rows = [
        {"text": f"a question {n % 5}", "words": [f"some words {n}", "more"], "label": "ab"[n // 5 % 2]}
        for n in range(40)
    ]
    table = read_table(write(tmp_path / "a.json", rows))
    assert guess_roles(table) == {"text": "text", "label": "label"}
