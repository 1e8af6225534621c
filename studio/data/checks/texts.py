"""What is worth knowing about the texts of a table beside repeats: great length."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from studio.data.checks.characters import check_characters
from studio.data.checks.findings import Finding, View, Words, report_rows
from studio.data.checks.personal import check_personal
from studio.data.checks.scripts import check_scripts

# 512 tokens are about 350 English words or 1,500 characters; most encoders read no further.
LONG_TEXT_CHARACTERS = 2000
LONG = Words(
    "long_text",
    "note",
    f"text is longer than {LONG_TEXT_CHARACTERS:,} characters",
    f"texts are longer than {LONG_TEXT_CHARACTERS:,} characters",
    "Most checkpoints read at most 512 tokens at once, about 350 English words.",
    "Nothing to do, if the beginning tells the answer, or where texts are read in parts, as for entities and "
    "questions; the Train page says what becomes of the rest.",
)


def check_texts(view: View) -> list[Finding]:
    """Findings about single texts."""
    return [*check_long(view), *check_scripts(view), *check_characters(view), *check_personal(view)]


def check_long(view: View) -> list[Finding]:
    """Texts so long that most checkpoints will not read them whole."""
    found: list[Finding] = []
    for role in view.texts:
        long = (view.kind.read_text(view.rows, role).str.len() > LONG_TEXT_CHARACTERS).to_numpy(dtype=bool)
        share = 100 * long.sum() / len(long)
        found += report_rows(view.rows, long, LONG, view.roles[role], f" That is {share:.3g} % of the rows.")
    return found


def share_cut(lengths: Sequence[int] | np.ndarray, limits: Sequence[int]) -> dict[int, float]:
    """The share (0 to 1) of texts that are longer than each limit, both in the same unit, such as tokens.

    >>> share_cut([100, 200, 600, 50], (128, 256, 512))
    {128: 0.5, 256: 0.25, 512: 0.25}
    """
    known = np.asarray(lengths)
    return {limit: float((known > limit).mean()) if len(known) else 0.0 for limit in limits}
