"""Texts with all that makes characters and words differ, drawn with a seed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

PIECES = (
    "Anna", "don't", "co-op", "3.14", "İstanbul", "straße", "Ａｂ１", "，", "。", "（注）", "北京", "葛󠄀城",
    "とうきょう", "ｶﾞｷﾞ", "한국어", "한", "e\u0301", "a\u0323\u0302", "\u0301", "क\u094d\u200dष",
    "हिन\u094dदी", "ש\u05b8\u05c1לו\u05b9ם", "\u200fمرحبا\u200e", "می\u200cخواهم",
    "👩\u200d👩\u200d👧", "👍🏽", "🇩🇪🇫🇷", "1\ufe0f⃣", "❤\ufe0f\u200d🔥", "\u200d", "\ufe0f", "𝒳",
    "\U0001fae8", "\ud800", " ", "  ", "\u3000", "\u00a0", "\u000d\u000a", "\u000a", "\u0009",
    "\u200b", "\ufeff", "\u0000", "\u2028", "-", "--", "…", "$", "_",
)  # fmt: skip


def random_texts(count: int, seed: int) -> Iterator[str]:
    """So many texts of up to 24 pieces, a tenth of them of any characters there are."""
    drawn = np.random.default_rng(seed)
    for number in range(count):
        size = int(drawn.integers(0, 25))
        if number % 10:
            yield "".join(PIECES[each] for each in drawn.integers(0, len(PIECES), size))
        else:
            yield "".join(map(chr, drawn.integers(0, 0x110000, size)))
