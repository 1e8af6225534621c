"""The table of what checkpoints cut off."""

from __future__ import annotations

from studio.checkpoints.catalogue import load_catalogue
from studio.checkpoints.lengths import describe_tokens
from studio.pages.data.cutting import render_cutting
from studio.services.lengths import CheckpointLengths


def line(lengths: list[int], rows: int | None = None) -> CheckpointLengths:
    checkpoint = load_catalogue()["minilm-l6"]
    return CheckpointLengths(checkpoint, describe_tokens(checkpoint.id, lengths, rows), 256)


def test_each_checkpoint_has_its_shares_and_the_advised_length() -> None:
    html = str(render_cutting([line([10, 200, 300, 600])]))
    assert "Cut at 128" in html
    assert all(share in html for share in ("75.0 %", "50.0 %", "25.0 %"))
    assert ">256<" in html
    assert "Every training text" in html


def test_a_sample_says_that_it_is_one() -> None:
    assert "sample" in str(render_cutting([line([10, 20], rows=9)]))


def test_without_a_checkpoint_nothing_stands_there() -> None:
    assert str(render_cutting([])) == ""
