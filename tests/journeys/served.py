"""A real studio, started as a user starts it and ended without leaving a process behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 90
STOP_SECONDS = 30


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class ServedStudio:
    """One studio with its worker on a port of its own; ``stop`` is what Ctrl+C does."""

    def __init__(self, home: Path, *options: str, port: int | None = None, **environment: str) -> None:
        self.home = home
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.options = options
        self.environment = environment
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, patience_seconds: float = START_SECONDS) -> ServedStudio:
        """Start it and wait until it answers."""
        self.home.mkdir(parents=True, exist_ok=True)
        command = [
            sys.executable,
            "-m",
            "studio",
            "--home",
            str(self.home),
            "serve",
            "--port",
            str(self.port),
        ]
        with open(self.home / "serve.log", "ab") as log:
            self.process = subprocess.Popen(
                [*command, *self.options],
                cwd=ROOT,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._wait_until_it_answers(patience_seconds)
        return self

    def _wait_until_it_answers(self, patience_seconds: float) -> None:
        assert self.process is not None
        deadline = time.monotonic() + patience_seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"The studio ended at once:\n{self.log()}")
            try:
                self.get("/health")
                return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.2)
        raise AssertionError(f"The studio did not answer in {patience_seconds} s:\n{self.log()}")

    def log(self) -> str:
        """What it wrote to its terminal."""
        return (self.home / "serve.log").read_text(encoding="utf-8", errors="replace")[-4000:]

    def get(self, path: str) -> Any:
        """GET from the API."""
        return self.call("GET", path)

    def call(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        """One API call; its JSON, or None for an empty answer."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/api/v1{path}", data=data, method=method)
        request.add_header("Content-Type", "application/json")
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        with urllib.request.urlopen(request, timeout=30) as answer:
            content = answer.read()
        return json.loads(content) if content else None

    def run(self, *arguments: str) -> Any:
        """One command on the same home; its JSON."""
        done = subprocess.run(
            [sys.executable, "-m", "studio", "--home", str(self.home), "--json", *arguments],
            cwd=ROOT,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(done.stdout)

    def wait_for_job(self, *states: str, timeout_seconds: float = 240, index: int = 0) -> Any:
        """Wait until the newest job (or the one at ``index``) is in one of the states."""
        deadline = time.monotonic() + timeout_seconds
        job: Any = None
        while time.monotonic() < deadline:
            jobs = self.get("/jobs")
            job = jobs[index] if len(jobs) > index else None
            if job is not None and job["state"] in states:
                return job
            if job is not None and job["state"] == "failed":
                raise AssertionError(f"The job failed: {job['error']}\n{self.log()}")
            time.sleep(0.3)
        raise AssertionError(f"No job became {states} in {timeout_seconds} s: {job}")

    def children(self) -> list[psutil.Process]:
        """Every process below the studio."""
        assert self.process is not None
        return psutil.Process(self.process.pid).children(recursive=True)

    def stop(self, number: int = signal.SIGINT) -> None:
        """End it by a signal; AssertionError where a process of it stays."""
        if self.process is None or self.process.poll() is not None:
            return
        family = self.children()
        self.process.send_signal(number)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired as error:
            self.process.kill()
            raise AssertionError(f"The studio did not stop in {STOP_SECONDS} s:\n{self.log()}") from error
        _, alive = psutil.wait_procs(family, timeout=20)
        for process in alive:
            process.kill()
        assert not alive, f"Left behind: {[process.cmdline() for process in alive]}"
