"""Entities in a text: the kind of answer of a token classification."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from studio.data.answers.base import AnswerKind, CellFault, Fault, Frames, Reading, Roles, no_strata
from studio.data.answers.label_set import rarest_labels
from studio.data.checks.findings import Finding, Words
from studio.data.checks.label_sets import find_lost
from studio.data.checks.tags import SEQUENCE, TAKEN, check_tags, one_word_each, tell_tags
from studio.data.column_facts import ColumnFacts
from studio.data.columns import TAGS, TEXT
from studio.data.problems import Problem
from studio.data.readers import Table
from studio.data.tagging import (
    find_fault,
    is_kept,
    move_along,
    read_answer,
    read_named,
    read_tag_list,
    read_text,
    scheme_of,
)
from studio.tasks.tagging.schemes import Span
from studio.tasks.token_classification import read_entities, read_words, write_entities

NAMES = frozenset(
    {"tags", "ner_tags", "ner", "entities", "spans", "labels", "label", "annotations", "word_labels", "tag"}
    | {"实体", "标签", "标注"}
)
WORD_NAMES = frozenset({"tokens", "words", "text", "sentence", "sentences", "characters", "文本", "句子"})
SAMPLE_ROWS = 200
READABLE_SHARE = 0.9
BEGIN = "begin_entities"  # the repair
LIKE_SHARE = 0.5  # of cells, so that a table with errors is known for what it is
UNREADABLE = CellFault(
    "unreadable_entities",
    "{rows} whose entities cannot be read: {lines}.",
    "A row has a tag such as B-PER for each word, or a list of entities with start, end and label.",
    "Where numbers stand for tags, write their names instead. Else correct the cells, choose another column, "
    "or drop these rows.",
)
OTHER_COUNT = CellFault(
    "other_tag_count",
    "{rows} with more tags than words, or fewer: {lines}.",
    "It is unclear which tag belongs to which word.",
    "Correct the tags, choose the column with the words, or drop these rows.",
)
MOVED = CellFault(
    "moved_entity",
    "{rows} with an entity whose text does not stand at its place: {lines}.",
    "The text was changed after it was annotated, or characters were counted in another way.",
    "Annotate these texts again, or drop these rows.",
)
OUTSIDE = CellFault(
    "entity_outside",
    "{rows} with an entity that is empty or leaves the text: {lines}.",
    "An entity stands on at least one character of the text, the first being 0; its end is the one after it.",
    "Correct where these entities begin and end, or drop these rows.",
)
CUTS_WORD = CellFault(
    "entity_cuts_word",
    "{rows} with an entity that begins or ends within a word: {lines}.",
    "A model says of whole words what they are, so it could never find this one.",
    "Move its ends to those of the word, or drop these rows.",
)
OVERLAP = CellFault(
    "overlapping_entities",
    "{rows} with entities that share words: {lines}.",
    "A model gives each word one label, so it could find only one of them.",
    "Keep the one that matters, or drop these rows.",
)
WORDS: dict[str, CellFault] = {
    "unreadable": UNREADABLE,
    "other_count": OTHER_COUNT,
    "moved": MOVED,
    "outside": OUTSIDE,
    "cuts_word": CUTS_WORD,
    "overlap": OVERLAP,
}
CONFLICT = Words(
    "conflicting_entities",
    "warning",
    "row has a text that also occurs with other entities",
    "rows have a text that also occurs with other entities",
    "At most one of the answers can be right, so no model can score all of these rows.",
    "Decide on the entities of each of these texts, or leave them out.",
)


def guess(table: Table, facts: list[ColumnFacts], given: Roles) -> dict[str, str]:
    """The column that holds entities or tags, one named so first; beside tags, that with lists of words.

    Where none can be read it is one of lists that is named so, of which it is then told what is wrong.
    """
    frame = table.frame.head(SAMPLE_ROWS)
    fitting = [fact.name for fact in facts if holds_entities(frame[fact.name])]
    named = [name for name in fitting if name.strip().casefold() in NAMES]
    lists = [fact.name for fact in facts if frame[fact.name].str.lstrip().str.startswith("[").any()]
    unread = [name for name in lists if name.strip().casefold() in NAMES]
    tags = given.get(TAGS) or next(iter([*named, *fitting, *unread]), None)
    if tags is None:
        return {}
    worded = [fact.name for fact in facts if fact.name != tags and holds_words(frame[fact.name])]
    texts = sorted(worded, key=lambda name: name.strip().casefold() not in WORD_NAMES)
    return {TAGS: tags, **({TEXT: texts[0]} if texts and scheme_of(frame[tags]) else {})}


def tells(table: Table, roles: Roles) -> bool:
    """Whether the cells hold entities, or a tag for each word; or many do in a column that is named so."""
    rows = table.frame.head(SAMPLE_ROWS)
    cells = rows[roles[TAGS]].str.strip()
    told = ~cells.isin(("", "[]"))
    pairs = zip(cells[told], rows[roles[TEXT]][told], strict=True)
    fitting = [bool(read_named(cell)) or has_tag_for_each_word(cell, text) for cell, text in pairs]
    enough = LIKE_SHARE if roles[TAGS].strip().casefold() in NAMES else READABLE_SHARE
    return bool(fitting) and bool(np.mean(fitting) >= enough)


def has_tag_for_each_word(cell: str, text: str) -> bool:
    """Whether a cell holds tags, one for each of several words of a text.

    >>> has_tag_for_each_word("B-PER O", "Anna left"), has_tag_for_each_word("T-1000", "Anna left")
    (True, False)
    """
    tags = read_tag_list(cell) or []
    return len(tags) > 1 and looks_tagged(tags) and len(tags) == len(read_text(text).words)


def holds_entities(cells: pd.Series) -> bool:
    """Whether nearly every cell holds tags or entities, and some an entity."""
    filled = cells[cells.str.strip() != ""]
    if not len(filled):
        return False
    named = [read_named(cell) for cell in filled]
    tagged = [read_tag_list(cell) for cell in filled]
    readable = [
        bool(one is not None or (tags and looks_tagged(tags)))
        for one, tags in zip(named, tagged, strict=True)
    ]
    return bool(np.mean(readable) >= READABLE_SHARE) and (any(named) or scheme_of(filled) is not None)


def looks_tagged(tags: Sequence[str]) -> bool:
    """Whether texts are tags, as of words.

    >>> looks_tagged(["O", "B-PER"]), looks_tagged(["Anna", "left"])
    (True, False)
    """
    return all(tag == "O" or tag[1:2] in ("-", "_") for tag in tags)


def holds_words(cells: pd.Series) -> bool:
    """Whether nearly every cell is a list of words."""
    read = [read_words(cell) for cell in cells]
    return bool(read) and bool(np.mean([bool(words) for words in read]) >= READABLE_SHARE)


def parse(tables: Mapping[str, Table], frames: Frames, roles: Roles, reading: Reading) -> list[Finding]:
    """Bring texts and entities of all tables into the form that a dataset keeps, tags by one scheme.

    Cells that cannot be read stay as they are. Gives findings about tags.
    """
    lenient = BEGIN in reading.repairs
    scheme = scheme_of(cell for frame in frames.values() for cell in frame[TAGS])
    told = tell_tags(tables, frames, roles[TAGS], scheme, lenient) if scheme else []
    for frame in frames.values():
        texts = [read_text(cell) for cell in frame[TEXT]]
        cells = zip(frame[TAGS], texts, strict=True)
        found = [read_answer(cell, text, scheme, lenient) for cell, text in cells]
        kept = [new if is_kept(new) else old for new, old in zip(found, frame[TAGS], strict=True)]
        frame[TEXT] = pd.Series([text.text for text in texts], index=frame.index, dtype="str")
        frame[TAGS] = pd.Series(kept, index=frame.index, dtype="str")
    return told


def faults(rows: pd.DataFrame) -> list[Fault]:
    """Rows whose entities cannot be read, or have no words of their own."""
    found = np.array([find_fault(*cells) for cells in zip(rows[TAGS], rows[TEXT], strict=True)], dtype=object)
    return [Fault(found == name, words, TAGS) for name, words in WORDS.items()]


def labels(rows: pd.DataFrame) -> pd.Series:
    """Each label that entities of a row have, once."""
    cells = rows[TAGS].map(lambda cell: sorted({label for _, _, label in read_entities(cell)}))
    return cells.explode().dropna().astype("str")


def check(rows: pd.DataFrame, roles: Roles, _told: Sequence[Finding]) -> list[Finding]:
    """What is worth knowing of the entities."""
    return [*one_word_each(rows, roles[TEXT]), *check_tags(rows, labels(rows), roles[TAGS])]


def strange(rows: pd.DataFrame, known: Sequence[str]) -> np.ndarray:
    """Which rows have an entity with a label that is not known, bool (rows,)."""
    names = set(known)
    return np.array(
        [
            is_kept(cell) and not names.issuperset(label for _, _, label in read_entities(cell))
            for cell in rows[TAGS]
        ],
        dtype=bool,
    )


def holds(cells: pa.ChunkedArray, label: str) -> np.ndarray:
    """Which cells have an entity with the label."""
    written = f", {json.dumps(label, ensure_ascii=False)}]"
    return np.asarray(pc.match_substring(cells, written).to_numpy(zero_copy_only=False))


def respell(cell: str, names: Mapping[str, str]) -> str:
    """The entities of a cell under other labels.

    >>> respell('[[0, 4, "per"]]', {"per": "PER"})
    '[[0, 4, "PER"]]'
    """
    return write_entities(
        Span(start, end, names.get(label, label)) for start, end, label in read_entities(cell)
    )


def lost(frames: Frames, column: str) -> list[Problem]:
    """Labels that the division has left no training row."""
    return find_lost(frames, labels, column)


def strata(rows: pd.DataFrame, kind: str) -> pd.Series:
    """Of the labels of a row the one that fewest rows have, where rows are divided by shares alone."""
    return rarest_labels(rows, labels(rows)) if kind == "ratios" else no_strata(rows, kind)


TAGGED = AnswerKind(
    roles=(TAGS,),
    guess=guess,
    tells=tells,
    check=check,
    conflict=CONFLICT,
    empty=None,
    parse=parse,
    parsed=(SEQUENCE.code, TAKEN.code),
    faults=faults,
    words=tuple(WORDS.values()),
    near=False,
    labels=labels,
    name=strange,
    strange=strange,
    respell=respell,
    holds=holds,
    lost=lost,
    strata=strata,
    opened=json.loads,
    moved=move_along,
)
