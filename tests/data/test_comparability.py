"""A new division of known rows is noticed; the same one, and unrelated rows, are not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from studio.data.comparability import overlap, sketch_rows, warn_incomparable
from studio.data.dataset import Dataset
from studio.data.importing import ImportRequest, PreparedImport, prepare_import
from studio.data.library import Library
from studio.data.texts import text_keys
from tests.data.tables import many_rows, write_table


def prepare(tmp_path: Path, rows: list[tuple[str, str]], seed: int = 0) -> PreparedImport:
    """An import, ready to be kept."""
    path = write_table(tmp_path / "t.csv", [("text", "label"), *rows])
    return prepare_import(ImportRequest(path=path, name="tickets", seed=seed))


@pytest.fixture
def earlier(tmp_path: Path) -> Dataset:
    """A dataset of 3,000 rows that was kept, and read back."""
    kept = Library(tmp_path / "datasets").save(prepare(tmp_path, many_rows(3000)))
    return Dataset.from_json(json.loads(json.dumps(kept.to_json())))


def test_the_same_file_with_another_seed_is_warned_about(tmp_path: Path, earlier: Dataset) -> None:
    prepared = prepare(tmp_path, many_rows(3000), seed=1)
    (problem,) = warn_incomparable(prepared.sketches, [earlier])
    assert (problem.code, problem.severity) == ("incomparable_split", "warning")
    assert '100% of the rows are also in "tickets"' in problem.message
    assert "were training rows there" in problem.message
    assert "seed (0)" in problem.hint


def test_the_same_file_and_seed_is_comparable(tmp_path: Path, earlier: Dataset) -> None:
    assert warn_incomparable(prepare(tmp_path, many_rows(3000)).sketches, [earlier]) == []


def test_a_file_that_grew_by_half_is_warned_about(tmp_path: Path, earlier: Dataset) -> None:
    (problem,) = warn_incomparable(prepare(tmp_path, many_rows(4500)).sketches, [earlier])
    assert "of the test rows are others" in problem.message


def test_an_unrelated_file_is_not_compared(tmp_path: Path, earlier: Dataset) -> None:
    rows = [(f"something else {number}", "ab"[number % 2]) for number in range(3000)]
    assert warn_incomparable(prepare(tmp_path, rows).sketches, [earlier]) == []


def test_an_overlap_is_estimated_within_a_tenth() -> None:
    keys = text_keys([f"text {number}" for number in range(60_000)])
    for share in (0.0, 0.1, 0.5, 0.9, 1.0):
        start = int((1 - share) * 20_000)
        found = overlap(sketch_rows(keys[:20_000]), sketch_rows(keys[start : start + 20_000]))
        assert abs(found - share) <= 0.1


def test_a_sketch_holds_each_text_once_and_is_small() -> None:
    keys = np.repeat(text_keys([f"text {number}" for number in range(1000)]), 3)
    sketch = sketch_rows(keys)
    assert len(sketch) == len(set(sketch)) == 256
    assert sketch == tuple(sorted(sketch)) and max(sketch) < 2**53
