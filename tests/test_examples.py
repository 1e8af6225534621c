"""Every worked example in a docstring holds."""

from __future__ import annotations

import doctest
import importlib
import inspect
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = re.compile(r"^\s*>>> ", re.MULTILINE)
TORCH = re.compile(r"^(import|from) (torch|transformers|peft)\b", re.MULTILINE)


def modules_with_examples() -> list[object]:
    """The dotted names of all modules that show an example; those that import torch are slow."""
    found = []
    for path in sorted(each for room in ("jobs", "studio", "bench") for each in (ROOT / room).rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        if EXAMPLE.search(source):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(part for part in parts if part != "__init__")
            marks = [pytest.mark.slow] if TORCH.search(source) else []
            found.append(pytest.param(name, id=name, marks=marks))
    return found


@pytest.mark.parametrize("name", modules_with_examples())
def test_the_examples_of_a_module_hold(name: str) -> None:
    module = importlib.import_module(name)
    done = doctest.testmod(module)
    assert done.failed == 0
    assert done.attempted == len(EXAMPLE.findall(inspect.getsource(module))), "doctest finds not all"
