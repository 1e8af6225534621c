"""The built-in checkpoint reaches its floor on real data, through the commands a user has."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HAS_DATA = (Path(os.environ.get("STUDIO_TEST_DATA", "")) / "sst2" / "train.tsv").is_file()


@pytest.mark.slow
@pytest.mark.skipif(not HAS_DATA, reason="needs STUDIO_TEST_DATA with sst2")
def test_one_seed_of_sst2_reaches_its_floor() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench.quality", "--short"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "sst2 seed 0" in done.stdout


def test_without_the_data_the_command_says_what_to_set() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "STUDIO_TEST_DATA"}
    done = subprocess.run(
        [sys.executable, "-m", "bench.quality", "--short"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "STUDIO_TEST_DATA" in done.stderr
