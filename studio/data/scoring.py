"""A table to score a model on: every usable row becomes a test row, and none is trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from studio.data.answers.base import CellFault, Reading
from studio.data.answers.number import PARTING
from studio.data.answers.registry import kind_of, labels_in
from studio.data.checks.rows import EMPTY_TEXT, mark_dropped, report_cells, take_roles
from studio.data.columns import CLASSIFICATION, TaskShape, check_roles
from studio.data.dataset import Dataset, SplitDescription
from studio.data.fixes import find_action
from studio.data.importing import (
    ImportRequest,
    PreparedImport,
    count_labels,
    measure_lengths,
    steps_of_reading,
)
from studio.data.problems import Problem, by_severity
from studio.data.readers import Table, read_table
from studio.data.texts import is_blank
from studio.data.uploads import complete_roles

ALL_TEST = SplitDescription((0.0, 0.0, 1.0), seed=0, stratified=False)
UNKNOWN_LABEL = CellFault(
    "unknown_label",
    "{rows} with a label that the model does not know: {lines} ({labels}).",
    "A model never answers with a label it has not learnt, so these rows would always count as mistakes.",
    "Correct the label, drop these rows, or train a new model with this label.",
)


def prepare_scoring(
    request: ImportRequest, known_labels: Sequence[str], task: TaskShape = CLASSIFICATION
) -> PreparedImport:
    """Read and check a labelled table as test rows for a model with these labels.

    Unlike an import to train on, a few rows or a single label are enough. Raises InvalidInput where the
    file is no table; everything else is in the problems, all at once.
    """
    request = replace(request, task=task.key).with_repairs()
    table = read_table(request.path, request.reading, request.file_name)
    tables = {"test": table}
    roles = complete_roles(request.roles or {}, table, task)
    wrong = check_roles(roles, table, task)
    if wrong:
        refused = tuple(by_severity([*wrong, *table.problems]))
        return PreparedImport(request, tables, roles, (), {}, refused, ALL_TEST, table.report, {}, {})
    rows, found = check_rows(table, roles, known_labels, request.reading.repairs)
    good = rows[~rows["bad"]].drop(columns=["bad", "split"]).reset_index(drop=True)
    if good.empty and not any(problem.severity == "error" for problem in found):
        found.append(no_rows(table))
    frames = {"train": good.iloc[:0], "validation": good.iloc[:0], "test": good}
    problems = [*table.problems, *found]
    steps = steps_of_reading(request, problems)
    if request.drop_bad_rows:
        problems = [mark_dropped(problem) for problem in problems]
        problems += [no_rows(table)] if good.empty else []
    used = set(labels_in(good))
    labels = tuple(label for label in known_labels if label in used)
    return PreparedImport(
        request=request,
        tables=tables,
        roles=roles,
        labels=labels,
        frames=frames,
        problems=tuple(by_severity(problems)),
        split=replace(ALL_TEST, own_files={"test": table.file}),
        reader=table.report.without(int(rows["bad"].sum())),
        class_counts=count_labels(frames, list(labels)),
        lengths=measure_lengths(frames, roles),
        steps=steps,
    )


def check_rows(
    table: Table, roles: Mapping[str, str], known_labels: Sequence[str], repairs: frozenset[str]
) -> tuple[pd.DataFrame, list[Problem]]:
    """The rows, those marked bad that cannot be scored; why they cannot, and how answers were read."""
    rows = take_roles(table, roles, "test").assign(bad=False)
    kind = kind_of(roles)
    reading = Reading(known_labels, repairs)
    told = kind.parse({"test": table}, {"test": rows}, roles, reading)
    found = [problem for finding in told for problem in finding.problems]
    for role, column in roles.items():
        words = kind.words_of_empty(role, EMPTY_TEXT)
        found += report_cells(rows, is_blank(rows[role]), words, column) if words else []
    for fault in kind.faults(rows):
        found += report_cells(rows, fault.wrong, fault.words, roles[fault.role])
    strange = kind.strange(rows, known_labels)
    if strange.any():
        unknown = [label for label in labels_in(rows[strange]) if label not in known_labels]
        names = ", ".join(f"'{label}'" for label in unknown[:5])
        found += report_cells(rows, strange, UNKNOWN_LABEL, roles[kind.role], labels=names)
    return rows, found


def read_as_learnt(request: ImportRequest, learnt: Dataset) -> ImportRequest:
    """The request whose commas and points are read as those learnt, where its own numbers do not tell."""
    told = {problem.code for problem in learnt.problems}
    repairs = {action for action in PARTING if find_action(action).told in told}
    return replace(request, reading=replace(request.reading, repairs=request.reading.repairs | repairs))


def no_rows(table: Table) -> Problem:
    """Nothing is left to score."""
    return Problem(
        "error",
        "no_usable_rows",
        "No row can be scored.",
        "Each row needs a text and its right answer, with labels that the model knows.",
        "Choose other columns or another file.",
        table.file,
    )
