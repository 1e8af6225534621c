"""Actions on labels: spelling, contradictions, rarity."""

from __future__ import annotations

import numpy as np
import pandas as pd

from studio.data.answers.registry import kind_of
from studio.data.checks.labels import group_spellings, rare_labels
from studio.data.checks.repeats import find_commonest, find_conflicts
from studio.data.checks.rows import find_unseen
from studio.data.columns import LABEL
from studio.data.fixes import FixChoice, Step
from studio.data.mends.workbench import NOTHING, Bench, change, drop
from studio.data.problems import SHOWN_ROWS, count_of


def trim_labels(bench: Bench, choice: FixChoice) -> Step:
    """Labels without blanks around."""
    return change(bench, choice, LABEL, bench.rows[LABEL].str.strip(), "lost the blanks around the label")


def merge_labels(bench: Bench, choice: FixChoice) -> Step:
    """The commonest spelling for labels that differ by case, width or blanks."""
    groups = group_spellings(kind_of(bench.rows).labels_of(bench.rows))
    spelling = {label: spellings[0] for spellings in groups for label in spellings}
    return rename(bench, choice, spelling, "got the commonest spelling of the label")


def join_labels(bench: Bench, choice: FixChoice) -> Step:
    """One label more for the rows of another; nothing where no row has the label that they are to get."""
    one, into = choice.labels
    there = into in set(kind_of(bench.rows).labels_of(bench.rows))
    return rename(bench, choice, {one: into} if there else {}, f"got the label '{into}' in place of '{one}'")


def rename(bench: Bench, choice: FixChoice, names: dict[str, str], what: str) -> Step:
    """Give labels other names, one label or several in a cell."""
    kind = kind_of(bench.rows)
    if kind.respell is None or not names:
        return Step(choice.code, choice.action, 0, NOTHING, value=choice.value)
    codes, distinct = pd.factorize(bench.rows[kind.role])
    renamed = np.array([kind.respell(cell, names) for cell in distinct], dtype=object)
    cells = pd.Series(renamed[codes], index=bench.rows.index, dtype="str")
    return change(bench, choice, kind.role, cells, what)


def majority_label(bench: Bench, choice: FixChoice) -> Step:
    """The commonest label for all rows of a text; a text without one is left out."""
    torn = find_conflicts(bench.keys(), bench.rows[LABEL])
    if not torn.any():
        return Step(choice.code, choice.action, 0, NOTHING)
    winners = find_commonest(bench.keys()[torn], bench.rows.loc[torn, LABEL])
    labels = bench.rows[LABEL].to_numpy(dtype=object).copy()
    decided = winners.notna().to_numpy()
    places = np.flatnonzero(torn)
    labels[places[decided]] = winners[decided].to_numpy(dtype=object)
    step = change(
        bench,
        choice,
        LABEL,
        pd.Series(labels, index=bench.rows.index, dtype="str"),
        "got the commonest label",
    )
    tied = np.zeros(len(torn), dtype=bool)
    tied[places[~decided]] = True
    return join(step, drop(bench, choice, tied, "two labels are equally common for the text"))


def join(first: Step, second: Step) -> Step:
    """Two steps of one action as one."""
    told = " ".join(step.message for step in (first, second) if step.rows) or NOTHING
    lines = tuple(sorted({*first.lines, *second.lines})[:SHOWN_ROWS])
    return Step(first.code, first.action, first.rows + second.rows, told, lines)


def drop_conflicts(bench: Bench, choice: FixChoice) -> Step:
    """Without the texts that have different labels."""
    return drop(
        bench, choice, find_conflicts(bench.keys(), bench.rows[LABEL]), "the text has different labels"
    )


def drop_rare_labels(bench: Bench, choice: FixChoice) -> Step:
    """Without the labels that have as few rows as the finding says, or none to train on."""
    if choice.code == "label_not_in_train":
        lost = find_unseen(bench.rows, np.zeros(len(bench.rows), dtype=bool))
        return drop(bench, choice, lost, "no training row has the label")
    rare = rare_labels(choice.code, bench.rows[LABEL].value_counts().to_dict())
    mask = bench.rows[LABEL].isin(rare).to_numpy(dtype=bool)
    return drop(bench, choice, mask, f"{count_of(len(rare), 'label')} with so few rows")
