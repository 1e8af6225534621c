"""Rows are divided as a plan says: by a column, by groups, by time, into folds; nothing is torn or lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.data.splits import Division, SplitPlan, choose_plan, divide, fold_plans
from studio.data.splits.dividing import assign_folds
from studio.data.texts import text_keys
from studio.errors import InvalidInput

SIDES = {"train", "validation", "test"}


def carry_out(
    plan: SplitPlan,
    values: Sequence[str] | None = None,
    texts: Sequence[str] | None = None,
    labels: Sequence[str] | None = None,
    near: Sequence[int] | None = None,
) -> Division:
    """Divide rows; distinct texts and two labels in turn where none are given."""
    count = len(values if values is not None else texts or ())
    rows = pd.DataFrame({"file": "t.csv", "line": np.arange(2, count + 2)})
    return divide(
        rows,
        plan,
        text_keys(texts or [f"text {number}" for number in range(count)]),
        np.array(labels or [f"label {number % 2}" for number in range(count)], dtype=object),
        None if values is None else pd.Series(values, dtype="str"),
        None if near is None else np.array(near, dtype=np.int64),
    )


def codes(division: Division) -> list[str]:
    """Codes of what was found."""
    return [problem.code for problem in division.problems]


def test_a_split_column_is_followed_in_many_spellings() -> None:
    words = [
        "train",
        "Training ",
        "TRAIN",
        "dev",
        "val",
        "Valid",
        "验证集",
        "test",
        "held-out",
        "eval",
        "测试",
        "训练",
    ]
    division = carry_out(SplitPlan("column", column="split"), words)
    assert list(division.sides) == [
        *["train"] * 3, *["validation"] * 4, *["test"] * 4, "train",
    ]  # fmt: skip
    assert not division.problems


def test_other_words_in_a_split_column_are_errors_with_their_rows() -> None:
    values = ["train"] * 20 + ["dev"] * 4 + ["test"] * 4 + ["unsup", "", "unsup"]
    division = carry_out(SplitPlan("column", column="split"), values)
    (problem,) = division.problems
    assert (problem.code, problem.severity, problem.count) == ("unknown_split", "error", 3)
    assert problem.rows == (30, 31, 32)
    assert "'unsup', blank" in problem.message
    assert problem.fixes == ("drop_rows",)
    assert list(division.sides[-3:]) == ["", "", ""]


def test_a_part_that_a_split_column_lacks_is_cut_from_training_and_said() -> None:
    division = carry_out(SplitPlan("column", column="split"), ["train"] * 180 + ["test"] * 20)
    counts = Counter(division.sides)
    assert counts == {"train": 160, "validation": 20, "test": 20}
    assert set(division.sides[180:]) == {"test"}
    assert division.notes == (
        "Column 'split' names no rows for validation (11%): cut from its training rows.",
    )


def test_rows_of_a_group_stay_together_at_the_asked_shares() -> None:
    customers = [f"customer {number // 5}" for number in range(1000)]
    division = carry_out(SplitPlan("groups", column="customer"), customers)
    sides = pd.Series(division.sides).groupby(customers).nunique()
    assert sides.max() == 1
    counts = Counter(division.sides)
    assert abs(counts["validation"] - 100) <= 5 and abs(counts["test"] - 100) <= 5
    assert not division.problems


def test_groups_keep_each_label_near_its_share() -> None:
    generator = np.random.default_rng(3)
    customers = [f"customer {number}" for number in generator.integers(0, 300, 3000)]
    labels = [str(number) for number in generator.choice(4, 3000, p=[0.5, 0.3, 0.15, 0.05])]
    sides = carry_out(SplitPlan("groups", column="c"), customers, labels=labels).sides
    for label in "0123":
        mine = np.array(labels) == label
        assert abs((sides[mine] == "test").mean() - 0.1) < 0.02


def test_a_text_that_two_groups_share_ties_them() -> None:
    texts = [f"text {number}" for number in range(100)]
    groups = [f"group {number // 2}" for number in range(100)]
    texts[1] = texts[40] = "The same text"
    for seed in range(10):
        sides = carry_out(SplitPlan("groups", seed=seed, column="g"), groups, texts).sides
        assert len({sides[0], sides[1], sides[40], sides[41]}) == 1


def test_a_text_that_everybody_writes_does_not_tie_all_groups() -> None:
    texts = ["thanks" if number % 5 == 0 else f"text {number}" for number in range(500)]
    groups = [f"group {number // 5}" for number in range(500)]
    division = carry_out(SplitPlan("groups", column="g"), groups, texts)
    assert codes(division) == ["texts_tie_groups"]
    assert Counter(division.sides)["test"] == 50


def test_blank_groups_are_groups_of_their_own() -> None:
    division = carry_out(SplitPlan("groups", column="g"), [""] * 100)
    assert Counter(division.sides) == {"train": 80, "validation": 10, "test": 10}


def test_too_few_groups_are_an_error_and_a_huge_one_a_warning() -> None:
    assert codes(carry_out(SplitPlan("groups", column="g"), ["a", "b"] * 50))[0] == "few_groups"
    division = carry_out(SplitPlan("groups", column="g"), ["acme"] * 900 + list("abcdefghij") * 10)
    assert codes(division) == ["large_group"]
    assert "900 of 1,000 rows have 'acme'" in division.problems[0].message
    assert set(division.sides) == SIDES


def test_folds_divide_all_rows_and_each_is_test_once() -> None:
    texts = [f"text {number % 450}" for number in range(500)]
    plan = SplitPlan("folds", folds=5)
    tested = np.zeros(500, dtype=int)
    for each in fold_plans(plan):
        sides = carry_out(each, texts=texts).sides
        assert set(sides) == SIDES
        assert 95 <= (sides == "test").sum() <= 105
        assert abs((sides == "validation").sum() - 400 / 9) <= 3
        tested += sides == "test"
    assert (tested == 1).all()


def test_folds_keep_groups_whole_and_labels_even() -> None:
    plan = SplitPlan("folds", folds=4, column="g")
    groups = pd.Series([f"g{number // 3}" for number in range(600)], dtype="str")
    labels = np.array([str(number % 3) for number in range(600)], dtype=object)
    keys = text_keys([f"text {number}" for number in range(600)])
    folds = assign_folds(keys, labels, plan, groups)
    assert pd.Series(folds).groupby(groups).nunique().max() == 1
    assert (np.bincount(folds) == 150).all()
    for label in "012":
        assert (np.bincount(folds[labels == label]) == 50).all()


def test_near_repeats_stay_on_one_side() -> None:
    near = [number // 2 if number < 200 else -1 for number in range(400)]
    for seed in range(5):
        sides = carry_out(
            SplitPlan(seed=seed), texts=[f"t{number}" for number in range(400)], near=near
        ).sides
        assert (sides[0:200:2] == sides[1:200:2]).all()
        assert abs((sides == "test").sum() - 40) <= 2


def test_unstratified_shares_hold_over_all() -> None:
    texts = [f"text {number}" for number in range(1000)]
    labels = [f"label {number % 300}" for number in range(1000)]
    sides = carry_out(SplitPlan(stratified=False), texts=texts, labels=labels).sides
    assert Counter(sides) == {"train": 800, "validation": 100, "test": 100}


def test_a_label_without_a_training_row_is_said() -> None:
    values = ["train"] * 10 + ["dev"] * 2 + ["test"] * 2
    division = carry_out(SplitPlan("column", column="split"), values, labels=["a", "b"] * 6 + ["a", "new"])
    assert codes(division) == ["label_not_in_train"]
    assert "'new'" in division.problems[0].message


def test_wishes_become_a_plan_or_a_sentence() -> None:
    assert choose_plan(SplitPlan(seed=3), {"time": "date"}, None) == SplitPlan("time", seed=3, column="date")
    assert choose_plan(SplitPlan(), {"groups": "user"}, 10).folds == 10
    assert choose_plan(SplitPlan(), {"groups": "", "time": None}, None) == SplitPlan()
    with pytest.raises(InvalidInput, match="a group column and a time column at once"):
        choose_plan(SplitPlan(), {"groups": "user", "time": "date"}, None)
    with pytest.raises(InvalidInput, match="a time column and folds"):
        choose_plan(SplitPlan(), {"time": "date"}, 5)
    with pytest.raises(InvalidInput, match="Fold 1 of 1"):
        choose_plan(SplitPlan(), {}, 1)
    with pytest.raises(InvalidInput, match="No column is named"):
        SplitPlan("groups").checked()


def test_a_plan_survives_json() -> None:
    plan = SplitPlan("folds", (0.7, 0.2, 0.1), 5, "user", False, 7, 3)
    assert SplitPlan.from_json(plan.to_json()) == plan


@settings(max_examples=80, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.integers(0, 40), st.integers(0, 25), st.integers(0, 3)), min_size=1, max_size=150
    ),
    kind=st.sampled_from(["ratios", "groups", "folds"]),
    with_near=st.booleans(),
    seed=st.integers(0, 2**40),
)
def test_every_row_gets_one_side_and_what_belongs_together_stays(
    rows: list[tuple[int, int, int]], kind: str, with_near: bool, seed: int
) -> None:
    texts = [f"text {text}" for text, _, _ in rows]
    groups = [f"group {group}" if group else "" for _, group, _ in rows]
    labels = [f"label {label}" for _, _, label in rows]
    column = "g" if kind == "groups" else None
    plan = SplitPlan(kind, seed=seed, column=column, folds=3)  # type: ignore[arg-type]
    near = [group // 5 if with_near else -1 for _, group, _ in rows] if kind != "groups" else None
    division = carry_out(plan, groups if column else None, texts, labels, near)
    assert set(division.sides) <= SIDES
    again = carry_out(plan, groups if column else None, texts, labels, near)
    assert (again.sides == division.sides).all()
    frame = pd.DataFrame({"side": division.sides, "text": texts, "group": groups})
    if column:
        assert frame[frame["group"] != ""].groupby("group")["side"].nunique().max() in (1, np.nan) or (
            not (frame["group"] != "").any()
        )
    else:
        assert frame.groupby("text")["side"].nunique().max() == 1


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 12), min_size=6, max_size=80),
    seed=st.integers(0, 2**31),
    shares=st.sampled_from([(0.8, 0.1, 0.1), (0.6, 0.2, 0.2), (0.9, 0.0, 0.1)]),
)
def test_shares_of_groups_are_missed_by_no_more_than_the_largest_group_and_a_row(
    sizes: list[int], seed: int, shares: tuple[float, float, float]
) -> None:
    groups = [f"g{number}" for number, size in enumerate(sizes) for _ in range(size)]
    division = carry_out(SplitPlan("groups", shares, seed, "g"), groups)
    for side, share in zip(("train", "validation", "test"), shares, strict=True):
        assert abs((division.sides == side).sum() - share * len(groups)) <= max(sizes) + 1


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 20), st.lists(st.integers(0, 200), min_size=20, max_size=200), st.integers(0, 99))
def test_folds_are_a_partition_and_nearly_even(folds: int, texts: list[int], seed: int) -> None:
    keys = text_keys([f"text {text}" for text in texts])
    labels = np.array([str(text % 3) for text in texts], dtype=object)
    found = assign_folds(keys, labels, SplitPlan("folds", seed=seed, folds=folds))
    assert found.min() >= 0 and found.max() < folds
    largest = max(Counter(texts).values())
    assert abs(np.bincount(found, minlength=folds) - len(texts) / folds).max() <= largest + 1
