"""Every text a page asks for is there, and every text there is asked for."""

from __future__ import annotations

import ast
import string
from pathlib import Path

import pytest

from studio.pages.words import FOLDER, LANGUAGE, MissingWords, Text, Words, words_of

PAGES = FOLDER.parent
FILES = sorted((FOLDER / LANGUAGE).glob("*.toml"))


def names_of_words(tree: ast.Module) -> dict[str, str]:
    """{variable: file of words} of a module."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            call = node.value
            if isinstance(call.func, ast.Name) and call.func.id == "words_of" and call.args:
                (target,) = node.targets
                assert isinstance(target, ast.Name) and isinstance(call.args[0], ast.Constant)
                found[target.id] = str(call.args[0].value)
    return found


def path_of(node: ast.expr, names: dict[str, str]) -> tuple[str, ...] | None:
    """('data', 'list', 'name') of ``W.list.name``; a key known only at run time ends the path with '*'."""
    if isinstance(node, ast.Name) and node.id in names:
        return (names[node.id],)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "words_of":
        if not node.args or not isinstance(node.args[0], ast.Constant):
            return None
        return (str(node.args[0].value),)
    if isinstance(node, ast.Attribute):
        before = path_of(node.value, names)
        return (*before, node.attr) if before and before[-1] != "*" else before
    if isinstance(node, ast.Subscript):
        before = path_of(node.value, names)
        is_text = isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)
        key = str(node.slice.value) if is_text else "*"  # type: ignore[attr-defined]
        return (*before, key) if before and before[-1] != "*" else before
    return None


def asked_paths() -> set[tuple[str, ...]]:
    """Every path of words the pages ask for."""
    found = set()
    for path in PAGES.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = names_of_words(tree)
        inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute | ast.Subscript)}
        for node in ast.walk(tree):
            asked = path_of(node, names) if isinstance(node, ast.expr) and id(node) not in inner else None
            if asked and len(asked) > 1:
                found.add(asked)
    return found


def lookup(path: tuple[str, ...]) -> object:
    """What the words have at a path; methods of a text end it."""
    value: object = words_of(path[0])
    for key in path[1:]:
        if key == "*" or not isinstance(value, Words):
            return value
        if key == "get" and key not in value:
            return value
        value = value[key]
    return value


def all_texts(words: Words, before: tuple[str, ...]) -> list[tuple[tuple[str, ...], object]]:
    """Every text of a file with its path."""
    found: list[tuple[tuple[str, ...], object]] = []
    for key in words:
        value = words[key]
        found += all_texts(value, (*before, key)) if isinstance(value, Words) else [((*before, key), value)]
    return found


def test_every_text_the_pages_ask_for_is_there() -> None:
    missing = []
    for path in sorted(asked_paths()):
        try:
            lookup(path)
        except MissingWords:
            missing.append(".".join(path))
    assert not missing


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_text_there_is_is_asked_for(file: Path) -> None:
    asked = asked_paths()
    whole = {path[: path.index("*")] for path in asked if "*" in path}
    whole |= {path[: path.index("get")] for path in asked if "get" in path}
    whole |= {path for path in asked if isinstance(lookup(path), Words)}
    idle = [
        ".".join(path)
        for path, _ in all_texts(words_of(file.stem), (file.stem,))
        if path[-1] != "title" or len(path) > 2
        if path not in asked
        and not any(path[: len(part)] == part for part in whole)
        and not any(one[: len(path)] == path for one in asked)  # a text and its method: W.a.say
    ]
    assert not idle


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_text_can_be_filled_in_and_shouts_at_nobody(file: Path) -> None:
    for path, value in all_texts(words_of(file.stem), (file.stem,)):
        if not isinstance(value, Text):
            continue
        assert "!" not in value, path
        for form in value.split(" | "):
            assert all(
                name is None or name.isidentifier() for _, name, _, _ in string.Formatter().parse(form)
            ), path


def test_a_missing_text_says_which_one_it_is() -> None:
    with pytest.raises(MissingWords, match="frame have no 'nothing'"):
        _ = words_of("frame").nothing
    with pytest.raises(MissingWords, match="nowhere"):
        words_of("nowhere")


def test_a_text_chooses_between_one_and_many() -> None:
    text = Text("{n} row of {file} | {n} rows of {file}")
    assert [text.count(number, file="a.csv") for number in (0, 1, 1200)] == [
        "0 rows of a.csv",
        "1 row of a.csv",
        "1,200 rows of a.csv",
    ]


def test_the_kinds_of_files_that_are_read_are_named_where_one_is_chosen() -> None:
    named = words_of("frame").table_files.casefold()
    formats = words_of("data").formats
    for kind in set(formats) - {"squad", "conll", "folder"}:
        assert kind in named or formats[kind].split()[0].casefold() in named, kind
