"""The jobs of a soak: what is asked for, and how each has to end."""

from __future__ import annotations

import random
import urllib.error
from dataclasses import dataclass, field
from pathlib import Path

from bench.soak.shaking import Served
from jobs.queue import JobView
from jobs.states import TERMINAL, JobState
from studio.bootstrap import Studio
from studio.data.importing import ImportRequest
from studio.errors import Conflict
from tests.conftest import small_rows, write_csv
from tests.encoders import build_encoder

# An evaluation and a prediction load torch, an import does not; a training does most.
KINDS = ("import",) * 12 + ("predict",) * 3 + ("evaluate",) * 2 + ("train",) * 3
CANCELLED_SHARE, PAUSED_SHARE = 0.05, 0.3  # of all jobs, and of trainings
MODEL, DATASET = "first", "messages"
EPOCHS = 2
ENDED_WELL = frozenset({JobState.SUCCEEDED})
MAY_BE_CANCELLED = frozenset({JobState.SUCCEEDED, JobState.CANCELLED})


@dataclass
class Work:
    """Asks for jobs one after another; ``accepted`` are the states each may end in, by its id."""

    served: Served
    verbs: Studio
    folder: Path
    draw: random.Random
    accepted: dict[str, frozenset[JobState]] = field(default_factory=dict)
    tables: list[str] = field(default_factory=list)
    scored: set[str] = field(default_factory=set)
    paused: set[str] = field(default_factory=set)
    asked: int = 0

    def prepare(self) -> None:
        """A dataset, a small encoder and the first model, before anything is measured."""
        self.table = write_csv(self.folder / "few.csv", small_rows(), ("text", "label"))
        self.encoder = build_encoder(self.folder / "encoder")
        self.verbs.datasets.import_file(ImportRequest(path=self.table, name=DATASET))
        job = self.train(MODEL)
        assert self.verbs.jobs.wait(job.id).state == JobState.SUCCEEDED
        self.accepted[job.id] = ENDED_WELL

    def ask(self) -> None:
        """One more job; where the server is away it is asked for again the next time."""
        kind = self.draw.choice(KINDS)
        try:
            job = self.submit(kind, self.asked)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return
        self.asked += 1
        self.accepted[job.id] = ENDED_WELL
        if self.draw.random() < CANCELLED_SHARE:
            self.accepted[job.id] = MAY_BE_CANCELLED
            self.wish("cancel", job)
        elif kind == "train" and self.draw.random() < PAUSED_SHARE and self.wish("pause", job):
            self.paused.add(job.id)

    def submit(self, kind: str, number: int) -> JobView:
        """A job of a kind; a training by HTTP, the others as a command does it."""
        name = f"table-{number}"
        if kind == "train":
            return self.train(f"model-{number}")
        if kind == "import":
            job = self.verbs.imports.start(ImportRequest(path=self.table, name=name))
            self.tables.append(name)
            return job
        known = {dataset.name for dataset in self.verbs.datasets.list()}
        fresh = [table for table in self.tables if table in known - self.scored]
        if kind == "evaluate" and fresh:
            self.scored.add(fresh[0])
            scoring = self.verbs.evaluations.start(MODEL, fresh[0], "test")
            if scoring is not None:
                return scoring
        return self.verbs.predictions.start_file(MODEL, self.table, "few.csv")

    def train(self, name: str) -> JobView:
        """A training, asked for by HTTP with a key of its own."""
        body = {
            "dataset": DATASET, "checkpoint": str(self.encoder), "name": name, "recipe": {"epochs": EPOCHS},
        }  # fmt: skip
        answer = self.served.studio.call("POST", "/jobs", body, {"Idempotency-Key": name})
        return self.verbs.jobs.get(answer["id"])

    def wish(self, verb: str, job: JobView) -> bool:
        """Cancel or pause a job; whether it was still to be had."""
        try:
            getattr(self.verbs.jobs, verb)(job.id)
        except Conflict:
            return False
        return True

    def resume(self) -> None:
        """Let what is paused go on."""
        for job_id in list(self.paused):
            job = self.verbs.jobs.get(job_id)
            if job.state == JobState.PAUSED:
                self.verbs.jobs.resume(job_id)
            if job.state != JobState.PAUSING:
                self.paused.discard(job_id)

    def unfinished(self) -> int:
        """How many accepted jobs have not ended."""
        waiting = {job.id for job in self.verbs.jobs.unfinished()}
        return len(waiting & set(self.accepted))

    def lost(self) -> list[str]:
        """A sentence for each accepted job that did not end as it should."""
        sentences = []
        for job_id, allowed in self.accepted.items():
            job = self.verbs.jobs.get(job_id)
            if job.state not in TERMINAL & allowed:
                why = job.error.message if job.error else job.message
                sentences.append(f"{job.kind} {job_id} is {job.state}: {why}")
        return sentences
