"""Whether a step stays as quick, and memory as small, from a thousand rows to a hundred thousand.

A small encoder with random weights learns every row once, in a process of its own for each number of rows;
before that, the steps of an epoch of a million rows are planned and dealt into parts.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from statistics import median

import torch

from bench.command import ROOT, describe_machine
from bench.training import BATCH, learner_of, random_rows, studio_model, tokenizer_like
from studio.execution.executors import choose_executor
from studio.execution.parts import Limits, cut_packed, cut_padded
from studio.training.batches import plan_epoch
from studio.training.placement import Placement

SHAPE, LONGEST = "1x64", 64
LENGTHS = (20, 0.6, LONGEST)  # the median, the deviation of the logarithm, the most
SIZES = (1_000, 10_000, 100_000)
PLANNED_ROWS, PLANNING_SECONDS = 10**6, 5.0


def learn(count: int) -> dict[str, float]:
    """Learn so many rows once: milliseconds a step early and late, and how memory grew meanwhile."""
    torch.set_num_threads(1)
    rows, model = random_rows(count, *LENGTHS), studio_model(SHAPE)
    executor = choose_executor(model, tokenizer_like(), LONGEST, "cpu")
    placement = Placement("cpu", "the processor", "fp32")
    learner = learner_of(model, executor, rows, placement)
    seconds, before = [], 0
    for step, numbers in enumerate(plan_epoch(count, BATCH, seed=0, epoch=0)):
        began = time.process_time()
        learner.take_step(numbers, BATCH, False, 1.0, step)
        seconds.append(time.process_time() - began)
        if step == len(range(0, count, BATCH)) // 4:
            before = peak_bytes()
    quarter = max(1, len(seconds) // 4)
    return {
        "steps": len(seconds),
        "early": 1000 * median(seconds[1:quarter]),
        "late": 1000 * median(seconds[-quarter:]),
        "peak": peak_bytes() / 1e6,
        "grown": (peak_bytes() - before) / 1e6,
    }


def peak_bytes() -> int:
    """The peak memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def planning_seconds(padded: bool) -> float:
    """Seconds to plan an epoch of a million rows and to cut its steps into parts."""
    lengths, began = random_rows(PLANNED_ROWS, *LENGTHS).lengths, time.process_time()
    for numbers in plan_epoch(PLANNED_ROWS, BATCH, seed=0, epoch=0):
        own = lengths[numbers]
        parts = cut_padded(own, Limits(), overhead=32) if padded else cut_packed(own, Limits())
        for _part in parts:
            pass
    return time.process_time() - began


def main() -> int:
    """Print the tables; exit code 0 where planning is quick enough."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", type=int, help="learn so many rows and print what it took as JSON")
    options = parser.parse_args()
    if options.one:
        print(json.dumps(learn(options.one)))
        return 0
    print(f"{describe_machine()}, PyTorch {torch.__version__}, one thread, processor time, {SHAPE}")
    print("\n| rows | steps | ms a step, first quarter | last quarter | peak MB | grown since the first |")
    print("|---:|---:|---:|---:|---:|---:|")
    for size in SIZES:
        command = [sys.executable, "-m", "bench.scaling", "--one", str(size)]
        took = json.loads(
            subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout.splitlines()[-1]
        )
        print(
            f"| {size:,} | {took['steps']:,} | {took['early']:.1f} | {took['late']:.1f} "
            f"| {took['peak']:.0f} | {took['grown']:.0f} MB |",
            flush=True,
        )
    whole = {"packed": planning_seconds(False), "padded": planning_seconds(True)}
    for name, seconds in whole.items():
        print(f"\nPlanning an epoch of {PLANNED_ROWS:,} rows, {name}: {seconds:.1f} s")
    return 0 if max(whole.values()) < PLANNING_SECONDS else 1


if __name__ == "__main__":
    raise SystemExit(main())
