"""The table of what checkpoints cut off."""

from __future__ import annotations

from studio.checkpoints.catalogue import load_catalogue
from studio.checkpoints.lengths import describe_tokens
from studio.pages.data.cutting import render_cutting
from studio.services.lengths import CheckpointLengths


def line(lengths: list[int], rows: int | None = None, test: int = 0) -> CheckpointLengths:
    checkpoint = load_catalogue()["minilm-l6"]
    longest = {"train": max(lengths), "validation": 1, "test": test}
    return CheckpointLengths(checkpoint, describe_tokens(checkpoint.id, lengths, rows), 256, longest)


def test_each_checkpoint_has_its_shares_and_the_advised_length() -> None:
    html = str(render_cutting([line([10, 200, 300, 600])]))
    assert "Cut at 128" in html
    assert all(share in html for share in ("75.0 %", "50.0 %", "25.0 %"))
    assert ">256<" in html
    assert "Every training text" in html


def test_the_longest_text_is_named_in_whichever_part_it_is() -> None:
    assert ">20<" in str(render_cutting([line([10, 20], test=20)]))
    assert ">5,312 (test)<" in str(render_cutting([line([10, 20], test=5312)]))


def test_a_sample_says_that_it_is_one() -> None:
    assert "sample" in str(render_cutting([line([10, 20], rows=9)]))


def test_without_a_checkpoint_nothing_stands_there() -> None:
    assert str(render_cutting([])) == ""
