"""Any page of rows under any filter, also where the dataset is of an earlier release."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from studio.data.browsing import Browser, RowQuery
from studio.data.dataset import Dataset, Profile
from studio.data.importing import ImportRequest, PreparedImport, prepare_import
from studio.data.library import Library
from studio.data.problems import Problem
from studio.data.splits import SPLITS
from studio.errors import InvalidInput
from tests.data.tables import many_rows, write_table

CODES = ("duplicate_text", "html")
LATER = Problem("warning", "near_duplicate_text", "Nearly the same.", "Why.", "Hint.", "t.csv", "text", 2)


def mark(prepared: PreparedImport) -> PreparedImport:
    """Every third row has the first finding, every fifth the second."""
    frames = {}
    for split, frame in prepared.frames.items():
        at = np.arange(len(frame))
        frames[split] = frame.assign(marks=(at % 3 == 0) * 1 + (at % 5 == 0) * 2)
    return replace(prepared, frames=frames, mark_codes=CODES)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Library, Dataset]:
    """A dataset of several groups of rows, with marks."""
    folder = tmp_path_factory.mktemp("browsing")
    rows = [
        (f"{text} {'Straße' if at % 7 == 0 else '退款'}", label)
        for at, (text, label) in enumerate(many_rows(14_000))
    ]
    path = write_table(folder / "t.csv", [("text", "label"), *rows])
    library = Library(folder / "datasets")
    return library, library.save(mark(prepare_import(ImportRequest(path=path, name="tickets"))))


def expected(kept: tuple[Library, Dataset], wanted: Any) -> list[tuple[str, int]]:
    """The places of the rows that a plain look at the frames finds."""
    library, dataset = kept
    return [
        (split, index)
        for split in SPLITS
        for index, row in enumerate(library.frame(dataset.id, split).itertuples())
        if wanted(split, index, row)
    ]


QUERIES = {
    "split": (RowQuery(split="validation"), lambda split, at, row: split == "validation"),
    "label": (RowQuery(label="bad"), lambda split, at, row: row.label == "bad"),
    "finding": (RowQuery(finding="html"), lambda split, at, row: at % 5 == 0),
    "shortest": (RowQuery(shortest=52), lambda split, at, row: len(row.text) >= 52),
    "length": (RowQuery(shortest=45, longest=46), lambda split, at, row: 45 <= len(row.text) <= 46),
    "search": (RowQuery(search="NUMBER 13"), lambda split, at, row: "number 13" in row.text),
    "umlaut": (RowQuery(search="strasse"), lambda split, at, row: "strasse" in row.text),
    "chinese": (RowQuery(search="退款"), lambda split, at, row: "退款" in row.text),
    "line": (RowQuery(line=17), lambda split, at, row: row.line == 17),
    "not a pattern": (RowQuery(search=".*"), lambda split, at, row: ".*" in row.text),
    "all": (
        RowQuery("train", "good", "duplicate_text", 40, 60, "7 thing"),
        lambda split, at, row: (
            (split, row.label) == ("train", "good")
            and at % 3 == 0
            and 40 <= len(row.text) <= 60
            and "7 thing" in row.text
        ),
    ),
}


@pytest.mark.parametrize("name", QUERIES)
def test_a_question_finds_the_rows_that_a_plain_look_finds(kept: tuple[Library, Dataset], name: str) -> None:
    query, wanted = QUERIES[name]
    places = expected(kept, wanted)
    browser = Browser(kept[0])
    for offset in (0, len(places) // 2, max(0, len(places) - 3), len(places) + 10):
        page = browser.page(kept[1], query, offset, 50)
        assert page.total == len(places)
        assert [(row["split"], row["index"]) for row in page.rows] == places[offset : offset + 50]


def test_a_row_says_where_it_stands_and_what_was_found(kept: tuple[Library, Dataset]) -> None:
    library, dataset = kept
    row = Browser(library).page(dataset, RowQuery(), 15, 1).rows[0]
    frame = library.frame(dataset.id, "train")
    assert row == {
        "split": "train",
        "index": 15,
        "line": int(frame["line"][15]),
        "file": "t.csv",
        "text": frame["text"][15],
        "label": frame["label"][15],
        "length": len(frame["text"][15]),
        "findings": ["duplicate_text", "html"],
    }


def test_pages_go_on_from_split_to_split(kept: tuple[Library, Dataset]) -> None:
    library, dataset = kept
    train = dataset.rows["train"]
    rows = Browser(library).page(dataset, RowQuery(), train - 2, 5).rows
    assert [(row["split"], row["index"]) for row in rows] == [
        *(("train", train - 2), ("train", train - 1)),
        *(("validation", 0), ("validation", 1), ("validation", 2)),
    ]


def test_only_the_roles_the_line_and_the_file_are_rows_to_train_on(kept: tuple[Library, Dataset]) -> None:
    assert list(kept[0].frame(kept[1].id, "test").columns) == ["text", "label", "line", "file"]


def test_what_was_found_later_is_found_too(kept: tuple[Library, Dataset], tmp_path: Path) -> None:
    library, dataset = kept
    browser = Browser(library)
    with pytest.raises(InvalidInput, match="has no finding 'near_duplicate_text'"):
        browser.page(dataset, RowQuery(finding="near_duplicate_text"))
    marks = {split: np.zeros(count, np.int64) for split, count in dataset.rows.items()}
    marks["train"][7_000] = marks["test"][5] = 1
    profile = Profile((LATER,), ("near_duplicate_text",), marks, {"minilm": {"p95": 40}})
    library.write_profile(dataset.id, profile)
    page = browser.page(dataset, RowQuery(finding="near_duplicate_text"))
    assert [(row["split"], row["index"]) for row in page.rows] == [("train", 7_000), ("test", 5)]
    assert page.total == 2
    assert "near_duplicate_text" in page.rows[1]["findings"]
    read = library.profile(dataset.id)
    assert read is not None
    assert (read.problems, read.mark_codes) == (profile.problems, profile.mark_codes)
    assert read.token_lengths == profile.token_lengths
    assert all(np.array_equal(read.marks[split], marks[split]) for split in SPLITS)
    library.write_profile(dataset.id, replace(profile, marks={}, mark_codes=()))
    assert browser.page(dataset, RowQuery(finding="near_duplicate_text")).total == 0


def test_a_dataset_of_the_first_release_is_browsed_as_far_as_it_knows(tmp_path: Path) -> None:
    rows = many_rows(200)
    path = write_table(tmp_path / "t.csv", [("text", "label"), *rows, *rows[:3]])
    library = Library(tmp_path / "datasets")
    dataset = library.save(prepare_import(ImportRequest(path=path, name="old")))
    folder = library.folder(dataset.id)
    for split in SPLITS:  # as that release wrote them
        frame = library.frame(dataset.id, split)
        pq.write_table(
            pq.read_table(folder / f"{split}.parquet").select(list(frame.columns)),
            folder / f"{split}.parquet",
        )
    old = {**dataset.to_json(), "mark_codes": []}
    for key in ("version", "parent", "steps", "mark_codes", "reading_codes"):
        del old[key]
    (folder / "dataset.json").write_text(json.dumps(old))
    dataset = library.load(dataset.id)
    assert (dataset.version, dataset.steps, dataset.mark_codes) == (1, (), ())
    browser = Browser(library)
    page = browser.page(dataset, RowQuery(finding="duplicate_text"))
    assert {row["line"] for row in page.rows} == {202, 203, 204}
    assert all(row["length"] == len(row["text"]) for row in page.rows)
    assert browser.page(dataset, RowQuery(shortest=45)).total == sum(
        len(text) >= 45 for text, _ in rows + rows[:3]
    )


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (RowQuery(split="dev"), "has no split 'dev'"),
        (RowQuery(label="ugly"), "has no label 'ugly'"),
        (RowQuery(finding="typo"), "has no finding 'typo'"),
    ],
)
def test_what_is_not_there_gets_a_sentence(
    kept: tuple[Library, Dataset], query: RowQuery, words: str
) -> None:
    with pytest.raises(InvalidInput, match=words):
        Browser(kept[0]).page(kept[1], query)


def test_marks_survive_in_every_bit(tmp_path: Path) -> None:
    frame = pd.DataFrame({"text": ["a", "b"], "label": ["x", "y"], "line": [1, 2], "file": "f"})
    path = write_table(tmp_path / "t.csv", [("text", "label"), *many_rows(100)])
    prepared = prepare_import(ImportRequest(path=path, name="wide"))
    codes = tuple(f"code_{bit}" for bit in range(40))
    frames = {split: frame.assign(marks=np.array([1 << 39, 1 << 33], np.int64)) for split in SPLITS}
    library = Library(tmp_path / "datasets")
    dataset = library.save(replace(prepared, frames=frames, mark_codes=codes))
    page = Browser(library).page(dataset, RowQuery(split="test", finding="code_39"))
    assert [row["findings"] for row in page.rows] == [["code_39"]]
