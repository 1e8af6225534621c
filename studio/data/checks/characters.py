"""Characters that are no text: control characters, wrongly decoded ones, HTML, addresses of pages."""

from __future__ import annotations

import numpy as np
import pandas as pd

from studio.data.checks.findings import Finding, View, Words, report_rows
from studio.data.checks.matching import contains, is_ascii, matches, report_cells_with
from studio.data.mojibake import CONTROL_LETTERS, GB_SUSPECT, LATIN_SUSPECT, is_broken

CONTROL = r"[\x00-\x08\x0e-\x1f\x7f]"
# A comment ends before the next one begins, or a text full of beginnings would be read again from each.
TAG_PATTERN = r"</?[A-Za-z][A-Za-z0-9]*(?:\s[^<>]*)?/?>|<!--[^<>]*(?:<[^!<>][^<>]*)*-->"
ENTITY = r"&(?:amp|lt|gt|quot|apos|nbsp|hellip|mdash|ndash|[lr][sd]quo|#[0-9]{1,6}|#[xX][0-9a-fA-F]{1,5});"
URL = r"(?i)\bhttps?://[^\s]|\bwww\.[a-z0-9-]+\.[a-z]"
# UTF-8 read as Windows-1252: a lead byte as a letter, then what its second byte looks like. Some of it is
# good French or Portuguese, so these are looked at again.
SECOND = "\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
MAYBE_MOJIBAKE = (
    f"[ÃÂ][{SECOND}]|â[\u0080€][{SECOND}]|[ÐÑ][{SECOND}][ÐÑ][{SECOND}]|ï»¿|ï¿½|ðŸ|[äåæçèé][{SECOND}]{{2}}"
    f"|{LATIN_SUSPECT}|{GB_SUSPECT}"
)
REPLACED = "\ufffd"  # stands for bytes that could not be decoded: what they were is lost
REPLACED_TWICE = "锟斤拷"  # two of them in UTF-8, read as GB18030
# Of more than this many suspects a sample is looked at, and all are taken where nearly all of it is broken.
LOOKED_AT = 5_000
NEARLY_ALL = 0.9

CONTROLS = Words(
    "control_characters",
    "warning",
    "row holds invisible control characters",
    "rows hold invisible control characters",
    "They come from a damaged export and mean nothing to a model.",
    "Remove them; the rest of the text stays as it is.",
)
BROKEN = Words(
    "mojibake",
    "warning",
    "row holds wrongly decoded characters, such as Ã© for é or ÄãºÃ for 你好",
    "rows hold wrongly decoded characters, such as Ã© for é or ÄãºÃ for 你好",
    "The model would learn from damaged characters.",
    "Repair them; where most rows have them, choose another encoding for the file.",
)
LOST = Words(
    "lost_characters",
    "warning",
    f"row holds {REPLACED} or {REPLACED_TWICE} where characters were lost",
    f"rows hold {REPLACED} or {REPLACED_TWICE} where characters were lost",
    "What stood there is not in the file, or not in the encoding it was read with.",
    "Choose another encoding for the file, or export the table anew. A few such letters do little harm.",
)
HTML = Words(
    "html",
    "note",
    "row holds tags of HTML, such as <br>",
    "rows hold tags of HTML, such as <br>",
    "Tags take room from the text, and a model may learn from them instead of the words.",
    "Remove the tags, unless new texts will have them too.",
)
ENTITIES = Words(
    "html",
    "note",
    "row holds characters in the writing of HTML, such as &amp; for &",
    "rows hold characters in the writing of HTML, such as &amp; for &",
    "A model reads such a character as several pieces, and new texts are hardly written so.",
    "Turn them into the characters that they stand for, unless new texts will have them too.",
)
LINKS = Words(
    "urls",
    "note",
    "row holds the address of a page",
    "rows hold the address of a page",
    "An address is many pieces to a model, and may tell the label by its site alone.",
    "Nothing to do, if new texts will have them too.",
)


def check_characters(view: View) -> list[Finding]:
    """Findings about characters, in the texts; control characters in the labels too."""
    return [
        *report_cells_with(view, list(view.roles), find_controls, CONTROLS),
        *report_cells_with(view, view.texts, find_mojibake, BROKEN),
        *report_cells_with(view, view.texts, find_lost, LOST),
        *check_html(view),
        *report_cells_with(view, view.texts, find_urls, LINKS),
    ]


def check_html(view: View) -> list[Finding]:
    """A finding per role about tags and entities, in the words for what there is of them."""
    found: list[Finding] = []
    for role in view.texts:
        cells = view.kind.read_text(view.rows, role)
        tagged, coded = find_tags(cells), find_entities(cells)
        both = f" Tags are in {tagged.sum():,}, characters such as &amp; in {coded.sum():,}."
        more = both if tagged.any() and coded.any() else ""
        words = HTML if tagged.any() else ENTITIES
        found += report_rows(view.rows, tagged | coded, words, view.roles[role], more)
    return found


def find_controls(cells: pd.Series) -> np.ndarray:
    """Which cells hold control characters other than tab and line breaks."""
    return matches(cells, CONTROL)


def find_mojibake(cells: pd.Series) -> np.ndarray:
    """Which cells hold characters as they come from the wrong encoding."""
    other = ~is_ascii(cells)
    sure = matches(cells, CONTROL_LETTERS, among=other)
    suspects = np.flatnonzero(matches(cells, MAYBE_MOJIBAKE, among=other & ~sure))
    if len(suspects) > LOOKED_AT:
        sample = cells.iloc[suspects[:: len(suspects) // LOOKED_AT]]
        if sum(map(is_broken, sample)) >= NEARLY_ALL * len(sample):
            sure[suspects] = True
            return sure
    sure[suspects] = [is_broken(cell) for cell in cells.iloc[suspects]]
    return sure


def find_lost(cells: pd.Series) -> np.ndarray:
    """Which cells hold a mark that stands for lost characters."""
    return contains(cells, REPLACED) | contains(cells, REPLACED_TWICE)


def find_html(cells: pd.Series) -> np.ndarray:
    """Which cells hold tags or entities of HTML."""
    return find_tags(cells) | find_entities(cells)


def find_tags(cells: pd.Series) -> np.ndarray:
    """Which cells hold tags of HTML."""
    return matches(cells, TAG_PATTERN, among=contains(cells, "<"))


def find_entities(cells: pd.Series) -> np.ndarray:
    """Which cells hold entities of HTML, such as &amp;."""
    return matches(cells, ENTITY, among=contains(cells, "&"))


def find_urls(cells: pd.Series) -> np.ndarray:
    """Which cells hold the address of a page."""
    return matches(cells, URL)
