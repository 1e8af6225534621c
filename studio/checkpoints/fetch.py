"""Bring a checkpoint here: download it from the hub so that it can be resumed, and convert pickles."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock
from huggingface_hub import hf_hub_url
from huggingface_hub.file_download import http_get

from jobs.durable import fsync_tree, rename
from studio.checkpoints.builtin import sha256_of
from studio.checkpoints.hub import HubFacts, HubFile, hub_headers, look_up, translated_errors
from studio.checkpoints.inspect import BPE_FILES, TOKENIZER_FILES, describe_folder
from studio.checkpoints.pickles import convert_pickle, pickle_files
from studio.checkpoints.resolve import Resolved, pickle_error, refuse_full_disk, round_megabytes
from studio.checkpoints.store import (
    converted_path,
    fetched_path,
    find_fetched,
    folder_name,
    partial_path,
    read_note,
    write_note,
)
from studio.errors import InvalidInput, Unavailable
from studio.settings import Settings

REPORT_SECONDS = 0.5
COPIED_WITH_PICKLE = ("config.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")


@dataclass(frozen=True)
class FetchProgress:
    """How far a fetch is, in bytes, and in words."""

    done_bytes: int
    total_bytes: int
    sentence: str

    @property
    def fraction(self) -> float:
        """Share that is done, 0 to 1."""
        return min(1.0, self.done_bytes / self.total_bytes) if self.total_bytes else 0.0


Report = Callable[[FetchProgress], None]


def fetch(
    resolved: Resolved, settings: Settings, *, allow_pickle: bool = False, progress: Report | None = None
) -> Path:
    """Make a checkpoint ready and return its folder; a download that broke off goes on where it stopped.

    ``progress`` may raise to stop it. Raises NotFound, Unavailable or InvalidInput as look_up does, and
    InvalidInput for a pickle where ``allow_pickle`` is False.
    """
    if resolved.ready and resolved.folder is not None:
        return resolved.folder
    report = progress or (lambda _: None)
    if resolved.source == "folder" and resolved.folder is not None:
        if not allow_pickle:
            raise InvalidInput(resolved.sentence, resolved.hint)
        return convert_folder(resolved.folder, settings, report)
    return fetch_from_hub(str(resolved.checkpoint.repo), settings, allow_pickle, report)


def fetch_from_hub(repo: str, settings: Settings, allow_pickle: bool, report: Report) -> Path:
    """Download a hub checkpoint; two jobs that want the same one do it once."""
    with lock(folder_name(repo), settings):
        here = find_fetched(repo, settings)
        if here is not None:
            return here
        facts = look_up(repo, settings)
        if facts.weights == "pickle" and not allow_pickle:
            raise pickle_error(repo)
        refuse_full_disk(facts, settings)
        folder = partial_path(repo, facts.revision, settings)
        drop_other_revisions(folder)
        folder.mkdir(parents=True, exist_ok=True)
        download_files(facts, folder, settings, report)
        notes = convert_if_pickle(folder, facts.download_bytes, repo, report)
        describe_folder(folder)
        write_note(folder, repo, facts.revision, notes)
        return publish(folder, fetched_path(repo, settings))


def convert_folder(folder: Path, settings: Settings, report: Report) -> Path:
    """Make a converted copy of a local folder and leave the folder itself as it is."""
    target = converted_path(folder, settings)
    with lock(target.name, settings):
        if read_note(target) is not None:
            return target
        partial = settings.checkpoints_dir / "partial" / target.name
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        sources = pickle_files(folder)
        for name in dict.fromkeys((*COPIED_WITH_PICKLE, *TOKENIZER_FILES, *BPE_FILES)):
            if (folder / name).is_file():
                shutil.copyfile(folder / name, partial / name)
        for path in (*sources, *folder.glob("*.bin.index.json")):
            shutil.copyfile(path, partial / path.name)
        size = sum(path.stat().st_size for path in sources)
        notes = convert_if_pickle(partial, size, folder.name, report)
        write_note(partial, str(folder.resolve()), "", notes)
        return publish(partial, target)


def lock(name: str, settings: Settings) -> FileLock:
    """Return the lock that keeps two jobs from writing the same checkpoint."""
    folder = settings.checkpoints_dir / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / f"{name}.lock")


def drop_other_revisions(folder: Path) -> None:
    """Remove what an earlier fetch left of another revision."""
    if folder.parent.is_dir():
        for other in folder.parent.iterdir():
            if other != folder:
                shutil.rmtree(other, ignore_errors=True)


def publish(partial: Path, target: Path) -> Path:
    """Move a finished folder to its place, where it is seen whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(target, ignore_errors=True)
    fsync_tree(partial)
    rename(partial, target)
    return target


def convert_if_pickle(folder: Path, size: int, name: str, report: Report) -> list[str]:
    """Convert the pickles in a folder, if any; return the notes to keep."""
    if describe_folder(folder).formats != ("pickle",):
        return []
    report(FetchProgress(size, size, f"Converting the weights of {name} to safetensors"))
    return convert_pickle(folder)


def download_files(facts: HubFacts, folder: Path, settings: Settings, report: Report) -> None:
    """Download every file that is not complete yet, one after the other."""
    meter = Meter(facts.repo, facts.download_bytes, report)
    for file in facts.files:
        target = folder / file.name
        if target.is_file() and target.stat().st_size == file.size:
            meter.add(file.size)
            continue
        download_file(facts, file, target, settings, meter)
    meter.tell()


def download_file(facts: HubFacts, file: HubFile, target: Path, settings: Settings, meter: Meter) -> None:
    """Download one file from where its part ends; it gets its name once it is whole and its hash right."""
    part = target.with_name(f"{target.name}.part")
    part.touch()
    if part.stat().st_size > file.size:
        part.write_bytes(b"")
    url = hf_hub_url(facts.repo, file.name, revision=facts.revision, endpoint=settings.hub_endpoint)
    meter.add(part.stat().st_size)
    meter.tell()
    with part.open("r+b") as stream, translated_errors(facts.repo, settings):
        stream.seek(0, 2)
        http_get(
            url,
            stream,
            resume_size=stream.tell(),
            headers=hub_headers(settings),
            expected_size=file.size,
            tqdm_class=meter.bar,  # type: ignore[arg-type]
        )
    if file.sha256 and sha256_of(part) != file.sha256:
        part.unlink()
        raise Unavailable(
            f"{file.name} of '{facts.repo}' arrived damaged.", "Start again: it is fetched anew."
        )
    rename(part, target)


class Meter:
    """Adds up downloaded bytes over all files and reports them now and then."""

    def __init__(self, repo: str, total_bytes: int, report: Report) -> None:
        self._repo, self._total, self._report = repo, total_bytes, report
        self._done = 0
        self._told = 0.0

    def add(self, count: int) -> None:
        """Count bytes; negative ones where the server made the download start again."""
        self._done += count
        if time.monotonic() - self._told >= REPORT_SECONDS:
            self.tell()

    def tell(self) -> None:
        """Report now."""
        self._told = time.monotonic()
        done, total = round_megabytes(self._done), round_megabytes(self._total)
        self._report(FetchProgress(self._done, self._total, f"Fetching {self._repo}: {done} of {total}"))

    def bar(self, **_settings: Any) -> Bar:
        """Make the progress bar that the hub library feeds."""
        return Bar(self)


class Bar:
    """The little of a progress bar that the hub library uses."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter

    def update(self, count: int) -> None:
        """Take note of ``count`` further bytes."""
        self._meter.add(count)

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_error: object) -> None:
        return None
