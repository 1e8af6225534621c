"""Trainings that end before their plan: stopped with the best kept, or stopped because they went wrong."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from studio.errors import WorkFailed
from studio.training.engine import train_model
from studio.training.snapshot_state import learnt_of
from studio.training.snapshots import Snapshots
from tests.execution.answering import logits_of
from tests.training.runs import Listener, Stopped, make_rows, make_run

pytestmark = pytest.mark.slow
TEXTS = ["the film is good", "my card was broken"]


class StopsEarly(Listener):
    """Asks to end with the best so far, once a step has been taken; ``end`` ends the process there too."""

    def __init__(self, step: int, end: bool = False) -> None:
        super().__init__()
        self.should_stop_early = step == 0
        self.stop_at = step
        self.end = end

    def metric(self, name: str, value: float, *, split: str, step: int, epoch: float) -> None:
        """Remember it, and whether it is time."""
        super().metric(name, value, split=split, step=step, epoch=epoch)
        if step == self.stop_at:
            self.should_stop_early = True
            self.ending = "release" if self.end else None


@pytest.mark.parametrize(
    ("step", "last", "epochs", "after"),
    [(0, 1, 1, "0.333"), (2, 2, 1, "0.667"), (3, 3, 1, "1"), (7, 7, 3, "2.33")],
)
def test_a_stop_keeps_the_best_so_far_and_judges_what_was_begun(
    encoder_folders: dict[str, Path], tmp_path: Path, step: int, last: int, epochs: int, after: str
) -> None:
    listener = StopsEarly(step)
    result = train_model(make_run(encoder_folders["bert"], tmp_path, rows=40, epochs=5), listener)
    assert result.sentence.startswith(f"Stopped on request after {after} of 5 epochs; ")
    assert listener.step == last and result.epochs == epochs
    judged = [at for at, _ in listener.series("validation", "loss")]
    assert judged == [*range(3, last, 3), last]
    scores = dict(listener.series("validation", "accuracy"))
    assert result.validation_metrics["accuracy"] == max(scores.values())
    assert (tmp_path / "folder" / "model.safetensors").is_file()


def test_a_stop_without_validation_rows_keeps_the_last_weights(
    encoder_folders: dict[str, Path], tmp_path: Path
) -> None:
    run = make_run(encoder_folders["bert"], tmp_path, rows=40, epochs=5)
    result = train_model(dataclasses.replace(run, validation={"text": [], "label": []}), StopsEarly(4))
    assert result.sentence.endswith("there were no validation rows, so the last weights were kept.")
    assert result.best_epoch == 2 and result.validation_metrics == {}


@pytest.mark.parametrize("step", [4, 6])
def test_a_stop_that_is_interrupted_ends_as_one_that_is_not(
    encoder_folders: dict[str, Path], tmp_path: Path, step: int
) -> None:
    fields = {"rows": 40, "epochs": 5}
    whole = train_model(make_run(encoder_folders["bert"], tmp_path / "a", **fields), StopsEarly(step))
    run = make_run(encoder_folders["bert"], tmp_path / "b", **fields)
    with pytest.raises(Stopped):
        train_model(run, StopsEarly(step, end=True))
    asked_before = StopsEarly(step)
    asked_before.should_stop_early = True
    result = train_model(run, asked_before)
    assert (result.sentence, result.best_epoch) == (whole.sentence, whole.best_epoch)
    ours, theirs = (logits_of(each.model, each.tokenizer, TEXTS) for each in (result, whole))
    assert abs(ours - theirs).max() < 1e-6
    again = StopsEarly(0)
    assert train_model(run, again).sentence == whole.sentence
    assert not [call for call in again.calls if call["message"].startswith("Training")]
    (going_on,) = [call for call in again.calls if call["message"].startswith("Going on")]
    assert 0 < going_on["step"] <= going_on["steps"]


class PausedWhileJudged(StopsEarly):
    """Asks to end with the best so far, and for a pause once no further step is to be taken."""

    def raise_if_cancelled(self) -> None:
        """Hear of the pause only after this."""
        super().raise_if_cancelled()
        self.ending = "pause" if self.should_stop_early else None


def test_a_stop_that_is_paused_while_it_is_judged_is_judged_when_it_goes_on(
    encoder_folders: dict[str, Path], tmp_path: Path
) -> None:
    run = make_run(encoder_folders["bert"], tmp_path, rows=40, epochs=5)
    with pytest.raises(Stopped):
        train_model(run, PausedWhileJudged(2))
    assert [path.name for path in run.snapshots_dir.glob("snapshot-*")] == ["snapshot-2"]
    asked_before = StopsEarly(0)
    result = train_model(run, asked_before)
    assert result.sentence.startswith("Stopped on request after 0.667 of 5 epochs; ")
    assert result.best_epoch == 1 and result.validation_metrics["accuracy"] >= 0
    assert [at for at, _ in asked_before.series("validation", "loss")] == [2]


class SpoilsAt(Listener):
    """Spoils the weights of the model in training once a step has been told, as a step too large does."""

    def __init__(self, step: int, value: float) -> None:
        super().__init__()
        self.spoil_at = step
        self.value = value
        self.model: torch.nn.Module | None = None

    def metric(self, name: str, value: float, *, split: str, step: int, epoch: float) -> None:
        """Remember it, and spoil."""
        super().metric(name, value, split=split, step=step, epoch=epoch)
        if step == self.spoil_at and name == "rows_per_second":
            with torch.no_grad():
                next(iter(learnt_of(self.model).values())).fill_(self.value)


def spoil(run: object, listener: SpoilsAt) -> WorkFailed:
    """Train with the listener's hand on the model, and return the error."""
    seen: list[torch.nn.Module] = []
    hook = torch.nn.modules.module.register_module_forward_pre_hook(
        lambda module, _given: seen.append(module) if not seen else None
    )
    try:
        with pytest.raises(WorkFailed) as caught:
            listener.model = FirstSeen(seen)
            train_model(run, listener)  # type: ignore[arg-type]
    finally:
        hook.remove()
    return caught.value


class FirstSeen:
    """Stands for the model until it is known."""

    def __init__(self, seen: list[torch.nn.Module]) -> None:
        self.seen = seen

    def named_parameters(self) -> object:
        """Those of the model that was used first."""
        return self.seen[0].named_parameters()


@pytest.mark.parametrize(
    ("step", "named", "words"),
    [
        (1, 2, "The training loss is no longer a number at step 2."),
        (5, 6, "at step 6. All was well until step 3 (epoch 1)."),
        (
            6,
            6,
            "The weights of the model are no longer numbers at step 6. All was well until step 3 (epoch 1).",
        ),
    ],
)
def test_spoilt_weights_end_the_training_at_their_step_and_are_never_kept(
    encoder_folders: dict[str, Path], tmp_path: Path, step: int, named: int, words: str
) -> None:
    run = make_run(encoder_folders["bert"], tmp_path, rows=40, epochs=5)
    error = spoil(run, SpoilsAt(step, float("nan")))
    assert words in error.message and "learning rate from 0.001 to 0.0002" in error.hint
    assert "fp32" not in error.hint, "it is fp32 already"
    left = list(run.snapshots_dir.glob("snapshot-*/weights.safetensors"))
    left += run.snapshots_dir.glob("kept-*")
    assert bool(left) == (named > 3)
    assert all(value.isfinite().all() for path in left for value in load_file(path).values())
    found = Snapshots(run.snapshots_dir, run.recipe.model_dump()).newest()
    assert (found.step if found else 0) == (3 if named > 3 else 0)


def test_a_loss_that_grows_without_end_ends_the_training(
    encoder_folders: dict[str, Path], tmp_path: Path
) -> None:
    run = make_run(encoder_folders["bert"], tmp_path, rows=480, epochs=2, dropout=0, learning_rate=1e-5)
    error = spoil(run, SpoilsAt(25, 1e30))
    assert "no longer" in error.message or "has grown to" in error.message
    run = make_run(
        encoder_folders["bert"],
        tmp_path / "b",
        rows=640,
        epochs=3,
        learning_rate=0.1,
        head_factor=100,
        gradient_clipping=0,
        schedule="constant",
    )
    with pytest.raises(WorkFailed, match=r"has grown to .* where guessing costs .* at step") as caught:
        train_model(run, Listener())
    assert "from 0.1 to 0.02" in caught.value.hint


def test_many_rows_are_tokenised_in_turns_between_which_an_ending_is_heard(
    encoder_folders: dict[str, Path], tmp_path: Path
) -> None:
    run = make_run(encoder_folders["bert"], tmp_path)
    listener = Listener()
    listener.ending = "pause"
    with pytest.raises(Stopped):
        train_model(dataclasses.replace(run, train=make_rows(20_016)), listener)
    assert not listener.calls and listener.checks == 1
