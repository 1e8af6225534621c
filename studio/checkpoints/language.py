"""What a dataset's texts say about themselves: their language, length and use of capital letters."""

from __future__ import annotations

import re
from collections.abc import Sequence

ENGLISH, CHINESE, MULTILINGUAL = "English", "Chinese", "multilingual"
CHINESE_SHARE = 0.3
OTHER_LETTERS_SHARE = 0.02
NAMES_SHARE = 0.05
MAX_CHARACTERS = 2000
ENGLISH_WORDS = {
    "the", "to", "and", "of", "is", "my", "it", "for", "you", "that", "this", "not", "with", "have", "was",
    "are", "be", "what", "how", "i", "we", "on", "your", "can",
}  # fmt: skip
OTHER_WORDS = {
    "der", "die", "das", "und", "nicht", "ist", "ich", "ein", "eine", "le", "la", "les", "est",
    "et", "que", "de", "je", "el", "los", "por", "una", "no", "het", "een", "niet", "ik", "di",
    "che", "il", "non", "per", "uma", "não", "yang", "dan", "tidak", "jag", "och", "det", "att",
    "nie", "jest",
}  # fmt: skip
WORD = re.compile(r"[^\W\d_]+")


def is_cjk(letter: str) -> bool:
    """Say whether a character is a Chinese one, also used in Japanese.

    >>> is_cjk("退"), is_cjk("a"), is_cjk("の")
    (True, False, False)
    """
    return "一" <= letter <= "鿿" or "㐀" <= letter <= "䶿" or "\U00020000" <= letter <= "\U0003ffff"


def is_kana_or_hangul(letter: str) -> bool:
    """Say whether a character is Japanese kana or Korean."""
    return "぀" <= letter <= "ヿ" or "가" <= letter <= "힯"


def guess_language(texts: Sequence[str]) -> str:
    """Guess "English", "Chinese" or "multilingual" (any other) from the characters and common words.

    >>> guess_language(["我要退款，还没收到货"]), guess_language(["Wo ist mein Paket, bitte und danke"])
    ('Chinese', 'multilingual')
    >>> guess_language(["where is my parcel"]), guess_language(["返品したいのですが"])
    ('English', 'multilingual')
    """
    letters = [letter for text in texts for letter in text[:MAX_CHARACTERS] if letter.isalpha()]
    if not letters:
        return ENGLISH
    if sum(map(is_kana_or_hangul, letters)) > 0.1 * len(letters):
        return MULTILINGUAL
    if sum(map(is_cjk, letters)) > CHINESE_SHARE * len(letters):
        return CHINESE
    foreign = sum(letter > "\x7f" for letter in letters) / len(letters)
    words = [word.lower() for text in texts for word in WORD.findall(text[:MAX_CHARACTERS])]
    english = sum(word in ENGLISH_WORDS for word in words)
    other = sum(word in OTHER_WORDS for word in words)
    if other > english or (foreign > OTHER_LETTERS_SHARE and other >= english) or foreign > 0.5:
        return MULTILINGUAL
    return ENGLISH


def names_matter(texts: Sequence[str]) -> bool:
    """Say whether capital letters inside sentences mark names.

    >>> names_matter(["Yesterday Angela Merkel met Tony Blair in Berlin"] * 3)
    True
    >>> names_matter(["my card was declined"] * 3), names_matter(["WHERE IS MY CARD"] * 3)
    (False, False)
    """
    inside = [word for text in texts for word in WORD.findall(text[:MAX_CHARACTERS])[1:] if len(word) > 1]
    if not inside:
        return False
    return sum(word.istitle() for word in inside) / len(inside) >= NAMES_SHARE
