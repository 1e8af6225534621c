"""The words of a text, with the characters they stand on; and entities in characters as entities in words."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from typing import Literal, NamedTuple

from studio.tasks.tagging.schemes import Span

Offset = tuple[int, int]
"""The first character, and the one after the last."""

HAN = (
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303c"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
KANA = "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9d\U0001aff0-\U0001b16f"
CJK = re.compile(f"[{HAN}{KANA}]")
CJK_MARKS = re.compile("[\u3000-\u303f\u30fb\uff00-\uff65\uffe0-\uffef]")
EMOJI = re.compile("[\U0001f000-\U0001faff]")
EMOJI_MODIFIERS = re.compile("[\U0001f3fb-\U0001f3ff]")
VOICED_MARKS = "\uff9e\uff9f"
# Characters without width that separate or turn the direction: nothing of a word.
BLANK_FORMATS = "\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060\u2066-\u2069\ufeff"
BLANK = re.compile(f"[\\s\0-\x1f\x7f-\x9f{BLANK_FORMATS}]")
JOINER = "\u200d"

# Of kinds: word, extending the one before (x), joiner, CJK, punctuation, symbol, half a flag, blank.
WORD = re.compile(r"w[wxj]*|s(?:j+s|[xj])*|ff?[xj]*|[cp][xj]*|[xj]+")

Misfit = Literal["empty", "out_of_range", "inside_word", "overlap"]


class _Kinds(dict[int, str]):
    """The kind of each character met so far, by its code."""

    def __missing__(self, code: int) -> str:
        self[code] = kind_of(chr(code))
        return self[code]


KINDS = _Kinds()


class Misplaced(NamedTuple):
    """The number of an entity that has no words of its own, and why.

    ``empty``: it has no character that is not blank. ``out_of_range``: it leaves the text. ``inside_word``:
    it begins or ends within a word. ``overlap``: it shares words with another that is kept.
    """

    number: int
    reason: Misfit


def kind_of(character: str) -> str:
    """The kind of a character, as one letter of WORD, or b for a blank.

    >>> "".join(map(kind_of, "a1é 我の한.$\\u0301\\u200d😀"))
    'wwwbccwpsxjs'
    """
    if character == JOINER:
        return "j"
    if BLANK.match(character):
        return "b"
    if CJK.match(character):
        return "c"
    if "\U0001f1e6" <= character <= "\U0001f1ff":
        return "f"
    category = unicodedata.category(character)
    if category[0] == "M" or category == "Cf" or is_mark(character):
        return "x"
    if category[0] == "S" or EMOJI.match(character):
        return "s"
    return "p" if category[0] == "P" else "w"


def is_mark(character: str) -> bool:
    """Whether a character changes the one before, though Unicode counts it among letters or symbols."""
    return character in VOICED_MARKS or bool(EMOJI_MODIFIERS.match(character))


def kinds_of(text: str) -> str:
    """The kinds of a text's characters, as many letters."""
    return text.translate(KINDS)


def split_words(text: str) -> list[Offset]:
    """The words of a text: every character that is not blank stands in exactly one.

    A word is a run of letters and digits; each punctuation mark, symbol, and Chinese or Japanese character is
    one for itself. Combining marks, and what joins emoji into one, stay with what they belong to.

    >>> text = "Anna's 2 cats, 我们 한국어 👩‍🚀"
    >>> [text[start:end] for start, end in split_words(text)]
    ['Anna', "'", 's', '2', 'cats', ',', '我', '们', '한국어', '👩‍🚀']
    """
    return [match.span() for match in WORD.finditer(kinds_of(text))]


def join_words(words: Sequence[str]) -> tuple[str, list[Offset]]:
    """One text of words, and where each stands: a blank between them, but none between CJK characters.

    None at all where the words are the characters of a text.

    >>> join_words(["New", "York", "在", "美", "国", "。"])
    ('New York 在美国。', [(0, 3), (4, 8), (9, 10), (10, 11), (11, 12), (12, 13)])
    >>> join_words(["在", "N", "Y"])
    ('在NY', [(0, 1), (1, 2), (2, 3)])
    """
    parts: list[str] = []
    offsets: list[Offset] = []
    end, before = 0, ""
    spelt = are_characters(words)
    for word in words:
        if parts and not spelt and not (ends_in_cjk(before) and is_cjk(word[:1])):
            parts.append(" ")
            end += 1
        parts.append(word)
        offsets.append((end, end + len(word)))
        end, before = end + len(word), word
    return "".join(parts), offsets


def are_characters(words: Sequence[str]) -> bool:
    """Whether each of some words is one character, as Chinese is tagged, and one of them is CJK.

    >>> are_characters(["在", "N", "Y"]), are_characters(["在", "NY"]), are_characters(["N", "Y"])
    (True, False, False)
    """
    kinds = [kinds_of(word).rstrip("x") for word in words]
    return "c" in kinds and all(len(kind) == 1 for kind in kinds)


def is_cjk(character: str) -> bool:
    """Whether it is a Chinese or Japanese character, or a punctuation mark of that width; not Hangul.

    >>> is_cjk("国"), is_cjk("。"), is_cjk("한"), is_cjk("Ａ"), is_cjk("")
    (True, True, False, False, False)
    """
    kind = kinds_of(character)
    return kind == "c" or (kind in ("p", "s") and bool(CJK_MARKS.match(character)))


def ends_in_cjk(word: str) -> bool:
    """Whether the last character of a word is CJK, marks on it aside."""
    base = len(kinds_of(word).rstrip("x"))
    return is_cjk(word[max(0, base - 1) : base])


def align_entities(
    entities: Sequence[Span], words: Sequence[Offset], length: int
) -> tuple[list[Span], list[Misplaced]]:
    """Entities in characters of a text of this length as entities in its words; and those that have none.

    Blanks at their ends do not count. Of entities that overlap the one that begins first is kept, of those
    the longest, of those the first.

    >>> words = split_words("Anna Lee left. ")
    >>> align_entities([Span(9, 13, "X"), Span(0, 9, "PER"), Span(0, 4, "PER"), Span(5, 7, "PER")], words, 15)
    ([Span(start=0, end=2, label='PER'), Span(start=2, end=3, label='X')], \
[Misplaced(number=2, reason='overlap'), Misplaced(number=3, reason='inside_word')])
    """
    starts, ends = [start for start, _ in words], [end for _, end in words]
    kept: list[Span] = []
    misplaced: list[Misplaced] = []
    order = sorted(range(len(entities)), key=lambda each: (entities[each].start, -entities[each].end))
    for number in order:
        found = place_entity(entities[number], starts, ends, length)
        if isinstance(found, Span) and kept and found.start < kept[-1].end:
            found = "overlap"
        if isinstance(found, Span):
            kept.append(found)
        else:
            misplaced.append(Misplaced(number, found))
    return kept, sorted(misplaced)


def place_entity(entity: Span, starts: Sequence[int], ends: Sequence[int], length: int) -> Span | Misfit:
    """The words of an entity, by where words start and end; or why it has none."""
    if entity.start < 0 or entity.end > length:
        return "out_of_range"
    first = bisect_left(starts, entity.start)
    # The first word that ends after the entity does.
    last = bisect_left(ends, entity.end + 1)
    begins_inside = first > 0 and ends[first - 1] > entity.start
    ends_inside = last < len(starts) and starts[last] < entity.end
    if entity.start >= entity.end or (first >= last and not begins_inside and not ends_inside):
        return "empty"
    return "inside_word" if begins_inside or ends_inside else Span(first, last, entity.label)
