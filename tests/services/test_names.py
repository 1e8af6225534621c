"""A name that the studio suggests is one that it takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.bootstrap import Studio
from studio.services.datasets import ImportRequest
from studio.services.names import check_name, free_name, name_from
from studio.services.training import TrainRequest
from tests.encoders import build_encoder

LONG = "x" * 90


@pytest.mark.parametrize(
    "checkpoint", ["/data/enc,o#d", "org/mo&del", f"/data/{LONG}", "/data/...", "客服/编码器", "a, b", "enc "]
)
def test_every_suggested_name_of_a_model_is_taken(studio: Studio, small_table: Path, checkpoint: str) -> None:
    suggested = studio.training.suggest_name("small", checkpoint)
    assert check_name(suggested, "model") == suggested
    assert suggested.startswith("small") and "," not in suggested


def test_a_training_from_an_oddly_named_folder_gets_a_name_that_addresses_can_carry(
    studio: Studio, small_table: Path, tmp_path: Path
) -> None:
    studio.datasets.import_file(ImportRequest(path=small_table, name="small"))
    folder = build_encoder(tmp_path / "enc,o#d")
    jobs = [
        studio.training.start(TrainRequest("small", str(folder), changes={"max_length": 32}))
        for _ in range(2)
    ]
    assert [job.payload["model"] for job in jobs] == ["small-enc-o-d", "small-enc-o-d-2"]


def test_a_long_name_leaves_room_for_its_number() -> None:
    wanted = name_from(f"{LONG}.csv")
    taken = {wanted}
    for _ in range(12):
        found = free_name(wanted, taken)
        assert check_name(found, "dataset") == found and found not in taken
        taken.add(found)
