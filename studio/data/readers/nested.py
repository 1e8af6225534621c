"""Objects inside records: their parts become columns of their own, as message.subject and message.body."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

DEEPEST = 3
MOST_PARTS = 50
# An object with such a key is an answer or an entity at its place, which is read as a whole.
PLACE_KEYS = frozenset(
    {"start", "answer_start", "start_index", "start_char", "start_offset", "answer_starts"}
)


class Opener:
    """Spreads the objects of records over columns; what a key holds is decided where it first holds one.

    ``parts`` has the names of the columns by the key whose objects were opened, ``kept`` how many objects of
    such a key stay whole: a column of a part is in the record already, or the key would have too many.
    """

    def __init__(self) -> None:
        self.parts: dict[str, dict[str, None]] = {}
        self.kept: Counter[str] = Counter()
        self._whole: set[str] = set()

    def open(self, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The records with the parts of objects in their place.

        >>> Opener().open([{"id": 1, "mail": {"subject": "re", "body": "hello"}}, {"id": 2, "mail": None}])
        [{'id': 1, 'mail.subject': 're', 'mail.body': 'hello'}, {'id': 2}]
        >>> Opener().open([{"answers": {"text": ["Rome"], "answer_start": [3]}}])
        [{'answers': {'text': ['Rome'], 'answer_start': [3]}}]
        """
        held = dict.fromkeys(
            key for record in records for key, value in record.items() if type(value) is dict
        )
        for key in held:
            if key not in self.parts and key not in self._whole:
                self._decide(key, records)
        return [self._spread(record) for record in records] if self.parts else records

    def _decide(self, key: str, records: list[dict[str, Any]]) -> None:
        """Whether the objects of a key are opened: they hold a few values by name, and no name is taken."""
        objects = [record[key] for record in records if type(record.get(key)) is dict]
        opened = [[name for name, _ in parts_of(one, key)] for one in objects]
        names = dict.fromkeys(name for found in opened for name in found)
        taken = any(name in record for record in records for name in names)
        taken = taken or any(len(set(found)) < len(found) for found in opened)
        if any(map(is_whole, objects)) or not 0 < len(names) <= MOST_PARTS or taken:
            self._whole.add(key)
        else:
            self.parts[key] = names

    def _spread(self, record: dict[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key, value in record.items():
            if key in self.parts and type(value) is dict:
                found = list(parts_of(value, key))
                if self._have_room(key, [name for name, _ in found], record, made):
                    made.update(found)
                else:
                    self.kept[key] += 1
                    made[key] = value
            elif value is not None or key not in self.parts:
                made[key] = value
        return made

    def _have_room(self, key: str, names: list[str], *taken: Mapping[str, Any]) -> bool:
        """Whether each part gets a column of its own; notes the columns that are new."""
        known = self.parts[key]
        new = dict.fromkeys(name for name in names if name not in known)
        twice = len(set(names)) < len(names)
        if twice or len(known) + len(new) > MOST_PARTS or any(name in one for one in taken for name in names):
            return False
        known.update(new)
        return True


def is_whole(value: Mapping[str, Any]) -> bool:
    """Whether an object is one thing: it stands at a place of a text, or holds nothing but lists or places.

    >>> is_whole({"person": {"Anna": [[0, 3]]}})
    True
    >>> is_whole({"text": ["yes", "no"], "label": ["A", "B"]}), is_whole({"start": 0, "text": "Anna"})
    (True, True)
    >>> is_whole({"subject": "re", "attachments": []})
    False
    """
    lists = bool(value) and all(isinstance(part, list) for part in value.values())
    return lists or has_places(value) or not PLACE_KEYS.isdisjoint(value)


def has_places(value: Mapping[str, Any]) -> bool:
    """Whether an object holds the places of texts, by label and text, as in CLUENER."""
    texts = [*value.values()]
    if not texts or not all(isinstance(one, dict) and one for one in texts):
        return False
    listed = [places for one in texts for places in one.values()]
    return all(isinstance(places, list) and all(isinstance(at, list) for at in places) for places in listed)


def parts_of(value: Mapping[str, Any], name: str, depth: int = 1) -> Iterator[tuple[str, Any]]:
    """The parts of an object by the names of their columns; those of objects within it too."""
    for key, part in value.items():
        inner = f"{name}.{key}"
        if type(part) is dict and part and depth < DEEPEST and not is_whole(part):
            yield from parts_of(part, inner, depth + 1)
        else:
            yield inner, part
