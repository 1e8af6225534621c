"""A text unlike all that a model learnt from is noticed by what its dataset holds."""

from __future__ import annotations

from pathlib import Path

from studio.bootstrap import Studio
from studio.data.writings import Strange
from studio.services.datasets import ImportRequest
from tests.conftest import small_rows, write_csv
from tests.results.kept_models import keep_model


def test_what_a_model_learnt_from_is_looked_up_in_the_version_it_was_trained_on(
    studio: Studio, tmp_path: Path
) -> None:
    table = write_csv(tmp_path / "small.csv", small_rows(), ("text", "label"))
    studio.datasets.import_file(ImportRequest(path=table, name="small"))
    keep_model(studio, "small", "first")
    find = studio.predictions.find_strange
    assert find("first", {"text": "我要退款，还没收到货"}) == Strange("Chinese", 0.0)
    assert find("first", {"text": small_rows()[0][0]}) is None
    studio.datasets.delete("small")
    assert find("first", {"text": "我要退款，还没收到货"}) is None
