"""New versions of datasets: by fixes, by hand, by undoing and by going back."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from studio.data.dataset import Dataset
from studio.data.editing import BY_HAND, Edit, apply_edits, check_edit
from studio.data.fixes import IGNORE, FixChoice, Step, find_action
from studio.data.mending import mend_rows
from studio.data.versions import HISTORY, NOTES, RESTORE, UNDO, gather_rows, make_version, same_rows
from studio.errors import Conflict, InvalidInput, NotFound
from studio.services.dataset_rows import DatasetRows


@dataclass(frozen=True)
class Start:
    """Which version follows ``dataset``: made from the rows of ``parent``, under the next number.

    ``draft`` are the open edits of ``dataset``. All is settled before the work begins: where another version
    or another edit comes meanwhile, keeping this one is a Conflict.
    """

    dataset: Dataset
    parent: Dataset
    number: int
    draft: tuple[Edit, ...]


class DatasetVersions(DatasetRows):
    """The verbs that make a version; the one they start from never changes."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._making = threading.Lock()

    def apply_fixes(self, name: str, choices: Sequence[FixChoice]) -> Dataset:
        """Make a version in which the findings are mended as chosen.

        Raises InvalidInput where no row has such a finding any more, for an action that does not mend it, and
        where the rows would be unusable; Conflict while there are edits that are not saved.
        """
        start = self._free_of_edits(name)
        dataset = start.dataset
        rows, codes = gather_rows(self._library, dataset)
        mended = mend_rows(rows, choices, codes=codes)
        steps = tuple(step for step in mended.steps if step.rows or step.action == IGNORE)
        if not steps:
            raise nothing_changed(dataset, choices)
        if not any(step.rows for step in steps):
            return self._keep_copy(start, dataset, steps)
        return self._keep_version(start, mended.rows, steps)

    def save_edits(self, name: str) -> Dataset:
        """Make a version of the open draft, which ends with it; InvalidInput where it changes nothing."""
        start = self._start(name)
        if not start.draft:
            raise InvalidInput(f"'{name}' has no edits to save.", "Correct, move or drop a row first.")
        return self._save(start, start.draft)

    def edit_rows(self, name: str, edits: Sequence[Edit]) -> Dataset:
        """Make a version of edits at once; errors as for add_edit, apply_fixes and save_edits."""
        start = self._free_of_edits(name)
        for place, edit in enumerate(edits):
            check_edit(edit, start.dataset, edits[:place])
        return self._save(start, tuple(edits))

    def restore(self, name: str, version: int) -> Dataset:
        """Make a version with the rows of an earlier one."""
        start = self._free_of_edits(name)
        newest = start.dataset
        source = self.get(f"{newest.name}@{version}")
        if source.fingerprint == newest.fingerprint:
            raise InvalidInput(
                f"'{newest.name}' has the rows of version {version} already.", "There is nothing to restore."
            )
        step = Step(HISTORY, RESTORE, 0, f"The rows are those of version {version} again.")
        return self._keep_copy(start, source, (step,))

    def undo_step(self, name: str, step_number: int) -> Dataset:
        """Make a version of the parent's rows with the other steps of this version; steps count from 1."""
        start = self._free_of_edits(name)
        dataset = start.dataset
        step, others = pick_step(dataset, step_number)
        parent = self.by_id(dataset.parent) if dataset.parent else None
        if parent is None:
            raise NotFound(
                f"That step of '{dataset.address}' cannot be undone: what it was made from is not kept.",
                "Import the table again without the fix."
                if dataset.parent is None
                else "Restore an earlier version, or import the table again.",
            )
        note = Step(HISTORY, UNDO, step.rows, f"Undone: {step.message}", step.lines)
        rows, steps, edits = self._repeat(parent, dataset, others)
        if not steps:
            return self._keep_copy(start, parent, (note,))
        return self._keep_version(replace(start, parent=parent), rows, (*steps, note), edits)

    def _repeat(
        self, parent: Dataset, dataset: Dataset, steps: Sequence[Step]
    ) -> tuple[pd.DataFrame, tuple[Step, ...], tuple[Edit, ...]]:
        """The parent's rows after some of the steps that led to a dataset; fixes and edits never mix."""
        actions = {step.action for step in steps if step.code == BY_HAND}
        edits = tuple(edit for edit in self._library.edits(dataset.id) if edit.action in actions)
        rows, codes = gather_rows(self._library, parent)
        if edits:
            return *apply_edits(rows, edits), edits
        choices = [step.choice for step in steps]
        mended = mend_rows(rows, choices, codes=codes)
        return mended.rows, mended.steps, ()

    def _start(self, name: str) -> Start:
        dataset = self.get(name)
        number = self._rows.versions(dataset.name)[0].version + 1
        return Start(dataset, dataset, number, self._drafts.list(dataset.id))

    def _free_of_edits(self, name: str) -> Start:
        """Where a version starts; Conflict where it would leave a draft behind."""
        start = self._start(name)
        count = len(start.draft)
        if count:
            raise Conflict(
                f"'{name}' has {count} {'edit that is' if count == 1 else 'edits that are'} not saved.",
                "Save them as a version or discard them first.",
            )
        return start

    def _save(self, start: Start, edits: tuple[Edit, ...]) -> Dataset:
        dataset = start.dataset
        rows, steps = apply_edits(gather_rows(self._library, dataset)[0], edits)
        if not steps:
            raise InvalidInput(
                f"The edits of '{dataset.name}' change nothing: each row is as it was.",
                "Edit a row, or discard them.",
            )
        return self._keep_version(start, rows, steps, edits)

    def _keep_version(
        self, start: Start, rows: pd.DataFrame, steps: tuple[Step, ...], edits: tuple[Edit, ...] = ()
    ) -> Dataset:
        with self._making:
            new = make_version(start.parent, rows, steps, start.number)
            self._library.keep(new.dataset, new.frames, edits)
            return self._record(new.dataset, start)

    def _keep_copy(self, start: Start, source: Dataset, steps: tuple[Step, ...]) -> Dataset:
        with self._making:
            copy = same_rows(source, start.parent, steps, start.number)
            self._library.copy(source.id, copy)
            return self._record(copy, start)

    def _record(self, dataset: Dataset, start: Start) -> Dataset:
        try:
            self._rows.add_version(dataset, start.dataset.id, start.draft)
        except Conflict:
            self._library.delete(dataset.id)
            raise
        return dataset if self._library.profile(dataset.id) else self._look_closer(dataset)


def nothing_changed(dataset: Dataset, choices: Sequence[FixChoice]) -> InvalidInput:
    """The chosen fixes do nothing: say why."""
    if not choices:
        return InvalidInput("No fix was chosen.", "Choose what to do about one of the findings.")
    reading = [choice for choice in choices if find_action(choice.action).reading]
    if reading:
        return InvalidInput(
            f"'{reading[0]}' is done while a file is read.", "Import the table again with this fix."
        )
    shown = ", ".join(map(str, choices))
    return InvalidInput(
        f"'{dataset.name}' stays as it is: {shown} would change no row.", "Look at the findings it has now."
    )


def pick_step(dataset: Dataset, number: int) -> tuple[Step, list[Step]]:
    """The step of that number and the others that can be repeated; InvalidInput where it cannot be undone."""
    steps = dataset.steps
    if not 1 <= number <= len(steps):
        raise InvalidInput(
            f"'{dataset.address}' has no step {number}.",
            f"It has {len(steps)}; they count from 1." if steps else "Only fixes and edits can be undone.",
        )
    step = steps[number - 1]
    if step.action in NOTES:
        raise InvalidInput(
            f"Step {number} of '{dataset.address}' only says what was done with others.",
            "Restore the version whose rows you want.",
        )
    return step, [
        other for place, other in enumerate(steps, 1) if place != number and other.action not in NOTES
    ]
