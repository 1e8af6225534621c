"""The processes beside the first that train the same model: it starts them, and they end with it."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path

import torch

from jobs.processes import end_with_parent
from studio.checkpoints.loading import load_encoder
from studio.errors import PartnerKilled, WorkFailed
from studio.training.preparing import LearningOrder, prepare_learner
from studio.training.progress import Progress
from studio.training.team import Alone, Group, Team

SECONDS_TO_END, SECONDS_TO_BE_SEEN, SECONDS_BETWEEN_LOOKS = 10.0, 0.5, 0.2
FOR_THE_FIRST = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def gather_team(order: LearningOrder, size: int, meeting: Path, report: Progress) -> Iterator[Team]:
    """The team of a training; ``meeting`` is a file by which its processes find each other.

    Raises PartnerKilled where one of them is killed, WorkFailed where one ends otherwise or cannot begin, and
    whatever ``report.raise_if_cancelled`` raises.
    """
    if size == 1:
        yield Alone()
        return
    meeting.unlink(missing_ok=True)
    threads = torch.get_num_threads()
    share = max(1, threads // size)
    started: list[tuple[SpawnProcess, Connection]] = []
    try:
        for rank in range(1, size):
            started.append(start_follower(order, (rank, size, share), meeting))
        wait_until_ready(started, report)
        torch.set_num_threads(share)
        group = Group.join(0, size, meeting)
        yield group
        group.dismiss()
        group.leave()
        for process, _ in started:
            process.join(SECONDS_TO_END)
    except WorkFailed as error:
        if any(was_killed(process) for process, _ in started):
            raise PartnerKilled(
                "One of the processes that train together was killed, as happens when memory runs out."
            ) from error
        raise
    finally:
        for process, _ in started:
            process.kill()
            process.join()
        Group.abandon()
        torch.set_num_threads(threads)
        meeting.unlink(missing_ok=True)


@contextmanager
def killed_with_partners(log: Callable[[str], None]) -> Iterator[None]:
    """End this process as one that worked with it was ended: what the queue then does is right for both."""
    try:
        yield
    except PartnerKilled as error:
        log(error.message)
        os.kill(os.getpid(), signal.SIGKILL)


def was_killed(process: SpawnProcess) -> bool:
    """Whether a process that has perhaps just ended was killed."""
    process.join(SECONDS_TO_BE_SEEN)
    return process.exitcode == -signal.SIGKILL


def start_follower(
    order: LearningOrder, place: tuple[int, int, int], meeting: Path
) -> tuple[SpawnProcess, Connection]:
    """Start one process; the connection says when it is ready. ``place``: rank, size and threads."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=follow, args=(order, place, meeting, there, os.getpid()), daemon=True)
    # Whoever ends a job asks its whole group: kept from the process until it has learnt to leave that alone.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, FOR_THE_FIRST)
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    there.close()
    return process, here


def wait_until_ready(started: list[tuple[SpawnProcess, Connection]], report: Progress) -> None:
    """Return when every process has loaded its model; WorkFailed where one ends instead."""
    for _, connection in started:
        while not wait([connection], SECONDS_BETWEEN_LOOKS):
            report.raise_if_cancelled()
        try:
            connection.recv_bytes()
        except EOFError as error:
            raise WorkFailed(
                "One of the processes that train together could not begin.",
                "See the log for why. With STUDIO_GPUS_PER_TRAINING=1 a training needs only one.",
            ) from error
        finally:
            connection.close()


def follow(
    order: LearningOrder, place: tuple[int, int, int], meeting: Path, ready: Connection, parent: int
) -> None:
    """Do what the first process does, until it says that nothing follows: the body of the others."""
    end_with_parent(parent)
    for number in FOR_THE_FIRST:
        signal.signal(number, signal.SIG_IGN)  # the first process decides when the others may go
    signal.pthread_sigmask(signal.SIG_UNBLOCK, FOR_THE_FIRST)
    rank, size, threads = place
    torch.set_num_threads(threads)
    if order.placement.device == "cuda":
        torch.cuda.set_device(rank)
    loaded = load_encoder(order.checkpoint_folder, order.task.key, order.labels)
    ready.send_bytes(b"ready")
    group = Group.join(rank, size, meeting)
    learner = prepare_learner(order, loaded, group)
    while call := group.hear():
        name, arguments = call
        getattr(learner, name)(*arguments)
    Group.leave()
