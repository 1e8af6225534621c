"""Processes that learn keep the pages of their large tensors."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from studio.computing import GLIBC, learning_environment

# Makes and drops tensors as a step does, twenty times, and prints how many pages it had to ask for.
STEPS = """
import resource
import numpy as np

def step():
    kept = [np.ones(size << 20, np.uint8) for size in (8, 6, 4)]
    del kept

step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def pages_asked_for(environment: dict[str, str]) -> int:
    """By twenty steps in a process with this environment."""
    plain = {name: value for name, value in os.environ.items() if name != GLIBC}
    command, whole = [sys.executable, "-c", STEPS], {**plain, **environment}
    done = subprocess.run(command, env=whole, capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library has no such settings")
def test_large_tensors_are_made_on_pages_that_are_there_already() -> None:
    assert pages_asked_for({}) > 1000
    assert pages_asked_for(learning_environment({})) < 100
