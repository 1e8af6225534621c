"""The files of a folder or of an archive: which count, what they are called, and how they are opened."""

from __future__ import annotations

import os
import re
import stat
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from studio.data.names import show_name
from studio.data.readers.archives import MEMBER_LIMIT, UTF8_FLAG
from studio.data.readers.encodings import decode_bytes
from studio.errors import InvalidInput

SYSTEM_NAMES = frozenset({"__macosx", "thumbs.db", "desktop.ini", "__pycache__"})
SIDE_NAME = re.compile(
    r"(readme|licen[cs]e|copying|notice|citation|changelog|dataset_infos?|dataset_dict|state)\b.*", re.I
)
SIDE_ENDINGS = frozenset(
    {
        *(".md", ".rst", ".pdf", ".html", ".htm", ".docx", ".log"),
        *(".py", ".ipynb", ".sh", ".css", ".js", ".yaml", ".yml", ".toml"),
        *(".png", ".jpg", ".jpeg", ".gif", ".svg"),
    }
)
LABELS_NAME = re.compile(r"(class(es)?|labels?|categories)([_-]?(names?|list))?(\.(txt|names|labels))?", re.I)
LABELS_LIMIT_BYTES = 1 << 18
SPLIT_WORD = re.compile(
    r"(?<![a-z])(train(?:ing)?|valid(?:ation)?|val|dev(?:el)?|test(?:ing|a|b)?)(?![a-z])|训练|验证|测试", re.I
)
SPLIT_OF_WORD = {
    "train": "train", "training": "train", "训练": "train",
    "valid": "validation", "validation": "validation", "val": "validation", "dev": "validation",
    "devel": "validation", "testa": "validation", "验证": "validation",
    "test": "test", "testing": "test", "testb": "test", "测试": "test",
}  # fmt: skip


@dataclass(frozen=True)
class Member:
    """A file inside; ``path`` is where it lies, None for one that must be unpacked first."""

    name: PurePosixPath
    size_bytes: int
    open: Callable[[], IO[bytes]]
    path: Path | None = None

    @property
    def is_labels(self) -> bool:
        """Whether it is named like a list of label names."""
        return LABELS_NAME.fullmatch(self.name.name) is not None and self.size_bytes <= LABELS_LIMIT_BYTES

    @property
    def is_side(self) -> bool:
        """Whether it is a text or picture about the data, and none of the data."""
        return SIDE_NAME.fullmatch(self.name.name) is not None or self.name.suffix.lower() in SIDE_ENDINGS


def split_of(name: PurePosixPath) -> str | None:
    """The split that a file is for by its name, or by the folder it is in.

    >>> split_of(PurePosixPath("data/train-00000-of-00002.parquet")), split_of(PurePosixPath("eng.testa"))
    ('train', 'validation')
    >>> split_of(PurePosixPath("dev/part1.csv")), split_of(PurePosixPath("latest.csv"))
    ('validation', None)
    """
    for part in reversed(name.parts):
        found = {SPLIT_OF_WORD[match[0].lower()] for match in SPLIT_WORD.finditer(part)}
        if len(found) == 1:
            return found.pop()
    return None


def split_of_folder(part: str) -> str | None:
    """The split that a folder is for, where its whole name says so."""
    return SPLIT_OF_WORD.get(part.lower())


def list_folder(folder: Path, name: str) -> list[Member]:
    """The files in a folder and those inside it, by name; links are passed over."""
    members = []
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(each for each in folders if not is_passed_over(PurePosixPath(each)))
        for file in sorted(files):
            path = Path(root) / file
            relative = PurePosixPath(path.relative_to(folder).as_posix())
            if is_passed_over(relative) or path.is_symlink() or not path.is_file():
                continue
            members.append(Member(relative, path.stat().st_size, opener(path), path))
            if len(members) > MEMBER_LIMIT:
                raise InvalidInput(
                    f"{name} holds more than {MEMBER_LIMIT:,} files.", "Choose a folder with the data alone."
                )
    return members


def opener(path: Path) -> Callable[[], IO[bytes]]:
    """What opens a file."""
    return lambda: path.open("rb")


def list_archive(archive: zipfile.ZipFile, name: str) -> list[Member]:
    """The files in an archive, by name; InvalidInput where a name leads out of it."""
    infos = [info for info in archive.infolist() if not info.is_dir() and not is_link(info)]
    members = []
    for info, written in zip(infos, member_names(infos), strict=True):
        relative = check_name(written, name)
        if not is_passed_over(relative):
            members.append(Member(relative, info.file_size, member_opener(archive, info)))
    return sorted(members, key=lambda member: member.name)


def member_opener(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], IO[bytes]]:
    """What opens a member."""
    return lambda: archive.open(info)


def is_link(info: zipfile.ZipInfo) -> bool:
    """Whether a member is a symbolic link."""
    return stat.S_ISLNK(info.external_attr >> 16)


def member_names(infos: list[zipfile.ZipInfo]) -> Iterator[str]:
    """The names of members; those of systems that write their own encoding are decoded by what fits best."""
    raw = [
        None
        if info.flag_bits & UTF8_FLAG or info.filename.isascii()
        else info.filename.encode("cp437", "replace")
        for info in infos
    ]
    strange = [name for name in raw if name is not None]
    encoding = decode_bytes(b"\n".join(strange)).encoding if strange else "utf-8"
    for info, name in zip(infos, raw, strict=True):
        yield info.filename if name is None else name.decode(encoding, "replace")


def check_name(written: str, archive: str) -> PurePosixPath:
    """The name of a member as a path inside the archive; InvalidInput where it leads out of it."""
    path = PurePosixPath(written.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", written):
        raise InvalidInput(
            f"{archive} holds a file whose name leads out of the archive: '{show_name(written)}'.",
            "It was not unpacked. If you trust it, unpack it yourself and import the table inside.",
        )
    return path


def is_passed_over(name: PurePosixPath) -> bool:
    """Whether a file is hidden, or one that a system leaves behind."""
    return any(part.startswith((".", "~$")) or part.lower() in SYSTEM_NAMES for part in name.parts)


def without_common_folders(members: list[Member]) -> list[Member]:
    """The members with names below the folder that all of them are in."""
    parents = [member.name.parts[:-1] for member in members]
    depth = 0
    for parts in zip(*parents, strict=False):
        if len(set(parts)) > 1:
            break
        depth += 1
    return [
        Member(PurePosixPath(*member.name.parts[depth:]), member.size_bytes, member.open, member.path)
        for member in members
    ]
