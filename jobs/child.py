"""Run one job in this process and record how it ended: ``python -m jobs.child --job ID ...``."""

from __future__ import annotations

import argparse
import contextlib
import errno
import faulthandler
import importlib
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from jobs.context import JobCancelled, JobContext, Outcome
from jobs.database import make_engine
from jobs.errors import CannotWrite, QueueError
from jobs.faults import take_role
from jobs.launchers.local import PROCESS_NAME, note_process
from jobs.processes import end_with_parent
from jobs.reasons import NO_ROOM
from jobs.reporter import Reporter
from jobs.store import Store
from jobs.views import Assignment, JobFailure

EXIT_RECORDED = 0
EXIT_STOPPED = 75  # asked to stop and stopped, with nothing recorded: the supervisor knows why it asked
EXIT_STALE = 76  # the job is another's by now
SUPERVISOR_CHECK_SECONDS = 1.0


class NoRoom:
    """The handler met a full disk: its job waits until there is room."""


Ending = Outcome | JobFailure | JobCancelled | NoRoom


def main(arguments: list[str] | None = None) -> int:
    """Run the job that the command line names; the exit code is only a hint, the record counts."""
    options = read_options(arguments)
    take_role("child")
    if options.supervisor:
        die_with(options.supervisor)
    faulthandler.register(signal.SIGUSR1, all_threads=True)  # how the worker asks where this process hangs
    os.chdir(options.workdir)
    store = Store(make_engine(options.database))
    assignment = store.assignment(options.job, options.fence)
    if assignment is None:
        return EXIT_STALE
    note_process(options.workdir / PROCESS_NAME)
    reporter = Reporter(
        send=partial(store.telemetry.report, options.job, options.fence),
        look=partial(store.standing, options.job, options.fence),
        on_lost=end_as_stale,
    )
    signal.signal(signal.SIGTERM, lambda *_: reporter.release())
    reporter.start()
    ending = run_handler(assignment, options.workdir, reporter)
    reporter.close()  # before the record, as an ended job takes no points
    return record(store, options, ending)


def read_options(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m jobs.child", description=__doc__)
    parser.add_argument("--database", required=True, help="SQLAlchemy URL")
    parser.add_argument("--job", required=True, help="id of the job")
    parser.add_argument("--fence", required=True, type=int, help="the fence it was claimed under")
    parser.add_argument("--workdir", required=True, type=Path, help="the job's own folder")
    parser.add_argument("--supervisor", type=int, default=0, help="process id to die with; 0: none")
    return parser.parse_args(arguments)


def run_handler(assignment: Assignment, workdir: Path, reporter: Reporter) -> Ending:
    """Call the handler and turn whatever happens into one of the endings.

    Raises CannotWrite where the database took no write of the handler's; without a record it is tried again.
    """
    try:
        handler = find_handler(assignment.handler)
        outcome = handler(JobContext(assignment, workdir, reporter))
        if not isinstance(outcome, Outcome):
            raise TypeError(f"{assignment.handler} gave back {type(outcome).__name__}, not an Outcome")
        return outcome
    except JobCancelled as cancelled:
        if reporter.ending is not None:
            return cancelled
        return JobFailure("The job stopped itself without being asked to.", "See the log.", "stopped")
    except SystemExit as ended:
        return JobFailure(f"The job ended itself with exit code {ended.code}.", "See the log.", "exit")
    except CannotWrite:
        raise
    except Exception as error:  # noqa: BLE001 - the boundary of the job: any error becomes its record
        return NoRoom() if is_disk_full(error) else describe(error)


def is_disk_full(error: BaseException | None) -> bool:
    """Whether an error, or one that it came from, says that the disk has no room.

    >>> is_disk_full(OSError(errno.ENOSPC, "No space left on device"))
    True
    """
    while error is not None:
        if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
            return True
        error = error.__cause__ or error.__context__
    return False


def find_handler(dotted_name: str) -> Callable[[JobContext], Outcome]:
    """Import ``package.module.function``. Raises QueueError where there is no such function."""
    module_name, _, name = dotted_name.rpartition(".")
    handler = getattr(importlib.import_module(module_name), name, None) if module_name else None
    if not callable(handler):
        raise QueueError(
            f"There is no handler '{dotted_name}' in this installation.",
            "The job was made by another version; start the work again as a new job.",
        )
    return handler


def describe(error: Exception) -> JobFailure:
    """Print the traceback to the log and say in a sentence what went wrong.

    An error with a ``message`` is recorded in its own words, with its ``hint`` and ``code``.
    """
    with contextlib.suppress(OSError):  # the log's disk may be full
        traceback.print_exception(error)
    message = getattr(error, "message", None)
    if isinstance(message, str) and message:
        hint, code = getattr(error, "hint", ""), getattr(error, "code", "")
        return JobFailure(
            message,
            hint if isinstance(hint, str) else "",
            code if isinstance(code, str) and code else "error",
        )
    if isinstance(error, MemoryError):
        return JobFailure(
            "The job ran out of memory.",
            "Choose smaller settings or close other programs, then start it again.",
            "out_of_memory",
        )
    text = str(error).strip().splitlines()
    shown = f"{type(error).__name__}: {text[0][:300]}" if text else type(error).__name__
    return JobFailure(
        f"The job stopped on an unexpected error ({shown}).",
        "See the end of the log for where it happened.",
        "unexpected",
    )


def record(store: Store, options: argparse.Namespace, ending: Ending) -> int:
    """Write how the job ended, under its fence.

    Raises CannotWrite where the database takes no write now: a job that has done its work must not
    fail for that. Without a record it is tried again, from where it had got to.
    """
    job_id, fence = options.job, options.fence
    if isinstance(ending, Outcome):
        try:
            if store.finish(job_id, fence, ending.result, ending.publish):
                return EXIT_RECORDED
        except CannotWrite:
            raise
        except Exception as error:  # noqa: BLE001 - publish is the handler's code: its errors fail the job
            ending = describe(error)
    if isinstance(ending, JobFailure):
        return EXIT_RECORDED if store.fail(job_id, fence, ending) else EXIT_STALE
    if isinstance(ending, NoRoom):
        recorded = store.confirm_pause(job_id, fence, NO_ROOM)
    else:
        recorded = store.confirm_cancel(job_id, fence) or store.confirm_pause(job_id, fence)
    if recorded:
        return EXIT_RECORDED
    # Not asked for by a person: either the worker ends, or the job is another's by now.
    return EXIT_STALE if store.standing(job_id, fence) is None else EXIT_STOPPED


def die_with(supervisor: int) -> None:
    """End this process when the supervisor is gone, however it went, and its group where the kernel cannot.

    What a handler starts and waits for sees to its own end in the same way.
    """
    end_with_parent(supervisor)
    watch = threading.Thread(target=watch_supervisor, args=(supervisor,), name="supervisor", daemon=True)
    watch.start()


def watch_supervisor(supervisor: int) -> None:
    """Look at the parent every second: once it changes, the supervisor has died."""
    while os.getppid() == supervisor:
        time.sleep(SUPERVISOR_CHECK_SECONDS)
    end_own_group()


def end_as_stale() -> None:
    """Stop at once, because the job is no longer this process's."""
    print("This job was given to another process; ending this one.", flush=True)
    end_own_group()


def end_own_group(*_: Any) -> None:
    """Kill this process and all it started, if it leads its own session."""
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
