"""The first row is a header or not, judged by what is under it."""

from __future__ import annotations

import pytest

from studio.data.readers.headers import guess_header, name_columns

REVIEWS = [["a stirring and funny film for everyone", "1"], ["the plot falls apart in the middle", "0"]] * 3


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([["text", "label"], *REVIEWS], True),
        (REVIEWS, False),
        ([["Review", "Stars"], *REVIEWS], True),
        ([["foo", "bar"], *REVIEWS], True),
        ([["内容", "标签"], ["酒店很好", "好"], ["太差了", "坏"]], True),
        (
            [
                [" ham", "Go until jurong point, crazy"],
                *[["ham", "Ok lar joking wif u oni"], ["spam", "Free entry"]] * 3,
            ],
            False,
        ),
        ([["spam", "win"], *[["ham", "see you later then"], ["spam", "free entry now"]] * 3], False),
        ([["text", "label"], ["only one row of data", "x"]], True),
        ([["Gegenstand", "Kosten"], *[[f"chair number {n} oak", f"{n + 2}.682,18"] for n in range(5)]], True),
        ([["Item bought", "Total"], *[[f"an oak chair {n}", f"$1,{n}34.50"] for n in range(5)]], True),
        (
            [["chair number 9 oak", "3.682,18"], *[[f"chair number {n} oak", "1.682,18"] for n in range(5)]],
            False,
        ),
        ([["text", "label"]], True),
        ([["1", "2"], ["3", "4"]], False),
        ([["", ""], ["a", "b"]], False),
        ([["I liked it a lot, thank you.", "good"], ["Not for me, sorry to say.", "bad"]], False),
    ],
)
def test_a_header_is_told_from_data(rows: list[list[str]], expected: bool) -> None:
    assert guess_header(rows) is expected


def test_columns_without_a_header_are_numbered() -> None:
    assert name_columns(None, 3).names == ["column_1", "column_2", "column_3"]


def test_a_doubled_name_gets_a_number_that_is_free() -> None:
    assert name_columns(["text", "text", "text_2"], 3).names == ["text", "text_3", "text_2"]


def test_blanks_around_names_go_and_are_reported() -> None:
    columns = name_columns([" text", "label "], 2)
    assert columns.names == ["text", "label"]
    assert columns.padded == ["text", "label"]
