"""Words hold every character once, wherever a text comes from, and entities find theirs."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from studio.tasks.tagging.schemes import Span
from studio.tasks.tagging.words import align_entities, are_characters, join_words, kind_of, split_words
from tests.tasks.random_texts import PIECES, random_texts

TEXTS = st.one_of(st.lists(st.sampled_from(PIECES)).map("".join), st.text())


def words_of(text: str) -> list[str]:
    """The words themselves."""
    return [text[start:end] for start, end in split_words(text)]


@given(TEXTS)
def test_every_character_that_is_not_blank_stands_in_exactly_one_word(text: str) -> None:
    words = split_words(text)
    covered = np.zeros(len(text), dtype=int)
    for start, end in words:
        assert start < end
        covered[start:end] += 1
    assert covered.tolist() == [int(kind_of(character) != "b") for character in text]
    assert words == sorted(words)


@given(TEXTS)
def test_what_python_takes_for_blank_stands_in_no_word(text: str) -> None:
    assert all(not character.isspace() for word in words_of(text) for character in word)


@given(TEXTS)
def test_a_mark_never_begins_a_word_after_what_it_belongs_to(text: str) -> None:
    for start, _ in split_words(text):
        is_mark = unicodedata.category(text[start])[0] == "M"
        assert not is_mark or start == 0 or kind_of(text[start - 1]) == "b"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Anna's co-op, $5.", "Anna ' s co - op , $ 5 ."),
        ("我在AI公司2年。", "我 在 AI 公 司 2 年 。"),
        ("東京タワーﾊﾟ", "東 京 タ ワ ー ﾊﾟ"),
        ("한국어를 배워요", "한국어를 배워요"),
        ("Ａｂ１，「注」", "Ａｂ１ ， 「 注 」"),
        ("e\u0301a\u0323\u0302.\u0301", "e\u0301a\u0323\u0302 .\u0301"),
        ("👩\u200d👩\u200d👧👍🏽😀", "👩\u200d👩\u200d👧 👍🏽 😀"),
        ("🇩🇪🇫🇷🇮", "🇩🇪 🇫🇷 🇮"),
        ("1\ufe0f\u20e3葛\U000e0100城", "1\ufe0f\u20e3 葛\U000e0100 城"),
        ("می\u200cخواهم\u200f، ", "می\u200cخواهم ،"),
        ("a\u200bb\ufeffc\r\nd\x00", "a b c d"),
        ("\U0001fae8\U0001fae8", "\U0001fae8 \U0001fae8"),
    ],
)
def test_words_worked_by_hand(text: str, expected: str) -> None:
    assert words_of(text) == expected.split(" ")


@given(st.lists(TEXTS))
def test_joined_words_come_back_by_their_offsets(words: list[str]) -> None:
    text, offsets = join_words(words)
    assert [text[start:end] for start, end in offsets] == words
    between = [text[end:start] for (_, end), (start, _) in pairwise(offsets)]
    assert set(between) <= {"", " "}
    assert len(text) == sum(map(len, words)) + sum(map(len, between))


@given(TEXTS)
def test_words_of_a_text_are_words_again_when_they_are_joined(text: str) -> None:
    words = words_of(text)
    assume(not are_characters(words))
    joined, offsets = join_words(words)
    assert split_words(joined) == offsets


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["北", "京", "，", "AI", "大", "会", "！"], "北京， AI 大会！"),
        (["タ", "ワ", "ー", "한국", "말"], "タワー 한국 말"),
        (["葛\U000e0100", "城"], "葛\U000e0100城"),
        ([*"参加OpenAI大会,2024年"], "参加OpenAI大会,2024年"),
        ([*"OK!"], "O K !"),
        (["", "a", ""], " a "),
        ([], ""),
    ],
)
def test_blanks_stand_between_words_but_not_within_chinese(words: list[str], text: str) -> None:
    assert join_words(words)[0] == text


def naive_alignment(entity: Span, words: list[tuple[int, int]], text: str) -> str | Span:
    """By sets of characters: what an entity covers must be all of some words."""
    if entity.start < 0 or entity.end > len(text):
        return "out_of_range"
    covered = {place for place in range(entity.start, entity.end) if kind_of(text[place]) != "b"}
    if not covered:
        return "empty"
    touched = [number for number, (start, end) in enumerate(words) if covered & set(range(start, end))]
    whole = set().union(*(range(*words[number]) for number in touched))
    return Span(touched[0], touched[-1] + 1, entity.label) if whole == covered else "inside_word"


@given(TEXTS, st.data())
def test_an_entity_is_kept_exactly_where_it_covers_whole_words(text: str, data: st.DataObject) -> None:
    place = st.integers(-1, len(text) + 1)
    entity = Span(data.draw(place), data.draw(place), "X")
    words = split_words(text)
    kept, misplaced = align_entities([entity], words, len(text))
    assert [*kept, *(each.reason for each in misplaced)] == [naive_alignment(entity, words, text)]


@given(TEXTS, st.data())
def test_kept_entities_never_overlap_and_each_is_kept_or_named(text: str, data: st.DataObject) -> None:
    words = split_words(text)
    places = st.sampled_from(sorted({0, len(text), *(place for word in words for place in word)}))
    entities = data.draw(st.lists(st.builds(Span, places, places, st.sampled_from("XY")), max_size=8))
    kept, misplaced = align_entities(entities, words, len(text))
    assert len(kept) + len({each.number for each in misplaced}) == len(entities)
    assert all(one.end <= other.start for one, other in pairwise(kept))
    for number, reason in misplaced:
        alone, _ = align_entities([entities[number]], words, len(text))
        overlaps = [each for each in kept for own in alone if own.start < each.end and each.start < own.end]
        assert (reason == "overlap") == bool(overlaps)


def test_every_entity_of_ten_thousand_texts_is_the_text_at_its_offsets() -> None:
    drawn = np.random.default_rng(1)
    for text in random_texts(10_000, seed=0):
        words = split_words(text)
        if not words:
            continue
        first, last = sorted(drawn.integers(0, len(words), 2).tolist())
        start, end = words[first][0], words[last][1]
        kept, misplaced = align_entities([Span(start, end, "X")], words, len(text))
        assert (kept, misplaced) == ([Span(first, last + 1, "X")], [])
        joined, offsets = join_words([text[slice(*word)] for word in words])
        found = joined[offsets[first][0] : offsets[last][1]]
        assert without_blanks(found) == without_blanks(text[start:end])


def without_blanks(text: str) -> str:
    """What stands in words."""
    return "".join(character for character in text if kind_of(character) != "b")
