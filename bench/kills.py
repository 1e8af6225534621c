"""Jobs whose workers and processes are killed, or stopped for a while, at random: ``make bench-kills``."""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
from pathlib import Path

from bench.kill_yard import STEPS, Plan, Report, Yard


def describe(plan: Plan, report: Report) -> str:
    """The outcome in a few lines."""
    done = "stopped for three leases" if plan.stopping else "killed"
    quantiles = statistics.quantiles(report.claims, n=100, method="inclusive")
    return (
        f"{plan.jobs} jobs of {STEPS * plan.step_seconds:.2g} s, {plan.workers} workers, "
        f"one process {done} every {plan.seconds_between:g} s: {report.seconds:.0f} s\n"
        f"hit: {report.workers_hit} workers, {report.children_hit} processes of jobs; "
        f"broken promises: {len(report.broken)}\n"
        f"{len(report.claims)} claims: p50 {quantiles[49] * 1000:.1f} ms, p99 {quantiles[98] * 1000:.1f} ms, "
        f"longest {report.claims[-1] * 1000:.0f} ms"
    )


def main() -> None:
    """Run with kills, then with stops; exit code 1 where a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m bench.kills", description=__doc__)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--seconds-between-kills", type=float, default=1.0)
    parser.add_argument("--step-seconds", type=float, default=0.4, help="a job sleeps so long three times")
    parser.add_argument("--forked", action="store_true", help="fork jobs' processes instead of starting them")
    parser.add_argument("--only", choices=["kills", "stops"], help="one of the two runs")
    options = parser.parse_args()
    broken = False
    for stopping in [name == "stops" for name in ("kills", "stops") if options.only in {None, name}]:
        plan = Plan(
            options.jobs, options.workers, options.seconds_between_kills, stopping,
            forked=options.forked, step_seconds=options.step_seconds,
        )  # fmt: skip
        folder = Path(tempfile.mkdtemp(prefix="bench-kills-"))
        report = Yard(folder, plan).run()
        print(describe(plan, report), *report.broken, sep="\n", flush=True)
        broken = broken or bool(report.broken)
        if not report.broken:
            shutil.rmtree(folder)
    raise SystemExit(int(broken))


if __name__ == "__main__":
    main()
