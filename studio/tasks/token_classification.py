"""Token classification: a text, and in it entities, each of some words and with a label.

A model gives each word a label of IOB2; the likeliest labels that go together make the entities.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from studio.errors import InvalidInput
from studio.literals import read_literal
from studio.ragged import gather
from studio.tasks.base import PREDICTION, CardWords, Columns, Encoded, Role, Row, Task, Tuned, tune_nothing
from studio.tasks.tagging.decoding import (
    describe_entities,
    find_entities,
    spans_in_path,
    tag_labels,
    types_of,
)
from studio.tasks.tagging.schemes import Span, tags_of
from studio.tasks.tagging.windows import encode_words
from studio.tasks.tagging.words import align_entities, join_words, split_words

ENTITIES = "entities"
BETWEEN_ENTITIES = " | "
NO_ENTITY = "no entity"


def read_entities(cell: str) -> list[Span]:
    """The entities of a row as a dataset keeps them, a JSON list, in characters of its text.

    >>> read_entities('[[0, 8, "PER"]]')
    [Span(start=0, end=8, label='PER')]
    """
    return [Span(*entity) for entity in json.loads(cell)]


def write_entities(entities: Iterable[Span]) -> str:
    """Entities as a dataset keeps them: each once, in the order of the text.

    >>> write_entities([Span(9, 13, "LOC"), Span(0, 8, "PER")])
    '[[0, 8, "PER"], [9, 13, "LOC"]]'
    """
    return json.dumps(sorted(set(entities)), ensure_ascii=False)


def show_entities(cell: str) -> str:
    """The labels of a row's entities and the characters they stand on, the first being 1.

    >>> show_entities('[[0, 8, "PER"], [9, 13, "LOC"]]'), show_entities("[]")
    ('PER 1–8 | LOC 10–13', '–')
    """
    shown = (f"{label} {start + 1}–{end}" for start, end, label in read_entities(cell))
    return BETWEEN_ENTITIES.join(shown) or "–"


def read_words(cell: str) -> list[str] | None:
    """The words of a cell that holds a list of them, as JSON or Python write it; None for any other.

    >>> read_words('["Anna", "left"]'), read_words("['Anna']"), read_words("Anna left")
    (['Anna', 'left'], ['Anna'], None)
    """
    if not cell.lstrip().startswith("["):
        return None
    found = read_literal(cell)
    return found if isinstance(found, list) and all(isinstance(word, str) for word in found) else None


def take_text(given: Any) -> str:
    """A text, or the text of a list of words, which may be written down.

    >>> take_text(["Anna", "left", "."]), take_text('["Anna", "left"]'), take_text("Anna left.")
    ('Anna left .', 'Anna left', 'Anna left.')
    """
    words = [str(word) for word in given] if isinstance(given, list) else read_words(str(given))
    return join_words(words)[0] if words else str(given)


TEXT = Role("text", "Text", "The column with the text, or with a list of its words.", read=take_text)
TAGS = Role(
    "tags",
    "Entities",
    "The column with a tag for each word, or with the entities: where each begins and ends, and its label.",
    answer=True,
    shown=show_entities,
)


def check(columns: Columns, labels: Sequence[str]) -> None:
    """Raise InvalidInput where no training row has an entity."""
    if not any((tags > 0).any() for tags in targets(columns, labels)):
        raise InvalidInput(
            "No training row has an entity, so there is nothing to learn.",
            "Check that the entities were read from the right column.",
        )


def encode(rows: Sequence[Row], tokenizer: Any, max_length: int) -> Encoded:
    """Token ids of texts, not padded, with the first token of each word; long texts in several sequences."""
    texts = [row[TEXT.key] for row in rows]
    return encode_words(texts, [split_words(text) for text in texts], tokenizer, max_length)


def targets(columns: Columns, labels: Sequence[str]) -> np.ndarray:
    """The number of the label of each word among the outputs: an int64 array (words,) for each row.

    Raises InvalidInput for an entity whose label the dataset does not list, or that has no words of its own.
    """
    ids = {tag: number for number, tag in enumerate(tag_labels(labels))}
    found = []
    for text, cell in zip(columns[TEXT.key], columns[TAGS.key], strict=True):
        words, entities = split_words(text), read_entities(cell)
        spans, misplaced = align_entities(entities, words, len(text))
        strange = [label for _, _, label in entities if label not in labels]
        if misplaced or strange:
            what = f"the label '{strange[0]}', which the dataset does not list" if strange else "no words"
            raise InvalidInput(
                f"There is a row with an entity that has {what}: '{text[:80]}'.",
                "Import the dataset again, so that its entities are checked.",
            )
        found.append(np.array([ids[tag] for tag in tags_of(spans, len(words))], dtype=np.int64))
    return gather(found)


def scores(outputs: np.ndarray, _tuned: Tuned) -> np.ndarray:
    """The entities of each row: for each an array (entities, 4) as ``find_entities`` gives it."""
    return gather(find_entities(logits) for logits in outputs)


def spans_in(entities: np.ndarray) -> set[tuple[int, ...]]:
    """First word, word after the last and number of type of each entity.

    >>> spans_in(np.array([[0.0, 2.0, 1.0, 0.9]]))
    {(0, 2, 1)}
    """
    return set(map(tuple, entities[:, :3].astype(int).tolist()))


def measured(truth: np.ndarray, found: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of labels of words and of entities: how many each row has, (rows, 1); how many of those found are
    right, and how many were found, (rows, 2); int64.
    """
    counts = np.zeros((len(truth), 3), dtype=np.int64)
    for number, (tags, entities) in enumerate(zip(truth, found, strict=True)):
        true, given = spans_in(spans_in_path(tags)), spans_in(entities)
        counts[number] = len(true), len(true & given), len(given)
    return counts[:, :1], counts[:, 1:]


def agree(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """In which rows the same entities are found."""
    return np.array([spans_in(a) == spans_in(b) for a, b in zip(one, other, strict=True)], dtype=bool)


def in_characters(
    found: np.ndarray, labels: Sequence[str], rows: Sequence[Row]
) -> list[list[dict[str, Any]]]:
    """The entities of each row as ``describe_entities`` gives them."""
    texts = [row[TEXT.key] for row in rows]
    return [
        describe_entities(text, split_words(text), entities, labels)
        for text, entities in zip(texts, found, strict=True)
    ]


def decode(
    outputs: np.ndarray, labels: Sequence[str], tuned: Tuned, rows: Sequence[Row]
) -> list[dict[str, Any]]:
    """One ``{entities: [{label, start, end, text, score}]}`` a row, in characters of its text.

    >>> logits = gather([np.log([[0.1, 0.8, 0.1], [0.8, 0.1, 0.1]])])
    >>> answer = decode(logits, ["PER"], {}, [{"text": "Anna left"}])[0]
    >>> [(each["label"], each["start"], each["end"], each["text"]) for each in answer["entities"]]
    [('PER', 0, 4, 'Anna')]
    """
    return [{ENTITIES: entities} for entities in in_characters(scores(outputs, tuned), labels, rows)]


def recode(answers: Sequence[Mapping[str, Any]], labels: Sequence[str], rows: Sequence[Row]) -> np.ndarray:
    """The entities of answers to rows, as ``scores`` gives them.

    >>> answers = [{"entities": [{"label": "PER", "start": 5, "end": 8, "text": "Lee", "score": 0.75}]}]
    >>> recode(answers, ["LOC", "PER"], [{"text": "Anna Lee"}])[0].tolist()
    [[1.0, 2.0, 1.0, 0.75]]
    """
    found = []
    for answer, row in zip(answers, rows, strict=True):
        words = split_words(row[TEXT.key])
        starts, ends = ({word[side]: number for number, word in enumerate(words)} for side in (0, 1))
        table = [
            (starts[one["start"]], ends[one["end"]] + 1, labels.index(one["label"]), one["score"])
            for one in answer[ENTITIES]
        ]
        found.append(np.array(table, dtype=np.float64).reshape(-1, 4))
    return gather(found)


def say(answer: Mapping[str, Any]) -> str:
    """The entities with their labels.

    >>> say({"entities": [{"text": "Anna Lee", "label": "PER"}]}), say({"entities": []})
    ('Anna Lee (PER)', 'no entity')
    """
    told = (f"{entity['text']} ({entity['label']})" for entity in answer[ENTITIES])
    return BETWEEN_ENTITIES.join(told) or NO_ENTITY


def columns(_labels: Sequence[str]) -> tuple[str, ...]:
    """The entities for people to read, and all that is known of them for programs."""
    return (PREDICTION, ENTITIES)


def cells(found: np.ndarray, labels: Sequence[str], rows: Sequence[Row]) -> list[list[str]]:
    """The entities in words, and as JSON with scores of six digits.

    >>> cells(gather([np.array([[0.0, 1.0, 0.0, 0.75]])]), ["PER"], [{"text": "Anna left"}])
    [['Anna (PER)'], ['[{"label": "PER", "start": 0, "end": 4, "text": "Anna", "score": 0.75}]']]
    """
    described = in_characters(found, labels, rows)
    for entity in (entity for entities in described for entity in entities):
        entity["score"] = round(entity["score"], 6)
    return [
        [say({ENTITIES: entities}) for entities in described],
        [json.dumps(entities, ensure_ascii=False) for entities in described],
    ]


CODE = """\
import re

import torch
from transformers import AutoModelForTokenClassification, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("{folder}")
model = AutoModelForTokenClassification.from_pretrained("{folder}").eval()
text = "your text"
# Words: runs of letters and digits; Chinese and Japanese characters and all marks one by one.
one_by_one = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
words = [found.span() for found in re.finditer(f"[{{one_by_one}}]|[^\\W_{{one_by_one}}]+|[^\\s]", text)]
given = tokenizer(
    text, truncation=True, max_length={length}, return_offsets_mapping=True, return_tensors="pt"
)
tokens = given.pop("offset_mapping")[0].tolist()
with torch.no_grad():
    scores = model(**given).logits[0].log_softmax(-1).tolist()
# The likeliest labels, one for each word, in which I follows only B or I of its type.
best = {{"O": (0.0, [])}}
for start, end in words:
    first = next((place for place, (a, b) in enumerate(tokens) if a < end and b > start), None)
    new = {{}}
    for number, tag in model.config.id2label.items():
        before = [other for other in best if tag[0] != "I" or (other[1:] == tag[1:] and other != "O")]
        score = scores[first][number] if first is not None else -30.0 * (tag != "O")
        if before:
            total, path = max((best[other] for other in before), key=lambda way: way[0])
            new[tag] = (total + score, [*path, (tag, start, end)])
    best = new
entities = []
for tag, start, end in max(best.values(), key=lambda way: way[0])[1]:
    if tag[0] == "B":
        entities.append({{"label": tag[2:], "start": start, "end": end}})
    elif tag[0] == "I":
        entities[-1]["end"] = end
print([{{**entity, "text": text[entity["start"] : entity["end"]]}} for entity in entities])"""

TOKEN_CLASSIFICATION = Task(
    key="token-classification",
    title="Find entities",
    help="Find what is named in texts, such as persons, places or dates, and say what each is.",
    roles=(TEXT, TAGS),
    head="token-classification",
    problem="token_classification",
    metrics=("f1", "precision", "recall"),
    watched=("f1", "precision", "recall"),
    primary_metric="f1",
    check=check,
    outputs=tag_labels,
    encode=encode,
    targets=targets,
    tune=tune_nothing,
    scores=scores,
    agree=agree,
    decode=decode,
    recode=recode,
    columns=columns,
    cells=cells,
    say=say,
    card=CardWords(
        gives="the entities in it, of {labels}",
        limit="An entity is made of whole words, and none stands within another.",
        tag="token-classification",
        code=CODE,
        counted="entities",
    ),
    measured=measured,
    labels=types_of,
    reads_all=True,
)
