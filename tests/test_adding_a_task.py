"""A task whose answers are of a known kind is one file and one line, from a table to answers."""

from __future__ import annotations

import difflib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import write_csv
from tests.encoders import build_encoder

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
REGISTRY = Path("studio") / "tasks" / "registry.py"
FILE = '''"""Stances: whether a text is for what it talks of, or against it."""

from dataclasses import replace

from studio.tasks.classification import CLASSIFICATION

STANCE = replace(
    CLASSIFICATION,
    key="stance",
    title="Find stances",
    help="Say of each text whether it is for what it talks of, or against it.",
    primary_metric="f1_macro",
    watched=("f1_macro", "mcc"),
)
'''
# Where it goes, and what it is.
IMPORT = ("from studio.tasks.token_classification", "from studio.tasks.stance import STANCE\n")
LINE = ("        REGRESSION,\n", "        STANCE,\n")
STANCES = {"cat": "for", "film": "against"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with one more task."""
    copy = tmp_path_factory.mktemp("project")
    for part in ("studio", "jobs"):
        shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "studio" / "tasks" / "stance.py").write_text(FILE)
    registry = (copy / REGISTRY).read_text()
    for before, line in (IMPORT, LINE):
        registry = registry.replace(before, line + before, 1)
    (copy / REGISTRY).write_text(registry)
    return copy


def run(project: Path, *arguments: str) -> Any:
    """What a command of the project says, as JSON."""
    told = python(project, "-m", "studio", "--home", str(project / "home"), "--json", *arguments)
    return json.loads(told) if told.strip() else None


def python(project: Path, *arguments: str) -> str:
    """What Python says in the project."""
    surroundings = {**os.environ, "PYTHONPATH": str(project)}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=project, env=surroundings, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_task_is_one_file_and_one_line(project: Path) -> None:
    before, after = ((folder / REGISTRY).read_text().splitlines() for folder in (ROOT, project))
    changed = [line for line in difflib.ndiff(before, after) if line[0] in "+-"]
    assert changed == ["+ from studio.tasks.stance import STANCE", "+         STANCE,"]
    table = write_csv(
        project / "rows.csv",
        [[f"the {word} is number {n}", stance] for n in range(80) for word, stance in STANCES.items()],
        ("message", "stance"),
    )
    roles = ["--role", "text=message", "--role", "label=stance"]
    dataset = run(project, "dataset", "import", str(table), "--name", "views", "--task", "stance", *roles)
    assert (dataset["task"], dataset["labels"]) == ("stance", ["against", "for"])
    encoder = str(build_encoder(project / "tiny", "bert"))
    fields = ["--set", "epochs=12", "--set", "learning_rate=0.003", "--set", "batch_size=8"]
    run(project, "train", "--dataset", "views", "--checkpoint", encoder, "--name", "judge", *fields)
    run(project, "worker", "--once")
    report = run(project, "evaluate", "judge", "--split", "test")
    assert report["task"] == "stance" and report["metrics"]["f1_macro"] > 0.9
    answer = run(project, "predict", "judge", "--text", "the film is number 3")
    assert answer["label"] == "against"
    run(project, "predict", "judge", "--file", str(table), "--out", str(project / "answered.csv"))
    assert (project / "answered.csv").read_text(encoding="utf-8-sig").count("against") > 100
    run(project, "model", "export", "judge", "--to", str(project / "exported"))
    assert "against, for" in (project / "exported" / "README.md").read_text()
    code = "from studio.pages.data.draft import TASK_CHOICES; print(dict(TASK_CHOICES)['Find stances'])"
    assert python(project, "-c", code) == "stance\n"
