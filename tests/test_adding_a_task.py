"""A task whose answers are of a known kind is one file and one line, from a table to answers."""

from __future__ import annotations

import difflib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import write_csv
from tests.encoders import build_encoder

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
REGISTRY = Path("studio") / "tasks" / "registry.py"


@dataclass(frozen=True)
class Added:
    """A task like one that there is, the role of its answer, and answers to two texts."""

    name: str
    like: str
    role: str
    metric: str
    answers: tuple[str, str]

    @property
    def file(self) -> str:
        """Its module."""
        return f'''"""{self.name}: as {self.like}, measured by another metric."""

from dataclasses import replace

from studio.tasks.{self.like} import {self.like.upper()}

{self.name.upper()} = replace(
    {self.like.upper()},
    key="{self.name}",
    title="Find {self.name}",
    help="Say of each text what a reader would say.",
    primary_metric="{self.metric}",
)
'''

    def registered(self, registry: str) -> str:
        """The registry with its line, and where it is imported."""
        name = self.name.upper()
        after, last = "from studio.tasks.token_classification", "        REGRESSION,\n"
        registry = registry.replace(after, f"from studio.tasks.{self.name} import {name}\n{after}", 1)
        return registry.replace(last, f"{last}        {name},\n", 1)


TASKS = (
    Added("stance", "classification", "label", "f1_macro", ("against", "for")),
    Added("themes", "multilabel", "labels", "f1_macro", ("arts", "arts;pets")),
)
TEXTS = ("the film is number {}", "the cat in the film is number {}")


@pytest.fixture(params=TASKS, ids=lambda task: task.name)
def added(request: pytest.FixtureRequest) -> Added:
    """The task that is added."""
    return request.param


@pytest.fixture
def project(added: Added, tmp_path: Path) -> Path:
    """The project with that task."""
    for part in ("studio", "jobs"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "studio" / "tasks" / f"{added.name}.py").write_text(added.file)
    (tmp_path / REGISTRY).write_text(added.registered((ROOT / REGISTRY).read_text()))
    return tmp_path


def python(project: Path, *arguments: str) -> str:
    """What Python says in the project."""
    surroundings = {**os.environ, "PYTHONPATH": str(project)}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=project, env=surroundings, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def run(project: Path, *arguments: str) -> Any:
    """What a command of the project says, as JSON."""
    told = python(project, "-m", "studio", "--home", str(project / "home"), "--json", *arguments)
    return json.loads(told) if told.strip() else None


def test_a_task_is_one_file_and_one_line(project: Path, added: Added) -> None:
    before, after = ((folder / REGISTRY).read_text().splitlines() for folder in (ROOT, project))
    name = added.name.upper()
    changed = [line for line in difflib.ndiff(before, after) if line[0] in "+-"]
    assert changed == [f"+ from studio.tasks.{added.name} import {name}", f"+         {name},"]
    rows = [
        [text.format(n), answer] for n in range(80) for text, answer in zip(TEXTS, added.answers, strict=True)
    ]
    table = str(write_csv(project / "rows.csv", rows, ("message", "answer")))
    roles = ["--role", "text=message", "--role", f"{added.role}=answer"]
    dataset = run(project, "dataset", "import", table, "--name", "views", "--task", added.name, *roles)
    assert dataset["task"] == added.name and len(dataset["labels"]) == 2
    encoder = str(build_encoder(project / "tiny", "bert"))
    fields = ["--set", "epochs=12", "--set", "learning_rate=0.003", "--set", "batch_size=8"]
    run(project, "train", "--dataset", "views", "--checkpoint", encoder, "--name", "judge", *fields)
    run(project, "worker", "--once")
    report = run(project, "evaluate", "judge", "--split", "test")
    assert (report["task"], report["primary_metric"]) == (added.name, added.metric)
    assert report["metrics"][added.metric] > 0.9
    told = json.dumps(run(project, "predict", "judge", "--text", TEXTS[0].format(3)))
    assert added.answers[0] in told
    run(project, "predict", "judge", "--file", table, "--out", str(project / "answered.csv"))
    answered = (project / "answered.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(answered) == 161 and sum(added.answers[0] in line for line in answered[1:]) >= 80
    run(project, "model", "export", "judge", "--to", str(project / "exported"))
    assert all(label in (project / "exported" / "README.md").read_text() for label in dataset["labels"])
    code = f"from studio.pages.data.draft import TASK_CHOICES; print(dict(TASK_CHOICES)['Find {added.name}'])"
    assert python(project, "-c", code) == f"{added.name}\n"
