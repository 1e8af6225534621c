"""The closer look at a large dataset: a real job that finds nearly the same texts and counts all tokens."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.states import JobState
from studio.bootstrap import Studio
from studio.data.browsing import RowQuery
from studio.data.importing import ImportRequest
from studio.data.near import ROWS_AT_ONCE
from tests.data.tables import write_table

SYLLABLES = [first + second for first in "bdfgklmnprst" for second in ("a", "e", "i", "o", "u", "an", "el")]


def word(number: int) -> str:
    """Another word for another number."""
    letters = ""
    while number or not letters:
        number, rest = divmod(number, len(SYLLABLES))
        letters += SYLLABLES[rest]
    return letters


def write_large(path: Path) -> Path:
    """A few more rows than are looked at there and then, with 20 pairs that are nearly the same."""
    rows = [
        (" ".join(word(n * 7919 + k * 104_729) for k in range(6)), "ab"[n % 2])
        for n in range(ROWS_AT_ONCE + 30)
    ]
    rows += [(text + " !", label) for text, label in rows[:20]]
    return write_table(path, [("text", "label"), *rows])


@pytest.fixture
def large(studio: Studio, tmp_path: Path) -> str:
    """A dataset of 10,050 rows."""
    studio.datasets.import_file(ImportRequest(path=write_large(tmp_path / "large.csv"), name="large"))
    return "large"


def test_a_large_dataset_gets_a_closer_look_whose_findings_can_be_browsed_and_mended(
    studio: Studio, large: str
) -> None:
    codes = [problem.code for problem in studio.datasets.findings(large)]
    assert not [code for code in codes if code.startswith("near_")]
    (line,) = studio.lengths.table(large)
    assert not line.facts.exact
    (job,) = studio.jobs.list()
    assert (job.kind, studio.jobs.wait(job.id).state) == ("profile", JobState.SUCCEEDED)
    found = {problem.code: problem.count for problem in studio.datasets.findings(large)}
    near = [code for code in found if code.startswith("near_")]
    assert near
    for code in near:
        page = studio.datasets.browse(large, RowQuery(finding=code))
        assert page.total == sum(
            problem.count for problem in studio.datasets.findings(large) if problem.code == code
        )
    (exact,) = studio.lengths.table(large)
    assert exact.facts.exact
    assert exact.facts.rows == studio.datasets.get(large).rows["train"]


def test_a_dataset_that_is_deleted_meanwhile_is_no_failure(studio: Studio, large: str) -> None:
    (job,) = studio.jobs.list()
    studio.datasets.delete(large)
    assert studio.jobs.wait(job.id).state == JobState.SUCCEEDED


def test_a_small_dataset_needs_no_closer_look(studio: Studio, small_table: Path) -> None:
    studio.datasets.import_file(ImportRequest(path=small_table, name="small"))
    assert studio.jobs.list() == []
