"""Tags are read as seqeval reads them strictly, and entities come back from every scheme."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval import scheme as oracle
from seqeval.metrics.sequence_labeling import get_entities

from studio.errors import InvalidInput
from studio.tasks.tagging.schemes import (
    LETTERS,
    OUTSIDE,
    InvalidTag,
    Span,
    find_scheme,
    invalid_tags,
    lenient_spans_of,
    spans_of,
    tags_of,
)

ORACLES = {"IOB2": oracle.IOB2, "BIOES": oracle.IOBES, "BILOU": oracle.BILOU}
LABELS = st.sampled_from(["X", "Y", "B-X", "人名", "a b", "É"])
CHINESE = ["BMES", "BMEWO"]


@st.composite
def flat_spans(draw: st.DrawFn) -> tuple[list[Span], int]:
    """Entities that do not overlap, and the number of words they stand in."""
    spans, place = [], 0
    for gap, length, label in draw(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 4), LABELS))):
        spans.append(Span(place + gap, place + gap + length, label))
        place += gap + length
    return spans, place + draw(st.integers(0, 2))


def tags_in(spans: list[Span], words: int, scheme: str) -> list[str]:
    """Write entities in any scheme, word by word."""
    if scheme == "IOB1":
        touching = {(span.end, span.label) for span in spans}
        letters = [
            ["B" if (span.start, span.label) in touching else "I", *"I" * (span.end - span.start - 1)]
            for span in spans
        ]
    elif scheme == "IOB2":
        letters = [["B", *"I" * (span.end - span.start - 1)] for span in spans]
    else:
        begin, inside, end, single = LETTERS[scheme]
        letters = [
            [begin, *inside * (size - 2), end] if (size := span.end - span.start) > 1 else [single]
            for span in spans
        ]
    tags = [OUTSIDE] * words
    for span, own in zip(spans, letters, strict=True):
        for place, letter in enumerate(own, span.start):
            tags[place] = f"{letter}-{span.label}"
    return tags


@pytest.mark.parametrize("scheme", LETTERS)
@given(flat_spans())
def test_entities_come_back_from_every_scheme(scheme: str, written: tuple[list[Span], int]) -> None:
    tags = tags_in(*written, scheme)
    assert spans_of(tags, scheme) == written[0]
    assert invalid_tags(tags, scheme) == []


@given(flat_spans())
def test_entities_are_written_as_iob2(written: tuple[list[Span], int]) -> None:
    assert tags_of(*written) == tags_in(*written, "IOB2")


def any_tags(letters: str) -> st.SearchStrategy[list[str]]:
    """Tags in whatever order."""
    tags = st.builds("{}-{}".format, st.sampled_from(letters), st.sampled_from(["X", "Y", "X-Y", "人"]))
    return st.lists(st.one_of(st.just(OUTSIDE), tags), max_size=12)


@pytest.mark.parametrize("scheme", ORACLES)
@given(st.data())
def test_broken_tags_are_read_as_seqeval_reads_them_strictly(scheme: str, data: st.DataObject) -> None:
    tags = data.draw(any_tags("".join(LETTERS[scheme])))
    entities = oracle.Entities([tags], ORACLES[scheme]).entities[0]
    assert spans_of(tags, scheme) == [Span(each.start, each.end, each.tag) for each in entities]


@pytest.mark.parametrize("scheme", LETTERS)
@given(st.data())
def test_broken_tags_are_read_leniently_as_seqeval_reads_them(scheme: str, data: st.DataObject) -> None:
    letters = LETTERS[scheme]
    tags = data.draw(any_tags("".join(letters)))
    as_bioes = [tag if tag == OUTSIDE else letters[tag[0]] + tag[1:] for tag in tags]
    expected = [Span(start, last + 1, label) for label, start, last in get_entities(as_bioes)]
    assert lenient_spans_of(tags, scheme) == expected
    if not invalid_tags(tags, scheme):
        assert lenient_spans_of(tags, scheme) == spans_of(tags, scheme)


@pytest.mark.parametrize("scheme", CHINESE)
@given(st.data())
def test_the_chinese_schemes_are_bioes_with_other_letters(scheme: str, data: st.DataObject) -> None:
    tags = data.draw(any_tags("".join(LETTERS[scheme])))
    same = [tag if tag == OUTSIDE else LETTERS[scheme][tag[0]] + tag[1:] for tag in tags]
    assert spans_of(tags, scheme) == spans_of(same, "BIOES")
    assert invalid_tags(tags, scheme) == invalid_tags(same, "IOBES")


@pytest.mark.parametrize("scheme", LETTERS)
@given(st.data())
def test_tags_break_the_rules_exactly_where_their_entities_are_written_otherwise(
    scheme: str, data: st.DataObject
) -> None:
    tags = data.draw(any_tags("".join(LETTERS[scheme]) + "?"))
    again = tags_in(spans_of(tags, scheme), len(tags), scheme)
    places = [each.place for each in invalid_tags(tags, scheme)]
    assert bool(places) == (again != tags)
    assert places == sorted(set(places))
    assert all(place < len(tags) for place in places)


@pytest.mark.parametrize(
    ("scheme", "tags", "expected"),
    [
        ("IOB2", ["", "B", "I", "BX", "O-X", "B_X"], [(0, "unknown"), (3, "unknown"), (4, "unknown")]),
        ("IOB2", ["B-X", "I-Y", "I-Y"], [(1, "not_begun")]),
        ("IOB1", ["B-X", "B-X", "I-Y", "B-X"], [(0, "not_needed"), (3, "not_needed")]),
        ("BILOU", ["B-X", "I-X", "U-Y", "L-X"], [(1, "not_ended"), (3, "not_begun")]),
        ("BMES", ["M-X", "O", "B-X"], [(0, "not_begun"), (2, "not_ended")]),
        ("BMES", ["B-X", "M-Y", "E-Y", "?"], [(1, "not_begun"), (3, "unknown")]),
    ],
)
def test_places_and_reasons_worked_by_hand(
    scheme: str, tags: list[str], expected: list[tuple[int, str]]
) -> None:
    assert invalid_tags(tags, scheme) == [InvalidTag(*each) for each in expected]


def test_tags_without_a_label_are_entities_of_no_label() -> None:
    assert spans_of(["B", "I", "O", "B"]) == [Span(0, 2, ""), Span(3, 4, "")]
    assert tags_of([Span(0, 2, "")], 3) == ["B", "I", "O"]


@pytest.mark.parametrize("scheme", LETTERS)
def test_each_scheme_is_found_by_its_tags(scheme: str) -> None:
    spans = [Span(0, 3, "X"), Span(3, 4, "X"), Span(5, 6, "Y")]
    assert find_scheme([tags_in(spans, 7, scheme)]) == scheme


@pytest.mark.parametrize("scheme", LETTERS)
@pytest.mark.parametrize("wrong", ["E-X", "S-X", "M-X", "W-X", "L-X", "B-X", "I-X"])
def test_a_wrong_tag_does_not_make_another_scheme(scheme: str, wrong: str) -> None:
    spans = [Span(0, 3, "X"), Span(3, 4, "X"), Span(5, 6, "Y")]
    sentences = [tags_in(spans, 7, scheme)] * 5
    assert find_scheme([*sentences, ["O", wrong, "O"]]) == scheme


def test_a_scheme_that_is_not_known_is_refused_with_those_that_are() -> None:
    assert spans_of(["B-X"], "BIO") == [Span(0, 1, "X")]
    with pytest.raises(InvalidInput, match="no tag scheme 'IOE2'") as caught:
        spans_of(["E-X"], "IOE2")
    assert "BMEWO" in caught.value.hint
