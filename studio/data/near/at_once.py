"""Near duplicates there and then, where the rows are few enough not to make a person wait."""

from __future__ import annotations

from functools import reduce

import pandas as pd

from studio.data.columns import CHOICES, TEXT_B, main_text
from studio.data.near.groups import NearGroups, find_near_duplicates

ROWS_AT_ONCE = 10_000  # about a second; for more rows it is done in the background


def find_near_at_once(*frames: pd.DataFrame) -> NearGroups | None:
    """The groups of the rows of all frames together; None for more than 10,000, or without a text."""
    rows = sum(map(len, frames))
    if not 0 < rows <= ROWS_AT_ONCE or any(main_text(frame) is None for frame in frames):
        return None
    return find_near_duplicates(pd.concat([texts_of(frame) for frame in frames], ignore_index=True))


def texts_of(frame: pd.DataFrame) -> pd.Series:
    """What makes rows alike, as one text: a passage, whatever is asked about it, or all that is asked."""
    others = [frame[role] for role in (TEXT_B, CHOICES) if role in frame]
    return reduce(lambda one, other: one + "\n" + other, others, frame[main_text(frame)])
