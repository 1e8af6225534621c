"""Labels keep their text and get a fixed order, or that of a labels file."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from studio.data.labels import name_labels, order_labels, read_labels_file
from studio.errors import InvalidInput
from tests.data.tables import write_text


def test_integers_are_in_order_of_number_and_anything_else_by_code_point() -> None:
    assert order_labels(["10", "2", "-3", "02"]) == ["-3", "02", "2", "10"]
    assert order_labels(["1.5", "10", "2"]) == ["1.5", "10", "2"]
    assert order_labels(["ham", " ham", "Zebra", "ä"]) == [" ham", "Zebra", "ham", "ä"]


def test_a_labels_file_gives_names_in_its_order(tmp_path: Path) -> None:
    path = write_text(tmp_path / "class.txt", "finance\r\nrealty\r\nstocks\r\n\r\n")
    assert read_labels_file(path) == ["finance", "realty", "stocks"]


def test_indices_become_names_and_others_are_marked() -> None:
    named, unknown = name_labels(pd.Series(["1", "0", "7", "x"], dtype="str"), ["finance", "realty"])
    assert named.tolist() == ["realty", "finance", "7", "x"]
    assert unknown.tolist() == [False, False, True, True]


def test_names_in_the_column_are_taken_as_they_are() -> None:
    named, unknown = name_labels(pd.Series(["realty", "finance"], dtype="str"), ["finance", "realty"])
    assert named.tolist() == ["realty", "finance"]
    assert not unknown.any()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("only\n", "fewer than two labels"),
        ("a\nb\na\n", "names 'a' twice"),
        ("a\n\nb\n", "Line 2 of class.txt is empty"),
    ],
)
def test_a_labels_file_that_cannot_work_gets_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        read_labels_file(write_text(tmp_path / "class.txt", text))
