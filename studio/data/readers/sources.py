"""The bytes behind a path."""

from __future__ import annotations

from pathlib import Path

from studio.errors import InvalidInput, NotFound


def read_bytes(path: Path, name: str) -> bytes:
    """The bytes of a file that exists, is a file, may be read and is not empty."""
    try:
        if not path.exists():
            raise NotFound(f"There is no file {path}.", "Check the path for a typing mistake.")
        if path.is_dir():
            raise InvalidInput(f"{path} is a folder.", "Name the table inside it.")
        data = path.read_bytes()
    except OSError as error:
        raise InvalidInput(
            f"{name} cannot be read: {error.strerror or error}.",
            "Check that you may open it and that its disk is there, or copy it and choose the copy.",
        ) from error
    if not data.strip(b"\xef\xbb\xbf \t\r\n\x00"):
        raise InvalidInput(f"{name} is empty.", "Check that it was saved, then choose it again.")
    return data
