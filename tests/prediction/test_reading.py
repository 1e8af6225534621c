"""What a model reads is described as it is read: the tokens of its task, and the rest as what is cut."""

from __future__ import annotations

import os
import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.prediction.reading import Reading, Token, read_row
from studio.tasks.base import Row
from studio.tasks.classification import CLASSIFICATION
from studio.tasks.question_answering import QUESTION_ANSWERING
from studio.tasks.registry import TASKS
from studio.tasks.texts import encode
from tests.tasks.examples import EXAMPLES, text_of

pytestmark = pytest.mark.slow
VOCABULARIES = Path(os.environ.get("STUDIO_TEST_DATA", "/absent")) / "vocabs"
FAMILIES = ("bert-base-cased", "bert-base-uncased", "bert-base-chinese", "roberta-base")
MEMENTO = {"text": "I will watch Memento tonight"}
WORDS = "one two three four five six seven eight nine ten eleven twelve"


@cache
def real_tokenizer(name: str) -> Any:
    """The tokenizer of a published checkpoint, loaded as training loads it; skips where it is not there."""
    from studio.checkpoints.loading import load_tokenizer

    if not (VOCABULARIES / name).is_dir():
        pytest.skip(f"vocabs/{name} is not there; set STUDIO_TEST_DATA")
    folder = Path(mkdtemp(prefix="vocabulary-"))
    for path in (VOCABULARIES / name).iterdir():
        shutil.copyfile(path, folder / path.name)
    (folder / "config.json").write_text(f'{{"model_type": "{name.split("-")[0]}"}}')
    loaded = load_tokenizer(folder)
    shutil.rmtree(folder)
    return loaded


@pytest.fixture(params=FAMILIES)
def tokenizer(request: pytest.FixtureRequest) -> Any:
    """Each of the real tokenizers."""
    return real_tokenizer(request.param)


def read(tokenizer: Any, row: Row, max_length: int = 128) -> Reading:
    """The one sequence that is made of a row."""
    (reading,) = read_row(CLASSIFICATION, tokenizer, max_length, row)
    return reading


def ids(reading: Reading) -> list[int]:
    return [token.id for token in reading.tokens]


def names(reading: Reading) -> list[str]:
    return [token.token for token in reading.tokens]


def test_the_tokens_of_a_sentence_are_those_that_the_checkpoint_was_published_with() -> None:
    cased = real_tokenizer("bert-base-cased")
    reading = read(cased, MEMENTO)
    assert ids(reading) == [101, 146, 1209, 2824, 2508, 26173, 3568, 102]
    assert names(reading)[4:6] == ["Me", "##mento"] and reading.tokens[5].shown == "##mento"
    padded = cased.pad({"input_ids": [ids(reading)]}, padding="max_length", max_length=10)
    assert padded["input_ids"] == [[101, 146, 1209, 2824, 2508, 26173, 3568, 102, 0, 0]]
    assert padded["attention_mask"] == [[1] * 8 + [0] * 2]
    assert ids(read(cased, MEMENTO, 10)) == ids(reading) and read(cased, MEMENTO, 10).cut == ()


def test_capitals_and_accents_are_gone_where_the_checkpoint_was_trained_without() -> None:
    reading = read(real_tokenizer("bert-base-uncased"), {"text": "Hello World, Café"})
    assert ids(reading) == [101, 7592, 2088, 1010, 7668, 102]
    assert names(reading) == ["[CLS]", "hello", "world", ",", "cafe", "[SEP]"]
    assert (reading.tokens[4].start, reading.tokens[4].end) == (13, 17)


def test_chinese_is_read_character_by_character_and_what_is_not_in_the_vocabulary_is_unknown() -> None:
    reading = read(real_tokenizer("bert-base-chinese"), {"text": "我要退款😀"})
    assert ids(reading) == [101, 2769, 6206, 6842, 3621, 100, 102]
    assert [token.unknown for token in reading.tokens] == [False] * 5 + [True, False]
    assert [token.shown for token in reading.tokens[1:6]] == ["我", "要", "退", "款", "[UNK]"]
    assert (reading.tokens[5].start, reading.tokens[5].end, reading.tokens[5].special) == (4, 5, False)


def test_bytes_are_shown_as_what_they_stand_for_and_a_family_without_segments_has_none() -> None:
    reading = read(real_tokenizer("roberta-base"), {"text": "Hello world 😀"})
    assert ids(reading)[:3] == [0, 31414, 232] and ids(reading)[-1] == 2
    assert names(reading)[:3] == ["<s>", "Hello", "Ġworld"]
    assert [token.shown for token in reading.tokens] == ["<s>", "Hello", "world", "😀", "😀", "</s>"]
    assert [token.special for token in reading.tokens] == [True, False, False, False, False, True]
    assert {token.segment for token in reading.tokens} == {None}


def test_a_pair_has_two_segments_and_the_longer_text_is_cut() -> None:
    cased = real_tokenizer("bert-base-cased")
    reading = read(cased, {"text": "a cat", "text_b": WORDS}, 10)
    assert names(reading) == ["[CLS]", "a", "cat", "[SEP]", "one", "two", "three", "four", "five", "[SEP]"]
    assert [token.segment for token in reading.tokens] == [0] * 4 + [1] * 6
    assert [token.role for token in reading.tokens] == [
        *(None, "text", "text", None),
        *(["text_b"] * 5),
        None,
    ]
    (cut,) = reading.cut
    assert (cut.role, cut.tokens, cut.text) == ("text_b", 7, "six seven eight nine ten eleven twelve")
    assert WORDS[cut.start :] == cut.text and reading.lost == 7
    both = read(cased, {"text": WORDS, "text_b": WORDS}, 10)
    assert [(cut.role, cut.tokens) for cut in both.cut] == [("text", 9), ("text_b", 8)]


def test_a_tokenizer_that_cuts_at_the_front_loses_the_front() -> None:
    from copy import deepcopy

    cased = deepcopy(real_tokenizer("bert-base-cased"))
    cased.truncation_side = "left"
    reading = read(cased, {"text": WORDS}, 5)
    assert names(reading) == ["[CLS]", "ten", "eleven", "twelve", "[SEP]"]
    (cut,) = reading.cut
    assert (cut.start, cut.tokens, cut.text) == (0, 9, "one two three four five six seven eight nine")


def test_a_token_that_was_typed_is_not_taken_for_one_that_was_added(tokenizer: Any) -> None:
    separator = tokenizer.convert_ids_to_tokens(tokenizer("x")["input_ids"][-1])
    typed = [token for token in read(tokenizer, {"text": f"a {separator} b"}).tokens if token.role]
    assert any(token.token == separator and not token.special for token in typed)


@pytest.mark.parametrize("task", TASKS.values(), ids=lambda task: task.key)
@pytest.mark.parametrize("max_length", [8, 64])
def test_what_is_shown_is_what_the_task_encodes(task: Any, max_length: int, tokenizer: Any) -> None:
    main = text_of(task)
    beside = {role: cell.format(n=7) for role, cell in EXAMPLES[task.key].asked.items()}
    rows = [{main: text, **beside} for text in (MEMENTO["text"], "", WORDS * 20)]
    if "text_b" in task.asked_roles:
        rows.append({"text": WORDS, "text_b": "我要退款 " * 30})
    for row in rows:
        readings = read_row(task, tokenizer, max_length, row)
        encoded = task.encode([row], tokenizer, max_length)
        assert [ids(reading) for reading in readings] == encoded["input_ids"]
        masks = [[token.mask for token in reading.tokens] for reading in readings]
        assert masks == encoded["attention_mask"]
        segments = [[token.segment for token in reading.tokens] for reading in readings]
        assert encoded.get("token_type_ids", segments) == segments
        for reading in readings:
            assert len(reading.tokens) <= reading.limit == max_length
            assert Reading.from_json(reading.to_json()) == reading
        if task.reads_all:
            seen = {(token.start, token.end) for reading in readings for token in reading.tokens}
            alone = tokenizer(row[main], add_special_tokens=False, return_offsets_mapping=True)
            assert seen.issuperset(alone["offset_mapping"])
            continue
        for reading, sequence in zip(readings, task.sequences_of([row]), strict=True):
            assert (reading.lost > 0) == (len(tokenizer(*sequence.values())["input_ids"]) > max_length)


def test_a_question_that_is_too_long_loses_its_end_and_no_word_of_the_passage(tokenizer: Any) -> None:
    row = {"question": WORDS, "context": "It is here. " * 12}
    readings = read_row(QUESTION_ANSWERING, tokenizer, 16, row)
    assert len(readings) > 2
    for reading in readings:
        (cut,) = reading.cut
        assert cut.role == "question" and cut.text == WORDS[cut.start :] and reading.lost > 2
        asked = [token.end for token in reading.tokens if token.role == "question"]
        assert asked and max(asked) <= cut.start  # type: ignore[type-var, operator]
    short = read_row(QUESTION_ANSWERING, tokenizer, 64, row)
    assert not any(reading.cut for reading in short)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@pytest.mark.parametrize("name", FAMILIES)
@given(text=TEXTS, other=TEXTS, length=st.integers(6, 40))
@settings(max_examples=60, deadline=None)
def test_tokens_and_cuts_cover_any_text(name: str, text: str, other: str, length: int) -> None:
    tokenizer = real_tokenizer(name)
    row = {"text": text, "text_b": other}
    reading = read(tokenizer, row, length)
    for role, whole in row.items():
        held: set[int] = set()
        for token in reading.tokens:
            if token.role == role:
                assert 0 <= token.start <= token.end <= len(whole)  # type: ignore[operator]
                held |= set(range(token.start, token.end))  # type: ignore[arg-type]
        for cut in reading.cut:
            if cut.role == role:
                assert cut.text == whole[cut.start :][: len(cut.text or "")] and cut.tokens > 0
                held |= set(range(cut.start, cut.start + len(cut.text)))  # type: ignore[operator, arg-type]
        assert not [c for at, c in enumerate(whole) if at not in held and is_read(tokenizer, c)]


def is_read(tokenizer: Any, character: str) -> bool:
    """Whether a character is no blank, and none that the tokenizer takes out of every text."""
    normalizer = tokenizer.backend_tokenizer.normalizer
    return bool((normalizer.normalize_str(character) if normalizer else character).strip())


class OwnTokenizer:
    """A tokenizer written in Python, which does not tell which characters its tokens stand for."""

    unk_token_id = 0

    def __call__(self, texts: list[str], **options: Any) -> Any:
        from transformers import BatchEncoding

        most = options["max_length"] - 2 if options["truncation"] else None
        found = [[1, *range(3, 3 + len(text.split()))[:most], 2] for text in texts]
        return BatchEncoding({"input_ids": found, "attention_mask": [[1] * len(row) for row in found]})

    def convert_ids_to_tokens(self, ids: list[int]) -> list[str]:
        return [f"<{one}>" for one in ids]

    def convert_tokens_to_string(self, tokens: list[str]) -> str:
        return " ".join(tokens)

    def get_special_tokens_mask(self, ids: list[int], already_has_special_tokens: bool) -> list[int]:
        return [int(one < 3) for one in ids]


def test_of_a_tokenizer_that_tells_no_places_the_tokens_and_how_many_are_cut_are_known() -> None:
    reading = read(OwnTokenizer(), {"text": WORDS}, 6)
    assert names(reading) == ["<1>", "<3>", "<4>", "<5>", "<6>", "<2>"]
    assert [token.special for token in reading.tokens] == [True, *[False] * 4, True]
    assert {(token.role, token.start) for token in reading.tokens} == {(None, None)}
    (cut,) = reading.cut
    assert (cut.tokens, cut.role, cut.text) == (8, None, None)


def test_ids_that_a_task_makes_itself_are_shown_as_they_are() -> None:
    from dataclasses import replace

    from tests.encoders import build_tokenizer

    def turned(rows: list[Row], tokenizer: Any, max_length: int) -> Any:
        made = encode(rows, tokenizer, max_length)
        return {**made, "input_ids": [row[::-1] for row in made["input_ids"]]}

    tokenizer = build_tokenizer()
    task = replace(CLASSIFICATION, encode=turned)  # type: ignore[arg-type]
    (reading,) = read_row(task, tokenizer, 8, {"text": "the cat"})
    assert names(reading) == ["[SEP]", "cat", "the", "[CLS]"]
    assert [token.special for token in reading.tokens] == [True, False, False, True]
    assert isinstance(reading.tokens[0], Token) and reading.cut == ()


def test_a_task_that_makes_several_sequences_of_a_row_has_each_described() -> None:
    from dataclasses import replace

    from tests.encoders import build_tokenizer

    def options(rows: list[Row], tokenizer: Any, max_length: int) -> Any:
        pairs = [{"text": row["text"], "text_b": one} for row in rows for one in row["options"].split("|")]
        return encode(pairs, tokenizer, max_length)

    task = replace(CLASSIFICATION, encode=options)  # type: ignore[arg-type]
    readings = read_row(
        task, build_tokenizer(), 9, {"options": "a dog|not a cat is the cat", "text": "it is"}
    )
    assert [len(reading.tokens) for reading in readings] == [7, 9]
    assert [reading.lost for reading in readings] == [0, 2]
    assert readings[1].cut[0].role == "options" and readings[1].cut[0].text == "the cat"
