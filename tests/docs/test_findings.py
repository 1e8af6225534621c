"""Every finding and every action stands in the document about data, and the reverse."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from studio.data.fixes import ACTIONS, FIXES

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
# The argument of each call that holds the code of a finding.
PLACES = {"Words": 0, "CellFault": 0, "Problem": 1}


def codes_in(path: Path) -> set[str]:
    """The codes that a file can give: constants in the place of a code."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in PLACES:
            place = PLACES[node.func.id]
            if len(node.args) > place:
                value = node.args[place]
                parts = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
                found |= {each.value for each in parts if isinstance(each, ast.Constant)}
    return found


def table_rows(heading: str) -> dict[str, list[str]]:
    """The rows of the table under a heading: the first cell, and the others."""
    part = DOCUMENT.split(heading, 1)[1].split("\n#", 1)[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in part.splitlines()
        if line[:3] == "| `"
    ]
    return {row[0].strip("`"): row[1:] for row in rows}


def test_every_finding_of_the_checks_is_documented_and_the_reverse() -> None:
    rooms = (ROOT / "studio/data/checks", ROOT / "studio/data/answers")
    given = set().union(*(codes_in(path) for room in rooms for path in room.rglob("*.py")))
    assert set(table_rows("### Findings about rows")) == given


def test_the_document_names_what_mends_a_finding() -> None:
    for code, (_, _, fixes) in table_rows("### Findings about rows").items():
        assert tuple(re.findall(r"`(\w+)`", fixes)) == FIXES.get(code, ())


def test_what_the_readers_offer_exists_and_may_be_chosen() -> None:
    for path in (ROOT / "studio/data/readers").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (
                isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Problem"
            ):
                continue
            for keyword in node.keywords:
                if keyword.arg == "fixes" and isinstance(keyword.value, ast.Tuple):
                    offered = {each.value for each in keyword.value.elts if isinstance(each, ast.Constant)}
                    assert offered <= {*FIXES[node.args[1].value]}


def test_what_mends_a_division_is_documented_and_may_be_chosen() -> None:
    rows = {code: cells for code, cells in table_rows("## How rows are divided").items() if len(cells) == 3}
    assert {"unknown_split", "label_not_in_train"} <= set(rows)
    for code, (_, _, fixes) in rows.items():
        assert tuple(re.findall(r"`(\w+)`", fixes)) == FIXES.get(code, ())


def test_every_action_is_documented_in_the_order_in_which_it_is_done() -> None:
    rows = table_rows("### What can be done")
    assert list(rows.items()) == [(action.name, [action.sentence]) for action in ACTIONS]
