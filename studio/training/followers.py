"""The processes beside the first that train the same model: it starts them, and they end with it."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path

import torch
from transformers import set_seed

from jobs.processes import end_with_parent
from studio.checkpoints.loading import load_encoder
from studio.errors import WorkFailed
from studio.training.placement import choose_placement
from studio.training.preparing import LearningOrder, prepare_learner
from studio.training.team import Alone, Group, Team

SECONDS_TO_END = 10.0


@contextmanager
def gather_team(order: LearningOrder, size: int, meeting: Path) -> Iterator[Team]:
    """The team of a training; ``meeting`` is a file by which its processes find each other.

    Raises WorkFailed where one of them cannot begin.
    """
    if size == 1:
        yield Alone()
        return
    meeting.unlink(missing_ok=True)
    threads = torch.get_num_threads()
    share = max(1, threads // size)
    started = [start_follower(order, (rank, size, share), meeting) for rank in range(1, size)]
    processes = [process for process, _ in started]
    try:
        wait_until_ready(started)
        torch.set_num_threads(share)
        group = Group.join(0, size, meeting)
        yield group
        group.dismiss()
        for process in processes:
            process.join(SECONDS_TO_END)
    finally:
        for process in processes:
            process.kill()
            process.join()
        Group.leave()
        torch.set_num_threads(threads)
        meeting.unlink(missing_ok=True)


def start_follower(
    order: LearningOrder, place: tuple[int, int, int], meeting: Path
) -> tuple[SpawnProcess, Connection]:
    """Start one process; the connection says when it is ready. ``place``: rank, size and threads."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=follow, args=(order, place, meeting, there, os.getpid()), daemon=True)
    process.start()
    there.close()
    return process, here


def wait_until_ready(started: list[tuple[SpawnProcess, Connection]]) -> None:
    """Return when every process has loaded its model; WorkFailed where one ends instead."""
    for _, connection in started:
        wait([connection])
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
    # Whoever ends a job asks its whole group; the first process decides when the others may go.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    rank, size, threads = place
    torch.set_num_threads(threads)
    placement = choose_placement(order.recipe.precision)
    if placement.device == "cuda":
        torch.cuda.set_device(rank)
    set_seed(order.recipe.seed)
    loaded = load_encoder(order.checkpoint_folder, order.task.key, order.labels, order.recipe)
    ready.send_bytes(b"ready")
    group = Group.join(rank, size, meeting)
    learner = prepare_learner(order, loaded, placement, group)
    while call := group.hear():
        name, arguments = call
        getattr(learner, name)(*arguments)
    Group.leave()
