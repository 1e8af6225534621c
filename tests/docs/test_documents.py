"""The documents say what the code does, and the reverse."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from docs import tables
from studio.api.app import PREFIX, ROUTERS
from studio.cli.main import app
from studio.training.recipe import Recipe

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
TEXTS = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in DOCUMENTS}


def test_every_link_to_a_file_leads_to_one() -> None:
    broken = []
    for path in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
            if "://" not in target and not (path.parent / target).exists():
                broken.append(f"{path.name}: {target}")
    assert not broken


def anchors_of(path: Path) -> set[str]:
    """What a link may name behind # of a document: its headings as GitHub writes them in addresses."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_link_to_a_heading_leads_to_one() -> None:
    broken = []
    for path in DOCUMENTS:
        for target, anchor in re.findall(r"\]\(([^)#\s]*)#([^)]*)\)", path.read_text(encoding="utf-8")):
            if "://" not in target and anchor not in anchors_of(path.parent / target if target else path):
                broken.append(f"{path.name}: {target}#{anchor}")
    assert not broken


def test_every_path_named_in_a_document_exists() -> None:
    pattern = re.compile(r"`((?:studio|jobs|tests|bench|docs)/[\w./-]*)`")
    missing = [
        f"{name}: {path}"
        for name, text in TEXTS.items()
        for path in pattern.findall(text)
        if not (ROOT / path).exists()
    ]
    assert not missing


def test_every_make_target_named_exists_and_every_target_has_a_sentence() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, flags=re.MULTILINE))
    named = {word for text in TEXTS.values() for word in re.findall(r"`?make ([a-z][a-z-]*)`", text)}
    assert named <= targets
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert all(f"make {target} " in listed for target in targets)


@pytest.mark.parametrize("page", tables.PAGES)
def test_a_page_made_from_the_code_is_up_to_date(page: str) -> None:
    written = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert written == tables.PAGES[page](), "run 'make docs'"


def test_every_argument_and_option_says_what_it_is() -> None:
    silent = [line for line in tables.commands_page().splitlines() if re.fullmatch(r"\* `.*`:\s*", line)]
    assert not silent


def test_every_flag_named_in_a_document_exists() -> None:
    known = set(re.findall(r"`(--[a-z0-9-]+)`", tables.commands_page())) | {"--home", "--json"}
    others = {"--fetch", "--quiet", "--no-clone", "--short"}
    named = set()
    for text in TEXTS.values():
        for line in re.findall(r"python -m studio[^`\n]*", text):
            named |= set(re.findall(r"(--[a-z][a-z0-9-]*)", line))
    assert named - others <= known


def test_every_route_stands_in_the_api_document_and_the_reverse() -> None:
    written = set(re.findall(r"\| `([A-Z]+ /[^`]*)` \|", TEXTS["docs/api.md"]))
    real = {
        f"{method} {route.path}" for router in ROUTERS for route in router.routes for method in route.methods
    }
    assert written == real
    assert f"`{PREFIX}`" in TEXTS["docs/api.md"]


def test_every_setting_of_the_environment_is_described_and_the_reverse() -> None:
    source = (ROOT / "studio" / "settings.py").read_text(encoding="utf-8")
    read = set(re.findall(r'"((?:STUDIO|HF)_[A-Z_]+)"', source))
    assert read == set(re.findall(r"^\| `([A-Z_]+)` \|", TEXTS["docs/settings.md"], flags=re.MULTILINE))


def test_every_recipe_field_named_in_a_command_exists() -> None:
    named = {field for text in TEXTS.values() for field in re.findall(r"--set (\w+)=", text)} - {"field"}
    assert named <= set(Recipe.model_fields)


def test_every_command_explains_itself() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "studio", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "dataset" in done.stdout
    assert all(command.help for _, command in tables.walk(tables.typer.main.get_command(app), ""))
