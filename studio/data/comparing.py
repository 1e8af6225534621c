"""An import beside the datasets that are there already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from studio.data.comparability import warn_incomparable
from studio.data.dataset import Dataset
from studio.data.importing import PreparedImport
from studio.data.problems import by_severity


def compare_with(earlier: Sequence[Dataset], prepared: PreparedImport) -> PreparedImport:
    """The import with a warning where its scores could not be set beside those on earlier datasets."""
    if prepared.request.division.kind == "folds":
        return prepared  # its sisters have other test rows on purpose
    warnings = warn_incomparable(prepared.sketches, earlier)
    return replace(prepared, problems=tuple(by_severity([*prepared.problems, *warnings])))
