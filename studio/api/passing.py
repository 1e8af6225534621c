"""A file that is made for one request and is gone after it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from starlette.responses import FileResponse
from starlette.types import Receive, Scope, Send

from jobs.durable import temporary_name


class PassingFile(FileResponse):
    """A file whose folder is removed when the request ends, however it does.

    A background task would not run where the asked range is not there, or the client is gone.
    """

    def __init__(self, path: Path, *, filename: str, media_type: str) -> None:
        super().__init__(path, filename=filename, media_type=media_type)
        self._folder = path.parent

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)


def pass_file(
    uploads_dir: Path, make: Callable[[Path], object], *, filename: str, media_type: str
) -> PassingFile:
    """The answer with the file that ``make`` writes at the path it is given."""
    folder = temporary_name(uploads_dir / "passing")
    folder.mkdir()
    path = folder / "file"
    try:
        make(path)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return PassingFile(path, filename=filename, media_type=media_type)
