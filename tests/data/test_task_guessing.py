"""A table tells of its task by what stands in its columns; one that could be for several tells nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio.data.guessing import guess_roles, guess_task
from studio.data.readers import read_table
from studio.data.sample import SAMPLES
from studio.tasks.registry import get_task, list_tasks

TEXTS = [f"message {number} about a broken tap in the kitchen" for number in range(40)]
ENTITY = '[{"start": 0, "end": 7, "label": "thing"}]'


def told(folder: Path, columns: dict[str, list[object]]) -> str | None:
    """The task that a table of these columns tells of."""
    path = folder / "table.jsonl"
    rows = zip(*columns.values(), strict=True)
    path.write_text("\n".join(json.dumps(dict(zip(columns, row, strict=True))) for row in rows), "utf-8")
    return guess_task(read_table(path), list_tasks())


def numbered(*cells: object) -> list[object]:
    """A column of the cells in turn."""
    return [cells[number % len(cells)] for number in range(len(TEXTS))]


@pytest.mark.parametrize("task", SAMPLES)
def test_every_sample_is_known_for_what_it_is(task: str) -> None:
    found = guess_task(read_table(SAMPLES[task].path), list_tasks())
    assert found == (None if task == "classification" else task)


@pytest.mark.parametrize(
    ("columns", "task"),
    [
        ({"tags": numbered(ENTITY, "broken", ENTITY)}, "token-classification"),
        ({"label": ["B-PER O O O O O O O O"] * len(TEXTS)}, "token-classification"),
        ({"labels": numbered([], [], ["rude", "spam"])}, "multilabel"),
        ({"article": numbered("A tap drips."), "question": numbered("Why?"), "A": numbered("old"),
          "B": numbered("new"), "C": numbered("wet"), "answer": numbered("A", "C")}, "multiple-choice"),
        ({"topics": numbered(["a", "b"], ["c"])}, "multilabel"),
        ({"topics": numbered("a|b", "b", "c|a")}, "multilabel"),
        ({"loud": numbered(0, 1), "dirty": numbered(1, 0, 0), "dear": numbered(0, 0, 1)}, "multilabel"),
        ({"score": [number / 7 for number in range(40)]}, "regression"),
        ({"A": numbered("yes"), "B": numbered("no"), "C": numbered("both"), "answer": numbered("A", "C")},
         "multiple-choice"),
        ({"options": numbered(["yes", "no"]), "label": numbered(0, 1)}, "multiple-choice"),
        ({"A": numbered(12), "B": numbered(14), "C": numbered(17), "answer": numbered("A", "C")},
         "multiple-choice"),
        ({"question": numbered("What is broken?"), "answer": numbered("tap", "kitchen")},
         "question-answering"),
    ],
)  # fmt: skip
def test_what_a_table_is_for_stands_in_its_columns(
    tmp_path: Path, columns: dict[str, list[object]], task: str
) -> None:
    assert told(tmp_path, {"text": list(TEXTS), **columns}) == task


@pytest.mark.parametrize(
    "columns",
    [
        {"id": [f"T-{number}" for number in range(40)], "label": numbered("good", "bad")},
        {"age": numbered("0-5", "6-9"), "label": numbered("good", "bad")},
        {"label": numbered(["good"], ["bad"])},
        {"label": numbered(["good"], ["bad"], [])},
        {"rating": numbered("1-star", "5-star")},
        {"emotion": numbered("joy", "fear"), "score": [number / 7 for number in range(40)]},
        {
            "emotion": numbered("joy", "fear"),
            "reply": numbered(0, 1),
            "new": numbered(1, 0),
            "big": numbered(0, 1),
        },
        {
            "question": numbered("Is it?"),
            "passage": numbered("I know of nothing."),
            "answer": numbered("no", "yes"),
        },
        {"x": numbered(2, 3), "y": numbered(4, 5), "label": numbered(0, 1)},
        {"a": numbered(2, 3), "b": numbered(4, 5), "c": numbered(4, 1), "label": numbered(1, 2, 3)},
        {
            "answer1": numbered("x"),
            "answer2": numbered("y"),
            "answer3": numbered("z"),
            "age": numbered(1, 2, 3),
        },
        {"label": numbered("good", "bad")},
        {"label": numbered(1, 2, 3, 4, 5)},
        {"label": numbered("good", "bad, very", "so, so")},
        {"label": numbered("good", "bad"), "price": [number / 7 for number in range(40)]},
        {
            "label": numbered("good", "bad"),
            "sold": numbered(0, 1),
            "new": numbered(1, 0),
            "big": numbered(0, 1),
        },
        {"sentence1": numbered("a"), "sentence2": numbered("b"), "label": numbered(0, 1)},
        {"question": numbered("What is broken?"), "answer": numbered("a shoe", "nothing at all")},
        {"label": numbered(1, 2, 3), "note1": numbered("x"), "note2": numbered("y"), "note3": numbered("z")},
    ],
)
def test_a_table_that_could_be_for_several_tells_nothing(
    tmp_path: Path, columns: dict[str, list[object]]
) -> None:
    assert told(tmp_path, {"text": list(TEXTS), **columns}) is None


def test_questions_and_answers_without_a_passage_tell_nothing(tmp_path: Path) -> None:
    columns: dict[str, list[object]] = {
        "question": list(TEXTS),
        "answer": [f"Call us about that {text}" for text in TEXTS],
    }
    assert told(tmp_path, columns) is None
    assert told(tmp_path, {**columns, "label": numbered(0, 1)}) is None


def test_prodigy_and_label_studio_are_read_as_texts_with_entities(tmp_path: Path) -> None:
    tokens = [{"text": word, "start": 0, "end": 3, "id": 0} for word in ("the", "tap", "is", "broken")]
    columns = {"tokens": [tokens] * 40, "spans": [[{"start": 0, "end": 7, "label": "thing"}]] * 40}
    assert told(tmp_path, {"text": list(TEXTS), **columns}) == "token-classification"
    assert guess_roles(read_table(tmp_path / "table.jsonl"), get_task("token-classification")) == {
        "text": "text",
        "tags": "spans",
    }
    mark = {"value": {"start": 0, "end": 7, "text": "message", "labels": ["thing"]}, "from_name": "ner"}
    mood = {"value": {"choices": ["angry"]}, "from_name": "mood", "type": "choices"}
    tasks = [{"data": {"text": text}, "annotations": [{"result": [mark, mood]}]} for text in TEXTS]
    path = tmp_path / "export.json"
    path.write_text(json.dumps([*tasks, {"data": {"text": "not yet"}, "annotations": []}]), "utf-8")
    table = read_table(path)
    assert list(table.frame.columns) == ["text", "entities", "mood"]
    assert guess_task(table, list_tasks()) == "token-classification"
    roles = guess_roles(table, get_task("token-classification"))
    assert roles == {"text": "text", "tags": "entities"}


QUESTIONS = [f"where do I find the {thing}" for thing in ("tap", "door", "lamp", "chair")]
REPLIES = [f"the {thing} stands behind the house" for thing in ("tap", "door", "lamp", "chair")]


def matched(folder: Path, questions: list[str], replies: list[str], third: str = "id") -> dict[str, str]:
    """The roles of a table that says of every question and reply whether they fit."""
    path = folder / "table.jsonl"
    rows = [
        {"question": question, "reply": reply, third: f"a7-{at}{of}", "fits": "yes" if at == of else "no"}
        for at, question in enumerate(questions)
        for of, reply in enumerate(replies)
    ]
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    return guess_roles(read_table(path))


def test_two_texts_are_found_where_the_label_depends_on_both(tmp_path: Path) -> None:
    expected = {"text": "question", "text_b": "reply", "label": "fits"}
    assert matched(tmp_path, QUESTIONS, REPLIES) == expected
    chinese = (
        ["水龙头坏了怎么办", "门打不开怎么办", "灯不亮怎么办"],
        ["请联系维修人员处理", "请换一把新的钥匙", "请更换灯泡"],
    )
    assert matched(tmp_path, *chinese) == expected
    # An identifier tells rows apart as well, but is no text.
    assert "text_b" not in matched(tmp_path, ["01", "02", "03", "04"], REPLIES)


def test_one_text_is_enough_where_it_decides(tmp_path: Path) -> None:
    columns = {
        "text": list(TEXTS),
        "note": numbered("seen by the boss", "not seen"),
        "label": numbered("a", "b"),
    }
    path = tmp_path / "table.jsonl"
    rows = zip(*columns.values(), strict=True)
    path.write_text("\n".join(json.dumps(dict(zip(columns, row, strict=True))) for row in rows), "utf-8")
    assert guess_roles(read_table(path)) == {"text": "text", "label": "label"}
