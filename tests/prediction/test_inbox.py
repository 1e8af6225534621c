"""Requests to one model that wait at the same time are taken together, in their order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from queue import SimpleQueue

from studio.prediction.inbox import ROWS_TOGETHER, Inbox


def request(number: int, op: str = "predict", folder: str = "a", rows: int = 1) -> str:
    """One line."""
    return json.dumps({"id": number, "op": op, "folder": folder, "rows": [{"text": "hello"}] * rows}) + "\n"


def taken_from(lines: list[str]) -> list[list[int]]:
    """The ids of all that is taken at once, where all lines wait from the beginning."""
    gate: SimpleQueue[None] = SimpleQueue()

    def come() -> Iterator[str]:
        yield from lines
        gate.put(None)

    inbox = Inbox(come())
    gate.get()
    found = []
    while requests := inbox.take():
        found.append([each["id"] for each in requests])
    assert inbox.take() == []
    return found


def test_those_of_one_model_come_together_and_others_keep_their_order() -> None:
    lines = [request(1), request(2, folder="b"), request(3), "\n", request(4, folder="b"), request(5)]
    assert taken_from(lines) == [[1, 3, 5], [2, 4]]


def test_together_they_hold_no_more_rows_than_are_computed_well_at_once() -> None:
    lines = [request(number, rows=ROWS_TOGETHER // 2) for number in range(5)]
    assert taken_from(lines) == [[0, 1], [2, 3], [4]]
    assert taken_from([request(1, rows=ROWS_TOGETHER + 1), request(2)]) == [[1], [2]]


def test_what_loads_or_forgets_a_model_is_not_overtaken() -> None:
    lines = [request(1), request(2), request(3, "forget"), request(4), request(5, folder="b"), request(6)]
    assert taken_from(lines) == [[1, 2], [3], [4, 6], [5]]


def test_a_stream_that_ends_is_the_end_once_all_was_taken() -> None:
    assert taken_from([]) == []
    assert taken_from([request(1, "load")]) == [[1]]
