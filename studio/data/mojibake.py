"""Texts that were decoded by the wrong encoding: how to know them, and what they were.

ftfy knows UTF-8 that was read as an encoding of Europe. Chinese is also met in GB18030 or Big5 read so, and
in UTF-8 read as GB18030, which nothing says of itself: there a text is taken for broken only where all of it
turns into usual Chinese characters. https://ftfy.readthedocs.io/en/latest/heuristic.html
"""

from __future__ import annotations

import re

from ftfy import TextFixerConfig, fix_text
from ftfy.badness import is_bad

CONTROL_LETTERS = "[\u0080-\u0084\u0086-\u009f]"  # control characters that no text has
# Only what was decoded wrongly is repaired; quotes, widths and line breaks stay as they are.
REPAIR = TextFixerConfig(
    unescape_html=False,
    uncurl_quotes=False,
    fix_latin_ligatures=False,
    fix_character_width=False,
    fix_line_breaks=False,
    fix_surrogates=False,
    remove_terminal_escapes=False,
    remove_control_chars=False,
    normalization=None,
)
# What bytes from 0x80 on look like in Windows-1252, beside Latin-1.
WINDOWS = "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
TO_LATIN = str.maketrans(WINDOWS, WINDOWS.encode("cp1252").decode("latin-1"))
HIGH = f"\u0080-\u00ff{WINDOWS}"
# The second byte of a character may look like one of ASCII.
LATIN_RUN = re.compile(f"[{HIGH}]+(?:[@-~][{HIGH}]+)*[@-~]?")
# Four of them, one of which is a letter, as none of ellipses and dashes is.
LETTER = "[\u00a1-\u00ff]"
LATIN_SUSPECT = "|".join(f"[{HIGH}]{{{at}}}{LETTER}[{HIGH}]{{{3 - at}}}" for at in range(4))
# The first characters of a plane, as which the first bytes of Chinese in UTF-8 look in GB18030.
UTF8_AS_GB = sorted(
    {
        bytes((first, second)).decode("gb18030")
        for first in (*range(0xE4, 0xEA), 0xE3, 0xEF)
        for second in range(0x80, 0xC0)
    }
)
GB_SUSPECT = f"[{''.join(UTF8_AS_GB)}][^\x00-\x7f]*[{''.join(UTF8_AS_GB)}]"
HAN_OR_MARK = re.compile("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef\u2010-\u2026]")
# Those of each encoding that are met often, by their first bytes.
USUAL = {"gb2312": range(0xB0, 0xD8), "big5": range(0xA4, 0xC7)}
# Of these, bytes that nothing usual in Korean or Japanese has: the first in GB 2312, the second in Big5.
OWN = {"gb2312": (0, range(0xD0, 0xD8)), "big5": (1, range(0x40, 0x7F))}
FEWEST, SHARE_USUAL = 3, 0.8
HAN = re.compile("[\u4e00-\u9fff]")


def is_broken(text: str) -> bool:
    """Whether a text was decoded by a wrong encoding.

    >>> [is_broken(text) for text in ("doesnâ€™t", "ÄãºÃ£¬ÒÑÇ©ÊÕ", "浣犲ソ锛屾敹鍒颁簡", "öde", "你好")]
    [True, True, True, False, False]
    """
    return is_bad(text) or read_as_chinese(text) is not None


def repair(text: str) -> str:
    """A text as it was before it was decoded wrongly; the text itself where that cannot be told.

    >>> [repair(text) for text in ("The cafÃ© doesn\\x92t open", "ÄãºÃ£¬ÒÑÇ©ÊÕ", "浣犲ソ锛屾敹鍒颁簡")]
    ['The café doesn’t open', '你好，已签收', '你好，收到了']
    """
    chinese = read_as_chinese(text)
    if chinese is not None:
        return chinese
    fixed = fix_text(text, REPAIR)
    return text if is_bad(fixed) or re.search(CONTROL_LETTERS, fixed) else fixed


def read_as_chinese(text: str) -> str | None:
    """The Chinese text that was read as one of Europe, or UTF-8 that was read as GB18030; None if neither."""
    return read_latin(text) if re.search(LATIN_SUSPECT, text) else read_gb(text)


def read_gb(text: str) -> str | None:
    """What a text in UTF-8 was before it was read as GB18030.

    >>> read_gb("联通"), read_gb("我们")
    (None, None)
    """
    if not re.search(GB_SUSPECT, text):
        return None
    try:
        found = text.encode("gb18030").decode("utf-8")
    except UnicodeError:
        return None
    return found if is_chinese(found) else None


def read_latin(text: str) -> str | None:
    """What a text in GB18030 or Big5 was before it was read as Windows-1252 or Latin-1.

    Korean and Japanese have many of the same bytes: without any of its own a text is left alone.
    """
    if HAN.search(text):
        return None
    read = {"gb2312": read_runs(text, "gb18030"), "big5": read_runs(text, "big5")}
    sure = [
        found
        for name, found in read.items()
        if found and is_chinese(found) and any(is_own(each, name) for each in HAN.findall(found))
    ]
    return max(sure, key=share_usual, default=None)


def is_own(character: str, name: str) -> bool:
    """Whether the bytes of a character in an encoding tell it from one of Korean or Japanese.

    >>> is_own("有", "gb2312"), is_own("好", "gb2312")
    (True, False)
    """
    place, own = OWN[name]
    return character.encode(name, "replace").ljust(2)[place] in own


def read_runs(text: str, encoding: str) -> str | None:
    """A text whose runs of letters of Europe are read in an encoding; None where one of them cannot be."""
    pieces, end = [], 0
    for run in LATIN_RUN.finditer(text):
        letters = run[0].translate(TO_LATIN).encode("latin-1")
        found = read_run(letters, encoding)
        if found is None:
            return None
        pieces += [text[end : run.start()], found]
        end = run.end()
    return "".join([*pieces, text[end:]])


def read_run(letters: bytes, encoding: str) -> str | None:
    """The text of some bytes, of which the last may be a letter for itself."""
    for size in (len(letters), len(letters) - 1):
        try:
            return letters[:size].decode(encoding) + letters[size:].decode("ascii")
        except UnicodeDecodeError:
            continue
    return None


def is_chinese(text: str) -> bool:
    """Whether all that is not ASCII is Chinese, mostly of usual characters, and enough of it."""
    other = [character for character in text if not character.isascii()]
    enough = len(set(HAN.findall(text))) >= FEWEST
    return enough and all(map(HAN_OR_MARK.match, other)) and share_usual(text) >= SHARE_USUAL


def share_usual(text: str) -> float:
    """Of the Chinese characters of a text, those that are met often.

    >>> share_usual("你好"), share_usual("浣犲ソ")
    (1.0, 0.0)
    """
    han = HAN.findall(text)
    return sum(map(is_usual, han)) / max(1, len(han))


def is_usual(character: str) -> bool:
    """Whether a Chinese character is among the usual ones, simplified or traditional."""
    return any(character.encode(name, "replace")[0] in firsts for name, firsts in USUAL.items())
