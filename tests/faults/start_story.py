"""The story of a first start with the home of an earlier release: copied, then brought to this one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text

from jobs.audit import Expected
from jobs.database import SCHEMA as JOB_SCHEMA
from jobs.database import make_engine, write
from jobs.schema import Schema
from jobs.states import JobState
from studio.bootstrap import Studio
from studio.records.schema import SCHEMA as RECORD_SCHEMA
from tests.faults.story import Story, settings_of

OLD = "old"  # key and id of the job that waited when the old release was closed
JOB = {
    "id": OLD,
    "submit_key": OLD,
    "kind": "train",
    "handler": "nowhere",
    "lane": "train",
    "title": OLD,
    "payload": "{}",
    "priority": 1,
    "state": "queued",
    "attempt": 0,
    "attempts_allowed": 3,
    "fence": 0,
    "message": "",
    "created_at": 5.5,
}
EVENT = '{"from": null, "to": "queued", "reason": "Submitted."}'


def prepare(home: Path) -> None:
    """A home of the first release, in which a job waits."""
    settings = settings_of(home)
    settings.make_folders()
    engine = make_engine(settings.database_url)
    upgrade_to(engine, JOB_SCHEMA, "0001")
    upgrade_to(engine, RECORD_SCHEMA, "records_0001")
    names = ", ".join(JOB)
    values = ", ".join(f":{name}" for name in JOB)

    def fill(connection: Any) -> None:
        connection.execute(text(f"INSERT INTO jobs ({names}) VALUES ({values})"), JOB)
        event = text("INSERT INTO job_events (job_id, at, kind, data) VALUES (:id, 5.5, 'state', :data)")
        connection.execute(event, {"id": OLD, "data": EVENT})

    write(engine, fill)
    engine.dispose()


def upgrade_to(engine: Engine, schema: Schema, revision: str) -> None:
    """Make the tables of an earlier release."""
    config = Config()
    config.set_main_option("script_location", str(schema.migrations))

    def run(connection: Any) -> None:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    write(engine, run)


def judge(studio: Studio) -> list[str]:
    """The job still waits, at the place it had, and a copy of the old database can be read."""
    wrong = []
    jobs = studio.jobs.list()
    if [(job.id, job.state, job.priority) for job in jobs] != [(OLD, JobState.QUEUED, 1)]:
        wrong.append(f"The jobs are {[(job.id, job.state, job.priority) for job in jobs]}.")
    copies = list(studio.settings.backups_dir.glob("studio-before-*.db"))
    if not copies:
        wrong.append("There is no copy of the old database.")
    for copy in copies:
        with make_engine(f"sqlite:///{copy}").connect() as connection:
            if connection.scalar(text("SELECT id FROM jobs")) != OLD:
                wrong.append(f"The copy {copy.name} is not that of the old database.")
    return wrong


START = Story(
    name="start",
    prepare=prepare,
    judge=judge,
    expected=lambda _studio: {OLD: Expected()},
    points=("commit", "fsync", "rename"),
)
