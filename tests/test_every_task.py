"""What holds for a dataset of each task: findings and their fixes, rows, edits, exports, a table to score."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from studio.bootstrap import Studio
from studio.cli.main import app
from studio.data.browsing import RowQuery
from studio.data.editing import Edit
from studio.data.fixes import FIXES, FixChoice
from studio.data.importing import ImportRequest
from studio.errors import InvalidInput
from studio.metrics.registry import METRICS
from studio.pages.data import browsing, describing
from studio.pages.jobs.course import Epoch, describe_course
from studio.pages.jobs.detail import explain_number, name_number
from studio.tasks.base import Task
from studio.tasks.registry import list_tasks
from tests.conftest import write_csv
from tests.tasks.examples import EXAMPLES, text_of

EVERY = pytest.mark.parametrize("task", list_tasks(), ids=lambda task: task.key)


def table_of(task: Task, folder: Path, rows: int = 80) -> Path:
    """A table with a text and an answer in each row, in which one text comes thrice with other answers."""
    cells, asked = EXAMPLES[task.key].cells, EXAMPLES[task.key].asked
    texts = [
        "same text as others" if number < 3 else f"text {number} of this table" for number in range(rows)
    ]
    lines = [
        [text, *(cell.format(n=max(2, number)) for cell in asked.values()), cells[number % len(cells)]]
        for number, text in enumerate(texts)
    ]
    return write_csv(folder / "rows.csv", lines, (text_of(task), *asked, task.answer_role.key))


def request_of(task: Task, folder: Path, **options: object) -> ImportRequest:
    roles = {role: role for role in (text_of(task), *EXAMPLES[task.key].asked, task.answer_role.key)}
    return ImportRequest(path=table_of(task, folder), name="rows", task=task.key, roles=roles, **options)  # type: ignore[arg-type]


@EVERY
def test_its_findings_are_mended_before_and_after_the_import(
    task: Task, studio: Studio, tmp_path: Path
) -> None:
    found = studio.datasets.prepare(request_of(task, tmp_path))
    offered = [(problem.code, fix) for problem in found.problems for fix in problem.fixes]
    assert any(problem.code.startswith("conflicting") for problem in found.problems)
    for code, fix in offered:
        mended = studio.datasets.prepare(request_of(task, tmp_path, fixes=(FixChoice(code, fix),)))
        assert not mended.blocking, (code, fix)
    studio.datasets.import_file(request_of(task, tmp_path))
    # Whatever was chosen for another task before is carried out or changes nothing, and never a fault.
    for code, fixes in FIXES.items():
        for fix in fixes:
            try:
                studio.datasets.apply_fixes("rows", [FixChoice(code, fix)])
            except InvalidInput as refused:
                assert refused.hint


@EVERY
def test_its_rows_are_looked_through_written_and_dropped(task: Task, studio: Studio, tmp_path: Path) -> None:
    dataset = studio.datasets.import_file(request_of(task, tmp_path))
    page = studio.datasets.browse("rows", RowQuery(), 0, 50)
    html = browsing.render_page(dataset, page, browsing.Filters())
    assert "same text as others" in html and '["' not in html
    home = ["--home", str(studio.settings.home)]
    shown = CliRunner().invoke(app, [*home, "dataset", "rows", "rows"])
    assert shown.exit_code == 0 and '["' not in shown.stdout
    studio.datasets.export("rows", tmp_path / "rows.jsonl", "jsonl", raw=True)
    line = json.loads((tmp_path / "rows.jsonl").read_text().splitlines()[0])
    opened = {"multilabel": list, "token-classification": list, "question-answering": dict}
    assert isinstance(line[task.answer_role.key], opened.get(task.key, str))
    edited = studio.datasets.edit_rows("rows", [Edit("train", 0, "drop")])
    assert edited.version == 2 and edited.labels == dataset.labels


@EVERY
def test_a_table_to_score_is_described_by_its_answers(task: Task, studio: Studio, tmp_path: Path) -> None:
    request = request_of(task, tmp_path)
    labels = studio.datasets.import_file(request).labels
    again = ImportRequest(path=request.path, name="again", task=task.key, roles=request.roles)
    scored = studio.datasets.import_for_scoring(again, labels, [text_of(task), *EXAMPLES[task.key].asked])
    words = describing.name_answers(scored)
    assert ("numbers from" in words) == (task.key == "regression")
    assert ("options" in words) == (task.key == "multiple-choice")
    assert "0 labels" not in words


@EVERY
def test_a_job_tells_of_its_epochs_in_words(task: Task) -> None:
    values = dict.fromkeys(task.watched, 0.5) | {task.primary_metric: 0.5, "loss": 0.7}
    told = describe_course([Epoch(1, {"loss": 0.7}, values), Epoch(2, {"loss": 0.6}, values)])
    assert METRICS[task.primary_metric].spoken in told
    for name in values:
        named = name_number("validation", name)
        assert named.startswith("Validation ") and "_" not in named and explain_number(name)
