"""Hand a model out: a folder or a zip that appears whole, never over something else, without any pickle."""

from __future__ import annotations

import contextlib
import os
import shutil
import uuid
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from jobs.durable import fsync_path, rename
from studio.errors import Conflict, InvalidInput, NotFound, WorkFailed

NEEDED = (
    "config.json",
    "model.safetensors",
    "tokenizer_config.json",
    "recipe.json",
    "report.json",
    "README.md",
)
PICKLE_SUFFIXES = {".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib", ".npy", ".npz", ".dill"}
# The first byte of every pickle of protocol 2 and later; older ones are text and are told by their name.
PICKLE_START = b"\x80"
ZIP_START = b"PK\x03\x04"
# Weights do not get smaller by compression, and trying takes minutes on a large model.
STORED_SUFFIXES = {".safetensors"}
# Equal files make equal zips: the time inside them is fixed, to the earliest a zip can hold.
ZIP_TIME = (1980, 1, 1, 0, 0, 0)

Format = Literal["folder", "zip"]


def export_model(
    folder: Path, to: Path, format_name: Format = "folder", replaced: Mapping[str, str] | None = None
) -> Path:
    """Copy a model folder to ``to``, as a folder or as a zip with its files at the top.

    ``replaced`` holds texts written instead of files of that name, such as a README.md after a rename.
    Raises NotFound where the model is incomplete, Conflict where ``to`` exists, WorkFailed where a
    file could run code when loaded or the disk is full.
    """
    if format_name not in ("folder", "zip"):
        raise InvalidInput(f"'{format_name}' is no format of an export.", "Choose folder or zip.")
    files = list_files(folder)
    if to.exists() or to.is_symlink():
        raise Conflict(f"There is already something at {to}.", "Choose another place, or move that away.")
    temporary = to.with_name(f".{to.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        if format_name == "zip":
            write_zip(folder, files, temporary, replaced or {})
            publish_file(temporary, to)
        else:
            write_folder(folder, files, temporary, replaced or {})
            publish_folder(temporary, to)
    except OSError as error:
        raise WorkFailed(
            f"The model could not be written to {to}: {error.strerror or error}.",
            "Check that the disk has room and that you may write there.",
        ) from error
    finally:
        discard(temporary)
    return to


def list_files(folder: Path) -> list[Path]:
    """Files of a model folder, relative to it, checked to be complete and free of pickle."""
    missing = [name for name in NEEDED if not (folder / name).is_file()]
    if missing:
        raise NotFound(
            f"The model is incomplete: {', '.join(missing)} is not there.",
            "Train it again, or restore its folder from a backup.",
        )
    files = sorted(
        path.relative_to(folder)
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink() and not path.name.startswith(".")
    )
    dangerous = [str(name) for name in files if is_pickle(folder / name)]
    if dangerous:
        raise WorkFailed(
            f"The model folder holds {', '.join(dangerous)}, which may run code when it is loaded.",
            "Remove it from the folder if you do not know what it is for, then export again.",
        )
    return files


def is_pickle(path: Path) -> bool:
    """Whether a file is a pickle, or an archive of the kind PyTorch keeps pickles in."""
    if path.suffix.lower() in PICKLE_SUFFIXES:
        return True
    with open(path, "rb") as stream:
        start = stream.read(4)
    if start == ZIP_START:
        return zipfile.is_zipfile(path) and any(
            Path(name).suffix in PICKLE_SUFFIXES for name in zipfile.ZipFile(path).namelist()
        )
    # A safetensors file begins with the length of its header, whose first byte may be any.
    return start[:1] == PICKLE_START and path.suffix.lower() != ".safetensors"


def write_folder(folder: Path, files: list[Path], to: Path, replaced: Mapping[str, str]) -> None:
    """Copy files, each made durable, into a new folder."""
    to.mkdir()
    for name in files:
        target = to / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if str(name) in replaced:
            target.write_text(replaced[str(name)], encoding="utf-8")
        else:
            shutil.copyfile(folder / name, target)
        fsync_path(target)


def write_zip(folder: Path, files: list[Path], to: Path, replaced: Mapping[str, str]) -> None:
    """Write files into a new zip; the same files give the same bytes."""
    with zipfile.ZipFile(to, "x") as archive:
        for name in files:
            entry = zipfile.ZipInfo(name.as_posix(), ZIP_TIME)
            entry.external_attr = 0o644 << 16
            stored = name.suffix in STORED_SUFFIXES
            entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            if str(name) in replaced:
                archive.writestr(entry, replaced[str(name)].encode())
                continue
            entry.file_size = (folder / name).stat().st_size
            with open(folder / name, "rb") as source, archive.open(entry, "w") as target:
                shutil.copyfileobj(source, target, 1 << 20)
    fsync_path(to)


def publish_file(temporary: Path, to: Path) -> None:
    """Give a finished file its name, without ever replacing another."""
    try:
        os.link(temporary, to)
    except OSError:
        # Some file systems (FAT, network shares) know no links.
        if to.exists():
            raise
        rename(temporary, to)


def publish_folder(temporary: Path, to: Path) -> None:
    """Give a finished folder its name; taking the name first keeps two exports apart."""
    to.mkdir()
    if os.name == "nt":
        to.rmdir()
    rename(temporary, to)


def discard(path: Path) -> None:
    """Remove what was not published."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        # A place that could not be made holds nothing to remove.
        with contextlib.suppress(OSError):
            path.unlink()
