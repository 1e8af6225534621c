"""The rows of datasets: look through them, correct them, take them along."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from studio.data.browsing import Browser, RowPage, RowQuery
from studio.data.editing import Edit, check_edit, sum_up
from studio.data.exporting import export_rows
from studio.data.problems import Problem, by_severity
from studio.services.kept_datasets import KeptDatasets


class DatasetRows(KeptDatasets):
    """The verbs on rows; edits are a draft until they are saved as a new version."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._browser = Browser(self._library)
        self._drafts = self._rows.edits

    def browse(self, name: str, query: RowQuery, offset: int = 0, limit: int = 50) -> RowPage:
        """Some rows that a question asks for, and how many there are.

        Each row says whether the open draft edits it (``edited``), and what is to become of it (``draft``:
        label and split where they change, dropped). Filters and columns speak of the version as it is saved.
        """
        dataset = self.get(name)
        page = self._browser.page(dataset, query, offset, limit)
        drafts = sum_up(self._drafts.list(dataset.id))
        rows = []
        for row in page.rows:
            draft = drafts.get((row["split"], row["index"]))
            rows.append({**row, "edited": draft is not None, "draft": draft.to_json() if draft else None})
        return RowPage(tuple(rows), page.total)

    def findings(self, name: str) -> tuple[Problem, ...]:
        """What was found as the table was imported, and later in the background, errors first."""
        dataset = self.get(name)
        profile = self._library.profile(dataset.id)
        return tuple(by_severity([*dataset.problems, *(profile.problems if profile else ())]))

    def export(self, name: str, to: Path, format: str = "csv", *, raw: bool = False) -> Path:
        """Write all rows of a version as csv, jsonl or parquet.

        In CSV, cells that a spreadsheet would run get a ' in front unless ``raw``.
        """
        return export_rows(self._library, self.get(name), to, format, raw=raw)

    def edits(self, name: str) -> tuple[Edit, ...]:
        """The open draft of a version."""
        return self._drafts.list(self.get(name).id)

    def add_edit(self, name: str, *edits: Edit) -> None:
        """Put edits at the end of the draft, all or none; InvalidInput where one cannot be carried out."""
        dataset = self.get(name)
        draft = list(self._drafts.list(dataset.id))
        for edit in edits:
            check_edit(edit, dataset, draft)
            draft.append(edit)
        self._drafts.add(dataset.id, edits)

    def undo_edit(self, name: str) -> bool:
        """Take back the last edit of the draft; False where there is none."""
        return self._drafts.remove_last(self.get(name).id)

    def discard_edits(self, name: str) -> None:
        """Take back the whole draft."""
        self._drafts.clear(self.get(name).id)
