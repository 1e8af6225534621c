"""Threads wait awake on an idle machine, and asleep where others need the cores."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from typing import Any

import pytest

from studio.computing import learning_environment

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(platform.system() != "Linux", reason="OpenMP of GNU is on Linux alone"),
]

# The seconds of the processor that a thread spends on waiting for another one, which sleeps meanwhile, tell
# whether it waits awake. The settings allow far more of it than pieces of work take.
WAITS = """
import ctypes, json, time
import torch
from studio.execution.waiting import IdleThreads, loaded_libraries

library = loaded_libraries()[0]
work = ctypes.CFUNCTYPE(None, ctypes.c_void_p)

@work
def unequal(_):
    if library.omp_get_thread_num() == 0:
        time.sleep(0.2)

def spent():
    started = time.process_time()
    for _ in range(3):
        library.GOMP_parallel(unequal, None, 2, 0)
    return time.process_time() - started

spent()
awake = spent()
idle = IdleThreads()
idle.start()
asleep = spent()
idle.end()
print(json.dumps([awake, asleep, spent()]))
"""

WATCH = """
import json, subprocess, sys, threading, time
import torch
from studio.execution.waiting import waiting_awake_while_idle

def names():
    return sorted(thread.name for thread in threading.enumerate())

def wait_for(name):
    deadline = time.monotonic() + 60
    while name not in names() and time.monotonic() < deadline:
        time.sleep(0.05)
    return name in names()

seen = []
with waiting_awake_while_idle():
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        seen.append(wait_for("idle-threads"))
    finally:
        busy.kill()
        busy.wait()
print(json.dumps([*seen, names()]))
"""


def answer_of(program: str, **settings: str) -> list[Any]:
    """What a program prints that starts as processes that learn do."""
    environment = {**os.environ, **learning_environment(os.environ), **settings}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    return list(json.loads(done.stdout))


def test_idle_threads_have_others_wait_asleep_and_leave_them_awake_after() -> None:
    awake, asleep, again = answer_of(WAITS, GOMP_SPINCOUNT="100000000000")
    # Three times a fifth of a second is waited for; a machine with much to do gives only a part of it.
    assert min(awake, again) > 5 * asleep


def test_threads_sleep_while_another_process_needs_the_cores_and_nothing_is_left_after() -> None:
    assert answer_of(WATCH) == [True, ["MainThread"]]
