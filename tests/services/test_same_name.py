"""A dataset that took over a name is not the one that had it before."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.bootstrap import Studio
from studio.errors import NotFound
from studio.pages.results import scoring
from studio.services.datasets import ImportRequest
from tests.conftest import small_rows, write_csv
from tests.results.kept_models import keep_evaluation, keep_model


@pytest.fixture
def retaken(studio: Studio, tmp_path: Path) -> Studio:
    """A studio whose model was trained on an earlier dataset of the name 'small'."""
    for rows in (small_rows(), small_rows()[::2]):
        table = write_csv(tmp_path / "small.csv", rows, ("text", "label"))
        if rows != small_rows():
            keep_model(studio, "small", "kept")
            studio.datasets.delete("small")
        studio.datasets.import_file(ImportRequest(path=table, name="small"))
    return studio


def test_a_model_does_not_use_the_dataset_that_has_the_name_now(retaken: Studio) -> None:
    assert retaken.datasets.used_by("small") == []
    keep_model(retaken, "small", "later")
    assert retaken.datasets.used_by("small") == ["later"]


def test_a_model_is_not_scored_on_another_dataset_unasked(retaken: Studio) -> None:
    with pytest.raises(NotFound, match="'small' that 'kept' was trained on") as caught:
        retaken.evaluations.start("kept", None, "train")
    assert "by name" in caught.value.hint
    job = retaken.evaluations.start("kept", "small", "train")
    assert job is not None and job.payload["dataset_id"] == retaken.datasets.get("small").id


def test_a_scoring_on_the_later_dataset_is_shown_beside_that_on_the_earlier(
    retaken: Studio, small_table: Path
) -> None:
    model = keep_model(retaken, "small", "other")
    retaken.datasets.import_file(ImportRequest(path=small_table, name="may"))
    keep_evaluation(retaken, model, "may")
    retaken.datasets.delete("may")
    retaken.datasets.import_file(ImportRequest(path=small_table, name="may"))
    assert retaken.evaluations.start("other", "may", "test") is not None
    assert scoring.render_board(retaken, "other").count("<tr") == 3
