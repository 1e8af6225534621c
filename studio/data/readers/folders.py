"""Many files to one table: a folder, or an archive, with one file per split, or one folder per class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow as pa

from studio.data.names import show_name
from studio.data.problems import Problem, count_of
from studio.data.readers.archives import Budget, copy_bounded, open_zip
from studio.data.readers.classes import find_classes, read_classes
from studio.data.readers.encodings import decode_bytes
from studio.data.readers.members import Member, list_archive, list_folder, split_of, without_common_folders
from studio.data.readers.names_files import list_names
from studio.data.readers.table import Progress, ReadOptions, Table
from studio.errors import InvalidInput

SHOWN_FILES = 8
SPLIT = "split"
ORDER = ("train", "validation", "test")
LAYOUT_HINT = (
    "Import one of them by itself; or name them train, validation and test; "
    "or make one folder per class with one text file per row."
)

ReadOne = Callable[[Path, ReadOptions, str, Progress | None], Table]
"""Reads one file by its content; it refuses archives."""


@dataclass(frozen=True)
class Collection:
    """The files of a folder or archive, how many bytes may be read, and where they may be unpacked."""

    name: str
    members: list[Member]
    budget: Budget
    room: Path
    read_one: ReadOne


def read_folder(
    path: Path, options: ReadOptions, name: str, progress: Progress | None, read_one: ReadOne
) -> Table:
    """Read a folder; errors as for read_collection."""
    members = list_folder(path, name)
    size = sum(member.size_bytes for member in members)
    with TemporaryDirectory(prefix="studio-unpack-") as room:
        collection = Collection(name, members, Budget(name, size), Path(room), read_one)
        return read_collection(collection, options, progress)


def read_archive(
    path: Path, options: ReadOptions, name: str, progress: Progress | None, read_one: ReadOne
) -> Table:
    """Read a zip archive; errors as for read_collection."""
    with open_zip(path, name) as archive, TemporaryDirectory(prefix="studio-unpack-") as room:
        members = list_archive(archive, name)
        collection = Collection(name, members, Budget(name, path.stat().st_size), Path(room), read_one)
        return read_collection(collection, options, progress)


def read_collection(collection: Collection, options: ReadOptions, progress: Progress | None) -> Table:
    """One table from many files: the only one, one per split (with a split column), or a folder per class.

    Raises InvalidInput with what is inside where they fit together in none of these ways.
    """
    members = without_common_folders([member for member in collection.members if not member.is_side])
    aside = [member for member in collection.members if member.is_side]
    if not members:
        raise InvalidInput(f"{collection.name} holds no table.", "Choose the folder with the data.")
    classes = find_classes(members)
    if classes:
        table = read_classes(classes, collection.budget, options, collection.name, progress)
        used = {document.member.name for document in classes}
        aside += [member for member in members if member.name not in used]
        return replace(table, problems=(*table.problems, *find_aside(aside, collection.name)))
    labels, members = take_labels(members)
    parts = {member: split_of(member.name) for member in members}
    splits = {split for split in parts.values() if split}
    if len(members) == 1:
        table = read_member(members[0], collection, options, progress)
        parts_of = (str(members[0].name), *table.report.parts)
        table = replace(table, report=replace(table.report, parts=parts_of))
    elif len(splits) > 1 or (splits and all(parts.values())):
        aside += [member for member, split in parts.items() if split is None]
        named = {member: split for member, split in parts.items() if split}
        table = read_splits(named, collection, options, progress)
    else:
        raise refuse_collection(collection.name, members)
    table = replace(table, label_names=labels)
    return replace(table, problems=(*table.problems, *find_aside(aside, collection.name)))


def refuse_collection(name: str, members: list[Member]) -> InvalidInput:
    """The sentence for files that do not fit together."""
    shown = ", ".join(show_name(str(member.name)) for member in members[:SHOWN_FILES])
    more = f" and {len(members) - SHOWN_FILES:,} more" if len(members) > SHOWN_FILES else ""
    return InvalidInput(
        f"{name} holds {count_of(len(members), 'file')}, and it is not clear which belong together: "
        f"{shown}{more}.",
        LAYOUT_HINT,
    )


def take_labels(members: list[Member]) -> tuple[tuple[str, ...], list[Member]]:
    """The label names of a labels file beside the tables, and the members without it."""
    found = [member for member in members if member.is_labels]
    if len(found) != 1 or len(members) == 1:
        return (), members
    with found[0].open() as file:
        names = list_names(decode_bytes(file.read(found[0].size_bytes)).text)
    while names and not names[-1]:
        names.pop()
    if len(names) < 2 or "" in names or len(set(names)) < len(names):
        return (), members
    return tuple(names), [member for member in members if member is not found[0]]


def read_member(
    member: Member, collection: Collection, options: ReadOptions, progress: Progress | None
) -> Table:
    """The table in one file."""
    path = member.path
    if path is None:
        path = collection.room / "member"
        with member.open() as source:
            copy_bounded(source, path, collection.budget)
    else:
        collection.budget.take(member.size_bytes)
    return collection.read_one(path, options, show_name(f"{collection.name}/{member.name}"), progress)


def read_splits(
    parts: dict[Member, str], collection: Collection, options: ReadOptions, progress: Progress | None
) -> Table:
    """The tables of all splits, one below the other, with a column that says which split a row is of.

    Without a file for training the rows are to be divided anew, and there is no such column.
    """
    ordered = sorted(parts, key=lambda member: (ORDER.index(parts[member]), member.name))
    tables: list[Table] = []
    for index, member in enumerate(ordered):
        table = read_member(member, collection, options, slice_of(progress, index, len(ordered)))
        tables.append(fit_to_first(table, tables[0], member, collection, options) if tables else table)
    column = free_name(SPLIT, [str(name) for name in tables[0].frame.columns])
    table = stack([(table, parts[member]) for table, member in zip(tables, ordered, strict=True)], column)
    report = replace(table.report, parts=tuple(str(member.name) for member in ordered))
    table = replace(table, file=collection.name, report=report)
    if "train" in parts.values():
        return replace(table, split_column=column)
    return replace(
        table,
        frame=table.frame.drop(columns=column),
        problems=(*table.problems, no_training_file(collection.name)),
    )


def slice_of(progress: Progress | None, index: int, count: int) -> Progress | None:
    """Progress of one of several parts."""
    if progress is None:
        return None
    return lambda share, sentence: progress((index + share) / count, sentence)


def fit_to_first(
    table: Table, first: Table, member: Member, collection: Collection, options: ReadOptions
) -> Table:
    """A further file of the same make: a header where the first has one, else the same columns."""
    names = list(first.frame.columns)
    if options.header is None and table.report.header != first.report.header:
        again = replace(options, header=first.report.header)
        other = read_member(member, collection, again, None)
        if len(other.frame.columns) == len(names):
            table = other
    if not table.report.header and len(table.frame.columns) == len(names):
        table = replace(table, frame=table.frame.set_axis(names, axis=1))
    if not set(names) & set(table.frame.columns):
        raise InvalidInput(
            f"{table.file} has other columns than {first.file}: {name_columns(table)} instead of "
            f"{name_columns(first)}.",
            "Import them one by one, or give them the same header.",
        )
    return table


def name_columns(table: Table) -> str:
    """The first columns of a table, for a sentence."""
    return ", ".join(show_name(str(name), longest=30) for name in list(table.frame.columns)[:SHOWN_FILES])


def free_name(wanted: str, taken: list[str]) -> str:
    """The name, or the first with a number that no column has."""
    number, name = 2, wanted
    while name in taken:
        name, number = f"{wanted}_{number}", number + 1
    return name


def stack(tables: list[tuple[Table, str]], column: str) -> Table:
    """Tables one below the other, each with its split; a column that one lacks is empty there."""
    first = tables[0][0]
    names = list(dict.fromkeys(str(name) for table, _ in tables for name in table.frame.columns))
    lacking = [missing_columns(table, names) for table, _ in tables if len(table.frame.columns) < len(names)]
    frames = [
        table.frame.reindex(columns=names, fill_value="")
        .astype("str")
        .assign(**{column: repeat(split, len(table.frame))})
        for table, split in tables
    ]
    files = [pd.Series(repeat(table.file, len(table.frame))) for table, _ in tables]
    reports = [table.report for table, _ in tables]
    return replace(
        first,
        frame=pd.concat(frames, ignore_index=True),
        lines=np.concatenate([table.lines for table, _ in tables]),
        files=pd.concat(files, ignore_index=True),
        report=replace(
            first.report,
            rows_read=sum(report.rows_read for report in reports),
            rows_dropped=sum(report.rows_dropped for report in reports),
            rows_repaired=sum(report.rows_repaired for report in reports),
            complete=all(report.complete for report in reports),
        ),
        problems=(*lacking, *(problem for table, _ in tables for problem in table.problems)),
        left_out=tuple(out for table, _ in tables for out in table.left_out)[:1000],
        word_lines=tuple(lines for table, _ in tables for lines in table.word_lines)
        if all(len(table.word_lines) == len(table.lines) for table, _ in tables)
        else (),
    )


def repeat(text: str, times: int) -> pd.api.extensions.ExtensionArray:
    """A text column that says the same in each row."""
    return pd.array(pa.chunked_array([pa.repeat(pa.scalar(text, pa.large_string()), times)]), dtype="str")


def missing_columns(table: Table, names: list[str]) -> Problem:
    """Columns that other files of the collection have."""
    lacking = [name for name in names if name not in table.frame.columns]
    shown = ", ".join(f"'{show_name(name)}'" for name in lacking[:SHOWN_FILES])
    return Problem(
        "warning",
        "missing_columns",
        f"{table.file} has no column {shown}; its cells are empty there.",
        "Rows without a label can neither be learned from nor scored on.",
        "Add the column, or leave this file out.",
        table.file,
        column=lacking[0],
        count=len(lacking),
    )


def no_training_file(name: str) -> Problem:
    """What is said where no file is for training."""
    return Problem(
        "note",
        "no_training_file",
        f"No file of {name} is named train: all rows are divided anew.",
        "A model needs rows to learn from.",
        "If one of the files is for training, give it that name.",
        name,
    )


def find_aside(aside: list[Member], name: str) -> list[Problem]:
    """Files that were not read."""
    if not aside:
        return []
    shown = ", ".join(show_name(str(member.name)) for member in aside[:SHOWN_FILES])
    more = f" and {len(aside) - SHOWN_FILES:,} more" if len(aside) > SHOWN_FILES else ""
    return [
        Problem(
            "note",
            "other_files",
            f"{count_of(len(aside), 'other file was', 'other files were')} not read: {shown}{more}.",
            "They are no part of the table.",
            "Nothing to do, unless the table is there.",
            name,
            count=len(aside),
        )
    ]
