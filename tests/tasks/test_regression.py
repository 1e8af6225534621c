"""Numbers of rows: read, refused, and given back in the data's own scale."""

from __future__ import annotations

import numpy as np
import pytest

from studio.errors import InvalidInput
from studio.tasks.regression import REGRESSION


def test_numbers_are_read_with_a_point_or_a_comma() -> None:
    found = REGRESSION.targets({"number": ["4.5", " 2,25 ", "-3", "1e2"]}, ())
    assert found.tolist() == [4.5, 2.25, -3.0, 100.0] and found.dtype == np.float32


@pytest.mark.parametrize("cell", ["", "good", "nan", "inf", "1.2.3", "1_000", "4,5,6"])
def test_a_cell_without_a_number_is_refused_and_named(cell: str) -> None:
    with pytest.raises(InvalidInput, match="1 rows have no number") as caught:
        REGRESSION.targets({"number": ["1", cell]}, ())
    assert f"'{cell}'" in caught.value.message


def test_rows_of_one_number_alone_teach_nothing() -> None:
    with pytest.raises(InvalidInput, match="All training rows have the number 3"):
        REGRESSION.check({"text": ["a", "b"], "number": ["3", "3.0"]}, ())
    REGRESSION.check({"text": ["a", "b"], "number": ["3", "4"]}, ())


def test_an_answer_is_a_value() -> None:
    assert REGRESSION.decode(np.array([[0.5], [4.0]], dtype=np.float32), (), {}) == [
        {"value": 0.5},
        {"value": 4.0},
    ]
    assert REGRESSION.outputs(()) == ("value",)
