"""A Python without the packages says what to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_command_line_says_how_to_install_what_is_missing() -> None:
    done = subprocess.run(
        [sys.executable, "-S", "-m", "studio", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "make setup" in done.stderr and "Traceback" not in done.stderr
