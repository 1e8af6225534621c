"""Put pages, API and worker together and serve them until told to stop."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import uvicorn
from fastapi import FastAPI
from filelock import FileLock, Timeout

from studio.api.app import build_api
from studio.api.security import SecurityMiddleware, require_token_off_loopback
from studio.bootstrap import Studio, open_studio
from studio.errors import Conflict, StudioError
from studio.settings import Settings

WORKER_RESTART_SECONDS = 2.0
WORKER_STOP_SECONDS = 20.0


@dataclass(frozen=True)
class ServeOptions:
    """How many workers run beside the pages (0: none)."""

    workers: int = 1


def serve(settings: Settings, options: ServeOptions) -> int:
    """Serve until Ctrl+C; returns the exit code."""
    try:
        with hold_home(settings), contextlib.ExitStack() as stack:
            require_token_off_loopback(settings)
            studio = stack.enter_context(contextlib.closing(open_studio(settings)))
            application = build_application(studio)
            for number in range(options.workers):
                stack.enter_context(contextlib.closing(WorkerKeeper(settings, number)))
            print(f"Encoder Studio is ready on http://{settings.host}:{settings.port}", file=sys.stderr)
            print("Press Ctrl+C to stop it; training goes on when you start it again.", file=sys.stderr)
            run_http(application, settings)
    except StudioError as error:
        print(f"{error.message}\n{error.hint}".strip(), file=sys.stderr)
        return error.exit_code
    return 0


def run_http(application: FastAPI, settings: Settings) -> None:
    """Run uvicorn; it returns after SIGINT or SIGTERM."""
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.run(
            application,
            host=settings.host,
            port=settings.port,
            log_level="warning",
            timeout_graceful_shutdown=2,
        )


def build_application(studio: Studio) -> FastAPI:
    """API and pages behind one set of security rules."""
    from studio.pages.app import mount_pages

    application = build_api(studio)
    application = mount_pages(application, studio, studio.settings)
    application.add_middleware(SecurityMiddleware, settings=studio.settings)
    return application


@contextlib.contextmanager
def hold_home(settings: Settings) -> Iterator[None]:
    """One studio per home: Conflict where another one runs already."""
    settings.make_folders()
    lock = FileLock(settings.lock_path)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise Conflict(
            f"A studio is already running for {settings.home}.",
            "Use the one that runs, stop it first, or choose another --home.",
        ) from error
    try:
        yield
    finally:
        lock.release()


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
        with open(self.settings.home / "worker.log", "ab") as log:
            return subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, process_group=0
            )

    def _watch(self) -> None:
        while not self._stop.wait(0.5):
            if self._process.poll() is not None and not self._stop.wait(WORKER_RESTART_SECONDS):
                self._process = self._start()

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
