"""Entities of a table: as tags of words in any scheme, or with the characters on which they stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, Literal, NamedTuple

from studio.literals import read_json_list, read_literal
from studio.numbers import read_whole
from studio.tasks.tagging.schemes import Span, find_scheme, lenient_spans_of, spans_of
from studio.tasks.tagging.words import Offset, align_entities, join_words, split_words
from studio.tasks.token_classification import read_entities, read_words, write_entities

# How annotators call where an entity begins, where it ends, its label, and its text.
STARTS = ("start", "start_offset", "start_char", "begin", "start_idx", "start_index")
ENDS = ("end", "end_offset", "end_char", "stop", "end_idx", "end_index")
LABELS = ("label", "labels", "entity", "entity_group", "entity_type", "type", "tag", "category", "class")
TEXTS = ("text", "value", "word", "mention", "entity_text")
LISTS = ("entities", "spans", "labels", "label", "annotations", "result")
WRAPPERS = ("value",)
# Characters; the time to compare two texts grows with the square of their length.
LONGEST_COMPARED = 20_000

Fault = Literal["unreadable", "other_count", "moved", "outside", "cuts_word", "overlap"]
MISFITS: Mapping[str, Fault] = {
    "empty": "outside",
    "out_of_range": "outside",
    "inside_word": "cuts_word",
    "overlap": "overlap",
}


class Named(NamedTuple):
    """An entity as a table has it, in characters, with the text that the table says it is, or nothing."""

    start: int
    end: int
    label: str
    text: str = ""


class Text(NamedTuple):
    """A text and its words as the table gives them: where each stands."""

    text: str
    words: list[Offset]


def read_text(cell: str) -> Text:
    """The text of a cell, which may hold a list of words; else words stand between blanks.

    >>> read_text('["Anna", "left"]'), read_text("Anna left")
    (Text(text='Anna left', words=[(0, 4), (5, 9)]), Text(text='Anna left', words=[(0, 4), (5, 9)]))
    """
    words = read_words(cell)
    if words:
        return Text(*join_words(words))
    found, end = [], 0
    for word in cell.split():
        start = cell.index(word, end)
        end = start + len(word)
        found.append((start, end))
    return Text(cell, found)


def read_tag_list(cell: str) -> list[str] | None:
    """The tags of a cell: a list of texts, or texts between blanks or commas; None for any other.

    >>> read_tag_list('["O", "B-PER"]'), read_tag_list("O B-PER"), read_tag_list("[[0]]")
    (['O', 'B-PER'], ['O', 'B-PER'], None)
    """
    if cell.lstrip().startswith(("[", "{", "(")):
        return read_words(cell)
    parts = cell.replace(",", " ").split()
    return parts if all(part == "O" or part[1:2] in ("-", "_") for part in parts) else None


def read_named(cell: str) -> list[Named] | None:
    """The entities of a cell in any of the shapes that annotators write; None where it holds none.

    >>> read_named('{"entities": [(0, 4, "PER")]}'), read_named("")
    ([Named(start=0, end=4, label='PER', text='')], [])
    >>> read_named('[{"start_offset": 0, "end_offset": 4, "label": "PER", "text": "Anna"}]')
    [Named(start=0, end=4, label='PER', text='Anna')]
    >>> read_named('[{"value": {"start": 0, "end": 4, "text": "Anna", "labels": ["PER"]}}]')
    [Named(start=0, end=4, label='PER', text='Anna')]
    >>> read_named('{"PER": {"Anna": [[0, 3]]}}')
    [Named(start=0, end=3, label='PER', text='Anna')]
    """
    found = read_literal(cell) if cell.strip() else []
    if isinstance(found, dict):
        lists = (found[name] for name in LISTS if isinstance(found.get(name), list))
        found = next(lists, list_places(found))
    if not isinstance(found, list | tuple):
        return None
    named = [name_entity(each) for each in found]
    return None if None in named else [each for each in named if each is not None]


def list_places(found: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Entities that stand by their text under their label, each with its places, as in CLUENER; or None.

    >>> list_places({"PER": {"Anna": [[0, 3], [9, 12]]}})[1]
    {'start': 9, 'end': 12, 'label': 'PER', 'text': 'Anna'}
    """
    listed = []
    for label, texts in found.items():
        for text, places in texts.items() if isinstance(texts, dict) else ((None, None),):
            if not isinstance(places, list):
                return None
            for place in places:
                start, end = place if isinstance(place, list) and len(place) == 2 else (None, None)
                listed.append({"start": start, "end": end, "label": label, "text": text})
    return listed


def name_entity(given: Any) -> Named | None:
    """One entity, of an object or of a list of start, end and label."""
    if isinstance(given, dict):
        inner = next((given[name] for name in WRAPPERS if isinstance(given.get(name), dict)), given)
        start, end, label = (first_of(inner, names) for names in (STARTS, ENDS, LABELS))
        text = first_of(inner, TEXTS)
    elif isinstance(given, list | tuple) and len(given) >= 3:
        start, end, label = given[:3]
        text = None
    else:
        return None
    if isinstance(label, list) and len(label) == 1:
        label = label[0]
    first, last = read_whole(start), read_whole(end)
    if first is None or last is None or not isinstance(label, str) or not label.strip():
        return None
    return Named(first, last, label.strip(), text if isinstance(text, str) else "")


def first_of(given: Mapping[str, Any], names: Sequence[str]) -> Any:
    """The value of the first of these names that there is."""
    return next((given[name] for name in names if name in given), None)


def scheme_of(cells: Iterable[str]) -> str | None:
    """The scheme of the tags of cells; None where no cell holds tags with an entity."""
    lists = [tags for tags in map(read_tag_list, cells) if tags]
    return find_scheme(lists) if any(tag != "O" for tags in lists for tag in tags) else None


def read_answer(cell: str, text: Text, scheme: str | None, lenient: bool = False) -> str | Fault:
    """The entities of a row as a dataset keeps them, or what stands in the way of reading them.

    ``lenient``: a tag that goes on with an entity that is not there begins one.

    >>> text = read_text("Anna Lee left")
    >>> read_answer("B-PER I-PER O", text, "IOB2"), read_answer("B-PER O", text, "IOB2")
    ('[[0, 8, "PER"]]', 'other_count')
    >>> read_answer('[{"start": 0, "end": 7, "label": "PER", "text": "Anna Lee"}]', text, None)
    '[[0, 8, "PER"]]'
    >>> read_answer('[{"start": 1, "end": 9, "label": "PER", "text": "Anna Lee"}]', text, None)
    'moved'
    """
    tags = read_tag_list(cell) if cell.strip() else []
    if tags:
        if len(tags) != len(text.words):
            return "other_count"
        spans = (lenient_spans_of if lenient else spans_of)(tags, scheme or "IOB2")
        words = text.words
        return write_entities(
            Span(words[first][0], words[after - 1][1], label) for first, after, label in spans
        )
    named = read_named(cell)
    if named is None:
        return "unreadable"
    placed = [place_named(entity, text.text) for entity in named]
    if None in placed:
        lost = (entity for entity, place in zip(named, placed, strict=True) if place is None)
        return "outside" if any(entity.end > len(text.text) for entity in lost) else "moved"
    return write_entities(trim(entity, text.text) for entity in placed if entity is not None)


def place_named(entity: Named, text: str) -> Span | None:
    """Where an entity stands; None where its text is not there. Some count the last character in."""
    start, end, label, given = entity
    if not given or text[start:end].strip() == given.strip():
        return Span(start, end, label)
    return Span(start, end + 1, label) if text[start : end + 1] == given else None


def trim(entity: Span, text: str) -> Span:
    """An entity without blanks at its ends, where it lies within the text."""
    start, end, label = entity
    if not 0 <= start < end <= len(text) or not text[start:end].strip():
        return entity
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    return Span(start, start + len(piece.strip()), label)


def is_kept(cell: str) -> bool:
    """Whether a cell holds entities as a dataset keeps them.

    >>> is_kept('[[0, 4, "PER"]]'), is_kept("[]"), is_kept("[[0, 4]]"), is_kept("O O")
    (True, True, False, False)
    """
    found = read_json_list(cell)
    return found is not None and all(
        isinstance(one, list) and list(map(type, one)) == [int, int, str] for one in found
    )


def find_fault(cell: str, text: str) -> Fault | None:
    """What is wrong with the answer of a row: one that is kept, or one that could not be read.

    >>> find_fault('[[0, 2, "PER"]]', "Anna left"), find_fault('[[0, 40, "PER"]]', "Anna left")
    ('cuts_word', 'outside')
    >>> find_fault("B-PER", "Anna left"), find_fault('[[0, 4, "PER"]]', "Anna left")
    ('other_count', None)
    """
    if not is_kept(cell):
        fault = read_answer(cell, read_text(text), None)
        return "unreadable" if fault.startswith("[") else fault  # type: ignore[return-value]
    _, misplaced = align_entities(read_entities(cell), split_words(text), len(text))
    return MISFITS[misplaced[0].reason] if misplaced else None


def move_along(before: str, after: str, answer: str) -> str | None:
    """The entities of a text in one that was made of it; None where one of them has no place there.

    >>> move_along("<b>Anna</b> left", "Anna left", '[[3, 7, "PER"]]')
    '[[0, 4, "PER"]]'
    """
    moved = move_spans(before, after, read_entities(answer))
    return None if moved is None else write_entities(moved)


def move_spans(before: str, after: str, spans: Sequence[Span]) -> list[Span] | None:
    """Spans of a text in one that was made of it; None where one of them has no place there."""
    if not spans:
        return []
    if len(before) > LONGEST_COMPARED:
        return None
    changes = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    moved = []
    for start, end, label in spans:
        starts, ends = (list(places_after(place, changes)) for place in (start, end))
        if not starts or not ends or not after[max(starts) : min(ends)].strip():
            return None
        moved.append(Span(max(starts), min(ends), label))
    return moved


def places_after(place: int, changes: Sequence[tuple[str, int, int, int, int]]) -> Iterator[int]:
    """Where a place between two characters may be after changes; none where what is around it was changed.

    >>> list(places_after(3, [("delete", 0, 3, 0, 0), ("equal", 3, 7, 0, 4)]))
    [0, 0]
    """
    for name, first, after, new_first, new_after in changes:
        if name == "equal" and first <= place <= after:
            yield new_first + place - first
        elif name != "equal" and place in (first, after):
            yield new_first if place == first else new_after
