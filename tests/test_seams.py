"""Every registered part keeps the rules for its kind, so that adding one is one file and one line."""

from __future__ import annotations

import json
import pickle
import re
from pathlib import Path

import pytest
import typer

from docs import tables
from studio.api.app import ROUTERS
from studio.bootstrap import Studio
from studio.checkpoints.catalogue import Checkpoint, load_catalogue
from studio.cli.main import app
from studio.data.answers.registry import kind_of
from studio.errors import NotFound
from studio.metrics.base import Metric
from studio.metrics.registry import METRICS
from studio.pages.registry import PAGES, Page
from studio.pages.words import words_of
from studio.services.datasets import ImportRequest
from studio.tasks.base import Task
from studio.tasks.registry import TASKS
from studio.training.presets import PRESETS, PresetFacts, preset_recipe
from studio.training.recipe import FieldSpec, Recipe, field_specs
from tests.conftest import write_csv
from tests.tasks.examples import EXAMPLES, example_of, text_of

ROOT = Path(__file__).resolve().parents[1]
TEST_SOURCE = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py"))
SENTENCE = re.compile(r"[A-Z0-9].{10,}\.$", re.DOTALL)
COMMANDS = dict(tables.walk(typer.main.get_command(app), ""))
ROUTES = [
    (method, route) for router in ROUTERS for route in router.routes for method in sorted(route.methods)
]


@pytest.mark.parametrize("task", TASKS.values(), ids=lambda task: task.key)
def test_a_task_is_explained_scored_and_documented(task: Task) -> None:
    assert SENTENCE.match(task.help)
    assert task.required_roles
    assert all(SENTENCE.match(role.help) for role in task.roles)
    assert task.primary_metric in task.metrics
    assert set(task.metrics) <= set(METRICS)
    assert TASKS[task.key] is task
    rows = [{text_of(task): "a text", **EXAMPLES[task.key].asked}] * len(EXAMPLES[task.key].outputs)
    answers = task.decode(EXAMPLES[task.key].outputs, ["a", "b"], {}, rows)
    assert json.loads(json.dumps(answers)) == answers
    assert task.say(answers[0])
    assert pickle.loads(pickle.dumps(task)).key == task.key, "several processes train it"


@pytest.mark.parametrize("task", TASKS.values(), ids=lambda task: task.key)
def test_a_task_has_all_that_its_kind_of_answer_needs(task: Task) -> None:
    """One label is what nothing tells, and so is no answer for a task without it."""
    assert set(kind_of(task.required_roles).roles) <= set(task.required_roles)


@pytest.mark.parametrize("task", TASKS.values(), ids=lambda task: task.key)
def test_a_table_with_a_column_for_each_role_of_a_task_becomes_a_dataset(
    task: Task, studio: Studio, tmp_path: Path
) -> None:
    texts = {role.key: [f"{role.key} {number} of this row" for number in range(40)] for role in task.roles}
    asked = {role: [cell] * 40 for role, cell in EXAMPLES[task.key].asked.items()}
    columns = {**texts, **asked, task.answer_role.key: EXAMPLES[task.key].cells}
    header = tuple(f"my {key}" for key in columns)
    table = write_csv(
        tmp_path / "rows.csv", [list(row) for row in zip(*columns.values(), strict=True)], header
    )
    roles = {key: f"my {key}" for key in columns}
    dataset = studio.datasets.import_file(ImportRequest(path=table, name="rows", task=task.key, roles=roles))
    assert (dataset.task, dataset.roles, sum(dataset.rows.values())) == (task.key, roles, 40)


def test_a_task_that_nobody_registered_is_refused_with_those_there_are(
    studio: Studio, small_table: Path
) -> None:
    with pytest.raises(NotFound, match="There is no task 'nonsense'") as caught:
        studio.datasets.import_file(ImportRequest(path=small_table, name="odd", task="nonsense"))
    assert all(key in caught.value.hint for key in TASKS)
    assert studio.datasets.list() == []


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_a_metric_is_explained_bounded_and_better_for_better_answers(metric: Metric) -> None:
    assert SENTENCE.match(metric.help)
    example = example_of(metric)
    good, bad = (metric.compute(example.truth, scores) for scores in (example.good, example.bad))
    assert good > bad if metric.best == "high" else good < bad
    if metric.unit == "share":
        assert -1.0 <= bad <= 1.0 and -1.0 <= good <= 1.0
    assert f"`{metric.name}`" in (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    assert any(metric.name in task.metrics for task in TASKS.values())


@pytest.mark.parametrize("checkpoint", load_catalogue().values(), ids=lambda one: one.id)
def test_a_checkpoint_is_described_for_someone_who_has_to_choose(checkpoint: Checkpoint) -> None:
    assert SENTENCE.match(checkpoint.good_for)
    assert SENTENCE.match(checkpoint.bad_for)
    assert checkpoint.parameters > 0
    assert checkpoint.max_tokens >= 128
    assert checkpoint.hidden % checkpoint.heads == 0
    assert checkpoint.builtin or checkpoint.repo
    assert bool(checkpoint.licence) == bool(checkpoint.licence_source)
    assert set(checkpoint.formats) <= {"safetensors", "pickle"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.words)
def test_a_page_has_words_an_address_a_document_and_a_journey(page: Page) -> None:
    assert words_of(page.words).title
    assert page.path == page.path.strip("/").lower()
    journeys = "\n".join(path.read_text() for path in (ROOT / "tests" / "journeys").glob("*.py"))
    assert f"/{page.path}" in journeys
    if page.path:
        assert (ROOT / "docs" / f"{page.path}.md").exists()


@pytest.mark.parametrize("spec", field_specs(), ids=lambda spec: spec.name)
def test_a_recipe_field_has_help_limits_and_a_plain_error(spec: FieldSpec) -> None:
    assert SENTENCE.match(spec.help)
    assert len(spec.help) < 130
    assert spec.choices or (spec.minimum is not None and spec.maximum is not None)
    assert f"`{spec.name}`" in (ROOT / "docs" / "recipe.md").read_text(encoding="utf-8")
    with pytest.raises(Exception, match=spec.name) as raised:
        Recipe.from_settings({spec.name: "no such value"})
    assert spec.name in raised.value.hint


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("parameters", [4_000_000, 22_000_000, 110_000_000, 340_000_000])
@pytest.mark.parametrize("rows", [20, 1_000, 1_000_000])
def test_a_preset_gives_a_valid_recipe_for_every_size(preset: str, parameters: int, rows: int) -> None:
    facts = PresetFacts(
        parameters=parameters, rows=rows, median_tokens=12, p95_tokens=700, device="cpu", max_tokens=512
    )
    recipe = Recipe.from_settings({**preset_recipe(preset, facts), "preset": preset})
    assert recipe.max_length <= 512


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_and_each_of_its_flags_are_explained(name: str) -> None:
    command = COMMANDS[name]
    assert command.help
    for parameter in command.params:
        if parameter.param_type_name == "option":
            assert SENTENCE.match(parameter.help or ""), (name, parameter.name)
    words = r",\s*".join(f'"{word}"' for word in name.split())
    assert re.search(rf"\(\s*{words}", TEST_SOURCE), f"no test runs '{name}'"


@pytest.mark.parametrize("method, route", ROUTES, ids=lambda value: getattr(value, "path", value))
def test_a_route_is_described_and_tested(method: str, route: object) -> None:
    assert route.description
    path = re.sub(r"\\{[^}]*\\}", r"(\\{[^}]+\\}|[\\w-]+)", re.escape(route.path))
    asked = rf'(\.{method.lower()}\(|"{method}",)\s*f?"(\{{API\}}|/api/v1)?{path}["?]'
    assert re.search(asked, TEST_SOURCE), f"no test asks {method} {route.path}"
