"""A backup as a file: a zip whose manifest names every file in it with its size and hash."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

from jobs.durable import fsync_file
from studio.errors import Conflict, Damaged, InvalidInput, WorkFailed

FORMAT, FORMAT_VERSION = "encoder-studio-backup", 1
MANIFEST, DATABASE = "manifest.json", "studio.db"
ROOMS = ("datasets", "models", "jobs", "uploads", "checkpoints")
COMPRESSED = (".json", ".txt", ".csv", ".tsv", ".md", ".db", ".log", ".toml")  # the rest hardly shrinks
MANIFEST_BYTES = 256 * 1024 * 1024
MOST_TIMES = 1_100  # deflate makes nothing smaller than a 1,032nd
SPARE_BYTES = 100 * 1024 * 1024
CHUNK_BYTES = 1024 * 1024
CHOOSE_ANOTHER = "Choose a file that 'python -m studio backup' wrote."

Tell = Callable[[int], None]
"""Is told how many bytes are done."""

Progress = Callable[[int, int], None]
"""Is told how many bytes are done, and how many there are."""


@dataclass(frozen=True)
class Entry:
    """One file: its bytes, and their sha256 in hex."""

    size_bytes: int
    sha256: str


@dataclass
class Manifest:
    """What a backup holds, of which studio and when; ``files`` by their path within the home."""

    studio_version: str
    created_at: str
    home: str
    files: dict[str, Entry] = field(default_factory=dict)

    @property
    def total_bytes(self) -> int:
        """Bytes of all files once they are unpacked."""
        return sum(entry.size_bytes for entry in self.files.values())

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {"format": FORMAT, "format_version": FORMAT_VERSION, **asdict(self)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Manifest:
        """Read what to_json wrote; KeyError, TypeError or AttributeError where it is something else."""
        files = {
            str(name): Entry(int(entry["size_bytes"]), str(entry["sha256"]))
            for name, entry in value["files"].items()
        }
        return cls(str(value["studio_version"]), str(value["created_at"]), str(value["home"]), files)


class ArchiveWriter:
    """Writes one archive; ``manifest`` grows with every file."""

    def __init__(self, path: Path, manifest: Manifest) -> None:
        self.manifest = manifest
        self._zip = zipfile.ZipFile(path, "x")
        self._now = time.localtime()[:6]
        self._done_bytes = 0
        self._tell: Tell = lambda done_bytes: None

    def follow(self, progress: Progress, total_bytes: int) -> None:
        """Tell how many bytes are written from now on."""
        self._tell = lambda done_bytes: progress(done_bytes, max(done_bytes, total_bytes))

    def add(self, name: str, file: IO[bytes], size_bytes: int) -> None:
        """Write the first ``size_bytes`` of an open file, once; what it grows by meanwhile is left out."""
        if name in self.manifest.files:
            return
        about = zipfile.ZipInfo(name, self._now)
        about.external_attr = 0o600 << 16
        packed = name.endswith(COMPRESSED)
        about.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        about.file_size = size_bytes  # tells the library whether 64-bit sizes are needed
        digest, left = hashlib.sha256(), size_bytes
        file.seek(0)
        with self._zip.open(about, "w") as target:
            while left and (chunk := file.read(min(left, CHUNK_BYTES))):
                digest.update(chunk)
                target.write(chunk)
                left -= len(chunk)
                self._done_bytes += len(chunk)
                self._tell(self._done_bytes)
        self.manifest.files[name] = Entry(size_bytes - left, digest.hexdigest())

    def forget(self, names: Iterable[str]) -> None:
        """Let files not count that were written; nobody unpacks what the manifest does not name."""
        for name in names:
            self.manifest.files.pop(name, None)

    def finish(self) -> None:
        """Write the manifest."""
        about = zipfile.ZipInfo(MANIFEST, self._now)
        about.compress_type = zipfile.ZIP_DEFLATED
        self._zip.writestr(about, json.dumps(self.manifest.to_json(), ensure_ascii=False, indent=1))

    def close(self) -> None:
        """Write the end of the archive."""
        self._zip.close()


class Archive:
    """An archive that is read; opening it checks all that can be told without unpacking."""

    def __init__(self, path: Path, packed: zipfile.ZipFile) -> None:
        self.path = path
        self._zip = packed
        self.manifest = self._read_manifest()
        self._check_members()

    def _read_manifest(self) -> Manifest:
        try:
            if self._zip.getinfo(MANIFEST).file_size > MANIFEST_BYTES:
                raise foreign(self.path)
            value = json.loads(self._zip.read(MANIFEST))
            if value["format"] != FORMAT:
                raise foreign(self.path)
            if value["format_version"] > FORMAT_VERSION:
                later = value["studio_version"]
                raise Conflict(
                    f"{self.path.name} was made by a later version of the studio ({later}).",
                    "Restore it with that version.",
                )
            return Manifest.from_json(value)
        except (KeyError, TypeError, AttributeError, ValueError, RuntimeError) as error:
            raise foreign(self.path) from error
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise damaged(self.path, MANIFEST) from error

    def _check_members(self) -> None:
        members = {}
        for member in self._zip.infolist():
            if member.filename in members:
                raise foreign(self.path)
            members[member.filename] = member
        if DATABASE not in self.manifest.files:
            raise foreign(self.path)
        for name, entry in self.manifest.files.items():
            if not is_safe(name):
                raise InvalidInput(
                    f"{self.path.name} names a file outside the studio's folder: {name[:200]!r}.",
                    f"Such a file is no backup of a studio; do not unpack it. {CHOOSE_ANOTHER}",
                )
            if name not in members or members[name].flag_bits & 1:
                raise damaged(self.path, name)
            if members[name].file_size != entry.size_bytes or entry.size_bytes < 0:
                raise damaged(self.path, name)
        packed = sum(member.compress_size for member in members.values())
        if packed > self.path.stat().st_size or self.manifest.total_bytes > MOST_TIMES * (packed + 1):
            raise InvalidInput(f"{self.path.name} is packed so that it grows without end.", CHOOSE_ANOTHER)

    def require_room(self, folder: Path) -> None:
        """Raise WorkFailed where the files would not fit on the disk of a folder."""
        free = shutil.disk_usage(folder).free
        if self.manifest.total_bytes + SPARE_BYTES > free:
            raise WorkFailed(
                f"The backup needs {self.manifest.total_bytes / 1e9:.1f} GB; {free / 1e9:.1f} GB are free.",
                "Free some space, or restore to another disk with --home.",
            )

    def unpack(self, folder: Path, progress: Progress) -> None:
        """Write every file below ``folder``, each seen onto the disk; Damaged where one is not as it was."""
        done_bytes, total_bytes = 0, self.manifest.total_bytes
        for name, entry in self.manifest.files.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                with self._zip.open(name) as source, target.open("xb") as file:
                    found = copy_hashed(source, file, entry.size_bytes)
                    fsync_file(file)
            except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
                raise damaged(self.path, name) from error
            if found != entry:
                raise damaged(self.path, name)
            done_bytes += entry.size_bytes
            progress(done_bytes, total_bytes)


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Open a backup; InvalidInput where the file is none, Damaged where it is cut short or changed."""
    if not path.is_file():
        raise InvalidInput(f"There is no file {path}.", CHOOSE_ANOTHER)
    try:
        packed = zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        with path.open("rb") as file:
            cut = file.read(4) == b"PK\x03\x04"
        raise (damaged(path, "its end") if cut else foreign(path)) from error
    with packed:
        yield Archive(path, packed)


def copy_hashed(source: IO[bytes], target: IO[bytes], most_bytes: int) -> Entry:
    """Copy at most one byte more than ``most_bytes``: the size and the hash of what was there."""
    digest, done = hashlib.sha256(), 0
    while done <= most_bytes and (chunk := source.read(min(CHUNK_BYTES, most_bytes + 1 - done))):
        digest.update(chunk)
        target.write(chunk)
        done += len(chunk)
    return Entry(done, digest.hexdigest())


def is_safe(name: str) -> bool:
    """Whether the path of a file in an archive leads to a place of a studio's home and nowhere else.

    >>> is_safe("datasets/4f/train.parquet"), is_safe("datasets/../../x"), is_safe("/etc/passwd")
    (True, False, False)
    """
    parts = PurePosixPath(name).parts
    if any(mark in name for mark in ("\\", "\0", ":")) or "/".join(parts) != name or ".." in parts:
        return False
    return name == DATABASE or (len(parts) > 1 and parts[0] in ROOMS)


def foreign(path: Path) -> InvalidInput:
    """The error of a file that is something else."""
    return InvalidInput(f"{path.name} is no backup of Encoder Studio.", CHOOSE_ANOTHER)


def damaged(path: Path, name: str) -> Damaged:
    """The error of a backup that is not as it was written."""
    return Damaged(
        f"The backup {path.name} is damaged ({name}); nothing was changed.",
        "Copy it again from where it was kept, or choose another backup.",
    )
