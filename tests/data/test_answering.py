"""Questions with passages are imported from every shape of answers, and what does not fit is told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from studio.bootstrap import Studio
from studio.data.browsing import RowQuery
from studio.data.checks.rows import check_frames
from studio.data.fixes import FixChoice
from studio.data.importing import ImportRequest, PreparedImport, prepare_import
from studio.data.problems import Problem
from studio.data.sample import SAMPLES
from studio.tasks.question_answering import QUESTION_ANSWERING, read_answers
from tests.conftest import write_csv

PLACES = [
    f"Place {number} lies by a river, and its market is held on a {day} in the old square, number {number}."
    for number in range(10)
    for day in ("Monday", "Friday")
]
HEADER = ("question", "context", "answers")


def table_of(folder: Path, cells: list[str], header: tuple[str, ...] = HEADER, more: str = "") -> Path:
    """Two questions about each of 20 passages; the first ones have these answers."""
    rows = []
    for number, passage in enumerate(PLACES):
        day = "Monday" if "Monday" in passage else "Friday"
        rows.append([f"When is market {number}?", passage, day])
        rows.append([f"Who rules place {number}?", passage, ""])
    for row, cell in zip(rows, cells, strict=False):
        row[2] = cell
    return write_csv(folder / "asked.csv", rows, header)


def prepare(path: Path, **options: object) -> PreparedImport:
    return prepare_import(ImportRequest(path=path, name="asked", task="question-answering", **options))  # type: ignore[arg-type]


def problem_of(prepared: PreparedImport, code: str) -> Problem:
    return next(problem for problem in prepared.problems if problem.code == code)


def first_answers(prepared: PreparedImport) -> list[tuple[int, str]]:
    """The right answers of the row that stands first in the file."""
    frame = next(frame for frame in prepared.frames.values() if (frame["line"] == 2).any())
    return [tuple(one) for one in read_answers(frame.loc[frame["line"] == 2, "answers"].iloc[0])]  # type: ignore[misc]


START = PLACES[0].index("Monday")


@pytest.mark.parametrize(
    "cell",
    [
        "Monday",
        '["Monday"]',
        f'[{{"text": "Monday", "answer_start": {START}}}]',
        f'{{"text": ["Monday", "Monday"], "answer_start": [{START}, {START}]}}',
        f"{{'text': array(['Monday'], dtype=object), 'answer_start': array([{START}], dtype=int32)}}",
        f'[[{START - 1}, " Monday"]]',
    ],
)
def test_answers_are_read_in_every_shape_and_columns_found_by_their_names(tmp_path: Path, cell: str) -> None:
    prepared = prepare(table_of(tmp_path, [cell]))
    assert prepared.roles == {"question": "question", "context": "context", "answers": "answers"}
    assert not prepared.blocking
    few = problem_of(prepared, "few_rows")
    assert few.message == "There are only 40 usable rows." and few.hint == "Import 100 rows or more."
    assert first_answers(prepared) == [(START, "Monday")]
    assert problem_of(prepared, "answers_looked_for").severity == "note"
    assert problem_of(prepared, "questions_without_answer").count == 20
    assert prepared.lengths["answers"]["answered"] > 0


def test_columns_are_found_by_what_stands_in_them(tmp_path: Path) -> None:
    prepared = prepare(table_of(tmp_path, [], ("a", "b", "c")), roles={})
    assert prepared.roles["context"] == "b" and prepared.roles["question"] == "a"


def test_a_column_of_starts_says_where_answers_stand(tmp_path: Path) -> None:
    passage = "In Rome one is in Rome, and not in Paris, number"
    rows = [[f"Where, {number}?", f"{passage} {number}.", "Rome", "18"] for number in range(20)]
    path = write_csv(tmp_path / "starts.csv", rows, ("question", "context", "answer", "answer_start"))
    prepared = prepare(path)
    assert prepared.roles["answers"] == "answer, answer_start"
    assert first_answers(prepared) == [(18, "Rome")]
    assert not any(problem.code == "answers_looked_for" for problem in prepared.problems)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ('[{"text": "Monday", "answer_start": 3}]', "moved_answer"),
        ("Tuesday", "answer_not_in_passage"),
        ('[{"text": "Tuesday", "answer_start": 3}]', "answer_not_in_passage"),
        (f'{{"text": ["Monday", "Tuesday"], "answer_start": [3, {START}]}}', "answer_not_in_passage"),
        ('[{"text": 5}]', "unreadable_answers"),
    ],
)
def test_answers_that_do_not_fit_stand_in_the_way_until_their_rows_are_dropped(
    tmp_path: Path, cell: str, code: str
) -> None:
    path = table_of(tmp_path, [cell])
    found = problem_of(prepare(path), code)
    assert (found.severity, found.count, found.rows, found.file) == ("error", 1, (2,), "asked.csv")
    assert found.fixes[-1] == "drop_rows"
    prepared = prepare(path, fixes=(FixChoice(code, "drop_rows"),))
    assert not prepared.blocking and sum(prepared.rows.values()) == 39


def squad_of(folder: Path, answers: Sequence[tuple[str, int]]) -> Path:
    """A SQuAD file with a question about each passage: the first have these answers, the others are right."""
    paragraphs = []
    for number, passage in enumerate(PLACES):
        start = passage.index("number")
        text, start = answers[number] if number < len(answers) else ("number", start)
        asked = {
            "id": str(number),
            "question": f"What, {number}?",
            "answers": [{"text": text, "answer_start": start}],
        }
        paragraphs.append({"context": passage, "qas": [asked]})
    path = folder / "asked.json"
    value = {"version": "1.1", "data": [{"title": "t", "paragraphs": paragraphs}]}
    path.write_text(json.dumps(value, indent=1), encoding="utf-8")
    return path


def test_answers_are_taken_where_they_stand_in_the_passage(studio: Studio, tmp_path: Path) -> None:
    path = squad_of(tmp_path, [("Monday", START + 3), ("Tuesday", 8), ("number", 90)])
    found = prepare(path)
    moved, missing = problem_of(found, "moved_answer"), problem_of(found, "answer_not_in_passage")
    lines = [at for at, line in enumerate(path.read_text().split("\n"), 1) if '"question"' in line]
    assert (moved.file, moved.rows, moved.fixes) == (
        "asked.json",
        (lines[0], lines[2]),
        ("place_answers", "drop_rows"),
    )
    assert moved.examples[0] == (
        f"Line {lines[0]}: “Monday” is said to start at character {START + 3}, where the passage has "
        f"“day in the old square, num…”; it stands at {START}: “…market is held on a Monday in the old "
        "square,…”."
    )
    assert (missing.rows, missing.fixes) == ((lines[1],), ("drop_rows",))
    assert missing.examples == (
        f"Line {lines[1]}: “Tuesday” is nowhere in the passage, which has at character 8 “lies by a river, "
        "and its ma…”.",
    )
    fixes = (FixChoice("moved_answer", "place_answers"), FixChoice("answer_not_in_passage", "drop_rows"))
    made = studio.datasets.import_file(
        ImportRequest(path=path, name="asked", task="question-answering", fixes=fixes)
    )
    assert sum(made.rows.values()) == 19
    assert {step.action: step.rows for step in made.steps} == {"place_answers": 2, "drop_rows": 1}
    rows = studio.datasets.browse("asked", RowQuery(finding="placed_answers")).rows
    kept = {row["line"]: row["answers"] for row in rows}
    nearest = PLACES[2].rindex("number")
    assert kept == {lines[0]: f'[[{START}, "Monday"]]', lines[2]: f'[[{nearest}, "number"]]'}
    assert "moved_answer" not in {problem.code for problem in made.problems}


def test_starts_of_a_column_that_count_from_one_are_mended_too(tmp_path: Path) -> None:
    rows = [[f"Where, {n}?", f"In Rome and not in Paris, number {n}.", "Rome", "4"] for n in range(20)]
    path = write_csv(tmp_path / "starts.csv", rows, ("question", "context", "answer", "answer_start"))
    assert problem_of(prepare(path), "moved_answer").count == 20
    mended = prepare(path, fixes=(FixChoice("moved_answer", "place_answers"),))
    assert not mended.blocking and first_answers(mended) == [(3, "Rome")]
    assert problem_of(mended, "placed_answers").count == 20


def test_questions_and_passages_that_stand_alone_are_told_by_name(tmp_path: Path) -> None:
    rows = [[f"Question {number}?", passage, ""] for number, passage in enumerate(PLACES)]
    rows[3][0], rows[4][1] = "", " "
    rows[5][2] = "river"
    prepared = prepare(write_csv(tmp_path / "alone.csv", rows, HEADER))
    assert problem_of(prepared, "passage_without_question").rows == (5,)
    assert problem_of(prepared, "question_without_passage").rows == (6,)


def test_questions_about_a_passage_stay_on_one_side(tmp_path: Path) -> None:
    prepared = prepare(table_of(tmp_path, []))
    sides = [set(frame["context"]) for frame in prepared.frames.values()]
    assert sum(map(len, sides)) == len(set.union(*sides)) == 20
    assert all(len(frame) == 2 * frame["context"].nunique() for frame in prepared.frames.values())


def test_a_passage_on_two_sides_is_a_leak_whatever_is_asked_about_it(tmp_path: Path) -> None:
    train = table_of(tmp_path, [])
    rows = [[f"Where is place {number}?", passage, "by a river"] for number, passage in enumerate(PLACES[:3])]
    other = [
        [f"Where is place {number}?", f"It lies by a lake, {number}.", "by a lake"] for number in range(4)
    ]
    test = write_csv(tmp_path / "test.csv", [*rows, *other], HEADER)
    found = problem_of(prepare(train, test=test), "shared_text")
    assert (found.severity, found.count) == ("warning", 3)
    mended = prepare(train, test=test, fixes=(FixChoice("shared_text", "drop_from_train"),))
    assert sum(mended.rows.values()) == 47 - 2 * 3


def test_answers_move_along_when_characters_of_their_passage_go(tmp_path: Path) -> None:
    cells = ["Monday"]
    path = table_of(tmp_path, cells)
    path.write_text(path.read_text().replace("Place 0 lies", "<b>Place</b>\u0007 0 &amp; lies"))
    fixes = (FixChoice("html", "strip_html"), FixChoice("control_characters", "remove_control_characters"))
    prepared = prepare(path, fixes=fixes)
    assert not prepared.blocking
    for frame in prepared.frames.values():
        assert len(QUESTION_ANSWERING.targets(frame, ())) == len(frame)
        assert not frame["context"].str.contains("<b>").any()


def test_other_answers_to_the_same_question_are_told(tmp_path: Path) -> None:
    rows = [[f"Question {number}?", passage, "river"] for number, passage in enumerate(PLACES)]
    rows += [[rows[0][0], rows[0][1], "square"], [rows[1][0], rows[1][1], "river"]]
    prepared = prepare(write_csv(tmp_path / "twice.csv", rows, HEADER))
    assert problem_of(prepared, "conflicting_answers").count == 2
    assert problem_of(prepared, "duplicate_text").count == 1


def test_no_answer_at_all_and_answers_nobody_can_find_are_told() -> None:
    passage = "The unbelievable word " + "and so on " * 40
    roles = {"question": "question", "context": "context", "answers": "answers"}

    def codes(cell: str) -> set[str]:
        import pandas as pd

        rows = {"question": [f"{n}?" for n in range(8)], "context": [passage] * 8, "answers": [cell] * 8}
        frame = pd.DataFrame(rows, dtype="str").assign(line=np.arange(8), file="t", split="all")
        return {problem.code for problem in check_frames({"all": frame}, roles).problems}

    assert "no_answers" in codes("[]")
    assert "long_answer" in codes(json.dumps([[4, passage[4:]]]))
    assert "answer_cuts_word" in codes('[[6, "believable"]]')


def test_a_file_that_says_its_task_needs_none(studio: Studio, tmp_path: Path) -> None:
    squad = studio.datasets.import_file(ImportRequest(path=SAMPLES["question-answering"].path, name="asked"))
    assert (squad.task, squad.roles) == ("question-answering", SAMPLES["question-answering"].roles)
    lines = "".join(f"Anna{n} B-PER\nleft O\n\n" for n in range(40))
    (tmp_path / "notes.conll").write_text(lines, encoding="utf-8")
    conll = studio.datasets.import_file(ImportRequest(path=tmp_path / "notes.conll", name="notes"))
    assert (conll.task, conll.labels) == ("token-classification", ("PER",))
    chosen = ImportRequest(path=SAMPLES["question-answering"].path, name="other", task="classification")
    assert studio.datasets.prepare(chosen).request.task == "classification"


def test_squad_is_imported_as_it_is_and_given_back_as_others_have_it(studio: Studio, tmp_path: Path) -> None:
    dataset = studio.datasets.import_sample(task="question-answering")
    assert (dataset.task, sum(dataset.rows.values()), dataset.labels) == ("question-answering", 147, ())
    assert not [problem for problem in dataset.problems if problem.severity == "error"]
    studio.datasets.export(dataset.name, tmp_path / "rows.jsonl", "jsonl", raw=True)
    line = json.loads((tmp_path / "rows.jsonl").read_text().splitlines()[0])
    assert set(line["answers"]) == {"text", "answer_start"}
    again = prepare(tmp_path / "rows.jsonl")
    assert not again.blocking and sum(again.rows.values()) == 147


def test_answers_that_are_years_and_starts_below_0_are_read_by_the_name_of_their_column(
    tmp_path: Path,
) -> None:
    rows = [
        (f"When was mill {year} built?", f"It was built in {year}, they say.", str(year), "16.00")
        for year in range(1900, 1930)
    ] + [
        (f"Who built the bridge of {year}?", f"Nobody knows of {year}.", "", "-1")
        for year in range(1900, 1910)
    ]
    path = write_csv(tmp_path / "years.csv", rows, ("question", "context", "answer", "answer_start"))
    prepared = prepare(path)
    assert not prepared.blocking
    assert first_answers(prepared) == [(16, "1900")]
    assert problem_of(prepared, "questions_without_answer").count == 10
