"""A small run of the benchmark that kills workers and processes of jobs at random."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.kill_yard import Plan, Yard


@pytest.mark.parametrize("stopping", [False, True], ids=["killed", "stopped"])
@pytest.mark.parametrize(("forked", "jobs"), [(False, 8), (True, 30)], ids=["started", "forked"])
def test_jobs_are_completed_once_each_while_their_processes_are(
    tmp_path: Path, stopping: bool, forked: bool, jobs: int
) -> None:
    plan = Plan(
        jobs, 4, stopping=stopping, most_hits=jobs, forked=forked, step_seconds=0.05, lease_seconds=1.0
    )
    report = Yard(tmp_path, plan).run()
    assert report.broken == []
    assert report.workers_hit + report.children_hit > 0
    assert len(report.claims) >= plan.jobs
