"""How entities are written as tags of tokens: IOB1, IOB2, BIOES or BMES, and which tags break the rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

OUTSIDE = "O"
# Letters of each scheme as those of BIOES: begin, inside, end, single.
LETTERS = {
    "BIOES": {"B": "B", "I": "I", "E": "E", "S": "S"},
    "BMES": {"B": "B", "M": "I", "E": "E", "S": "S"},
    "BILOU": {"B": "B", "I": "I", "L": "E", "U": "S"},
}


def split_tag(tag: str) -> tuple[str, str]:
    """The letter of a tag and the kind of entity.

    >>> split_tag("B-PER"), split_tag("O"), split_tag("M-B-X")
    (('B', 'PER'), ('O', ''), ('M', 'B-X'))
    """
    return tag[:1], tag[2:]


def find_scheme(sentences: Iterable[Sequence[str]]) -> str:
    """The scheme of the tags of sentences: BMES, BIOES, BILOU, IOB1 or IOB2.

    Without letters for the end, IOB1 is told by entities that begin with I after another tag.

    >>> find_scheme([["B-PER", "I-PER", "O"]]), find_scheme([["I-PER", "I-PER", "B-PER"]])
    ('IOB2', 'IOB1')
    >>> find_scheme([["B-X", "M-X", "E-X"]]), find_scheme([["S-X", "O", "B-X", "E-X"]])
    ('BMES', 'BIOES')
    """
    letters: Counter[str] = Counter()
    begun: Counter[str] = Counter()
    for tags in sentences:
        before = ""
        for tag in tags:
            letter, kind = split_tag(tag)
            letters[letter] += 1
            if kind and kind != before:
                begun[letter] += 1
            before = kind
    if letters["M"]:
        return "BMES"
    if letters["L"] or letters["U"]:
        return "BILOU"
    if letters["E"] or letters["S"]:
        return "BIOES"
    return "IOB1" if begun["I"] > begun["B"] else "IOB2"


def find_wrong_tags(sentences: Iterable[Sequence[str]], scheme: str) -> Iterator[list[int]]:
    """For each sentence the places of the tags that cannot stand where they do.

    >>> list(find_wrong_tags([["O", "I-PER"], ["B-PER", "I-LOC"], ["B-PER", "I-PER"]], "IOB2"))
    [[1], [1], []]
    >>> list(find_wrong_tags([["B-X", "O"], ["B-X", "M-X"], ["B-X", "E-X"], ["M-X", "E-X"]], "BMES"))
    [[0], [1], [], [0]]
    """
    for tags in sentences:
        if scheme in LETTERS:
            yield wrong_in_closed(tags, LETTERS[scheme])
        else:
            yield wrong_in_open(tags, scheme)


def wrong_in_open(tags: Sequence[str], scheme: str) -> list[int]:
    """Places in a scheme without ends: I must go on in IOB2; B must come right after its kind in IOB1."""
    needs_before = "I" if scheme == "IOB2" else "B"
    wrong = []
    before = ""
    for place, tag in enumerate(tags):
        letter, kind = split_tag(tag)
        if letter == needs_before and kind != before:
            wrong.append(place)
        before = kind
    return wrong


def wrong_in_closed(tags: Sequence[str], letters: dict[str, str]) -> list[int]:
    """Places in a scheme with ends: an entity that is not begun, or not ended before the next tag."""
    wrong = []
    open_kind: str | None = None
    for place, tag in enumerate(tags):
        letter, kind = split_tag(tag)
        meaning = letters.get(letter, OUTSIDE)
        goes_on = meaning in ("I", "E")
        if goes_on and kind != open_kind:
            wrong.append(place)
        elif not goes_on and open_kind is not None and (place - 1) not in wrong[-1:]:
            wrong.append(place - 1)
        open_kind = kind if meaning in ("B", "I") else None
    if open_kind is not None and (len(tags) - 1) not in wrong[-1:]:
        wrong.append(len(tags) - 1)
    return wrong
