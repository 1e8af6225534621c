"""The rules of the house that a tool can check: sizes, boundaries, no doubles, no left-overs."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("studio", "jobs", "bench")
SOURCES = [*sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py")), ROOT / "app.py"]
TESTS = sorted((ROOT / "tests").rglob("*.py"))
BROAD_BOUNDARIES = {
    "jobs/child.py": "whatever a handler raises becomes the job's failure",
    "jobs/nursery.py": "a module that cannot be imported fails the children that need it",
    "jobs/worker.py": "the worker's loop goes on after a failed turn",
    "studio/cli/main.py": "the command line ends with a sentence",
    "studio/notices/deliverer.py": "the telling of people goes on after a failed turn",
    "studio/pages/guard.py": "a page shows a sentence",
    "studio/prediction/predictor.py": "the predictor answers the next request",
}


def functions_of(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_no_source_file_is_longer_than_400_lines() -> None:
    long = {name_of(path): count for path in SOURCES if (count := len(path.read_text().splitlines())) > 400}
    assert not long


def test_no_function_is_longer_than_60_lines_except_the_layout_of_a_page() -> None:
    long = [
        f"{name_of(path)}:{node.name}"
        for path in SOURCES
        for node in functions_of(path)
        if (node.end_lineno or 0) - node.lineno + 1 > (120 if is_layout(path, node.name) else 60)
    ]
    assert not long


def is_layout(path: Path, name: str) -> bool:
    return "pages" in path.parts and name == "build"


def test_every_file_and_public_name_says_what_it_is() -> None:
    bare = []
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if not ast.get_docstring(tree):
            bare.append(name_of(path))
        for node in tree.body:
            is_public = isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
            if is_public and not ast.get_docstring(node):
                bare.append(f"{name_of(path)}:{node.name}")
    migrations = [name for name in bare if "/migrations/" in name]
    assert sorted(set(bare) - set(migrations)) == []


def test_broad_excepts_stand_only_at_named_boundaries() -> None:
    found = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ExceptHandler) and is_broad(node) and not raises_again(node):
                found.add(name_of(path))
    assert found == set(BROAD_BOUNDARIES)


def is_broad(handler: ast.ExceptHandler) -> bool:
    """Whether it catches whatever comes."""
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(
        each is None or (isinstance(each, ast.Name) and each.id in {"Exception", "BaseException"})
        for each in caught
    )


def raises_again(handler: ast.ExceptHandler) -> bool:
    """Whether it only tidies up: its last act is to raise what it caught."""
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def test_the_environment_is_read_in_one_place() -> None:
    readers = {
        name_of(path)
        for path in SOURCES
        if "bench" not in name_of(path).split("/")
        and re.search(r"os\.environ\.get|os\.getenv|= os\.environ\[", path.read_text())
    }
    assert readers == {"studio/settings.py", "jobs/faults.py"}


def test_files_are_made_durable_and_named_in_one_place() -> None:
    words = re.compile(r"os\.(fsync|rename|replace)\(|\w\.rename\([\w.]+\)|\w\.replace\([\w.]+\)")
    found = {name_of(path) for path in SOURCES if words.search(path.read_text(encoding="utf-8"))}
    assert found == {"jobs/durable.py"}


def test_the_processes_of_jobs_are_started_and_signalled_in_one_place() -> None:
    """There the faults of spawn and signal lie; besides, a child ends itself, and a fault its process."""
    words = re.compile(r"os\.killpg\(|os\.kill\(|Popen\(|subprocess\.run\(")
    queue = [path for path in SOURCES if path.parts[len(ROOT.parts)] == "jobs"]
    found = {name_of(path) for path in queue if words.search(path.read_text(encoding="utf-8"))}
    assert found == {
        "jobs/launchers/local.py",
        "jobs/launchers/nursery.py",
        "jobs/child.py",
        "jobs/faults.py",
    }
    others = [path for path in SOURCES if path not in queue and "jobs.child" in path.read_text()]
    assert others == []


def test_no_file_has_a_name_that_says_nothing() -> None:
    empty = {"utils.py", "helpers.py", "common.py", "misc.py", "manager.py"}
    assert not [name_of(path) for path in [*SOURCES, *TESTS] if path.name in empty]


def test_no_test_patches_or_skips_without_a_reason() -> None:
    words = "|".join(["mock" + r"\.patch", "Magic" + "Mock", r"monkeypatch\.set" + r"attr\(", r"mark\.xfail"])
    assert not [name_of(path) for path in TESTS if re.search(words, path.read_text(encoding="utf-8"))]


def test_nothing_is_left_to_be_done() -> None:
    words = "|".join(["TO" + "DO", "FIX" + "ME", "NotImplemented" + "Error"])
    files = [*SOURCES, *TESTS]
    assert not [name_of(path) for path in files if re.search(words, path.read_text(encoding="utf-8"))]


def test_the_app_process_never_imports_torch() -> None:
    code = (
        "import sys, studio.server, studio.pages.app, studio.cli.main\n"
        "heavy = {'torch', 'transformers', 'peft', 'accelerate', 'sklearn', 'datasets', 'openvino', 'nncf'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
