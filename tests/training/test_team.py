"""Several processes train as one: rows are dealt evenly, and nothing but the time changes."""

from __future__ import annotations

import dataclasses
from functools import partial
from multiprocessing import active_children
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file

from studio.checkpoints.loading import load_encoder
from studio.errors import PartnerKilled
from studio.training.cadence import Cadence
from studio.training.engine import TrainingRun, encode_order, train_model
from studio.training.followers import start_follower, wait_until_ready
from studio.training.placement import choose_placement
from studio.training.team import deal
from tests.training.runs import Listener, Stopped, make_run


def test_every_row_is_dealt_once_and_tokens_evenly() -> None:
    lengths = np.random.default_rng(0).lognormal(4, 1, 64).astype(np.int64).clip(4, 512)
    hands = deal(lengths, 4)
    assert sorted(np.concatenate(hands).tolist()) == list(range(64))
    tokens = [lengths[hand].sum() for hand in hands]
    assert max(tokens) <= 1.05 * np.mean(tokens)


def test_more_hands_than_rows_leave_some_empty() -> None:
    assert [hand.tolist() for hand in deal(np.array([3]), 3)] == [[0], [], []]


def run_of(folder: Path, home: Path, processes: int) -> TrainingRun:
    """Three steps an epoch, the last of one row; without dropout, and with a snapshot after every step."""
    made = make_run(folder, home, rows=33, epochs=2, dropout=0.0)
    cadence = partial(Cadence, between=0.0, quick=float("inf"))
    return dataclasses.replace(made, processes=processes, make_cadence=cadence)


def curve_of(listener: Listener) -> list[float]:
    """Losses of training and validation."""
    return [value for split in ("train", "validation") for _, value in listener.series(split, "loss")]


@pytest.mark.slow
@pytest.mark.parametrize("family", ["bert", "deberta-v2"])
def test_two_processes_learn_what_one_does(
    family: str, encoder_folders: dict[str, Path], tmp_path: Path
) -> None:
    told, weights = [], []
    for processes in (1, 2):
        listener, home = Listener(), tmp_path / f"mit Leerzeichen {processes}"
        train_model(run_of(encoder_folders[family], home, processes), listener)
        told.append(curve_of(listener))
        weights.append(load_file(home / "folder" / "model.safetensors"))
    assert len(told[0]) == 8
    assert told[1] == pytest.approx(told[0], rel=1e-5)
    for name, alone in weights[0].items():
        assert (weights[1][name] - alone).norm() <= 1e-5 * max(1.0, float(alone.norm())), name
    assert active_children() == []


@pytest.mark.slow
def test_two_processes_go_on_from_a_snapshot(encoder_folders: dict[str, Path], tmp_path: Path) -> None:
    whole, later = Listener(), Listener()
    train_model(run_of(encoder_folders["bert"], tmp_path / "whole", 2), whole)
    with pytest.raises(Stopped):
        train_model(run_of(encoder_folders["bert"], tmp_path / "cut", 2), Listener(stop_after_step=4))
    train_model(run_of(encoder_folders["bert"], tmp_path / "cut", 2), later)
    assert "Going on after step 4" in "".join(later.lines)
    assert curve_of(later) == pytest.approx(curve_of(whole), rel=1e-5)


class Killer(Listener):
    """Kills the other process of the training after a step."""

    def metric(self, name: str, value: float, *, split: str, step: int, epoch: float) -> None:
        """Remember it, and strike."""
        super().metric(name, value, split=split, step=step, epoch=epoch)
        if step == 2:
            for process in active_children():
                process.kill()


@pytest.mark.slow
def test_a_training_whose_other_process_is_killed_says_so(
    encoder_folders: dict[str, Path], tmp_path: Path
) -> None:
    with pytest.raises(PartnerKilled, match="was killed"):
        train_model(run_of(encoder_folders["bert"], tmp_path, 2), Killer())
    assert active_children() == []


@pytest.mark.slow
def test_a_process_that_is_asked_to_end_while_it_starts_leaves_that_to_the_first(
    encoder_folders: dict[str, Path], tmp_path: Path
) -> None:
    run = run_of(encoder_folders["bert"], tmp_path, 2)
    tokenizer = load_encoder(run.checkpoint_folder, run.task.key, run.labels).tokenizer
    order = encode_order(run, tokenizer, (16, choose_placement("fp32")), Listener())
    process, connection = start_follower(order, (1, 2, 1), tmp_path / "meeting")
    try:
        process.terminate()
        wait_until_ready([(process, connection)], Listener())
        process.terminate()
        assert process.exitcode is None
    finally:
        process.kill()
        process.join()


@pytest.mark.slow
def test_a_training_that_is_cancelled_while_its_processes_start_is_cancelled(
    encoder_folders: dict[str, Path], tmp_path: Path
) -> None:
    listener = Listener()
    listener.ending = "cancel"
    with pytest.raises(Stopped):
        train_model(run_of(encoder_folders["bert"], tmp_path, 2), listener)
    assert active_children() == []


@pytest.mark.slow
def test_processes_that_begin_with_other_weights_take_those_of_the_first(
    encoder_folders: dict[str, Path], tmp_path: Path
) -> None:
    told = []
    for processes in (1, 2):
        run = run_of(encoder_folders["distilbert"], tmp_path / str(processes), processes)
        listener = Listener()
        train_model(run, listener)
        told.append(curve_of(listener))
    assert told[1] == pytest.approx(told[0], rel=1e-5)
