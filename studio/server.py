"""Put pages, API and worker together and serve them until told to stop."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import gc
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass
from typing import Any

import uvicorn
from fastapi import FastAPI

from studio.api.app import build_api
from studio.api.security import SecurityMiddleware, require_token_off_loopback
from studio.bootstrap import Studio, start_studio, telling_of_jobs
from studio.errors import Conflict, InvalidInput, StudioError
from studio.keeping.lock import hold_home
from studio.logbook import keep_log
from studio.settings import Settings

logger = logging.getLogger(__name__)

WORKER_RESTART_SECONDS = 2.0
WORKER_STOP_SECONDS = 20.0
BACKLOG = 2048  # connections that wait to be answered
LAST_PORT = 65535
M_ARENA_MAX, MEMORY_POOLS = -8, 2  # a number of glibc's malloc.h, and how many pools its threads may have


@dataclass(frozen=True)
class ServeOptions:
    """How many workers run beside the pages (0: none)."""

    workers: int = 1


def serve(settings: Settings, options: ServeOptions) -> int:
    """Serve until Ctrl+C or SIGTERM; returns the exit code."""
    # uvicorn sends a signal on once it has closed: by itself SIGTERM would end us before our worker has.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with hold_home(settings), contextlib.ExitStack() as stack:
            share_memory()
            keep_log(settings, "app", on_terminal=True)
            require_token_off_loopback(settings)
            lines = listen(settings)
            for line in lines:
                stack.enter_context(line)
            studio = stack.enter_context(contextlib.closing(start_studio(settings)))
            stack.enter_context(telling_of_jobs(settings))
            application = build_application(studio)
            # What is there now stays: the collector need not look at it each time, and no longer waits with
            # garbage until there is a quarter as much of it.
            gc.collect()
            gc.freeze()
            for number in range(options.workers):
                stack.enter_context(contextlib.closing(WorkerKeeper(settings, number)))
            print(f"Encoder Studio is ready on http://{settings.host}:{settings.port}", file=sys.stderr)
            print("Press Ctrl+C to stop it; training goes on when you start it again.", file=sys.stderr)
            logger.info("Serving on %s", settings.address)
            run_http(application, lines)
    except StudioError as error:
        print(f"{error.message}\n{error.hint}".strip(), file=sys.stderr)
        return error.exit_code
    return 0


def share_memory() -> None:
    """Let all threads take memory from a few pools; nothing happens where the C library is not glibc.

    By itself glibc gives each of a server's threads a pool of its own, and what one frees is of no use to the
    others: beside 200 jobs the server grew by a sixth in 15 minutes, with the same objects in it.
    """
    with contextlib.suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, MEMORY_POOLS)


def listen(settings: Settings) -> list[socket.socket]:
    """Sockets that listen on the addresses of the host: who connects from now on is answered or waits.

    What is written to a connection is sent at once. Else all after the first piece waits until the other side
    has acknowledged that, which takes 40 ms on Linux, for each request of a connection that is used again:
    asyncio sees to this only for sockets that it has made itself.
    Raises Conflict where the port is in use, InvalidInput where no address can be listened on.
    """
    lines: list[socket.socket] = []
    refusals: list[OSError] = []
    for family, address in addresses_of(settings):
        try:
            lines.append(socket.create_server(address, family=family, backlog=BACKLOG))
            lines[-1].setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:  # one of several addresses may be that of a network that is not there
            refusals.append(error)
    taken = next((error for error in refusals if error.errno == errno.EADDRINUSE), None)
    if lines and taken is None:
        return lines
    for line in lines:
        line.close()
    if taken is not None:
        other = settings.port + (1 if settings.port < LAST_PORT else -1)
        raise Conflict(
            f"Port {settings.port} is in use.",
            f"Stop what uses it, or choose another: python -m studio serve --port {other}",
        ) from taken
    raise cannot_listen(settings, refusals[0]) from refusals[0]


def addresses_of(settings: Settings) -> list[tuple[int, Any]]:
    """Family and address of each place the host's name stands for; InvalidInput where there is none."""
    try:
        found = socket.getaddrinfo(
            settings.host or None, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except OSError as error:
        raise cannot_listen(settings, error) from error
    return [(family, address) for family, _, _, _, address in found]


def cannot_listen(settings: Settings, error: OSError) -> InvalidInput:
    """Say that this machine does not let the studio listen there."""
    return InvalidInput(
        f"The studio cannot listen on {settings.host}, port {settings.port}: {error.strerror}.",
        "Choose an address of this machine with --host, and a port from 1024 on with --port.",
    )


def run_http(application: FastAPI, lines: list[socket.socket]) -> None:
    """Run uvicorn on these sockets; it returns after SIGINT or SIGTERM."""
    config = uvicorn.Config(application, log_config=None, log_level="warning", timeout_graceful_shutdown=2)
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=lines)


def build_application(studio: Studio) -> FastAPI:
    """API and pages behind one set of security rules."""
    from studio.pages.app import mount_pages

    application = build_api(studio)
    application = mount_pages(application, studio, studio.settings)
    application.add_middleware(SecurityMiddleware, settings=studio.settings)
    return application


class WorkerKeeper:
    """Starts a worker process and starts it again when it dies."""

    def __init__(self, settings: Settings, number: int) -> None:
        self.settings = settings
        self._stop = threading.Event()
        self._process = self._start()
        self._thread = threading.Thread(target=self._watch, name=f"worker-keeper-{number}", daemon=True)
        self._thread.start()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "studio", "--home", str(self.settings.home), "worker"]
        command += ["--until-parent-ends", str(os.getpid())]
        # The worker tells people of jobs too, and only the server knows where its pages are.
        environment = {**os.environ, "STUDIO_PUBLIC_URL": self.settings.address}
        with open(self.settings.home / "worker.log", "ab") as log:
            return subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, process_group=0
            )

    def _watch(self) -> None:
        while not self._stop.wait(0.5):
            if self._process.poll() is not None and not self._stop.wait(WORKER_RESTART_SECONDS):
                logger.warning(
                    "A worker ended (exit code %s); it is started again.", self._process.returncode
                )
                try:
                    self._process = self._start()
                except OSError as error:  # no memory or no process left, for a while
                    logger.warning("A worker could not be started (%s); it is tried again.", error)

    def close(self) -> None:
        """Ask the worker to stop; it puts what ran back into the queue."""
        self._stop.set()
        self._thread.join()
        self._process.terminate()
        try:
            self._process.wait(WORKER_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
