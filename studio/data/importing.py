"""From an uploaded file to rows that are ready to be kept: read, name roles, check, divide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import TypeAdapter

from studio.data.checks.labels import check_unused
from studio.data.checks.rows import ALL, Checked, check_frames, mark_dropped, take_roles
from studio.data.columns import CLASSIFICATION, LABEL, TaskShape, check_roles, guess_roles, match_columns
from studio.data.dataset import SplitDescription
from studio.data.fixes import FixChoice, Step
from studio.data.labels import name_labels, order_labels, read_labels_file
from studio.data.planning import describe_split, divide_good_rows, settle_plan, take_cells
from studio.data.problems import Problem, by_severity, count_of
from studio.data.readers import Progress, ReaderReport, ReadOptions, Table, read_table
from studio.data.splits import SPLITS, SplitPlan
from studio.data.texts import length_histogram
from studio.errors import InvalidInput

# How far an import is once it has read, and once it has checked.
READ, CHECKED = 0.4, 0.9


@dataclass(frozen=True)
class ImportRequest:
    """What a person asks for.

    ``roles`` None or incomplete: guessed. ``file_name``, ``validation_name`` and ``test_name`` are what the
    files were called before they were uploaded. ``fixes`` are what was chosen about the findings. ``plan``
    None: by ratios, with ``split`` and ``seed``.
    """

    path: Path
    name: str
    task: str = "classification"
    roles: Mapping[str, str] | None = None
    validation: Path | None = None
    test: Path | None = None
    split: tuple[float, float, float] = (0.8, 0.1, 0.1)
    seed: int = 0
    reading: ReadOptions = field(default_factory=ReadOptions)
    labels_file: Path | None = None
    drop_bad_rows: bool = False
    file_name: str | None = None
    validation_name: str | None = None
    test_name: str | None = None
    fixes: tuple[FixChoice, ...] = ()
    plan: SplitPlan | None = None

    @property
    def division(self) -> SplitPlan:
        """How the rows are to be divided."""
        return self.plan or SplitPlan(ratios=self.split, seed=self.seed)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, for a job."""
        return dict(TypeAdapter(ImportRequest).dump_python(self, mode="json"))

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> ImportRequest:
        """Read what to_json wrote."""
        return TypeAdapter(ImportRequest).validate_python(value)


@dataclass(frozen=True)
class PreparedImport:
    """Rows ready to be kept, all that was found on the way, and the ``steps`` that the fixes took.

    ``frames`` is {split: frame with a text column per role, line (int64) and file}, without the rows that
    have errors; it is empty where the roles do not fit. ``blocking``: the import must not go on.
    ``mark_codes`` names the bits of the column ``marks``, where the frames have one.
    """

    request: ImportRequest
    tables: dict[str, Table]
    roles: dict[str, str]
    labels: tuple[str, ...]
    frames: dict[str, pd.DataFrame]
    problems: tuple[Problem, ...]
    split: SplitDescription
    reader: ReaderReport
    class_counts: dict[str, dict[str, int]]
    lengths: dict[str, Any]
    steps: tuple[Step, ...] = ()
    mark_codes: tuple[str, ...] = ()
    sketches: dict[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def blocking(self) -> bool:
        """Whether an error stands in the way."""
        return any(problem.severity == "error" for problem in self.problems)

    @property
    def rows(self) -> dict[str, int]:
        """Rows per split."""
        return {split: len(self.frames.get(split, ())) for split in SPLITS}

    @property
    def files(self) -> dict[str, str]:
        """The file of each split, or of "all"."""
        return {split: table.file for split, table in self.tables.items()}

    def raise_if_blocking(self) -> None:
        """Raise InvalidInput with all problems where an error stands in the way."""
        errors = [problem for problem in self.problems if problem.severity == "error"]
        if not errors:
            return
        droppable = all("drop_rows" in problem.fixes for problem in errors)
        what = errors[0].message.rstrip(".") if len(errors) == 1 else count_of(len(errors), "problem")
        raise InvalidInput(
            f"{self.tables[next(iter(self.tables))].file} was not imported: {what}.",
            "Mend these rows in the file, or import again and drop them." if droppable else errors[0].hint,
            problems=self.problems,
        )


def prepare_import(
    request: ImportRequest, task: TaskShape = CLASSIFICATION, progress: Progress | None = None
) -> PreparedImport:
    """Read, check and divide, without keeping anything.

    Raises InvalidInput or NotFound where a file cannot be read as a table, the shares do not add up or the
    labels file is none; everything else is in the problems, all at once.
    """
    request.division.checked()  # before minutes of reading
    names = read_labels_file(request.labels_file) if request.labels_file else None
    tell = progress or no_progress
    tables = read_tables(request, tell)
    main = next(iter(tables.values()))
    names = names or list(main.label_names) or None
    roles = complete_roles(request.roles or {}, main, task)
    plan, wrong = settle_plan(request.division, tables)
    split = describe_split(plan, tables)
    wrong += [problem for table in tables.values() for problem in check_roles(roles, table, task)]
    if wrong:
        found = [problem for table in tables.values() for problem in table.problems]
        return PreparedImport(
            request, tables, roles, (), {}, tuple(by_severity([*wrong, *found])), split, main.report, {}, {}
        )
    tell(READ, "Checking the rows")
    checked, labels = check_rows(tables, roles, names, plan.column)
    tell(CHECKED, "Dividing the rows")
    divided = divide_good_rows(checked.good, split)
    checked.rows.loc[divided.unplaced, "bad"] = True
    frames = divided.frames
    problems = [problem for table in tables.values() for problem in table.problems]
    problems += [*checked.problems, *divided.problems]
    if request.drop_bad_rows:
        problems = [mark_dropped(problem) for problem in problems]
    problems += check_sides(frames, problems)
    if names:
        problems += check_unused(checked.good, names, roles[LABEL])
    bad = int(checked.rows.loc[checked.rows["split"] == next(iter(tables)), "bad"].sum())
    return PreparedImport(
        request=request,
        tables=tables,
        roles=roles,
        labels=tuple(labels),
        frames=frames,
        problems=tuple(by_severity(problems)),
        split=divided.split,
        reader=main.report.without(bad),
        class_counts=count_labels(frames, labels),
        lengths=measure_lengths(frames, roles),
        sketches=divided.sketches,
    )


def no_progress(_share: float, _sentence: str) -> None:
    """For callers who do not ask."""


def read_tables(request: ImportRequest, tell: Progress) -> dict[str, Table]:
    """The tables by split; "all" is the one still to be divided, first in any case."""

    def tell_reading(share: float, sentence: str) -> None:
        tell(READ * share, sentence)

    main = read_table(request.path, request.reading, request.file_name, tell_reading)
    own = {
        "validation": (request.validation, request.validation_name),
        "test": (request.test, request.test_name),
    }
    others = {
        split: read_like(path, name_beside(name or path.name, split, main), main, request.reading)
        for split, (path, name) in own.items()
        if path is not None
    }
    return {"train" if len(others) == 2 else ALL: main, **others}


def name_beside(name: str, split: str, main: Table) -> str:
    """What a split's own file is called; with the split where the main file has the same name."""
    return f"{name} ({split})" if name == main.file else name


def read_like(path: Path, name: str, main: Table, options: ReadOptions) -> Table:
    """Read a further file of the same make: a header where the main file has one, else the same columns."""
    table = read_table(path, options, name)
    names = list(main.frame.columns)
    if options.header is None and table.report.header != main.report.header:
        other = read_table(path, replace(options, header=main.report.header), name)
        if list(other.frame.columns) == names:
            return other
    if not table.report.header and len(table.frame.columns) == len(names):
        return replace(table, frame=table.frame.set_axis(names, axis=1))
    return table


def complete_roles(given: Mapping[str, str], table: Table, task: TaskShape) -> dict[str, str]:
    """The roles asked for, the rest guessed, in the order of the task's roles."""
    asked = match_columns({role: column for role, column in given.items() if column}, table)
    roles = {**guess_roles(table, task, asked), **asked}
    order = [role.key for role in task.roles if role.key in roles]
    return {key: roles[key] for key in [*order, *(key for key in roles if key not in order)]}


def check_rows(
    tables: Mapping[str, Table],
    roles: Mapping[str, str],
    names: list[str] | None,
    plan_column: str | None = None,
) -> tuple[Checked, list[str]]:
    """Check the rows that play a role, and give the labels in order."""
    frames = {
        split: take_roles(table, roles, split).assign(**take_cells(table, plan_column))
        for split, table in tables.items()
    }
    unknown = []
    if names and LABEL in roles:
        for frame in frames.values():
            frame[LABEL], wrong = name_labels(frame[LABEL], names)
            unknown.append(wrong)
    checked = check_frames(frames, roles, np.concatenate(unknown) if unknown else None)
    labels = order_labels(checked.good[LABEL].unique()) if LABEL in roles else []
    return checked, names or labels


def check_sides(frames: Mapping[str, pd.DataFrame], found: list[Problem]) -> list[Problem]:
    """Splits without a row, unless there is an error that explains it."""
    if any(problem.severity == "error" for problem in found):
        return []
    return [
        Problem(
            "error",
            "empty_split",
            f"There would be no {name} rows.",
            {
                "train": "There is nothing to learn from.",
                "validation": "The best epoch is chosen on them.",
            }.get(name, "The score is measured on them."),
            "Give this split a larger share, add rows, or bring a file of its own.",
        )
        for name in SPLITS
        if not len(frames.get(name, ()))
    ]


def count_labels(frames: Mapping[str, pd.DataFrame], labels: list[str]) -> dict[str, dict[str, int]]:
    """Rows of each label in each split, all labels named."""
    counts = {split: frame[LABEL].value_counts() for split, frame in frames.items() if LABEL in frame}
    return {split: {label: int(found.get(label, 0)) for label in labels} for split, found in counts.items()}


def measure_lengths(frames: Mapping[str, pd.DataFrame], roles: Mapping[str, str]) -> dict[str, Any]:
    """Histograms of the lengths of the training rows, for each role that holds text."""
    if "train" not in frames:
        return {}
    return {role: length_histogram(frames["train"][role]) for role in roles if role != LABEL}
