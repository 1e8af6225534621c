"""A training that was interrupted ends with the numbers of one that was not, wherever it was."""

from __future__ import annotations

import dataclasses
import math
import signal
from functools import partial
from pathlib import Path

import pytest

from studio.training.cadence import Cadence
from studio.training.engine import TrainingResult, TrainingRun, train_model
from studio.training.snapshots import Snapshots
from tests.execution.answering import logits_of
from tests.training.kills import KilledAt, train_in_child
from tests.training.runs import Ends, Listener, Stopped, make_run

pytestmark = pytest.mark.slow
# 40 rows in batches of 16: three steps an epoch, the last of them small.
FIELDS = {"rows": 40, "epochs": 4}
TEXTS = ["the film is good", "why", "my card was broken and the food awful " * 9]
CURVES = [("train", "loss"), ("train", "accuracy"), ("train", "learning_rate"), ("validation", "loss")]


def run_of(folder: Path, home: Path, seconds: float = 0.0, **fields: object) -> TrainingRun:
    """A run that leaves a snapshot after every step, unless told otherwise."""
    made = make_run(folder, home, **FIELDS | fields)
    return dataclasses.replace(made, make_cadence=partial(Cadence, between=seconds, quick=math.inf))


@pytest.fixture(scope="module")
def undisturbed(
    encoder_folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[TrainingResult, Listener]:
    """The same training without a break."""
    listener = Listener()
    home = tmp_path_factory.mktemp("undisturbed")
    return train_model(run_of(encoder_folders["bert"], home, 300.0), listener), listener


def compare(listener: Listener, result: TrainingResult, expected: tuple[TrainingResult, Listener]) -> None:
    """Every curve, the sentence and the model are those of the undisturbed training."""
    whole, told = expected
    for curve in CURVES:
        assert listener.series(*curve) == [pytest.approx(point, abs=1e-6) for point in told.series(*curve)]
    assert (result.best_epoch, result.sentence) == (whole.best_epoch, whole.sentence)
    ours, theirs = (logits_of(each.model, each.tokenizer, TEXTS) for each in (result, whole))
    assert abs(ours - theirs).max() < 1e-5


@pytest.mark.parametrize("seconds", [0.0, 300.0], ids=["snapshots after steps", "after epochs"])
@pytest.mark.parametrize("step", [1, 2, 3, 5, 7, 12])
def test_a_training_killed_at_a_step_ends_with_the_numbers_of_an_undisturbed_one(
    encoder_folders: dict[str, Path],
    tmp_path: Path,
    undisturbed: tuple[TrainingResult, Listener],
    step: int,
    seconds: float,
) -> None:
    run = run_of(encoder_folders["bert"], tmp_path, seconds)
    assert train_in_child(run, KilledAt, step) == -signal.SIGKILL
    expected = (step - 1) // 3 * 3 if seconds else step - 1
    snapshot = Snapshots(run.snapshots_dir, run.recipe.model_dump()).newest()
    assert (snapshot.step if snapshot else 0) == expected
    listener = Listener()
    result = train_model(run, listener)
    assert any("Going on" in line for line in listener.lines) == (expected > 0)
    compare(listener, result, undisturbed)


def test_a_training_killed_again_and_again_gets_to_its_end(
    encoder_folders: dict[str, Path], tmp_path: Path, undisturbed: tuple[TrainingResult, Listener]
) -> None:
    run = run_of(encoder_folders["bert"], tmp_path)
    for step in (2, 4, 5, 9):
        assert train_in_child(run, KilledAt, step) == -signal.SIGKILL
    listener = Listener()
    result = train_model(run, listener)
    compare(listener, result, undisturbed)
    assert 0 < result.earlier_seconds < result.seconds, "the attempts before count too"


@pytest.mark.parametrize("ending", ["pause", "release", "cancel"])
@pytest.mark.parametrize("step", [2, 3])
def test_a_training_that_is_asked_to_end_takes_a_snapshot_first_unless_cancelled(
    encoder_folders: dict[str, Path],
    tmp_path: Path,
    undisturbed: tuple[TrainingResult, Listener],
    ending: str,
    step: int,
) -> None:
    run = run_of(encoder_folders["bert"], tmp_path, 300.0)
    ends = Ends(step, ending)
    with pytest.raises(Stopped):
        train_model(run, ends)
    assert max(at for _, _, at, _ in ends.metrics) == step
    steps = [path.name for path in run.snapshots_dir.glob("snapshot-*")]
    assert steps == ([] if ending == "cancel" else [f"snapshot-{step}"])
    listener = Listener()
    compare(listener, train_model(run, listener), undisturbed)


@pytest.mark.parametrize(
    "fields",
    [{"method": "lora"}, {"method": "frozen"}, {"precision": "bf16"}, {"early_stopping": 1}],
    ids=str,
)
def test_every_method_and_format_goes_on_from_the_middle_of_an_epoch(
    encoder_folders: dict[str, Path], tmp_path: Path, fields: dict[str, object]
) -> None:
    whole = Listener()
    expected = train_model(run_of(encoder_folders["bert"], tmp_path / "a", 300.0, **fields), whole)
    run = run_of(encoder_folders["bert"], tmp_path / "b", 300.0, **fields)
    with pytest.raises(Stopped):
        train_model(run, Ends(5, "pause"))
    listener = Listener()
    compare(listener, train_model(run, listener), (expected, whole))


def test_a_damaged_snapshot_is_passed_over_for_the_one_before(
    encoder_folders: dict[str, Path], tmp_path: Path, undisturbed: tuple[TrainingResult, Listener]
) -> None:
    run = run_of(encoder_folders["bert"], tmp_path)
    with pytest.raises(Stopped):
        train_model(run, Ends(8, "cancel"))
    weights = run.snapshots_dir / "snapshot-8" / "weights.safetensors"
    content = bytearray(weights.read_bytes())
    content[-3] ^= 16
    weights.write_bytes(content)
    listener = Listener()
    compare(listener, train_model(run, listener), undisturbed)
    assert any("step 8 is damaged" in line for line in listener.lines)
    assert any(line.startswith("Going on after step 7 of 12") for line in listener.lines)
