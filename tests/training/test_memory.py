"""Where the memory does not suffice, the same batch is computed in smaller parts, with the same result."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch

from studio.errors import WorkFailed
from studio.training.engine import TrainingRun, train_model
from studio.training.memory import Deaths, RowsAtOnce, count_kernel_kills
from tests.encoders import build_encoder
from tests.training.kills import LimitedMemory, told_by, train_in_child
from tests.training.runs import Listener, make_run

pytestmark = pytest.mark.slow
MEGABYTE = 10**6


def started(path: Path, listener: Listener, killed: int = 0, kernel: int | None = None) -> RowsAtOnce:
    """What an attempt starts with that batches of 32 rows are for."""
    found = RowsAtOnce(path, 32, listener)
    found.start(Deaths(killed, kernel))
    return found


def test_half_of_what_failed_is_tried_next_and_kept_for_the_next_attempt(tmp_path: Path) -> None:
    listener = Listener()
    found = started(tmp_path / "memory.json", listener)
    found.lower(32, 128, can_recompute=True)
    assert found.number == 16
    found.lower(5, 128, can_recompute=True)
    assert found.number == 3, "the batch that failed had five rows"
    assert listener.notes[0] == (
        "Memory did not suffice for 32 rows at once: "
        "it goes on with 16 rows at a time; the result is the same."
    )
    assert started(tmp_path / "memory.json", Listener()).number == 3


def test_where_one_row_does_not_fit_less_is_kept_and_then_it_is_the_end(tmp_path: Path) -> None:
    path, listener = tmp_path / "memory.json", Listener()
    found = started(path, listener)
    for _ in range(5):
        found.lower(32, 512, can_recompute=True)
    assert (found.number, found.recomputes) == (1, False)
    found.lower(32, 512, can_recompute=True)
    assert (found.number, found.recomputes) == (32, True)
    assert "did not suffice for 1 row at once: it goes on with less in memory" in listener.notes[-1]
    assert started(path, Listener()).recomputes
    for _ in range(5):
        found.lower(32, 512, can_recompute=True)
    with pytest.raises(WorkFailed, match="512 tokens, not even for one row at a time") as caught:
        found.lower(32, 512, can_recompute=True)
    assert "maximum length" in caught.value.hint


def test_an_encoder_that_must_keep_all_ends_at_one_row(tmp_path: Path) -> None:
    found = started(tmp_path / "memory.json", Listener())
    with pytest.raises(WorkFailed, match="not even for one row"):
        found.lower(1, 512, can_recompute=False)


def test_a_kill_at_one_row_keeps_less_from_then_on(tmp_path: Path) -> None:
    path = tmp_path / "memory.json"
    numbers = [started(path, Listener(), killed=killed).number for killed in range(7)]
    assert numbers == [32, 32, 16, 8, 4, 2, 1]
    assert not started(path, Listener(), killed=6).recomputes
    after = started(path, Listener(), killed=7)
    assert (after.number, after.recomputes) == (32, True)


def test_a_kill_for_lack_of_memory_halves_and_any_other_kill_does_not(tmp_path: Path) -> None:
    path, listener = tmp_path / "memory.json", Listener()
    assert started(path, listener, killed=0, kernel=7).number == 32
    assert started(path, listener, killed=1, kernel=7).number == 32, "somebody's kill -9"
    assert started(path, listener, killed=2, kernel=8).number == 16, "the kernel's"
    assert started(path, listener, killed=2, kernel=9).number == 16, "that of another process"
    assert started(path, listener, killed=3, kernel=1).number == 16, "the computer was started again"
    assert len(listener.notes) == 1 and "the system, which had no memory left" in listener.notes[0]


def test_where_the_kernel_does_not_count_a_second_kill_is_taken_for_lack_of_memory(tmp_path: Path) -> None:
    path = tmp_path / "memory.json"
    assert [started(path, Listener(), killed=killed).number for killed in (0, 1, 2, 2, 3)] == [
        *(32, 32, 16, 16, 8)
    ]


def test_a_file_that_cannot_be_read_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "memory.json").write_text('{"rows_at_once":')
    assert started(tmp_path / "memory.json", Listener()).number == 32


def test_the_kernels_count_is_read(tmp_path: Path) -> None:
    (tmp_path / "vmstat").write_text("nr_free_pages 5\noom_kill 12\nx 1\n")
    assert count_kernel_kills(tmp_path / "vmstat") == 12
    (tmp_path / "vmstat").write_text("nr_free_pages 5\n")
    assert count_kernel_kills(tmp_path / "vmstat") is None
    assert count_kernel_kills(tmp_path / "missing") is None


@pytest.mark.parametrize("at_once", [1, 3, 5, 16])
def test_a_batch_in_parts_gives_the_gradients_and_losses_of_the_whole(
    encoder_folders: dict[str, Path], tmp_path: Path, at_once: int
) -> None:
    told = []
    for number, rows in enumerate((16, at_once)):
        run = make_run(
            encoder_folders["bert"],
            tmp_path / str(number),
            rows=40,
            epochs=2,
            dropout=0,
            class_weights="balanced",
        )
        run = dataclasses.replace(run, train={name: column[:39] for name, column in run.train.items()})
        run.snapshots_dir.mkdir(parents=True)
        (run.snapshots_dir / "memory.json").write_text(
            f'{{"rows_at_once": {rows}, "killed_attempts": 0, "kernel_kills": null}}'
        )
        listener = Listener()
        result = train_model(run, listener)
        told.append((listener, {name: value for name, value in result.model.named_parameters()}))
    (whole, expected), (parts, found) = told
    for curve in (("train", "loss"), ("train", "accuracy"), ("validation", "loss")):
        assert parts.series(*curve) == [pytest.approx(point, abs=1e-5) for point in whole.series(*curve)]
    for name, value in expected.items():
        assert torch.allclose(value, found[name], atol=1e-5), name


def large_run(tmp_path: Path, home: str, **fields: Any) -> TrainingRun:
    """A batch whose activations take more than a gigabyte."""
    folder = build_encoder(
        tmp_path / "wide", "deberta-v2", max_position_embeddings=256, intermediate_size=32_768
    )
    run = make_run(
        folder,
        tmp_path / home,
        epochs=1,
        batch_size=32,
        max_length=512,
        dropout=0,
        early_stopping=0,
        **fields,
    )
    words = ["the film is good and the food is bad " * 14] * 40
    return dataclasses.replace(run, train={"text": words, "label": ["praise", "complaint"] * 20})


def test_a_batch_that_does_not_fit_is_healed_with_the_numbers_of_one_that_does(tmp_path: Path) -> None:
    free = large_run(tmp_path, "free")
    listener = Listener()
    train_model(free, listener)
    tight = large_run(tmp_path, "tight")
    assert train_in_child(tight, LimitedMemory, 600 * MEGABYTE) == 0
    told = told_by(tight)
    assert told["notes"] and told["notes"][0].startswith("Memory did not suffice for 32 rows at once")
    losses = [
        (step, value) for split, name, step, value in told["metrics"] if (split, name) == ("train", "loss")
    ]
    assert losses == [pytest.approx(point, abs=1e-5) for point in listener.series("train", "loss")]
