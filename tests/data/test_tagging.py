"""Entities of tables: every shape that annotators write, every scheme, and every row that cannot be used."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.bootstrap import Studio
from studio.data.browsing import RowQuery
from studio.data.dataset import Dataset
from studio.data.fixes import FixChoice
from studio.data.importing import ImportRequest, PreparedImport, prepare_import
from studio.data.problems import Problem
from studio.data.tagging import find_fault, move_along, read_answer, read_text
from studio.tasks.tagging.schemes import Span, tags_of
from studio.tasks.tagging.words import align_entities, are_characters, split_words
from studio.tasks.token_classification import read_entities, write_entities

TASK = "token-classification"
TEXT = "Anna Lee went to Rome"
KEPT = '[[0, 8, "PER"], [17, 21, "LOC"]]'
SHAPES: dict[str, Any] = {
    "doccano": [[0, 8, "PER"], [17, 21, "LOC"]],
    "doccano with relations": [
        {"id": 1, "label": "PER", "start_offset": 0, "end_offset": 8},
        {"id": 2, "label": "LOC", "start_offset": 17, "end_offset": 21},
    ],
    "label studio, short": [
        {"start": 0, "end": 8, "text": "Anna Lee", "labels": ["PER"]},
        {"start": 17, "end": 21, "text": "Rome", "labels": ["LOC"]},
    ],
    "label studio, whole": [
        {"value": {"start": 17, "end": 21, "text": "Rome", "labels": ["LOC"]}, "type": "labels"},
        {"value": {"start": 0, "end": 8, "text": "Anna Lee", "labels": ["PER"]}, "type": "labels"},
    ],
    "prodigy": [
        {"start": 0, "end": 8, "token_start": 0, "token_end": 1, "label": "PER"},
        {"start": 17, "end": 21, "token_start": 4, "token_end": 4, "label": "LOC"},
    ],
    "spacy": {"entities": [[0, 8, "PER"], [17, 21, "LOC"]]},
    "last character counted in": [
        {"start": 0, "end": 7, "label": "PER", "text": "Anna Lee"},
        {"start": 17, "end": 20, "label": "LOC", "text": "Rome"},
    ],
    "cluener": {"PER": {"Anna Lee": [[0, 7]]}, "LOC": {"Rome": [[17, 20]]}},
    "with blanks": [[0, 9, "PER"], [16, 21, "LOC"]],
    "tags": ["B-PER", "I-PER", "O", "O", "B-LOC"],
}
SCHEMES = {
    "IOB1": ["I-PER", "I-PER", "O", "O", "I-LOC"],
    "IOB2": ["B-PER", "I-PER", "O", "O", "B-LOC"],
    "BIOES": ["B-PER", "E-PER", "O", "O", "S-LOC"],
    "BMES": ["B-PER", "E-PER", "O", "O", "S-LOC"],
    "BILOU": ["B-PER", "L-PER", "O", "O", "U-LOC"],
}


def write_lines(folder: Path, rows: list[dict[str, Any]]) -> Path:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def prepare(studio: Studio, path: Path, **options: Any) -> PreparedImport:
    return studio.datasets.prepare(ImportRequest(path=path, name="rows", task=TASK, **options))


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_read_as_the_same_entities(studio: Studio, tmp_path: Path, shape: str) -> None:
    rows = [{"text": f"{TEXT} {number}", "label": SHAPES[shape]} for number in range(20)]
    if shape == "tags":
        rows = [{**row, "label": [*SHAPES[shape], "O"]} for row in rows]
    found = prepare(studio, write_lines(tmp_path, rows))
    assert found.roles == {"text": "text", "tags": "label"} and found.labels == ("LOC", "PER")
    assert set(found.frames["train"]["tags"]) == {KEPT}
    assert not found.blocking


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("form", ["lists", "python", "blanks", "conll"])
def test_every_scheme_gives_the_same_dataset(studio: Studio, tmp_path: Path, scheme: str, form: str) -> None:
    words, tags = TEXT.split(), SCHEMES[scheme]
    # Something in the middle, so that the scheme can be told.
    more = (["New", "York", "City"], tags_in(scheme))
    sentences = [(words, tags), more] * 10
    if form == "conll":
        path = tmp_path / "rows.conll"
        lines = ["\n".join(map(" ".join, zip(*one, strict=True))) for one in sentences]
        path.write_text("\n\n".join(lines), encoding="utf-8")
    else:
        write: Any = {"lists": list, "python": repr, "blanks": " ".join}[form]
        path = write_lines(tmp_path, [{"words": write(a), "ner_tags": write(b)} for a, b in sentences])
    found = prepare(studio, path)
    rows = [row for frame in found.frames.values() for row in zip(frame["text"], frame["tags"], strict=True)]
    assert set(rows) == {(TEXT, KEPT), ("New York City", '[[0, 13, "LOC"]]')}
    (told,) = [problem.message for problem in found.problems if problem.code == "tag_scheme"]
    assert told.startswith(f"The tags are {scheme}: ")


def tags_in(scheme: str) -> list[str]:
    """The tags of three words that are one place."""
    letters = {"IOB1": "III", "IOB2": "BII", "BIOES": "BIE", "BMES": "BME", "BILOU": "BIL"}[scheme]
    return [f"{letter}-LOC" for letter in letters]


def test_each_row_that_cannot_be_used_is_named_and_can_be_left_out(studio: Studio, tmp_path: Path) -> None:
    good = [{"text": f"{TEXT} {number}", "label": SHAPES["doccano"]} for number in range(20)]
    wrong = {
        "entity_cuts_word": [[0, 7, "PER"]],
        "overlapping_entities": [[0, 8, "PER"], [5, 8, "PER"]],
        "entity_outside": [[0, 99, "PER"]],
        "moved_entity": [{"start": 5, "end": 8, "label": "PER", "text": "Anna"}],
        "unreadable_entities": [{"from": 0, "to": 8}],
        "other_tag_count": ["B-PER", "I-PER"],
    }
    rows = [*good, *({"text": f"{TEXT} in {code}", "label": cell} for code, cell in wrong.items())]
    found = prepare(studio, write_lines(tmp_path, rows), roles={"text": "text", "tags": "label"})
    named = {problem.code: problem.rows for problem in found.problems if problem.severity == "error"}
    assert named == {code: (21 + place,) for place, code in enumerate(wrong)}
    dropped = prepare(
        studio,
        found.request.path,
        roles={"text": "text", "tags": "label"},
        fixes=tuple(FixChoice(code, "drop_rows") for code in wrong),
    )
    assert not dropped.blocking and sum(dropped.rows.values()) == 20


def entities_in(frames: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """The entities of each text."""
    return {text: cell for f in frames.values() for text, cell in zip(f["text"], f["tags"], strict=True)}


def test_a_tag_that_cannot_follow_is_named_and_begins_no_entity(studio: Studio, tmp_path: Path) -> None:
    rows = [{"words": ["Anna", "left", str(n)], "tags": ["B-PER", "O", "O"]} for n in range(12)]
    rows[4]["tags"] = ["O", "I-PER", "O"]
    found = prepare(studio, write_lines(tmp_path, rows))
    problem = only(found.problems, "tag_sequence")
    assert (problem.rows, problem.severity, problem.file) == ((5,), "warning", "rows.jsonl")
    assert problem.examples == ("Line 5, word 2, “left”: O «I-PER» O",)
    assert problem.fixes == ("begin_entities", "drop_rows")
    kept = entities_in(found.frames)
    assert kept["Anna left 4"] == "[]" and kept["Anna left 3"] == '[[0, 4, "PER"]]'


def only(problems: Sequence[Problem], code: str) -> Problem:
    """The one finding of a code."""
    (found,) = [problem for problem in problems if problem.code == code]
    return found


def odd_conll(folder: Path) -> Path:
    """40 sentences of three lines, of which the fifth and the seventh have a tag that cannot follow."""
    path = folder / "odd.conll"
    sentences = [["Anna B-PER", "Lee I-PER", f"left{number} O"] for number in range(40)]
    sentences[4] = ["In O", "Rome I-LOC", "then O"]
    sentences[6] = ["Anna B-PER", "Rome I-LOC", "Italy I-LOC"]
    path.write_text("\n\n".join(map("\n".join, sentences)) + "\n", encoding="utf-8")
    return path


def ask(path: Path, *fixes: str) -> ImportRequest:
    return ImportRequest(path=path, name="odd", fixes=tuple(map(FixChoice.parse, fixes)))


def stored(studio: Studio, dataset: Dataset) -> dict[str, str]:
    """The entities of each text of a dataset that was kept."""
    rows = studio.datasets.browse(dataset.address, RowQuery(), limit=100).rows
    return {row["text"]: row["tags"] for row in rows}


def test_tags_that_cannot_follow_are_named_by_their_own_lines_and_those_around(tmp_path: Path) -> None:
    found = prepare_import(ask(odd_conll(tmp_path)))
    problem = only(found.problems, "tag_sequence")
    assert (problem.rows, problem.count, problem.file) == ((18, 26), 2, "odd.conll")
    assert problem.examples == (
        "Line 18, “Rome”: O «I-LOC» O",
        "Line 26, “Rome”: B-PER «I-LOC» I-LOC",
    )
    assert only(found.problems, "tag_scheme").message == "The tags are IOB2: 40 rows with 120 words."
    assert not found.blocking and entities_in(found.frames)["In Rome then"] == "[]"


def test_tags_of_a_file_in_an_archive_are_named_with_that_file(tmp_path: Path) -> None:
    path = odd_conll(tmp_path)
    good = (
        path.read_text("utf-8")
        .replace("In O\nRome I-LOC", "In O\nRome B-LOC")
        .replace("Rome I-LOC", "Rome B-LOC")
    )
    with zipfile.ZipFile(tmp_path / "odd.zip", "w") as archive:
        archive.writestr("train.conll", good)
        archive.write(path, "test.conll")
    problem = only(prepare_import(ask(tmp_path / "odd.zip")).problems, "tag_sequence")
    assert (problem.file, problem.rows) == ("odd.zip/test.conll", (18, 26))


def test_tags_that_cannot_follow_begin_an_entity_where_that_is_chosen(studio: Studio, tmp_path: Path) -> None:
    made = studio.datasets.import_file(ask(odd_conll(tmp_path), "tag_sequence=begin_entities"))
    assert stored(studio, made)["In Rome then"] == '[[3, 7, "LOC"]]'
    assert stored(studio, made)["Anna Rome Italy"] == '[[0, 4, "PER"], [5, 15, "LOC"]]'
    (step,) = made.steps
    assert (step.code, step.action, step.rows, step.lines) == ("tag_sequence", "begin_entities", 2, (18, 26))
    assert not any(problem.code == "tag_sequence" for problem in made.problems)
    assert only(made.problems, "begun_entities").message == step.message


def test_a_tag_of_no_scheme_begins_nothing_and_is_told_on(tmp_path: Path) -> None:
    path = odd_conll(tmp_path)
    path.write_text(path.read_text("utf-8") + "\nOslo X-LOC\nfroze O\n", encoding="utf-8")
    found = prepare_import(ask(path, "tag_sequence=begin_entities"))
    assert only(found.problems, "tag_sequence").rows == (161,)
    assert only(found.problems, "begun_entities").rows == (18, 26)


def test_rows_with_tags_that_cannot_follow_are_left_out_and_come_back(studio: Studio, tmp_path: Path) -> None:
    path = odd_conll(tmp_path)
    assert not prepare_import(ask(path, "tag_sequence=ignore")).blocking
    made = studio.datasets.import_file(ask(path, "tag_sequence=drop_rows"))
    assert (made.version, sum(made.rows.values())) == (2, 38)
    assert [(step.action, step.rows) for step in made.steps] == [("drop_rows", 2)]
    assert not any(problem.code == "tag_sequence" for problem in made.problems)
    assert sum(studio.datasets.undo_step("odd", 1).rows.values()) == 40


def test_what_reading_told_of_rows_stays_with_them_in_later_versions(studio: Studio, tmp_path: Path) -> None:
    path = odd_conll(tmp_path)
    path.write_text(path.read_text("utf-8").replace("left9", "<b>left9</b>"), encoding="utf-8")
    studio.datasets.import_file(ask(path))
    mended = studio.datasets.apply_fixes("odd", [FixChoice("html", "strip_html")])
    assert only(mended.problems, "tag_sequence").rows == (18, 26)
    assert only(mended.problems, "tag_scheme").severity == "note"
    told = studio.datasets.browse("odd", RowQuery(finding="tag_sequence")).rows
    assert sorted(row["line"] for row in told) == [17, 25]
    dropped = studio.datasets.apply_fixes("odd", [FixChoice("tag_sequence", "drop_rows")])
    assert sum(dropped.rows.values()) == 38
    assert not any(problem.code == "tag_sequence" for problem in dropped.problems)


def test_of_tags_that_are_numbers_it_is_told_that_they_need_names(studio: Studio, tmp_path: Path) -> None:
    rows = [{"tokens": ["Anna", "left", str(number)], "ner_tags": [1, 0, 0]} for number in range(12)]
    found = prepare(studio, write_lines(tmp_path, rows))
    problem = next(problem for problem in found.problems if problem.severity == "error")
    assert problem.code == "unreadable_entities" and problem.column == "ner_tags" and problem.count == 12
    assert "write their names" in problem.hint


def test_a_table_with_a_word_per_row_is_refused_with_what_to_bring(studio: Studio, tmp_path: Path) -> None:
    rows = [
        {"sentence": number, "word": word, "tag": tag}
        for number in range(20)
        for word, tag in (("Anna", "B-PER"), ("went", "O"), (f"home{number}", "O"))
    ]
    found = prepare(studio, write_lines(tmp_path, rows), roles={"text": "word", "tags": "tag"})
    (problem,) = [problem for problem in found.problems if problem.code == "one_word_each"]
    assert found.blocking and problem.count == 60
    assert "a sentence per row" in problem.hint


def test_entities_move_along_where_a_text_is_mended(studio: Studio, tmp_path: Path) -> None:
    rows = [{"text": f"{TEXT} {number}", "label": SHAPES["doccano"]} for number in range(20)]
    rows[3] = {"text": "<p>Seen: <b>Anna Lee</b> went to Rome &amp; home</p>", "label": [[12, 20, "PER"]]}
    rows[5] = {"text": "The cafÃ© in Rome, doesnâ€™t it open?", "label": [[4, 9, "LOC"], [13, 17, "LOC"]]}
    fixes = (FixChoice("html", "strip_html"), FixChoice("mojibake", "repair_mojibake"))
    found = prepare(studio, write_lines(tmp_path, rows), fixes=fixes)
    kept = {
        text: cell for f in found.frames.values() for text, cell in zip(f["text"], f["tags"], strict=True)
    }
    assert {step.action: step.rows for step in found.steps} == {"strip_html": 1, "repair_mojibake": 1}
    assert kept["Seen: Anna Lee went to Rome & home"] == '[[6, 14, "PER"]]'
    assert kept["The café in Rome, doesn’t it open?"] == '[[4, 8, "LOC"], [12, 16, "LOC"]]'


@given(st.text(alphabet="ab <>&;é", max_size=30), st.data())
def test_what_moved_along_is_the_same_text_or_the_text_stays(before: str, data: st.DataObject) -> None:
    words = split_words(before)
    chosen = data.draw(st.lists(st.sampled_from(words), unique=True, max_size=3)) if words else []
    answer = write_entities(Span(start, end, "X") for start, end in chosen)
    removed = data.draw(st.sets(st.integers(0, max(0, len(before) - 1)), max_size=4))
    inside = {place for start, end in chosen for place in range(start, end)}
    after = "".join(char for place, char in enumerate(before) if place not in removed - inside)
    moved = move_along(before, after, answer)
    if moved is not None:
        texts = [after[start:end] for start, end, _ in read_entities(moved)]
        assert len(texts) <= len(chosen) and all(text.strip() for text in texts)
    assert move_along(before, before, answer) == answer


@given(st.lists(st.text(alphabet="ab北1.", min_size=1, max_size=4), min_size=1, max_size=8), st.data())
def test_tags_of_words_become_entities_that_stand_on_these_words(
    words: list[str], data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(words)), max_size=4)))
    spans = [Span(a, b, "X") for a, b in zip(cuts[::2], cuts[1::2], strict=False)]
    text = read_text(json.dumps(words))
    kept = read_answer(json.dumps(tags_of(spans, len(words))), text, "IOB2")
    fault = find_fault(kept, text.text)
    assert fault is None or (are_characters(words) and fault == "cuts_word")
    for span, entity in zip(spans, read_entities(kept), strict=True):
        piece = text.text[entity.start : entity.end]
        assert piece.replace(" ", "") == "".join(words[span.start : span.end])
    misplaced = align_entities(read_entities(kept), split_words(text.text), len(text.text))[1]
    assert bool(misplaced) == (fault is not None)


def test_a_text_that_is_tagged_by_characters_is_read_as_it_was_written(tmp_path: Path) -> None:
    sentences = [[("参", "O"), ("加", "O"), *zip("OpenAI", "B".ljust(6, "I"), strict=True), ("的", "O")]] * 12
    sentences[3] = [("买", "O"), ("i", "B"), ("P", "I"), ("h", "O"), ("了", "O")]
    path = tmp_path / "characters.bio"
    lines = [
        "\n".join(f"{character} {tag}{'' if tag == 'O' else '-ORG'}" for character, tag in sentence)
        for sentence in sentences
    ]
    path.write_text("\n\n".join(lines) + "\n", encoding="utf-8")
    prepared = prepare_import(ask(path, "entity_cuts_word=drop_rows"))
    assert [step.rows for step in prepared.steps if step.code == "entity_cuts_word"] == [1]
    frame = pd.concat([*prepared.frames.values()])
    assert set(frame["text"]) == {"参加OpenAI的"}
    assert set(frame["tags"]) == {'[[2, 8, "ORG"]]'}


def test_an_entity_beyond_the_text_is_outside_also_where_it_names_its_text() -> None:
    beyond = '[{"start": 5, "end": 99, "label": "PER", "text": "leaving"}]'
    assert find_fault(beyond, "Anna left") == "outside"
    assert find_fault('[{"start": 0, "end": 3, "label": "PER", "text": "left"}]', "Anna left") == "moved"


def test_what_is_left_of_rows_with_such_tags_is_counted_after_others_left(tmp_path: Path) -> None:
    path = odd_conll(tmp_path)
    path.write_text(path.read_text("utf-8") + "\nIn O\nRome I-LOC\nthen O\n", encoding="utf-8")
    before = only(prepare_import(ask(path)).problems, "tag_sequence")
    assert before.count == 3 and before.message.startswith("3 tags do not fit")
    found = prepare_import(ask(path, "duplicate_text=drop_repeats"))
    left = only(found.problems, "tag_sequence")
    assert (left.count, len(left.rows)) == (2, 2)
    assert left.message == f"As imported: {before.message}"
    twice = path.with_name("twice.conll")
    twice.write_text(path.read_text("utf-8").replace("Rome I-LOC\nthen O", "Rome I-LOC\nthen I-PER"), "utf-8")
    both = only(prepare_import(ask(twice)).problems, "tag_sequence")
    assert both.count == 3 and both.message.startswith("5 tags do not fit")


def test_types_of_entities_in_several_spellings_are_found_and_become_one(tmp_path: Path) -> None:
    rows = [
        {
            "text": f"Anna Lee went to Rome {number}",
            "entities": [[0, 8, "Person" if number % 5 else "person"]],
        }
        for number in range(40)
    ]
    path = write_lines(tmp_path, rows)
    found = prepare_import(ImportRequest(path=path, name="people", task=TASK))
    problem = only(found.problems, "similar_labels")
    assert (problem.count, problem.fixes) == (8, ("merge_labels",))
    assert found.labels == ("Person", "person")
    fixes = (FixChoice("similar_labels", "merge_labels"),)
    mended = prepare_import(ImportRequest(path=path, name="people", task=TASK, fixes=fixes))
    assert mended.labels == ("Person",)
    assert set(entities_in(mended.frames).values()) == {'[[0, 8, "Person"]]'}
