"""What cannot start says why in a sentence, without a stack trace."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from studio.cli.main import main

ROOT = Path(__file__).resolve().parents[1]


def test_a_wrong_setting_is_said_by_the_program_that_make_run_starts(tmp_path: Path) -> None:
    environment = {**os.environ, "STUDIO_HOME": str(tmp_path / "home"), "STUDIO_MAX_UPLOAD_MB": "abc"}
    done = subprocess.run(
        [sys.executable, "app.py"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "STUDIO_MAX_UPLOAD_MB is 'abc'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("place", ["taken", "taken/below"])
@pytest.mark.parametrize("command", [("dataset", "list"), ("serve", "--port", "65001"), ("worker", "--once")])
def test_a_home_that_cannot_be_made_is_said_with_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], place: str, command: tuple[str, ...]
) -> None:
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    assert main(["--home", str(tmp_path / place), *command]) == 2
    errors = capsys.readouterr().err
    assert "cannot be used" in errors and "--home" in errors
    assert "Traceback" not in errors
