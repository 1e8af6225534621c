"""Fixes are done in one order whatever was chosen first, say what they did, and lose no row unseen."""

from __future__ import annotations

import itertools
import time

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.data.fixes import ACTIONS, FIXES, FixChoice, Step, find_action
from studio.data.mending import ACTS, mend_rows
from studio.errors import InvalidInput

Row = tuple[str, str, str]


def frame_of(rows: list[Row]) -> pd.DataFrame:
    """Rows of (text, label, split) from line 2 of one file."""
    texts, labels, splits = zip(*rows, strict=True) if rows else ((), (), ())
    return pd.DataFrame(
        {
            "text": pd.Series(texts, dtype="str"),
            "label": pd.Series(labels, dtype="str"),
            "line": range(2, len(rows) + 2),
            "file": "t.csv",
            "split": pd.Series(splits, dtype="str"),
        }
    )


def rows_of(frame: pd.DataFrame) -> list[Row]:
    """Back to (text, label, split)."""
    return list(frame[["text", "label", "split"]].itertuples(index=False, name=None))


def mend(rows: list[Row], *choices: str) -> tuple[list[Row], list[str]]:
    """The rows and the messages after the choices."""
    mended = mend_rows(frame_of(rows), [FixChoice.parse(choice) for choice in choices])
    return rows_of(mended.rows), [step.message for step in mended.steps]


T = "train"
LONG = "The parcel came on Tuesday and one of the two boxes was open"
CASES = [
    ("missing_text=drop_rows", [("", "a", T), ("x", "a", T)], [("x", "a", T)], "1 row left out: no text."),
    ("missing_label=drop_rows", [("x", " ", T), ("x", "a", T)], [("x", "a", T)], "1 row left out: no label."),
    (
        "unseen_label=drop_rows",
        [("x", "a", T), ("y", "b", "test")],
        [("x", "a", T)],
        "1 row left out: no training row has the label.",
    ),
    (
        "mojibake=repair_mojibake",
        [
            ("a cafÃ©, it\x92s “shut”", "a", T),
            ("ÄãºÃ£¬ÒÑÇ©ÊÕ", "a", T),
            ("涓冨ぉ鏃犵悊鐢遍\ufffd\ufffd", "a", T),
        ],
        [("a café, it’s “shut”", "a", T), ("你好，已签收", "a", T), ("涓冨ぉ鏃犵悊鐢遍\ufffd\ufffd", "a", T)],
        "2 rows got the wrongly decoded characters back.",
    ),
    (
        "control_characters=remove_control_characters",
        [("a\x00b\tc", "a", T), ("b", "a", T)],
        [("ab\tc", "a", T), ("b", "a", T)],
        "1 row lost invisible control characters.",
    ),
    (
        "html=strip_html",
        [("<p>Fish &amp; chips</p>", "a", T), ("1 < 2 > 0", "a", T)],
        [("Fish & chips", "a", T), ("1 < 2 > 0", "a", T)],
        "1 row lost HTML.",
    ),
    (
        "padded_label=trim_labels",
        [("x", " a", T), ("y", "a", T)],
        [("x", "a", T), ("y", "a", T)],
        "1 row lost the blanks around the label.",
    ),
    (
        "similar_labels=merge_labels",
        [("x", "Spam", T), ("y", "spam", T), ("z", "spam", T)],
        [("x", "spam", T), ("y", "spam", T), ("z", "spam", T)],
        "1 row got the commonest spelling of the label.",
    ),
    (
        "conflicting_labels=majority_label",
        [("x", "a", T), ("X", "a", T), ("x ", "b", T), ("y", "a", T), ("Y", "b", T)],
        [("x", "a", T), ("X", "a", T), ("x ", "a", T)],
        "1 row got the commonest label. 2 rows left out: two labels are equally common for the text.",
    ),
    (
        "conflicting_labels=drop_conflicts",
        [("x", "a", T), ("X", "b", T), ("y", "a", T)],
        [("y", "a", T)],
        "2 rows left out: the text has different labels.",
    ),
    (
        "shared_text=move_to_train",
        [("x", "a", T), ("X", "a", "test"), ("y", "a", "validation"), ("y", "a", "test"), ("z", "a", "test")],
        [("x", "a", T), ("X", "a", T), ("y", "a", T), ("y", "a", T), ("z", "a", "test")],
        "3 rows moved to training, where the whole text now is.",
    ),
    (
        "shared_text=drop_from_train",
        [("x", "a", T), ("X", "a", "test"), ("y", "a", "validation"), ("y", "a", "test"), ("z", "a", T)],
        [("X", "a", "test"), ("y", "a", "test"), ("z", "a", T)],
        "2 rows left out: the text is on a later side too.",
    ),
    (
        "shared_text=drop_from_test",
        [("x", "a", T), ("X", "a", "test"), ("y", "a", "validation"), ("y", "a", "test"), ("z", "a", T)],
        [("x", "a", T), ("y", "a", "validation"), ("z", "a", T)],
        "2 rows left out: the text is on an earlier side too.",
    ),
    (
        "near_shared_text=move_to_train",
        [(LONG, "a", T), (LONG + ".", "a", "test"), ("another thing", "a", "test")],
        [(LONG, "a", T), (LONG + ".", "a", T), ("another thing", "a", "test")],
        "1 row moved to training, where the whole text now is.",
    ),
    (
        "duplicate_text=drop_repeats",
        [("x", "a", T), ("X", "a", T), ("x", "b", T), ("x", "a", "test")],
        [("x", "a", T), ("x", "b", T), ("x", "a", "test")],
        "1 row left out: the same text and label as an earlier row.",
    ),
    (
        "near_duplicate_text=drop_near_repeats",
        [(LONG, "a", T), (LONG + "!", "a", T), (LONG + "?", "b", T), ("another thing", "a", T)],
        [(LONG, "a", T), (LONG + "?", "b", T), ("another thing", "a", T)],
        "1 row left out: nearly the same text as an earlier row.",
    ),
    (
        "single_row_label=drop_rare_labels",
        [("x", "a", T), ("y", "b", T), ("z", "b", T)],
        [("y", "b", T), ("z", "b", T)],
        "1 row left out: 1 label with so few rows.",
    ),
    (
        "single_row_label=join_labels:a>b",
        [("x", "a", T), ("y", "b", T), ("z", "b", T)],
        [("x", "b", T), ("y", "b", T), ("z", "b", T)],
        "1 row got the label 'b' in place of 'a'.",
    ),
    ("urls=ignore", [("x", "a", T)], [("x", "a", T)], "Seen and accepted; nothing was changed."),
]


@pytest.mark.parametrize(("choice", "before", "after", "message"), CASES, ids=[case[0] for case in CASES])
def test_an_action_does_what_it_says(choice: str, before: list[Row], after: list[Row], message: str) -> None:
    assert mend(before, choice) == (after, [message])


def test_every_action_on_rows_is_done_by_something_and_tried_here() -> None:
    on_rows = {action.name for action in ACTIONS if not action.reading}
    assert set(ACTS) == on_rows
    assert {FixChoice.parse(case[0]).action for case in CASES} == on_rows
    assert {name for names in FIXES.values() for name in names} == {action.name for action in ACTIONS} - {
        "ignore"
    }


def test_the_order_of_the_choices_makes_no_difference() -> None:
    rows = [(" x\x00", "Spam", T), ("x", "spam ", T), ("x", "spam", "test"), ("<b>x</b>", "ham", T)]
    choices = [
        "html=strip_html",
        "control_characters=remove_control_characters",
        "padded_label=trim_labels",
        "similar_labels=merge_labels",
        "duplicate_text=drop_repeats",
    ]
    assert len({str(mend(rows, *each)) for each in itertools.permutations(choices)}) == 1


def test_what_was_left_out_is_listed_with_its_reason() -> None:
    mended = mend_rows(
        frame_of([("", "a", T), ("x", "a", T), ("x", "a", T)]),
        [FixChoice("duplicate_text", "drop_repeats"), FixChoice("missing_text", "drop_rows")],
    )
    assert mended.left_out[["line", "code", "action"]].to_dict("records") == [
        {"line": 2, "code": "missing_text", "action": "drop_rows"},
        {"line": 4, "code": "duplicate_text", "action": "drop_repeats"},
    ]
    assert [step.lines for step in mended.steps] == [(2,), (4,)]


def test_rows_of_any_finding_can_be_dropped_by_their_marks() -> None:
    marked = frame_of([("x", "a", T), ("y", "a", T)]).assign(marks=[0, 2])
    mended = mend_rows(marked, [FixChoice("urls", "drop_rows")], codes=("html", "urls"))
    assert rows_of(mended.rows) == [("x", "a", T)]


@pytest.mark.parametrize(
    ("choice", "hint"),
    [
        ("duplicate_text=fly", "drop_repeats"),
        ("nonsense=drop_repeats", "duplicate_text"),
        ("duplicate_text=strip_html", "drop_repeats"),
    ],
)
def test_what_does_not_exist_is_refused_with_what_does(choice: str, hint: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        mend([("x", "a", T)], choice)
    assert hint in caught.value.hint


def test_a_label_is_joined_with_another_that_is_there() -> None:
    rows = [("x", "Rude staff", T), ("y", "Staff", T), ("z", "a > b", T)]
    joined, told = mend(rows, "rare_label=join_labels:Rude staff>Staff")
    assert [label for _, label, _ in joined] == ["Staff", "Staff", "a > b"]
    assert told == ["1 row got the label 'Staff' in place of 'Rude staff'."]
    choices = [FixChoice.join("rare_label", "a > b", "Staff"), FixChoice.join("rare_label", "Staff", "%")]
    mended = mend_rows(frame_of(rows), choices)
    assert mended.rows["label"].tolist() == ["Rude staff", "Staff", "Staff"], "nothing is called %"
    assert {step.choice for step in mended.steps} == set(choices)
    assert [Step.from_json(step.to_json()) for step in mended.steps] == list(mended.steps)
    assert FixChoice.parse(str(choices[0])).labels == ("a > b", "Staff")


def test_labels_are_joined_in_the_order_in_which_that_was_chosen() -> None:
    rows = [("v", "z", T), ("w", "a", T), ("x", "b", T)]
    joined, told = mend(rows, "rare_label=join_labels:z>a", "rare_label=join_labels:a>b")
    assert joined == [("v", "b", T), ("w", "b", T), ("x", "b", T)]
    assert len(told) == 2


@pytest.mark.parametrize(
    "choice", ["rare_label=join_labels", "rare_label=join_labels:a", "html=strip_html:a>b"]
)
def test_labels_are_given_where_and_only_where_they_are_joined(choice: str) -> None:
    with pytest.raises(InvalidInput, match="label"):
        mend([("x", "a", T)], choice)


def test_an_action_has_its_codes() -> None:
    assert find_action("merge_labels").codes == ("similar_labels",)


ALL_CHOICES = [
    FixChoice(code, action, "c>a" if action == "join_labels" else "")
    for code, actions in FIXES.items()
    for action in actions
    if action in ACTS and code not in ("too_few_fields", "too_many_fields", "broken_quotes")
]
TEXTS = st.sampled_from(
    ["x", "X ", "y", "", "\x01z", "z", LONG, LONG + "!", LONG.upper(), "<b>y</b>", "cafÃ©", "café", "\ufffd"]
)
TABLES = st.lists(
    st.tuples(
        TEXTS,
        st.sampled_from(["a", " a", "A", "b", "c", ""]),
        st.sampled_from([T, T, "validation", "test"]),
    ),
    min_size=1,
    max_size=14,
)


@settings(max_examples=150, deadline=None)
@given(TABLES, st.lists(st.sampled_from(ALL_CHOICES), max_size=8))
def test_no_row_is_lost_without_a_step_that_says_so_and_twice_is_once(
    rows: list[Row], choices: list[FixChoice]
) -> None:
    mended = mend_rows(frame_of(rows), choices)
    lost = set(range(2, len(rows) + 2)) - set(mended.rows["line"])
    assert sorted(mended.left_out["line"]) == sorted(lost)
    told = {(step.code, step.action): step.rows for step in mended.steps}
    for (code, action), part in mended.left_out.groupby(["code", "action"]):
        assert told[code, action] >= len(part)
    again = mend_rows(mended.rows, choices)
    assert rows_of(again.rows) == rows_of(mended.rows)
    assert not any(step.rows for step in again.steps)


@settings(max_examples=60, deadline=None)
@given(TABLES, st.lists(st.sampled_from(ALL_CHOICES), max_size=5), st.randoms())
def test_shuffled_choices_give_the_same_rows(
    rows: list[Row], choices: list[FixChoice], chance: object
) -> None:
    shuffled = list(choices)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = mend_rows(frame_of(rows), choices), mend_rows(frame_of(rows), shuffled)
    assert rows_of(one.rows) == rows_of(other.rows)
    assert one.steps == other.steps


def test_a_step_counts_rows_of_which_another_cell_changed_too() -> None:
    rows = [("on\x07e", "a", T), ("two", "\x07b", T), ("th\x07ree", "\x07c", T)]
    mended, told = mend(rows, "control_characters=remove_control_characters")
    assert mended == [("one", "a", T), ("two", "b", T), ("three", "c", T)]
    assert told == ["3 rows lost invisible control characters."]


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("so &" + "amp;" * 50_000 + "lt; much", "so &amp;amp;"),
        ("<b>so</b> " + "<!--" * 20_000, "so <!--<!--"),
    ],
)
def test_a_text_made_to_take_time_takes_none(text: str, start: str) -> None:
    started = time.monotonic()
    mended, _ = mend([(text, "a", T)], "html=strip_html")
    assert time.monotonic() - started < 5
    assert mended[0][0].startswith(start)


def test_characters_in_the_writing_of_html_are_told_as_such() -> None:
    mended, told = mend([("Fish &amp; chips &#8226; peas", "a", T), ("x", "a", T)], "html=strip_html")
    assert mended[0][0] == "Fish & chips • peas"
    assert told == ["1 row got the characters that &amp; and the like stand for."]


def test_a_comment_goes_with_the_tags_and_signs_in_it() -> None:
    mended, _ = mend([("one <!-- 1 < 2, <b --> two <!----><!-- x -->three", "a", T)], "html=strip_html")
    assert mended == [("one two three", "a", T)]
