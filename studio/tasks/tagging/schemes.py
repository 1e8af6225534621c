"""Entities as tags of words: IOB1, IOB2, BIOES, BMES, BMEWO or BILOU, read strictly or leniently; and written
as IOB2.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from studio.errors import InvalidInput

OUTSIDE = "O"
UNKNOWN = "?"
# Letters of each scheme as those of BIOES: begin, inside, end, single.
OPEN = {"B": "B", "I": "I"}
LETTERS = {
    "IOB1": OPEN,
    "IOB2": OPEN,
    "BIOES": {"B": "B", "I": "I", "E": "E", "S": "S"},
    "BMES": {"B": "B", "M": "I", "E": "E", "S": "S"},
    "BMEWO": {"B": "B", "M": "I", "E": "E", "W": "S"},
    "BILOU": {"B": "B", "I": "I", "L": "E", "U": "S"},
}
OTHER_NAMES = {"BIO": "IOB2", "IOBES": "BIOES"}

Reason = Literal["unknown", "not_begun", "not_ended", "not_needed"]
Part = tuple[str, str]
"""A letter of BIOES, O or ?, and the label."""


class Span(NamedTuple):
    """An entity: the first of its words, or characters, the one after its last, and its label."""

    start: int
    end: int
    label: str


class InvalidTag(NamedTuple):
    """The place of a tag that breaks the rules of its scheme, and how.

    ``unknown``: it is no tag of the scheme. ``not_begun``: it goes on with an entity that is not there.
    ``not_ended``: its entity breaks off without the tag that ends it. ``not_needed``: a B of IOB1 that
    separates nothing.
    """

    place: int
    reason: Reason


def split_tag(tag: str) -> tuple[str, str]:
    """The letter of a tag and the label of the entity.

    >>> split_tag("B-PER"), split_tag("O"), split_tag("M-B-X")
    (('B', 'PER'), ('O', ''), ('M', 'B-X'))
    """
    return tag[:1], tag[2:]


def find_scheme(sentences: Iterable[Sequence[str]]) -> str:
    """The scheme of the tags of sentences, as one of LETTERS.

    It is that of most tags, so that a few wrong ones do not make another of it: letters for the end count
    where at least half of the entities have one. Without these, IOB1 is told by entities that begin with I
    after another tag.

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
            letter, label = split_tag(tag)
            letters[letter] += 1
            if label and label != before:
                begun[letter] += 1
            before = label
    if 2 * sum(letters[letter] for letter in "MESWLU") < max(1, begun.total()):
        return "IOB1" if begun["I"] > begun["B"] else "IOB2"
    if letters["L"] + letters["U"] > letters["E"] + letters["S"] + letters["W"]:
        return "BILOU"
    if letters["W"] > letters["S"]:
        return "BMEWO"
    return "BMES" if letters["M"] > letters["I"] else "BIOES"


def spans_of(tags: Sequence[str], scheme: str = "IOB2") -> list[Span]:
    """The entities of a sentence's tags, read strictly, by their first words; they never overlap.

    An entity that does not begin, go on and end as the scheme says is none; ``invalid_tags`` has the places.
    Only in IOB1 an entity begins with every B, also where none is needed.

    >>> spans_of(["B-PER", "I-PER", "O", "I-LOC", "B-LOC"])
    [Span(start=0, end=2, label='PER'), Span(start=4, end=5, label='LOC')]
    >>> spans_of(["B-X", "M-X", "E-X", "S-X", "B-X"], "BMES")
    [Span(start=0, end=3, label='X'), Span(start=3, end=4, label='X')]
    """
    return read_tags(tags, scheme)[0]


def invalid_tags(tags: Sequence[str], scheme: str = "IOB2") -> list[InvalidTag]:
    """The tags of a sentence that break the rules of the scheme, by their places.

    >>> [tuple(tag) for tag in invalid_tags(["O", "I-PER", "B-PER", "I-LOC", "PER"])]
    [(1, 'not_begun'), (3, 'not_begun'), (4, 'unknown')]
    >>> [tuple(tag) for tag in invalid_tags(["B-X", "O", "M-X", "E-X"], "BMES")]
    [(0, 'not_ended'), (2, 'not_begun')]
    """
    return read_tags(tags, scheme)[1]


def tags_of(spans: Iterable[Span], words: int) -> list[str]:
    """The tags of a sentence of so many words, in IOB2; spans must lie within it and not overlap.

    >>> tags_of([Span(0, 2, "PER"), Span(2, 3, "PER")], 4)
    ['B-PER', 'I-PER', 'B-PER', 'O']
    """
    tags = [OUTSIDE] * words
    for start, end, label in spans:
        begin, inside = begin_and_inside(label)
        tags[start:end] = [begin, *[inside] * (end - start - 1)]
    return tags


def begin_and_inside(label: str) -> tuple[str, str]:
    """The two tags of a label in IOB2.

    >>> begin_and_inside("PER"), begin_and_inside("")
    (('B-PER', 'I-PER'), ('B', 'I'))
    """
    return (f"B-{label}", f"I-{label}") if label else ("B", "I")


def lenient_spans_of(tags: Sequence[str], scheme: str = "IOB2") -> list[Span]:
    """The entities of a sentence's tags as conlleval, and seqeval by default, read them.

    A tag that goes on with an entity that is not there begins one, and an entity without its last tag ends
    where it breaks off. What is no tag of the scheme is outside.

    >>> lenient_spans_of(["O", "I-PER", "I-PER", "I-LOC", "PER"])
    [Span(start=1, end=3, label='PER'), Span(start=3, end=4, label='LOC')]
    >>> lenient_spans_of(["B-X", "O", "M-X", "E-X", "E-X"], "BMES")
    [Span(start=0, end=1, label='X'), Span(start=2, end=4, label='X'), Span(start=4, end=5, label='X')]
    """
    spans: list[Span] = []
    inside: str | None = None
    for place, (part, label) in enumerate(parts_of(tags, scheme)):
        if part in (OUTSIDE, UNKNOWN):
            inside = None
            continue
        if part in ("I", "E") and label == inside:
            spans[-1] = spans[-1]._replace(end=place + 1)
        else:
            spans.append(Span(place, place + 1, label))
        inside = None if part in ("E", "S") else label
    return spans


def read_tags(tags: Sequence[str], scheme: str) -> tuple[list[Span], list[InvalidTag]]:
    """What spans_of and invalid_tags give; raises InvalidInput for a scheme that is not known."""
    name = OTHER_NAMES.get(scheme, scheme)
    parts = parts_of(tags, scheme)
    if "E" in LETTERS[name].values():
        return read_closed(parts)
    return read_open(parts, name == "IOB1")


def parts_of(tags: Sequence[str], scheme: str) -> list[Part]:
    """What each tag means; raises InvalidInput for a scheme that is not known."""
    name = OTHER_NAMES.get(scheme, scheme)
    if name not in LETTERS:
        raise InvalidInput(f"There is no tag scheme '{scheme}'.", f"Choose one of: {', '.join(LETTERS)}.")
    return [part_of(tag, LETTERS[name]) for tag in tags]


def part_of(tag: str, letters: dict[str, str]) -> Part:
    """What a tag means in a scheme with these letters, and its label.

    >>> part_of("M-X", LETTERS["BMES"]), part_of("O", OPEN), part_of("M-X", OPEN), part_of("BX", OPEN)
    (('I', 'X'), ('O', ''), ('?', ''), ('?', ''))
    """
    letter, label = split_tag(tag)
    if tag == OUTSIDE:
        return OUTSIDE, ""
    if letter not in letters or tag[1:2] not in ("", "-", "_"):
        return UNKNOWN, ""
    return letters[letter], label


def read_open(parts: Sequence[Part], is_iob1: bool) -> tuple[list[Span], list[InvalidTag]]:
    """Entities that end where none goes on; in IOB1 they begin with I too."""
    spans: list[Span] = []
    invalid: list[InvalidTag] = []
    inside: str | None = None
    begun = False
    for place, (part, label) in enumerate(parts):
        if part == "I" and label == inside:
            if begun:
                spans[-1] = spans[-1]._replace(end=place + 1)
            continue
        begun = part == "B" or (part == "I" and is_iob1)
        if begun:
            spans.append(Span(place, place + 1, label))
        if part == "B" and is_iob1 and label != inside:
            invalid.append(InvalidTag(place, "not_needed"))
        elif part != OUTSIDE and not begun:
            invalid.append(InvalidTag(place, "not_begun" if part == "I" else "unknown"))
        inside = label if part in ("B", "I") else None
    return spans, invalid


def read_closed(parts: Sequence[Part]) -> tuple[list[Span], list[InvalidTag]]:
    """Entities whose last word says so."""
    spans: list[Span] = []
    invalid: list[InvalidTag] = []
    inside: str | None = None
    begun: int | None = None
    for place, (part, label) in enumerate([*parts, (OUTSIDE, "")]):
        goes_on = part in ("I", "E")
        if goes_on and label != inside:
            invalid.append(InvalidTag(place, "not_begun"))
            begun = None
        elif not goes_on and inside is not None and (not invalid or invalid[-1].place < place - 1):
            invalid.append(InvalidTag(place - 1, "not_ended"))
        if part == UNKNOWN:
            invalid.append(InvalidTag(place, "unknown"))
        begun = begun if goes_on else place
        if part in ("E", "S") and begun is not None:
            spans.append(Span(begun, place + 1, label))
        inside = label if part in ("B", "I") else None
    return spans, invalid
