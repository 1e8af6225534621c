"""Actions on cells: what is invisible, broken or no text goes, the rest stays as it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from html import unescape

import numpy as np
import pandas as pd

from studio.data.answers.registry import kind_of
from studio.data.checks.characters import (
    CONTROL,
    TAG_PATTERN,
    find_controls,
    find_html,
    find_mojibake,
    find_tags,
)
from studio.data.columns import main_text
from studio.data.fixes import FixChoice, Step
from studio.data.mends.workbench import Bench, tell
from studio.data.mojibake import repair
from studio.data.texts import is_blank

# Words on both sides of tags stay apart, by one blank.
TAG_WITH_BLANKS = re.compile(rf"(?:(?<! ) +)?(?:(?:{TAG_PATTERN}) *)+")
# A text that was made into HTML more often than this was made to take time.
MOST_PACKED = 10


def remove_control_characters(bench: Bench, choice: FixChoice) -> Step:
    """Texts and labels without control characters."""
    kind = kind_of(bench.roles)
    read = kind.read_roles(bench.roles)
    # An answer in the words of a list goes along with it.
    follows = any(role in kind.lists for role in read)
    return mend_cells(
        bench,
        choice,
        [role for role in bench.roles if role in read or not follows],
        find_controls,
        lambda text: re.sub(CONTROL, "", text),
        "lost invisible control characters",
    )


def repair_mojibake(bench: Bench, choice: FixChoice) -> Step:
    """Texts whose wrongly decoded characters are what they were."""
    return mend_cells(
        bench,
        choice,
        read_roles(bench),
        find_mojibake,
        repair,
        "got the wrongly decoded characters back",
    )


def strip_html(bench: Bench, choice: FixChoice) -> Step:
    """Texts without tags, with characters in place of entities."""
    roles, kind = read_roles(bench), kind_of(bench.roles)
    tagged = any(find_tags(kind.read_text(bench.rows, role)).any() for role in roles)
    what = "lost HTML" if tagged else "got the characters that &amp; and the like stand for"
    return mend_cells(bench, choice, roles, find_html, strip, what)


def read_roles(bench: Bench) -> list[str]:
    """The roles of which a model reads what people wrote."""
    return kind_of(bench.roles).read_roles(bench.roles)


def strip(text: str) -> str:
    """A text without HTML; again, until nothing more comes out of it or it was packed too often.

    >>> strip("Fish &amp;amp; <b>chips</b><br/>today")
    'Fish & chips today'
    """
    for _ in range(MOST_PACKED):
        before = text
        text = unescape(TAG_WITH_BLANKS.sub(" ", text))
        if text == before:
            break
    return text.strip()


def mend_cells(
    bench: Bench,
    choice: FixChoice,
    roles: list[str],
    find: Callable[[pd.Series], np.ndarray],
    mend: Callable[[str], str],
    what: str,
) -> Step:
    """Mend the cells that have the finding; one that nothing would be left of stays as it was."""
    everywhere: list[np.ndarray] = []
    kind = kind_of(bench.roles)
    for role in roles:
        cells = bench.rows[role]
        wrong = find(kind.read_text(bench.rows, role))
        if not wrong.any():
            continue
        broken = cells[wrong]
        whole_again = [kind.change_text(cell, role, mend) for cell in broken]
        mended = pd.Series(whole_again, index=broken.index, dtype="str")
        left = ~is_blank(mended) & take_answers_along(bench, role, mended, mend)
        whole = cells.copy()
        whole.loc[mended.index[left]] = mended[left]
        everywhere.append(whole.to_numpy(dtype=object) != cells.to_numpy(dtype=object))
        bench.change(role, whole)
    changed = np.logical_or.reduce(everywhere) if everywhere else np.zeros(len(bench.rows), dtype=bool)
    return tell(choice, bench.take(changed), what)


def take_answers_along(bench: Bench, role: str, mended: pd.Series, mend: Callable[[str], str]) -> np.ndarray:
    """Move answers that stand at places of the text to where these are in the mended one; mend one of a list.

    Which of the mended rows can be, bool: where an answer has no place any more, the cell is to stay.
    """
    kind = kind_of(bench.rows)
    move: Callable[[str, str, str], str | None]
    if role in kind.lists and role != kind.role:
        move = partial(mend_among, kind.lists[role].read, mend)
    elif kind.moved is not None and role == main_text(bench.roles):
        move = kind.moved
    else:
        return np.ones(len(mended), dtype=bool)
    before, answers = bench.rows[role], bench.rows[kind.role].copy()
    found = {row: move(before[row], text, answers[row]) for row, text in mended.items()}
    for row, answer in found.items():
        if answer is not None:
            answers[row] = answer
    bench.change(kind.role, answers)
    return np.array([answer is not None for answer in found.values()], dtype=bool)


def mend_among(
    read: Callable[[str], list[str]], mend: Callable[[str], str], before: str, after: str, answer: str
) -> str | None:
    """The mended answer, which is one of a mended list; None where the list lost one of its texts.

    >>> mend_among(str.split, str.lower, "A B", "a b", "B"), mend_among(str.split, str.lower, "A", "a", "C")
    ('b', None)
    """
    options, mended = read(after), mend(answer)
    lost = any(not option.strip() for option in options) or len(set(options)) < len(set(read(before)))
    return None if lost or mended not in options else mended
