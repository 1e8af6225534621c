"""job list, show, log, wait, cancel, pause, resume, stop, retry, priority."""

from __future__ import annotations

import sys
import time
from typing import Annotated

import typer

from jobs.queue import JobView
from jobs.states import TERMINAL, JobState
from studio.bootstrap import Studio
from studio.cli.output import Context
from studio.cli.waiting import wait_for_end

app = typer.Typer(help="Watch and steer the queue.", no_args_is_help=True)
JobId = Annotated[str, typer.Argument(metavar="ID", help="The job's id.")]


def show_job(context: Context, studio: Studio, job: JobView) -> None:
    """Print one job."""
    lines = [f"{job.id}  {job.title}  {job.state}  {percent(job.fraction)}  {job.message}".rstrip()]
    if job.error is not None:
        lines += [job.error.message, job.error.hint]
    context.show(studio.jobs.to_json(job), "\n".join(line for line in lines if line))


def show_ended(context: Context, studio: Studio, job_id: str) -> None:
    """Print a job once it has ended; WorkFailed, which says why on stderr, where it did not succeed."""
    job = wait_for_end(studio, job_id)
    if context.as_json or job.state == JobState.SUCCEEDED:
        show_job(context, studio, job)
    studio.jobs.wait_for_success(job_id)


def percent(fraction: float | None) -> str:
    """'40%', or nothing before the work has begun."""
    return "" if fraction is None else f"{fraction:.0%}"


@app.command("list")
def list_jobs(context: typer.Context) -> None:
    """List the jobs, newest first."""
    with context.obj.studio() as studio:
        jobs = studio.jobs.all_to_json(studio.jobs.list())
    context.obj.show_table(
        jobs
        if context.obj.as_json
        else [{**job, "done": percent(job["progress"]["fraction"])} for job in jobs],
        ["id", "kind", "title", "state", "done", "model", "created_at"],
        "No job yet. Start one with: python -m studio train --dataset NAME --checkpoint minilm-l6",
    )


@app.command()
def show(context: typer.Context, job_id: JobId) -> None:
    """Show one job."""
    with context.obj.studio() as studio:
        show_job(context.obj, studio, studio.jobs.get(job_id))


@app.command()
def log(
    context: typer.Context,
    job_id: JobId,
    follow: Annotated[bool, typer.Option("--follow", help="Go on printing until the job has ended.")] = False,
) -> None:
    """Print the end of a job's log."""
    with context.obj.studio() as studio:
        if context.obj.as_json:
            context.obj.show({"log": studio.jobs.log(job_id)}, "")
            return
        text, position = studio.jobs.log_after(job_id, 0)
        sys.stdout.write(text)
        while follow:
            ended = studio.jobs.get(job_id).state in TERMINAL
            text, position = studio.jobs.log_after(job_id, position)
            sys.stdout.write(text)
            sys.stdout.flush()
            if ended:
                return
            time.sleep(0.5)


@app.command()
def wait(context: typer.Context, job_id: JobId) -> None:
    """Wait until a job has ended; exit code 1 where it did not succeed."""
    with context.obj.studio() as studio:
        show_ended(context.obj, studio, job_id)


@app.command()
def cancel(context: typer.Context, job_id: JobId) -> None:
    """Ask a job to end."""
    with context.obj.studio() as studio:
        show_job(context.obj, studio, studio.jobs.cancel(job_id))


@app.command()
def pause(context: typer.Context, job_id: JobId) -> None:
    """Hold a waiting job back, or have a training or a file keep what it has and leave its place."""
    with context.obj.studio() as studio:
        show_job(context.obj, studio, studio.jobs.pause(job_id))


@app.command()
def resume(context: typer.Context, job_id: JobId) -> None:
    """Queue a paused job again."""
    with context.obj.studio() as studio:
        show_job(context.obj, studio, studio.jobs.resume(job_id))


@app.command()
def stop(context: typer.Context, job_id: JobId) -> None:
    """Have a training end early with the best model so far."""
    with context.obj.studio() as studio:
        show_job(context.obj, studio, studio.jobs.stop(job_id))


@app.command()
def retry(context: typer.Context, job_id: JobId) -> None:
    """Queue the same work again as a new job."""
    with context.obj.studio() as studio:
        show_job(context.obj, studio, studio.jobs.retry(job_id))


@app.command()
def priority(
    context: typer.Context,
    job_id: JobId,
    number: Annotated[int, typer.Argument(metavar="N", help="Higher numbers start earlier.")],
) -> None:
    """Let a waiting job start earlier or later."""
    with context.obj.studio() as studio:
        show_job(context.obj, studio, studio.jobs.set_priority(job_id, number))
