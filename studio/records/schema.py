"""Bring the tables of this room to this version, and open transactions that write them."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from sqlalchemy import Connection, Engine

from studio.errors import Conflict

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "alembic_version_records"


def writing(engine: Engine) -> AbstractContextManager[Connection]:
    """One transaction that will write; an engine of SQLite takes the write lock at its start.

    A reader that turns writer half-way fails at once when another has written meanwhile.
    """
    return engine.execution_options(writes=True).begin()


def upgrade(engine: Engine) -> None:
    """Create or upgrade the tables; safe to repeat and to run twice at once.

    Raises Conflict where a later version of the studio wrote this database.
    """
    from alembic import command  # takes 0.3 s, and a child process never needs it
    from alembic.config import Config
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    with writing(engine) as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        later = sorted(set(context.get_current_heads()) - known)
        if later:
            raise Conflict(
                f"This home was written by a later version of the studio ({', '.join(later)}).",
                "Start that version, or choose another home with --home.",
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
