"""Rows and versions from the shell."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio.cli.main import main
from tests.conftest import small_rows


@pytest.fixture
def call(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run a command in a home of its own: exit code, stdout, stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(["--home", str(tmp_path / "home"), *arguments])
        return code, *capsys.readouterr()

    return run


Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def tickets(call: Call, write_table: Callable[..., Path]) -> Call:
    """Commands over a dataset of 82 rows, two of them repeats, one that would colour a terminal."""
    rows = small_rows()
    rows[7][0] = "red \x1b[31m text"
    table = write_table([*rows, *rows[:2]], name="tickets.csv")
    assert call("dataset", "import", str(table), "--name", "tickets")[0] == 0
    return call


def value_of(answer: tuple[int, str, str]) -> Any:
    """The JSON of an answer that is a success."""
    code, out, errors = answer
    assert code == 0, errors
    return json.loads(out)


def test_rows_are_searched_and_shown_without_effect_on_the_terminal(tickets: Call) -> None:
    page = value_of(tickets("dataset", "rows", "tickets", "--search", "OTTER", "--limit", "2", "--json"))
    assert (page["total"], len(page["rows"])) == (5, 2)
    line = page["rows"][0]["line"]
    alone = value_of(tickets("dataset", "rows", "tickets", "--line", str(line), "--json"))
    assert alone["rows"] == page["rows"][:1]
    code, out, _ = tickets("dataset", "rows", "tickets", "--search", "red", "--offset", "0")
    assert code == 0
    assert "\x1b" not in out and "red  [31m text" in out
    assert "Rows 1 to 1 of 1" in out
    code, _, errors = tickets("dataset", "rows", "tickets", "--finding", "typo")
    assert code == 2 and "has no finding 'typo'" in errors


def test_answers_that_stand_elsewhere_are_told_and_taken_from_there(
    call: Call, write_table: Callable[..., Path]
) -> None:
    rows = [[f"Where, {n}?", f"In Rome and not in Paris, number {n}.", "Rome", "4"] for n in range(20)]
    table = write_table(rows, ("question", "context", "answer", "answer_start"), "asked.csv")
    wanted = ("dataset", "import", str(table), "--name", "asked", "--task", "question-answering")
    code, _, errors = call(*wanted)
    assert code == 2
    assert "Line 2: “Rome” is said to start at character 4, where the passage has “ome and not in" in errors
    made = value_of(call(*wanted, "--fix", "moved_answer=place_answers", "--json"))
    assert sum(made["rows"].values()) == 20
    assert [step["action"] for step in made["steps"]] == ["place_answers"]
    assert made["answered"] == ["placed_answers=place_answers"]


def test_a_dataset_is_mended_undone_and_restored(tickets: Call) -> None:
    fixed = value_of(tickets("dataset", "fix", "tickets", "duplicate_text=drop_repeats", "--json"))
    assert (fixed["version"], sum(fixed["rows"].values())) == (2, 80)
    code, _, errors = tickets("dataset", "fix", "tickets", "duplicate_text")
    assert code == 2 and "duplicate_text=drop_repeats" in errors
    assert value_of(tickets("dataset", "undo", "tickets", "1", "--json"))["version"] == 3
    assert value_of(tickets("dataset", "restore", "tickets", "2", "--json"))["version"] == 4
    code, out, _ = tickets("dataset", "versions", "tickets")
    assert code == 0 and "again" in out
    assert [one["version"] for one in value_of(tickets("dataset", "versions", "tickets", "--json"))] == [
        4,
        3,
        2,
        1,
    ]
    assert value_of(tickets("dataset", "show", "tickets@2", "--json"))["rows"] == fixed["rows"]
    assert tickets("dataset", "delete", "tickets@1")[0] == 0
    assert tickets("dataset", "show", "tickets@1")[0] == 2


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_the_ending_of_the_file_says_the_format(tickets: Call, tmp_path: Path, ending: str) -> None:
    to = tmp_path / f"out.{ending}"
    answer = value_of(tickets("dataset", "export", "tickets", "--to", str(to), "--json"))
    assert answer == {"file": str(to), "format": ending, "rows": 82}
    assert to.stat().st_size > 0
    code, _, errors = tickets("dataset", "export", "tickets", "--to", str(tmp_path / "out.xlsx"))
    assert code == 2 and "csv, jsonl, parquet" in errors


def test_a_table_is_read_as_it_is_said_to_be(call: Call, tmp_path: Path) -> None:
    body = "".join(f"'{text}'~{label}\n" for text, label in small_rows())
    table = tmp_path / "odd.txt"
    table.write_text(f"made by hand\n# a remark\ntext~label\n{body}", encoding="utf-8")
    flags = ["--delimiter", "~", "--quote", "'", "--comment", "#", "--skip-lines", "1", "--header-lines", "1"]
    made = value_of(call("dataset", "import", str(table), "--name", "odd", *flags, "--json"))
    assert made["roles"] == {"text": "text", "label": "label"}
    assert sum(made["rows"].values()) == 80
