"""Names that come from outside, made safe to show: one line, no hidden characters, not too long."""

from __future__ import annotations

import re
import unicodedata

LONGEST_SHOWN = 80
# They turn the direction of what follows, so that "cod.exe" can look like "exe.doc".
BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
HIDDEN_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
BLANKS = re.compile(r"\s+")


def show_name(text: str, longest: int = LONGEST_SHOWN) -> str:
    """The text on one line, without control and direction characters, shortened in the middle.

    >>> show_name("a\\u202etxt.exe"), show_name("one\\ntwo")
    ('atxt.exe', 'one two')
    >>> show_name("x" * 50 + ".csv", longest=12)
    'xxxxxx…x.csv'
    """
    joined = BLANKS.sub(" ", text[: 100 * LONGEST_SHOWN] + text[100 * LONGEST_SHOWN :][-LONGEST_SHOWN:])
    shown = "".join(letter for letter in joined if not is_hidden(letter)).strip()
    if len(shown) <= longest:
        return shown
    end = (longest - 1) // 2
    return f"{shown[: longest - 1 - end]}…{shown[-end:]}"


def show_file_name(text: str) -> str:
    """The last part of what may be a path, of any system, made safe to show.

    >>> show_file_name("../../etc/passwd"), show_file_name("C:\\\\data\\\\may.csv"), show_file_name("..")
    ('passwd', 'may.csv', 'the file')
    """
    parts = [part for part in re.split(r"[/\\]", text) if part.strip(" .")]
    return (show_name(parts[-1]) if parts else "") or "the file"


def is_hidden(letter: str) -> bool:
    """Whether a character is not seen, or changes how others are seen."""
    return letter in BIDI_CONTROLS or unicodedata.category(letter) in HIDDEN_CATEGORIES
