"""What takes too long while a person waits: nearly the same texts among many rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from studio.data.answers.registry import kind_of
from studio.data.checks.findings import View, mark_rows
from studio.data.checks.repeats import check_near
from studio.data.columns import main_text
from studio.data.dataset import Dataset, Profile
from studio.data.library import Library
from studio.data.near import find_near_duplicates, texts_of
from studio.data.problems import by_severity
from studio.data.readers import Progress
from studio.data.splits import SPLITS
from studio.data.texts import content_keys, text_keys


def profile_rows(library: Library, dataset: Dataset, progress: Progress | None = None) -> Profile:
    """Find the rows of a dataset that are nearly the same as others; ``progress`` may stop it."""
    main = main_text(dataset.roles)
    if main is None:
        return Profile()
    frames = {split: library.frame(dataset.id, split) for split in SPLITS}
    rows = pd.concat([frame.assign(split=split) for split, frame in frames.items()], ignore_index=True)
    keys = content_keys(rows, dataset.roles, text_keys(rows[main]))
    view = View(rows, dataset.roles, kind_of(dataset.roles), keys)
    near = find_near_duplicates(texts_of(rows), progress=progress, keys=view.shared)
    view = replace(view, near=near.groups)
    found = check_near(view)
    codes, marks = mark_rows(found, len(rows))
    ends = np.cumsum([len(frame) for frame in frames.values()])[:-1]
    return Profile(
        problems=tuple(by_severity([problem for finding in found for problem in finding.problems])),
        mark_codes=codes,
        marks=dict(zip(SPLITS, np.split(marks, ends), strict=True)),
    )
