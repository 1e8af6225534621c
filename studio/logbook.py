"""The studio's own logs: what the server and the workers have to say of themselves, one JSON value a line."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from jobs.logs import MAX_LOG_BYTES, limit_log
from studio.settings import Settings

OWN = ("studio", "jobs")  # whose remarks are kept too, and not only their warnings
PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "taskName", "asctime", "color_message"}
HIDDEN = "***"
SHORTEST_SECRET = 4


class JsonLines(logging.Formatter):
    """A record as JSON with its extra fields (``job``, ``channel`` ...); secrets are blotted out."""

    def __init__(self, secrets: Sequence[str] = ()) -> None:
        super().__init__()
        written = {form for secret in secrets for form in (secret, quote(secret, safe=""))}
        self._secrets = sorted((one for one in written if len(one) >= SHORTEST_SECRET), key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        fields: dict[str, object] = {
            "at": moment.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": record.process,
            "message": record.getMessage(),
        }
        fields |= {name: value for name, value in vars(record).items() if name not in PLAIN}
        if record.exc_info:
            fields["trace"] = self.formatException(record.exc_info)
        return json.dumps({name: self.blot(value) for name, value in fields.items()}, ensure_ascii=False)

    def blot(self, value: object) -> object:
        """A value that JSON knows, without secrets."""
        if value is None or isinstance(value, bool | int | float):
            return value
        text = str(value)
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text


class SharedLog(logging.FileHandler):
    """Appends to a file that other processes append to as well, and cuts it once it is too large."""

    def __init__(self, path: Path, max_bytes: int = MAX_LOG_BYTES) -> None:
        super().__init__(path, mode="a", encoding="utf-8", delay=True)
        self.path = path
        self.max_bytes = max_bytes

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record; a log that cannot be written stops nothing."""
        try:
            super().emit(record)
            limit_log(self.path, self.max_bytes)
        except OSError:
            self.handleError(record)


def keep_log(settings: Settings, name: str, *, on_terminal: bool) -> None:
    """Write what this process logs to ``name``.log in the home; warnings on its terminal too."""
    kept = SharedLog(settings.home / f"{name}.log")
    kept.setFormatter(JsonLines(settings.secrets))
    handlers: list[logging.Handler] = [kept]
    if on_terminal:
        shown = logging.StreamHandler(sys.stderr)
        shown.setLevel(logging.WARNING)
        handlers.append(shown)
    logging.basicConfig(level=logging.WARNING, handlers=handlers, force=True)
    for own in OWN:
        logging.getLogger(own).setLevel(logging.INFO)
