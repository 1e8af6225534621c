"""A wish to train becomes a recipe and a job, or a sentence that says what does not fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.bootstrap import Studio
from studio.data.importing import ImportRequest
from studio.errors import InvalidInput
from studio.services.training import TrainRequest


@pytest.fixture
def dataset(studio: Studio, small_table: Path) -> str:
    """The name of a dataset with 80 rows."""
    return studio.datasets.import_file(ImportRequest(path=small_table, name="small")).name


@pytest.mark.parametrize("field", ["task", "checkpoint", "preset"])
def test_what_is_chosen_beside_the_recipe_cannot_be_changed_inside_it(
    studio: Studio, dataset: str, field: str
) -> None:
    changes = {"epochs": 2, field: {"task": "sentiment", "checkpoint": "other/one", "preset": "best"}[field]}
    with pytest.raises(InvalidInput, match=f"'{field}'") as caught:
        studio.training.recipe(TrainRequest(dataset, "minilm-l6", changes=changes))
    assert ("Leave it out" if field == "task" else f"--{field}") in caught.value.hint
