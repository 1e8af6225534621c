"""Technical words with their plain meaning, which shows when they are pointed at or reached by keyboard."""

from __future__ import annotations

import re

from markupsafe import Markup

from studio.pages import layout
from studio.pages.words import words_of

MEANINGS = words_of("glossary").meanings
KNOWN = re.compile(rf"\b({'|'.join(map(re.escape, MEANINGS))})(s?)\b", re.IGNORECASE)
KEYS = {key.lower(): key for key in MEANINGS}


def explained(text: str) -> Markup:
    """A plain text in which each technical word is explained where it first stands.

    >>> explained("after 2 epochs").striptags()
    'after 2 epochs'
    >>> explained("epoch 2 of 3 epochs").count("One pass over all training rows.")
    2
    """
    pieces, end, met = [], 0, set()
    for found in KNOWN.finditer(text):
        key = KEYS[found[1].lower()]
        if MEANINGS[key] not in met:
            met.add(MEANINGS[key])
            pieces += [text[end : found.start()], layout.term(found[0], MEANINGS[key])]
            end = found.end()
    return layout.join([*pieces, text[end:]])
