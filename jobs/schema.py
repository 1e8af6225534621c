"""Sets of tables that are brought to this version by migrations of their own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from jobs.errors import SchemaTooNew


@dataclass(frozen=True)
class Schema:
    """One set of tables: its migrations, and the table in which a database notes how far it is."""

    migrations: Path
    version_table: str

    def revision(self, connection: Connection) -> str | None:
        """How far the database is; None where it has none of these tables yet."""
        if not inspect(connection).has_table(self.version_table):
            return None
        found: str | None = connection.scalar(text(f"SELECT version_num FROM {self.version_table}"))
        return found

    def known(self) -> list[str]:
        """The revisions that this version of the program knows, the newest first."""
        from alembic.script import ScriptDirectory  # takes 0.3 s, and a child process never needs it

        return [script.revision for script in ScriptDirectory(str(self.migrations)).walk_revisions()]

    def upgrade(self, connection: Connection) -> None:
        """Make the tables, or bring them to this version, within the transaction; safe to repeat.

        Raises SchemaTooNew where a later version of the program wrote this database.
        """
        from alembic import command
        from alembic.config import Config

        revision = self.revision(connection)
        if revision is not None and revision not in self.known():
            raise SchemaTooNew(
                f"The database was written by a later version of this program ({revision}).",
                "Start that version, or choose another home folder.",
            )
        config = Config()
        config.set_main_option("script_location", str(self.migrations).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
