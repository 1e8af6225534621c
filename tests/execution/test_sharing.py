"""Small work is shared among cores only where nothing else needs them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from studio.execution.sharing import is_idle, is_worth_sharing


def counting(tmp_path: Path, running: int) -> Path:
    """What the kernel says where so many threads run."""
    path = tmp_path / f"loadavg-{running}"
    path.write_text(f"0.45 0.92 1.66 {running}/78 28231\n", encoding="ascii")
    return path


@pytest.mark.parametrize(
    ("tokens", "weights", "running", "shared"),
    [
        (60, 10_600_000, 1, True),  # a text for six layers of 384
        (60, 10_600_000, 2, False),
        (512, 10_600_000, 2, True),  # long enough to be shared beside a training
        (8, 10_600_000, 1, False),  # over before a second core has begun
        (60, 85_000_000, 3, True),
    ],
)
def test_work_is_shared_by_its_size_and_by_what_else_runs(
    tmp_path: Path, tokens: int, weights: int, running: int, shared: bool
) -> None:
    assert is_worth_sharing(tokens, weights, counting(tmp_path, running)) is shared


def test_what_cannot_be_known_counts_as_busy(tmp_path: Path) -> None:
    assert not is_idle(tmp_path / "missing")
    (tmp_path / "nonsense").write_text("what", encoding="ascii")
    assert not is_idle(tmp_path / "nonsense")


@pytest.mark.skipif(not Path("/proc/loadavg").exists(), reason="only Linux counts what runs")
def test_a_machine_at_work_is_not_idle() -> None:
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 1)]
    try:
        assert not any(is_idle() for _ in range(20))
    finally:
        for process in busy:
            process.kill()
            process.wait()
