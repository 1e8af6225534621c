"""Rows are divided in the asked shares, by label, with the same text on one side, the same everywhere."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.data.splits import check_ratios, split_rows
from studio.errors import InvalidInput
from tests.data.tables import many_rows

SHARES = (0.8, 0.1, 0.1)


def divide(rows: list[tuple[str, str]], shares: tuple[float, ...] = SHARES, seed: int = 0) -> np.ndarray:
    """The side of each row."""
    return split_rows([text for text, _ in rows], [label for _, label in rows], shares, seed)


def test_the_shares_hold_exactly_over_all_and_within_a_row_per_label() -> None:
    rows = many_rows(1003, ["a"] * 50 + ["b"] * 30 + ["c"] * 15 + ["d"] * 5)
    sides = divide(rows)
    counts = Counter(sides)
    assert abs(counts["validation"] - 100.3) <= 1
    assert abs(counts["test"] - 100.3) <= 1
    for label in "abcd":
        mine = np.array([other == label for _, other in rows])
        for side, share in zip(("train", "validation", "test"), SHARES, strict=True):
            assert abs((sides[mine] == side).sum() - share * mine.sum()) <= 1


def test_many_small_labels_still_give_the_shares_over_all() -> None:
    rows = many_rows(770, [f"label {n}" for n in range(77)])
    counts = Counter(divide(rows, (0.85, 0.1, 0.05)))
    assert abs(counts["validation"] - 77) <= 1
    assert abs(counts["test"] - 38.5) <= 1


def test_the_same_text_stays_on_one_side_whatever_its_case_and_blanks() -> None:
    rows = many_rows(300)
    doubled = [*rows, *[(f"  {text.upper()} ", label) for text, label in rows[:100]]]
    sides = divide(doubled)
    assert (sides[:100] == sides[300:]).all()
    assert {"train", "validation", "test"} == set(sides[300:])


def test_the_division_is_the_same_on_every_machine() -> None:
    sides = divide(many_rows(40, ["a", "b", "c"]), seed=7)
    assert (
        "".join({"train": ".", "validation": "v", "test": "T"}[side] for side in sides) == DIVISION_OF_FORTY
    )


DIVISION_OF_FORTY = "..v........Tv...T..T...........v.v.....T"


def test_the_order_of_the_rows_does_not_matter() -> None:
    rows = many_rows(200)
    forward = dict(zip(rows, divide(rows), strict=True))
    backward = dict(zip(rows[::-1], divide(rows[::-1]), strict=True))
    assert forward == backward


def test_another_seed_divides_otherwise_and_the_same_seed_alike() -> None:
    rows = many_rows(200)
    assert (divide(rows, seed=1) == divide(rows, seed=1)).all()
    assert (divide(rows, seed=1) != divide(rows, seed=2)).any()


def test_a_label_with_one_row_goes_to_train() -> None:
    for seed in range(20):
        assert divide([*many_rows(50), ("the only one", "rare")], seed=seed)[-1] == "train"


def test_every_label_has_a_training_row() -> None:
    rows = many_rows(60, [f"label {n}" for n in range(20)])
    sides = divide(rows, (0.34, 0.33, 0.33))
    assert {label for (_, label), side in zip(rows, sides, strict=True) if side == "train"} == {
        label for _, label in rows
    }


def test_a_share_of_zero_gets_no_rows() -> None:
    assert set(divide(many_rows(100), (0.9, 0.1, 0.0))) == {"train", "validation"}


def test_few_rows_still_give_each_side_one() -> None:
    assert set(divide(many_rows(5, ["a", "a", "b"]))) == {"train", "validation", "test"}


def test_percentages_are_understood_and_nonsense_is_refused() -> None:
    assert check_ratios((80, 10, 10)) == SHARES
    for wrong in ((0.5, 0.1, 0.1), (0.0, 0.5, 0.5), (1.2, -0.1, -0.1), (1.0,), (float("nan"), 0.1, 0.1)):
        with pytest.raises(InvalidInput, match="no division into three parts"):
            check_ratios(wrong)


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(st.integers(0, 60), min_size=4, max_size=120),
    kinds=st.integers(2, 5),
    seed=st.integers(0, 2**31),
)
def test_no_text_is_ever_on_two_sides(texts: list[int], kinds: int, seed: int) -> None:
    rows = [(f"text {number}", f"label {(number + index) % kinds}") for index, number in enumerate(texts)]
    where: dict[str, set[str]] = {}
    for (text, _), side in zip(rows, divide(rows, seed=seed), strict=True):
        where.setdefault(text, set()).add(side)
    assert all(len(sides) == 1 for sides in where.values())
