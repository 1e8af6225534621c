"""The bytes behind a path, and the sentences where there are none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from studio.errors import InvalidInput, NotFound

BLANK_BYTES = b"\xef\xbb\xbf\xff\xfe \t\r\n\x00"


def read_bytes(path: Path, name: str) -> bytes:
    """The bytes of a file that exists, is a file, may be read and is not empty."""
    with opening(path, name):
        data = path.read_bytes()
    refuse_empty(data, name)
    return data


def read_start(path: Path, name: str, size: int) -> bytes:
    """The first bytes of a file; the errors of read_bytes."""
    with opening(path, name):
        with path.open("rb") as file:
            data = file.read(size)
        whole = path.stat().st_size <= size
    if whole:
        refuse_empty(data, name)
    return data


@contextmanager
def opening(path: Path, name: str) -> Iterator[None]:
    """Turn what the system says of a file that cannot be read into a sentence."""
    try:
        if not path.exists():
            raise NotFound(f"There is no file {path}.", "Check the path for a typing mistake.")
        if path.is_dir():
            raise InvalidInput(f"{path} is a folder.", "Name the table inside it.")
        yield
    except OSError as error:
        raise InvalidInput(
            f"{name} cannot be read: {error.strerror or error}.",
            "Check that you may open it and that its disk is there, or copy it and choose the copy.",
        ) from error


def refuse_empty(data: bytes, name: str) -> None:
    """Raise InvalidInput where there is nothing but blanks."""
    if not data.strip(BLANK_BYTES):
        raise InvalidInput(f"{name} is empty.", "Check that it was saved, then choose it again.")
