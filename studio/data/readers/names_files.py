"""Files that hold one name on each line."""

from __future__ import annotations

import re

# Not str.splitlines, which also cuts at signs that may stand inside a name.
LINE_END = re.compile(r"\r\n|\r|\n")


def list_names(text: str) -> list[str]:
    r"""The lines without blanks around them, empty ones as "".

    >>> list_names(" sport\r\nnews\u2028world\n")
    ['sport', 'news\u2028world', '']
    """
    return [line.strip() for line in LINE_END.split(text)]
