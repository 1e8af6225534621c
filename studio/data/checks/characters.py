"""Characters that are no text: control characters, wrongly decoded ones, HTML, addresses of pages."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from studio.data.checks.findings import Finding, View, Words
from studio.data.checks.matching import contains, is_ascii, matches, report_cells_with

CONTROL = r"[\x00-\x08\x0e-\x1f\x7f]"
TAG_PATTERN = r"</?[A-Za-z][A-Za-z0-9]*(?:\s[^<>]*)?/?>|<!--[^>]*-->"
TAG = re.compile(TAG_PATTERN)
ENTITY = r"&(?:amp|lt|gt|quot|apos|nbsp|hellip|mdash|ndash|[lr][sd]quo|#[0-9]{1,6}|#[xX][0-9a-fA-F]{1,5});"
URL = r"(?i)\bhttps?://[^\s]|\bwww\.[a-z0-9-]+\.[a-z]"
# UTF-8 read as Windows-1252: a lead byte as a letter, then what its second byte looks like; then the control
# characters U+0080 to U+009F, and the mark that stands for bytes that could not be decoded.
SECOND = "\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
MOJIBAKE = (
    f"[ÃÂ][{SECOND}]|â[\u0080€][{SECOND}]|[ÐÑ][{SECOND}][ÐÑ][{SECOND}]|ï»¿|ï¿½|ðŸ|[äåæçèé][{SECOND}]{{2}}"
    "|[\u0080-\u0084\u0086-\u009f]|\ufffd"
)

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
    "row holds wrongly decoded characters, such as Ã© for é",
    "rows hold wrongly decoded characters, such as Ã© for é",
    "The model would learn from damaged characters.",
    "Repair them; where most rows have them, choose another encoding for the file.",
)
HTML = Words(
    "html",
    "note",
    "row holds HTML",
    "rows hold HTML",
    "Tags take room from the text, and a model may learn from them instead of the words.",
    "Remove the tags, unless new texts will have them too.",
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
        *report_cells_with(view, view.texts, find_html, HTML),
        *report_cells_with(view, view.texts, find_urls, LINKS),
    ]


def find_controls(cells: pd.Series) -> np.ndarray:
    """Which cells hold control characters other than tab and line breaks."""
    return matches(cells, CONTROL)


def find_mojibake(cells: pd.Series) -> np.ndarray:
    """Which cells hold characters as they come from the wrong encoding."""
    return matches(cells, MOJIBAKE, among=~is_ascii(cells))


def find_html(cells: pd.Series) -> np.ndarray:
    """Which cells hold tags or entities of HTML."""
    tagged = matches(cells, TAG_PATTERN, among=contains(cells, "<"))
    return tagged | matches(cells, ENTITY, among=contains(cells, "&"))


def find_urls(cells: pd.Series) -> np.ndarray:
    """Which cells hold the address of a page."""
    return matches(cells, URL)
