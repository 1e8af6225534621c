"""What a model reads of a row: its tokens, which characters they stand for, and what is cut (no torch)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import repeat
from typing import Any

from studio.tasks.base import Row, Task

LOST_CHARACTER = "\ufffd"


@dataclass(frozen=True)
class Token:
    """One token of a sequence.

    ``id`` is its place in the vocabulary, ``segment`` its token type, None where the encoder has none, and
    ``mask`` 1 where the encoder looks at it. It stands for the characters from ``start`` to before ``end``
    of the text in ``role``; these are None of a token that stands for none. The tokenizer added those that
    are ``special``, and has no better token for what is ``unknown``. ``shown`` is for people to read.
    """

    token: str
    id: int
    segment: int | None
    mask: int
    role: str | None
    start: int | None
    end: int | None
    special: bool
    unknown: bool
    shown: str


@dataclass(frozen=True)
class Cut:
    """What is not read of the text in a role: from character ``start`` on, so many ``tokens``.

    All but the tokens are None where the tokenizer does not tell which characters its tokens stand for.
    """

    tokens: int
    role: str | None = None
    start: int | None = None
    text: str | None = None


@dataclass(frozen=True)
class Reading:
    """One sequence that a model reads: at most ``limit`` tokens in their order, and what was cut for it."""

    tokens: tuple[Token, ...]
    cut: tuple[Cut, ...]
    limit: int

    @property
    def lost(self) -> int:
        """How many tokens are not read."""
        return sum(cut.tokens for cut in self.cut)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        parts = {"tokens": self.tokens, "cut": self.cut}
        return {**{name: [asdict(one) for one in part] for name, part in parts.items()}, "limit": self.limit}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Reading:
        """Read what to_json wrote."""
        tokens = tuple(Token(**one) for one in value["tokens"])
        return cls(tokens, tuple(Cut(**one) for one in value["cut"]), value["limit"])


@dataclass(frozen=True)
class Place:
    """Where a token stands: in the text of a role, and the characters there that it stands for."""

    role: str | None = None
    start: int | None = None
    end: int | None = None
    piece: str = ""


NOWHERE = Place()


class Witness:
    """A tokenizer that answers as the one inside, and remembers for what."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self.seen: list[Tokenised] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tokenizer, name)

    def __call__(self, texts: Any, text_pair: Any = None, **options: Any) -> Any:
        """As the tokenizer inside, of lists of texts."""
        columns = [texts] if text_pair is None else [texts, text_pair]
        made = self._tokenizer(*columns, **options)
        encodings = made.encodings or repeat(None)
        of_text = made.get("overflow_to_sample_mapping", range(len(texts)))
        for text, ids, encoding in zip(of_text, made["input_ids"], encodings, strict=False):
            given = tuple(column[text] for column in columns)
            self.seen.append(Tokenised(given, options, ids, encoding))
        return made


@dataclass(frozen=True)
class Tokenised:
    """One or two texts as a tokenizer was given them, the ids it gave, and, of a fast one, all it knows."""

    texts: tuple[Any, ...]
    options: Mapping[str, Any]
    ids: list[int]
    encoding: Any

    @property
    def knows_places(self) -> bool:
        """Whether it is told which characters the tokens stand for."""
        return self.encoding is not None and all(isinstance(text, str) for text in self.texts)

    def whole(self, tokenizer: Any) -> Tokenised:
        """The same texts with nothing cut."""
        options = {**self.options, "truncation": False, "max_length": None, "verbose": False}
        witness = Witness(tokenizer)
        witness(*([text] for text in self.texts), **options)
        return witness.seen[0]

    def places(self, roles: Sequence[str]) -> list[Place]:
        """Where each token stands; ``roles`` are those of the texts."""
        found = zip(self.encoding.sequence_ids, self.encoding.offsets, strict=True)
        return [
            NOWHERE if text is None else Place(roles[text], start, end, self.texts[text][start:end])
            for text, (start, end) in found
        ]


def read_row(task: Task, tokenizer: Any, max_length: int, row: Row) -> list[Reading]:
    """Each sequence that the task makes of a row, with the very tokens that training and prediction read."""
    witness = Witness(tokenizer)
    encoded = task.encode([row], witness, max_length)
    readings = []
    for number, ids in enumerate(encoded["input_ids"]):
        # A task may make ids of its own from what the tokenizer gave: then nothing is known but them.
        known = next((one for one in witness.seen[number : number + 1] if one.ids == ids), None)
        roles = name_texts(known.texts, row) if known and known.knows_places else []
        places = known.places(roles) if known and roles else [NOWHERE] * len(ids)
        tokens = describe_tokens(tokenizer, {name: part[number] for name, part in encoded.items()}, places)
        cut: tuple[Cut, ...] = ()
        if known and task.reads_all:
            cut = find_left_out(tokenizer, known.texts, roles, row)
        elif known and len(ids) >= max_length:
            cut = find_cuts(known, known.whole(tokenizer), roles)
        readings.append(Reading(tokens, cut, max_length))
    return readings


def name_texts(texts: Sequence[str], row: Row) -> list[str]:
    """The role that each text comes from: one that holds it, else one that holds no other of them.

    >>> name_texts(["a cat", "yes"], {"options": '["yes", "no"]', "text": "a cat"})
    ['text', 'options']
    """
    free = list(row)
    roles = []
    for text in texts:
        role = min(free or list(row), key=lambda role: (row[role] != text, row[role] in texts))
        roles.append(role)
        free = [other for other in free if other != role]
    return roles


def describe_tokens(
    tokenizer: Any, encoded: Mapping[str, Sequence[int]], places: Sequence[Place]
) -> tuple[Token, ...]:
    """The tokens of one sequence, of what a task made of it."""
    ids = encoded["input_ids"]
    outside = [place.role is None for place in places]
    if all(outside):
        outside = tokenizer.get_special_tokens_mask(ids, already_has_special_tokens=True)
    columns = zip(
        tokenizer.convert_ids_to_tokens(ids),
        ids,
        encoded.get("token_type_ids", [None] * len(ids)),
        encoded["attention_mask"],
        places,
        outside,
        strict=True,
    )
    return tuple(
        Token(
            token=token,
            id=one,
            segment=segment,
            mask=mask,
            role=place.role,
            start=place.start,
            end=place.end,
            special=bool(added) and one != tokenizer.unk_token_id,
            unknown=one == tokenizer.unk_token_id,
            shown=show_token(tokenizer, token, place.piece),
        )
        for token, one, segment, mask, place, added in columns
    )


def show_token(tokenizer: Any, token: str, piece: str) -> str:
    """A token as people read it; ``piece`` is what it stands for, shown where it is part of a character."""
    shown = str(tokenizer.convert_tokens_to_string([token])).strip()
    return (piece or token) if LOST_CHARACTER in shown else shown or token


def find_left_out(tokenizer: Any, texts: Sequence[str], roles: Sequence[str], row: Row) -> tuple[Cut, ...]:
    """The ends of texts that a task did not even give to the tokenizer."""
    cuts = []
    for text, role in zip(texts, roles, strict=False):
        rest = row[role][len(text) :]
        if rest:
            lost = len(tokenizer([rest], add_special_tokens=False, verbose=False)["input_ids"][0])
            cuts.append(Cut(lost, role, len(text), rest))
    return tuple(cuts)


def find_cuts(read: Tokenised, whole: Tokenised, roles: Sequence[str]) -> tuple[Cut, ...]:
    """What ``whole`` has and ``read`` has not, of each text in ``roles``; without roles of all together."""
    if not roles:
        lost = len(whole.ids) - len(read.ids)
        return (Cut(lost),) if lost > 0 else ()
    cuts = []
    for text, role in zip(read.texts, roles, strict=True):
        kept, places = ([place for place in one.places(roles) if place.role == role] for one in (read, whole))
        lost = len(places) - len(kept)
        if lost > 0 and places[: len(kept)] == kept:
            start = places[len(kept)].start
            cuts.append(Cut(lost, role, start, text[start:]))
        elif lost > 0:
            cuts.append(Cut(lost, role, 0, text[: places[lost - 1].end]))
    return tuple(cuts)
