"""Hints speak to everyone; what helps in a shell stands apart, and only the command line says it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from studio.bootstrap import Studio
from studio.cli.main import main
from studio.errors import InvalidInput, NotFound, StudioError
from studio.services.datasets import ImportRequest
from studio.services.training import TrainRequest
from tests.checkpoints.tiny_encoders import as_pickle, make_encoder
from tests.results.kept_models import keep_model

MISSES: dict[str, Callable[[Studio], object]] = {
    "dataset list": lambda studio: studio.datasets.get("gone"),
    "model list": lambda studio: studio.models.get("gone"),
    "job list": lambda studio: studio.jobs.get("gone"),
    "evaluate 'my model' --split train": lambda studio: studio.models.report("my model", "train"),
    "evaluate 'my model' --dataset may --split test": lambda studio: studio.evaluations.report(
        "my model", "may", "test"
    ),
}


@pytest.fixture
def filled(studio: Studio, small_table: Path) -> Studio:
    """A studio with a model and a dataset it was not scored on."""
    for name in ("small", "may"):
        studio.datasets.import_file(ImportRequest(path=small_table, name=name))
    keep_model(studio, "small", "my model")
    return studio


@pytest.mark.parametrize("command", MISSES)
def test_what_is_missing_is_said_without_the_words_of_a_shell(filled: Studio, command: str) -> None:
    with pytest.raises(NotFound) as caught:
        MISSES[command](filled)
    assert caught.value.hint and not is_for_a_shell(caught.value)
    assert f"python -m studio {command}" in caught.value.shell_hint


def test_the_command_line_adds_its_own_hint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--home", str(tmp_path), "model", "show", "gone"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[-3:] == [
        "There is no model 'gone'.",
        "The list of models shows those there are.",
        "Print it with: python -m studio model list",
    ]


def test_a_pickle_is_agreed_to_in_the_words_of_the_place(filled: Studio, tmp_path: Path) -> None:
    folder = str(as_pickle(make_encoder(tmp_path / "enc")))
    request = TrainRequest("small", folder, changes={"max_length": 32})
    planned = filled.training.plan(request)
    assert "Agree to its conversion" in planned.notes[0]
    assert "--allow-pickle" not in planned.notes[0] + planned.command
    with pytest.raises(InvalidInput) as caught:
        filled.training.start(request)
    assert not is_for_a_shell(caught.value) and "--allow-pickle" in caught.value.shell_hint


def test_the_command_to_copy_agrees_where_the_person_did_and_it_is_needed(
    filled: Studio, tmp_path: Path
) -> None:
    folder = str(as_pickle(make_encoder(tmp_path / "enc")))
    agreed = TrainRequest("small", folder, changes={"max_length": 32}, allow_pickle=True)
    assert filled.training.plan(agreed).command.endswith(" --allow-pickle")
    needless = TrainRequest("small", "minilm-l6", allow_pickle=True)
    assert "--allow-pickle" not in filled.training.plan(needless).command


def is_for_a_shell(error: StudioError) -> bool:
    """Whether message or hint name a command or an option."""
    return any(word in error.message + error.hint for word in ("python -m", "--"))
