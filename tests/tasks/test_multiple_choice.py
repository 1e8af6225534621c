"""Multiple choice: what a row becomes, and what becomes of answers."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.errors import InvalidInput
from studio.tasks.multiple_choice import MULTIPLE_CHOICE, read_options, take_options

TWO = {"text": ["Is it?", "And?"], "choices": ['["yes", "no"]', '["a", "b", "c"]'], "label": ["no", "c"]}
OPTIONS = st.lists(st.text(min_size=1).filter(str.strip), min_size=2, max_size=6)


def test_a_row_is_a_sequence_for_each_option_with_its_text() -> None:
    rows = MULTIPLE_CHOICE.rows_of(TWO)
    assert MULTIPLE_CHOICE.sequences_of(rows) == [
        {"text": "Is it?", "option": "yes"},
        {"text": "Is it?", "option": "no"},
        {"text": "And?", "option": "a"},
        {"text": "And?", "option": "b"},
        {"text": "And?", "option": "c"},
    ]


def test_the_right_option_is_its_place_in_the_row() -> None:
    assert MULTIPLE_CHOICE.targets(TWO, ()).tolist() == [1, 2]
    with pytest.raises(InvalidInput, match="none of its options"):
        MULTIPLE_CHOICE.targets({**TWO, "label": ["no", "yes"]}, ())


def test_a_table_in_which_nobody_can_choose_is_refused() -> None:
    MULTIPLE_CHOICE.check(TWO, ())
    with pytest.raises(InvalidInput, match="two options"):
        MULTIPLE_CHOICE.check({**TWO, "choices": ['["yes"]', '["a"]']}, ())


def test_shares_are_of_the_options_a_row_has() -> None:
    outputs = np.array([[1.0, 3.0, -np.inf], [0.0, 0.0, 2.0]], dtype=np.float32)
    rows = MULTIPLE_CHOICE.rows_of(TWO)
    scores = MULTIPLE_CHOICE.scores(outputs, {})
    assert scores.sum(axis=1) == pytest.approx([1.0, 1.0])
    assert scores[0, 2] == 0.0
    answers = MULTIPLE_CHOICE.decode(outputs, (), {}, rows)
    assert [answer["choice"] for answer in answers] == ["no", "c"]
    assert [len(answer["probabilities"]) for answer in answers] == [2, 3]
    assert MULTIPLE_CHOICE.recode(answers, ()) == pytest.approx(scores)
    assert MULTIPLE_CHOICE.cells(scores, (), rows)[0] == ["no", "c"]
    assert MULTIPLE_CHOICE.agree(scores, scores[:, ::-1]).tolist() == [True, False]


@given(OPTIONS)
def test_options_come_back_as_they_were_given(options: list[str]) -> None:
    plain = [option.strip() for option in options]
    role = MULTIPLE_CHOICE.role("choices")
    cell = take_options(options)
    assert read_options(cell) == plain
    assert take_options(cell) == cell, "JSON is read too"
    if not any(set(option) & set("\n|;；") or option.splitlines() != [option] for option in plain):
        assert role.read(role.written(cell)) == cell
        assert role.read(role.shown(cell)) == cell


@pytest.mark.parametrize(
    "given",
    ["['a', 'b c']", '{"label": ["A", "B"], "text": ["a", "b c"]}', ["a", " b c "], "a\n\nb c\n", "a；b c"],
)
def test_options_are_read_as_tables_write_them(given: object) -> None:
    assert read_options(take_options(given)) == ["a", "b c"]


@pytest.mark.parametrize(
    "given",
    ["", "only one", "[]", '["only one"]', ["a", " "], ["a", None], ["a", ["b"]], 7, json.dumps({"a": 1})],
)
def test_what_are_no_two_options_is_refused(given: object) -> None:
    with pytest.raises(InvalidInput, match="no two options"):
        take_options(given)
