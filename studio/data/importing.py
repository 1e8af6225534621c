"""From an uploaded file to rows that are ready to be kept: read, name roles, check, divide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import TypeAdapter

from studio.data.answers.base import Reading
from studio.data.answers.registry import kind_of, labels_in
from studio.data.checks.giveaway import check_giveaway
from studio.data.checks.labels import check_unused
from studio.data.checks.rows import ALL, Checked, check_frames, mark_dropped, recheck, take_roles
from studio.data.columns import ANSWERS, CLASSIFICATION, check_roles
from studio.data.dataset import SplitDescription
from studio.data.fixes import DROP, FixChoice, Step, check_choices, find_action, fixes_of
from studio.data.labels import order_labels, read_labels_file
from studio.data.leaks import LEAKS
from studio.data.mending import mend_rows
from studio.data.near import find_near_at_once
from studio.data.planning import NEAR, describe_split, divide_good_rows, settle_plan, take_cells
from studio.data.problems import Problem, by_severity, count_of
from studio.data.readers import Progress, ReaderReport, ReadOptions, Table, read_table
from studio.data.rechecking import LEFT_OUT_CODES, LOST_LABELS, still_told, unseen_labels
from studio.data.splits import SPLITS, SplitPlan
from studio.data.texts import length_histogram
from studio.data.uploads import Reader, complete_roles, no_progress, part_of, read_tables
from studio.errors import InvalidInput
from studio.tasks.registry import get_task

# How far an import is once it has read, and once it has checked.
READ, CHECKED = 0.4, 0.9
OTHER_TASK = "other_task"


@dataclass(frozen=True)
class ImportRequest:
    """What a person asks for.

    ``roles`` None or incomplete: guessed. ``file_name``, ``validation_name`` and ``test_name`` are what the
    files were called before they were uploaded. ``task`` "": what the file was made for, as SQuAD for
    questions, and classification where it does not say. ``fixes`` are what was chosen about the findings.
    ``plan`` None: by ratios, with ``split`` and ``seed``.
    """

    path: Path
    name: str
    task: str = ""
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

    def row_fixes(self, kept: Sequence[str]) -> tuple[FixChoice, ...]:
        """The fixes of rows that were read; those of reading and of rows with errors are done before.

        ``kept`` are findings that offer to drop rows which are no errors.
        """
        return tuple(
            choice
            for choice in self.fixes
            if not find_action(choice.action).reading
            and (choice.action != DROP or DROP not in fixes_of(choice.code) or choice.code in kept)
        )

    def with_repairs(self) -> ImportRequest:
        """The request with the repairs among its fixes as options of reading."""
        repairs = {choice.action for choice in self.fixes if find_action(choice.action).reading}
        return replace(self, reading=replace(self.reading, repairs=self.reading.repairs | repairs))

    def without_dropped(self, problems: Sequence[Problem]) -> list[Problem]:
        """The problems, those whose rows were left out on request as warnings that say so."""
        dropped = {choice.code for choice in self.fixes if choice.action == DROP}
        return [
            mark_dropped(problem) if self.drop_bad_rows or problem.code in dropped else problem
            for problem in problems
        ]

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> ImportRequest:
        """Read what to_json wrote."""
        return TypeAdapter(ImportRequest).validate_python(value)


@dataclass(frozen=True)
class PreparedImport:
    """Rows ready to be kept, all that was found on the way, and the ``steps`` that the fixes took.

    ``frames`` is {split: frame with a text column per role, line (int64) and file}, without the rows that
    have errors; it is empty where the roles do not fit. ``blocking``: the import must not go on.
    ``mark_codes`` names the bits of the column ``marks``, where the frames have one; ``reading_codes`` are
    the findings that the rows alone would not tell again. ``base`` is the import
    before the fixes of rows, None where there was none: it is kept as the version they can be undone to.
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
    reading_codes: tuple[str, ...] = ()
    sketches: dict[str, tuple[int, ...]] = field(default_factory=dict)
    base: PreparedImport | None = None

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
        hints = [f"{told.message} {told.hint}" for told in self.problems if told.code == OTHER_TASK]
        hints.append(
            "Mend these rows in the file, or import again and drop them." if droppable else errors[0].hint
        )
        raise InvalidInput(
            f"{self.tables[next(iter(self.tables))].file} was not imported: {what}.",
            " ".join(hints),
            problems=self.problems,
        )


def prepare_import(
    request: ImportRequest, progress: Progress | None = None, read: Reader = read_table
) -> PreparedImport:
    """Read, check, divide and mend, without keeping anything; the request that is given back has its task.

    Raises InvalidInput or NotFound where a file cannot be read as a table, the shares do not add up, a task
    or a fix does not exist or the labels file is none; everything else is in the problems, all at once.
    """
    request.division.checked()  # before minutes of reading
    get_task(request.task or CLASSIFICATION.key)
    check_choices(request.fixes, [choice.code for choice in request.fixes if choice.action == DROP])
    names = read_labels_file(request.labels_file) if request.labels_file else None
    tell = progress or no_progress
    tables = read_tables(request.with_repairs(), part_of(tell, 0.0, READ), read)
    main = next(iter(tables.values()))
    names = names or list(main.label_names) or None
    task = get_task(request.task or main.task or CLASSIFICATION.key)
    request = replace(request, task=task.key)
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
    reading = Reading(names or (), request.with_repairs().reading.repairs)
    checked, labels = check_rows(tables, roles, reading, plan.column)
    tell(CHECKED, "Dividing the rows")
    base = divide_checked(request, tables, Rows(checked, roles, labels, names or []), split)
    return mend_import(base)


@dataclass(frozen=True)
class Rows:
    """Checked rows, the columns of their roles, their labels in order, and those a labels file names."""

    checked: Checked
    roles: dict[str, str]
    labels: list[str]
    names: list[str]


def divide_checked(
    request: ImportRequest, tables: dict[str, Table], rows: Rows, split: SplitDescription
) -> PreparedImport:
    """Give the usable rows their sides, and sum up what was found."""
    checked, roles = rows.checked, rows.roles
    divided = divide_good_rows(checked.good, split, roles, checked.codes)
    checked.rows.loc[divided.unplaced, "bad"] = True
    found = [problem for table in tables.values() for problem in table.problems]
    for table in tables.values():
        found += check_giveaway(table.frame, roles, table.file) if kind_of(roles).single else []
    found += [problem for problem in divided.problems if problem.code not in LEAKS]
    reading_codes = tuple(dict.fromkeys([*(problem.code for problem in found), *checked.told]))
    found += [problem for problem in checked.problems if problem.code not in LEAKS]
    found += [problem for problem in divided.problems if problem.code in LEAKS]
    if ALL in set(checked.rows["split"]):
        kind = kind_of(roles)
        found += kind.lost(divided.frames, roles[kind.role])
    problems = request.without_dropped(found)
    problems += check_sides(divided.frames, problems)
    if rows.names:
        problems += check_unused(checked.good, set(labels_in(checked.good)), rows.names)
    main = next(iter(tables))
    bad = int((checked.rows["bad"] & (checked.rows["split"] == main)).sum())
    return PreparedImport(
        request=request,
        tables=tables,
        roles=roles,
        labels=tuple(rows.labels),
        frames=divided.frames,
        problems=tuple(by_severity(problems)),
        split=divided.split,
        reader=tables[main].report.without(bad),
        class_counts=count_labels(divided.frames, rows.labels),
        lengths=measure_lengths(divided.frames, roles),
        steps=steps_of_reading(request, found),
        mark_codes=divided.mark_codes,
        reading_codes=reading_codes,
        sketches=divided.sketches,
    )


def mend_import(base: PreparedImport) -> PreparedImport:
    """The import after the fixes that were chosen for rows, checked again; the same without such a fix."""
    offered = [problem for problem in base.problems if problem.severity != "error"]
    choices = base.request.row_fixes([problem.code for problem in offered if DROP in problem.fixes])
    if not choices or not any(map(len, base.frames.values())):
        return base
    rows = pd.concat([frame.assign(split=split) for split, frame in base.frames.items()], ignore_index=True)
    mended = mend_rows(rows, choices, codes=base.mark_codes)
    if not any(step.rows for step in mended.steps):
        return replace(base, steps=(*base.steps, *mended.steps))
    told = still_told(mended.rows, base.mark_codes, base.problems)
    checked = recheck(mended.rows, base.roles, near=find_near_at_once(mended.rows), told=told)
    kept = mended.rows.assign(marks=checked.rows["marks"])
    frames = {split: kept[kept["split"] == split].reset_index(drop=True) for split in SPLITS}
    frames = {split: frame.drop(columns="split") for split, frame in frames.items()}
    present = set(labels_in(kept))
    labels = [label for label in base.labels if label in present]
    carrying = {*base.reading_codes, *LEFT_OUT_CODES} - set(kind_of(base.roles).parsed)
    carrying -= set() if unseen_labels(kept) else {LOST_LABELS}
    carried = [problem for problem in base.problems if problem.code in carrying]
    problems = [*carried, *checked.problems]
    return replace(
        base,
        labels=tuple(labels),
        frames=frames,
        problems=tuple(by_severity([*problems, *check_sides(frames, problems)])),
        class_counts=count_labels(frames, labels),
        lengths=measure_lengths(frames, base.roles),
        steps=mended.steps,
        mark_codes=checked.codes,
        base=base,
    )


def steps_of_reading(request: ImportRequest, problems: Sequence[Problem]) -> tuple[Step, ...]:
    """What was done while reading: rows that were left out, and rows that were repaired, as was chosen."""
    dropped = {choice.code for choice in request.fixes if choice.action == DROP}
    steps = [
        Step(problem.code, DROP, problem.count, f"Left out: {problem.message}", problem.rows)
        for problem in problems
        if problem.severity == "error"
        and DROP in problem.fixes
        and (request.drop_bad_rows or problem.code in dropped)
    ]
    repairs = [choice for choice in request.fixes if find_action(choice.action).reading]
    told = {find_action(choice.action).told: choice for choice in repairs}
    steps += [
        Step(told[problem.code].code, told[problem.code].action, problem.count, problem.message, problem.rows)
        for problem in problems
        if problem.code in told
    ]
    return tuple(steps)


def check_rows(
    tables: Mapping[str, Table],
    roles: Mapping[str, str],
    reading: Reading,
    plan_column: str | None = None,
) -> tuple[Checked, list[str]]:
    """Check the rows that play a role, and give the labels in order."""
    frames = {
        split: take_roles(table, roles, split).assign(**take_cells(table, plan_column))
        for split, table in tables.items()
    }
    kind = kind_of(roles)
    names = list(reading.known) if kind.labels else []
    told = kind.parse(tables, frames, roles, replace(reading, known=names))
    unknown = [kind.name(frame, names) for frame in frames.values()] if names else []
    near = find_near_at_once(*frames.values())
    checked = check_frames(frames, roles, np.concatenate(unknown) if unknown else None, near, told)
    if near is not None:
        checked.rows[NEAR] = near.groups
    return checked, names or order_labels(labels_in(checked.good))


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
    kinds = {split: kind_of(frame) for split, frame in frames.items()}
    counts = {
        split: kinds[split].labels_of(frame).value_counts()
        for split, frame in frames.items()
        if kinds[split].labels
    }
    return {split: {label: int(found.get(label, 0)) for label in labels} for split, found in counts.items()}


def measure_lengths(frames: Mapping[str, pd.DataFrame], roles: Mapping[str, str]) -> dict[str, Any]:
    """Histograms of the lengths of the training rows, for each role that holds text, then of their numbers.

    Where there are two texts in a row, those of both stand first, under "together". Numbers are {"values":
    what describe_numbers gives}.
    """
    if "train" not in frames:
        return {}
    kind = kind_of(roles)
    columns = {role: kind.read_text(frames["train"], role) for role in roles if role not in ANSWERS}
    if len(columns) > 1:
        columns = {"together": reduce(lambda one, other: one + " " + other, columns.values()), **columns}
    # A table to score a model on has no training rows.
    rows = frames["train"] if len(frames["train"]) else pd.concat(list(frames.values()))
    summary = kind.summary(rows)
    found = {name: length_histogram(column) for name, column in columns.items()}
    return {**found, kind.role: summary} if summary else found
