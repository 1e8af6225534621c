"""Texts that occur more than once, exactly or nearly: before and after the rows are divided."""

from __future__ import annotations

import numpy as np
import pandas as pd

from studio.data.checks.rows import Checked, check_frames, recheck
from studio.data.checks.texts import share_cut
from studio.data.near import find_near_duplicates
from tests.data.tables import ENGLISH

ROLES = {"text": "message", "label": "topic"}
LONG = "The parcel came on Tuesday and one of the two boxes was open"
OTHER = "I was charged twice for the green lamp and nobody calls me back"


def rows_of(*rows: tuple[str, str, str]) -> pd.DataFrame:
    """Distinct rows of training, and after them (text, label, split) from line 50 on."""
    base = [(text, label, "train") for text, label in ENGLISH] + [
        (f"Nothing to say about {word}", "other", "train") for word in ("salt", "iron", "jazz")
    ]
    labels = [("b", "delivery", "train"), ("c", "other", "train")]
    frame = pd.DataFrame([*base, *labels, *rows], columns=["text", "label", "split"]).astype("str")
    lines = [*range(2, len(base) + 4), *range(50, 50 + len(rows))]
    return frame.assign(line=lines, file="t.csv")


def check(*rows: tuple[str, str, str]) -> Checked:
    frame = rows_of(*rows)
    return recheck(frame, ROLES, near=find_near_duplicates(frame["text"]))


def lines_of(checked: Checked, code: str) -> list[int]:
    bit = checked.codes.index(code)
    return checked.rows.loc[checked.rows["marks"].to_numpy() >> bit & 1 == 1, "line"].tolist()


def repeats(checked: Checked) -> dict[str, list[int]]:
    """The marked lines of each finding about repeats."""
    words = ("duplicate", "shared", "conflicting")
    return {code: lines_of(checked, code) for code in checked.codes if any(word in code for word in words)}


def test_different_texts_have_no_finding_about_repeats() -> None:
    assert repeats(check((LONG, "delivery", "train"), (OTHER, "payment", "test"))) == {}


def test_a_repeat_counts_within_its_side_and_label() -> None:
    checked = check(
        (LONG, "delivery", "train"), (LONG.upper(), "delivery", "train"), (OTHER, "other", "test")
    )
    assert repeats(checked) == {"duplicate_text": [51]}


def test_nearly_the_same_text_is_a_finding_of_its_own_beside_exact_repeats() -> None:
    checked = check(
        (LONG, "delivery", "train"), (LONG, "delivery", "train"), (LONG + " again", "delivery", "train")
    )
    assert repeats(checked) == {"duplicate_text": [51], "near_duplicate_text": [52]}
    assert {each.code: each.severity for each in checked.problems}["near_duplicate_text"] == "note"


def test_before_the_rows_are_divided_a_near_repeat_is_a_warning() -> None:
    frame = rows_of((LONG, "delivery", "train"), (LONG + " again", "delivery", "train")).assign(split="all")
    checked = check_frames({"all": frame}, ROLES, near=find_near_duplicates(frame["text"]))
    assert {each.code: each.severity for each in checked.problems}["near_duplicate_text"] == "warning"


def test_contradictions_mark_both_sides_exactly_or_nearly() -> None:
    exact = check((LONG, "delivery", "train"), (LONG, "other", "test"))
    assert repeats(exact) == {"conflicting_labels": [50, 51], "shared_text": [51]}
    near = check((LONG, "delivery", "train"), (LONG + " again", "other", "train"))
    assert repeats(near) == {"near_conflicting_labels": [50, 51]}


def test_a_leak_is_found_between_each_two_sides() -> None:
    checked = check(
        (LONG, "delivery", "train"),
        (LONG, "delivery", "validation"),
        (OTHER, "payment", "validation"),
        (OTHER, "payment", "test"),
        ("c", "other", "test"),
    )
    assert repeats(checked) == {"shared_text": [51, 53, 54]}
    messages = [each.message for each in checked.problems if each.code == "shared_text"]
    assert messages == [
        "1 validation row has a text that occurs in training too (line 51).",
        "2 test rows have a text that occurs in training or validation too (lines 53 and 54).",
    ]
    assert next(each for each in checked.problems if each.code == "shared_text").fixes[0] == "move_to_train"


def test_a_near_leak_is_found_between_each_two_sides() -> None:
    checked = check(
        (LONG, "delivery", "train"),
        (LONG + " again", "delivery", "validation"),
        (OTHER, "payment", "validation"),
        (OTHER + " now", "payment", "test"),
    )
    assert repeats(checked) == {"near_shared_text": [51, 53]}


def test_pairs_of_texts_repeat_where_both_texts_do() -> None:
    frame = rows_of((LONG, "delivery", "train"), (LONG, "delivery", "train"), (LONG, "delivery", "train"))
    frame["text_b"] = pd.Series([*(f"second {place}" for place in range(len(frame) - 3)), "x", "y", "x"])
    checked = recheck(frame.astype({"text_b": "str"}), {**ROLES, "text_b": "other"})
    assert repeats(checked) == {"duplicate_text": [52]}


def test_rows_with_an_error_are_marked_and_take_no_part_in_the_rest() -> None:
    checked = check((LONG, "delivery", "train"), (LONG, "", "train"), ("\x00\x01", "other", "train"))
    assert lines_of(checked, "missing_label") == [51]
    assert lines_of(checked, "missing_text") == [52]
    assert checked.rows["bad"].sum() == 2
    assert repeats(checked) == {}
    assert checked.rows["marks"].dtype == np.int64


def test_checking_again_gives_the_same() -> None:
    checked = check((LONG, "delivery", "train"), (LONG, "delivery", "test"))
    again = recheck(checked.rows, ROLES)
    assert again.codes == checked.codes
    assert again.rows.equals(checked.rows)


def test_the_share_cut_at_each_length() -> None:
    assert share_cut(np.array([128, 129, 513]), (128, 512)) == {128: 2 / 3, 512: 1 / 3}
    assert share_cut([], (128,)) == {128: 0.0}


def examples(checked: Checked, code: str) -> tuple[str, ...]:
    """What is shown of the first rows of a finding."""
    return next(problem.examples for problem in checked.problems if problem.code == code)


def test_a_row_is_named_with_the_one_that_it_is_told_for() -> None:
    same = check((LONG, "delivery", "train"), (LONG, "other", "train"), (LONG, "delivery", "train"))
    assert examples(same, "conflicting_labels") == (
        f"Line 50 (delivery) and line 51 (other): “{LONG}”",
        f"Line 51 (other) and line 50 (delivery): “{LONG}”",
        f"Line 52 (delivery) and line 51 (other): “{LONG}”",
    )
    assert examples(same, "duplicate_text") == (f"Line 52 (delivery) and line 50 (delivery): “{LONG}”",)
    near = check((LONG, "delivery", "train"), (LONG + " again", "other", "test"))
    twins = (
        f"Line 50 (delivery): “{LONG}”, and line 51 (other): “{LONG} again”",
        f"Line 51 (other): “{LONG} again”, and line 50 (delivery): “{LONG}”",
    )
    assert examples(near, "near_conflicting_labels") == twins
    assert examples(near, "near_shared_text") == twins[1:]


def test_rows_of_several_files_are_named_with_theirs() -> None:
    frame = rows_of((LONG, "delivery", "train"), (LONG, "delivery", "test"))
    frame.loc[frame["split"] == "test", "file"] = "later.csv"
    assert examples(recheck(frame, ROLES), "shared_text") == (
        f"Line 51 of later.csv (delivery) and line 50 of t.csv (delivery): “{LONG}”",
    )


def test_a_text_with_personal_data_is_not_repeated() -> None:
    mail = f"{LONG}, write to ann.lee@example.org"
    checked = check((mail, "delivery", "train"), (mail, "delivery", "train"))
    assert examples(checked, "duplicate_text") == ("Line 51 (delivery) and line 50 (delivery)",)


def test_contradictions_without_a_commonest_label_are_counted_where_the_fix_would_leave_them_out() -> None:
    tied = ((LONG, "delivery", "train"), (LONG, "payment", "train"))
    clear = ((OTHER, "payment", "train"), (OTHER, "payment", "train"), (OTHER, "other", "train"))

    def told(*rows: tuple[str, str, str]) -> str:
        return next(each.message for each in check(*rows).problems if each.code == "conflicting_labels")

    assert told(*tied, *clear).endswith(
        " In 2 of them labels are equally common, and “Use the commonest label” leaves those out."
    )
    assert "equally common" not in told(*clear)
