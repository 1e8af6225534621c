"""A table to score a model on becomes test rows only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from studio.bootstrap import Studio
from studio.data.importing import ImportRequest
from studio.data.scoring import prepare_scoring
from studio.errors import InvalidInput
from studio.services.training import TrainRequest

KNOWN = ("billing", "delivery", "refund")


def test_every_row_is_a_test_row_even_where_they_are_few_and_of_one_label(
    write_table: Callable[..., Path],
) -> None:
    path = write_table([["where is it?", "delivery"], ["still not here", "delivery"]])
    prepared = prepare_scoring(ImportRequest(path=path, name="may"), KNOWN)
    assert not prepared.blocking
    assert prepared.rows == {"train": 0, "validation": 0, "test": 2}
    assert prepared.labels == ("delivery",)
    assert prepared.class_counts["test"] == {"delivery": 2}


def test_a_known_label_is_taken_out_of_a_list_of_its_own(write_table: Callable[..., Path]) -> None:
    rows = [["where is my parcel?", '["delivery"]'], ["money back", "refund"], ["well done", '["praise"]']]
    path = write_table(rows)
    prepared = prepare_scoring(ImportRequest(path=path, name="may", drop_bad_rows=True), KNOWN)
    assert list(prepared.frames["test"]["label"]) == ["delivery", "refund"]
    known = ('["delivery"]', '["praise"]', "refund")
    assert prepare_scoring(ImportRequest(path=path, name="may"), known).labels == known


def test_labels_the_model_does_not_know_are_named_with_their_rows_and_can_be_dropped(
    write_table: Callable[..., Path],
) -> None:
    path = write_table(
        [
            ["where is it?", "delivery"],
            ["you are great", "praise"],
            ["what now?", ""],
            ["", "refund"],
            ["well done", "praise"],
        ]
    )
    prepared = prepare_scoring(ImportRequest(path=path, name="may"), KNOWN)
    found = {problem.code: problem for problem in prepared.problems}
    assert found["unknown_label"].rows == (3, 6)
    assert "'praise'" in found["unknown_label"].message
    assert found["missing_label"].rows == (4,)
    assert found["missing_text"].rows == (5,)
    dropping = prepare_scoring(ImportRequest(path=path, name="may", drop_bad_rows=True), KNOWN)
    assert not dropping.blocking
    assert dropping.rows["test"] == 1
    assert dropping.reader.rows_dropped == 4


@pytest.mark.parametrize("label", ["{other}", "{}", "a{", "{rows}", "100 %s"])
def test_an_unknown_label_is_named_as_it_stands_in_the_file(
    write_table: Callable[..., Path], label: str
) -> None:
    path = write_table([["where is it?", "delivery"], ["you are great", label]])
    prepared = prepare_scoring(ImportRequest(path=path, name="may"), KNOWN)
    assert prepared.problems[0].message == (
        f"1 row with a label that the model does not know: line 3 ('{label}')."
    )


def test_a_table_without_a_row_that_fits_is_refused_with_the_reason(write_table: Callable[..., Path]) -> None:
    path = write_table([["a", "x"], ["b", "y"]])
    prepared = prepare_scoring(ImportRequest(path=path, name="may", drop_bad_rows=True), KNOWN)
    assert prepared.blocking
    with pytest.raises(InvalidInput):
        prepared.raise_if_blocking()


def test_a_table_kept_for_scoring_is_a_dataset_nobody_can_train_on(
    studio: Studio, write_table: Callable[..., Path]
) -> None:
    path = write_table([["where is it?", "delivery"], ["money back", "refund"]])
    dataset = studio.datasets.import_for_scoring(ImportRequest(path=path, name="may"), KNOWN)
    assert studio.datasets.get("may").rows == {"train": 0, "validation": 0, "test": 2}
    assert studio.datasets.rows("may", "test")[0]["text"] == "where is it?"
    assert studio.datasets.folder(dataset.name).is_dir()
    with pytest.raises(InvalidInput, match="no training rows"):
        studio.training.recipe(TrainRequest(dataset="may", checkpoint="minilm-l6"))
