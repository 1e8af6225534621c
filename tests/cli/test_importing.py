"""An import from the shell says what it understood, and names the task that the columns look like."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from studio.cli.main import main

Write = Callable[..., Path]
QUESTIONS = [
    [f"The {thing} number {n} stands in the old shed.", f"Which thing is number {n}?", thing]
    for thing in ("hammer", "ladder", "bucket", "basket")
    for n in range(15)
]
ENTITIES = [f'[{{"id": {n}, "start": 4, "end": 10, "label": "thing"}}]' for n in range(60)]


@pytest.fixture
def questions(write_table: Write) -> str:
    """A table of questions about passages, which could be texts with labels too."""
    return str(write_table(QUESTIONS, ("context", "question", "answer"), "questions.csv"))


@pytest.fixture
def entities(write_table: Write) -> str:
    """A table of entities, none of whose columns is a label."""
    rows = [[text, entity] for (text, _, _), entity in zip(QUESTIONS, ENTITIES, strict=True)]
    return str(write_table(rows, ("text", "entities"), "entities.csv"))


@pytest.fixture
def bring(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Import a file: exit code, stdout, stderr."""

    def call(file: str, *options: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(["--home", str(tmp_path / "home"), "dataset", "import", file, *options])
        return code, *capsys.readouterr()

    return call


Bring = Callable[..., tuple[int, str, str]]


def test_what_was_taken_for_what_is_said(bring: Bring, small_table: Path) -> None:
    code, out, errors = bring(str(small_table), "--name", "small")
    assert (code, errors) == (0, "")
    assert out.startswith("Imported 'small' for classification: 64 train, 8 validation, 8 test rows")
    assert "text from 'text', label from 'label'" in out


def test_a_table_that_looks_like_another_task_is_told_of_it(bring: Bring, questions: str) -> None:
    code, out, errors = bring(questions, "--name", "asked")
    assert code == 0 and "Imported 'asked' for classification" in out
    assert "look like those of question-answering" in errors and "--task question-answering" in errors
    code, out, _ = bring(questions, "--name", "again", "--json")
    warned = [one for one in json.loads(out)["problems"] if one["code"] == "other_task"]
    assert [one["severity"] for one in warned] == ["warning"]


def test_whoever_says_what_a_table_is_for_is_not_warned(bring: Bring, questions: str) -> None:
    assert bring(questions, "--name", "one", "--task", "question-answering")[2] == ""
    assert bring(questions, "--name", "two", "--task", "classification")[2] == ""
    assert bring(questions, "--name", "three", "--role", "text=question", "--role", "label=answer")[2] == ""


def test_an_import_that_fails_for_its_task_names_the_other(bring: Bring, entities: str) -> None:
    for options in ((), ("--task", "classification")):
        code, out, errors = bring(entities, "--name", "found", *options)
        assert (code, out) == (2, "")
        assert "--task token-classification" in errors.splitlines()[-1]
    code, out, _ = bring(entities, "--name", "found", "--task", "token-classification")
    assert code == 0 and "tags from 'entities'" in out
