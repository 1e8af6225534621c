"""Datasets are written whole or not at all, and read back exactly."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from studio.data.fingerprints import fingerprint_rows
from studio.data.importing import ImportRequest, PreparedImport, prepare_import
from studio.data.library import Library
from studio.errors import InvalidInput, NotFound
from tests.data.tables import many_rows, write_table


def prepare(tmp_path: Path, rows: list[tuple[str, str]], **more: object) -> PreparedImport:
    """An import of these rows, ready to be kept."""
    path = write_table(tmp_path / "t.csv", [("text", "label"), *rows])
    return prepare_import(ImportRequest(path=path, name="tickets", **more))  # type: ignore[arg-type]


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """An empty library."""
    return Library(tmp_path / "datasets")


def test_a_saved_dataset_comes_back_exactly(tmp_path: Path, library: Library) -> None:
    prepared = prepare(tmp_path, many_rows(200))
    dataset = library.save(prepared)
    assert library.load(dataset.id) == dataset
    assert library.ids() == [dataset.id]
    for split, frame in prepared.frames.items():
        kept = library.frame(dataset.id, split)
        pd.testing.assert_frame_equal(kept, frame.drop(columns="marks"), check_dtype=False)
    assert list(library.frame(dataset.id, "train").columns) == ["text", "label", "line", "file"]


def test_the_description_has_the_shape_others_script_against(tmp_path: Path, library: Library) -> None:
    value = json.loads(
        json.dumps(library.save(prepare(tmp_path, [*many_rows(200), ("x", " bad")])).to_json())
    )
    assert {
        "id", "name", "task", "fingerprint", "roles", "labels", "rows", "reader", "problems", "created_at"
    } <= set(value)  # fmt: skip
    assert set(value["rows"]) == {"train", "validation", "test"}
    assert {
        "format", "encoding", "delimiter", "quote", "header", "rows_read", "rows_dropped"
    } <= set(value["reader"])  # fmt: skip
    assert {"severity", "code", "file", "column", "count", "rows", "message", "why", "hint"} <= set(
        value["problems"][0]
    )
    assert value["created_at"].endswith("Z")
    assert value["split"] == {
        "ratios": [0.8, 0.1, 0.1],
        "seed": 0,
        "stratified": True,
        "kept_together": "same text",
        "own_files": {},
        "kind": "ratios",
        "column": None,
        "folds": 0,
        "fold": 0,
        "notes": [],
    }


def test_a_slice_holds_the_rows_asked_for_across_groups(tmp_path: Path, library: Library) -> None:
    dataset = library.save(prepare(tmp_path, many_rows(14_000)))
    texts = library.frame(dataset.id, "train")["text"].tolist()
    assert len(texts) == 11_200
    for offset, limit in ((0, 3), (9_998, 5), (11_199, 50), (20_000, 5), (0, 0)):
        rows = library.rows(dataset.id, "train", offset, limit)
        assert [row["text"] for row in rows] == texts[offset : offset + limit]
    assert set(library.rows(dataset.id, "train", 0, 1)[0]) == {"text", "label", "line", "file"}


def test_the_fingerprint_is_of_the_content_alone(tmp_path: Path, library: Library) -> None:
    rows = many_rows(100)
    first = library.save(prepare(tmp_path, rows))
    again = library.save(prepare(tmp_path, rows, file_name="other.csv"))
    changed = library.save(prepare(tmp_path, [(rows[0][0] + ".", rows[0][1]), *rows[1:]]))
    assert first.id != again.id
    assert first.fingerprint == again.fingerprint != changed.fingerprint
    assert first.split_fingerprints == again.split_fingerprints


def test_the_fingerprint_of_rows_is_fixed_for_all_time() -> None:
    frame = pd.DataFrame({"text": ["a", "é", ""], "label": ["x", "y", "x"], "line": [2, 3, 4], "file": "f"})
    assert fingerprint_rows(frame) == FINGERPRINT
    assert fingerprint_rows(frame.assign(line=0, file="g")) == FINGERPRINT
    assert fingerprint_rows(frame.iloc[1:]) != FINGERPRINT
    assert fingerprint_rows(frame.iloc[:0]) != fingerprint_rows(frame[["text"]].iloc[:0])


FINGERPRINT = "85a20290815bd0ec69fdc82b3d78b43a7195363838871c8f4f6b4fec84852638"


@pytest.mark.parametrize("kind", ["object", "str", "string[pyarrow]", "category", "in chunks", "a slice"])
def test_the_fingerprint_does_not_depend_on_how_the_cells_are_held(kind: str) -> None:
    frame = pd.DataFrame({"text": ["a", "é", ""], "label": ["x", "y", "x"], "line": [2, 3, 4], "file": "f"})
    if kind == "in chunks":
        frame = pd.concat([frame.iloc[:2], frame.iloc[:0], frame.iloc[2:]])
    elif kind == "a slice":
        frame = pd.concat([frame, frame, frame]).iloc[3:6]
    else:
        frame = frame.astype({"text": kind, "label": kind})
    assert fingerprint_rows(frame) == FINGERPRINT
    assert fingerprint_rows(frame.assign(marks=7, split="train")) == FINGERPRINT


def test_cells_that_move_between_rows_change_the_fingerprint() -> None:
    one = pd.DataFrame({"text": ["ab", "c"], "label": ["x", "y"]})
    other = pd.DataFrame({"text": ["a", "bc"], "label": ["x", "y"]})
    assert fingerprint_rows(one) != fingerprint_rows(other)


def test_an_import_with_errors_is_not_kept_and_all_problems_are_told(
    tmp_path: Path, library: Library
) -> None:
    prepared = prepare(tmp_path, [*many_rows(100), ("", "good"), ("a text", "")])
    with pytest.raises(InvalidInput, match=r"t\.csv was not imported: 2 problems") as caught:
        library.save(prepared)
    assert {problem.code for problem in caught.value.problems} >= {"missing_text", "missing_label"}
    assert library.ids() == []


def test_a_deleted_dataset_is_gone_and_deleting_again_is_no_error(tmp_path: Path, library: Library) -> None:
    dataset = library.save(prepare(tmp_path, many_rows(100)))
    library.delete(dataset.id)
    library.delete(dataset.id)
    assert list(library.datasets_dir.iterdir()) == []
    with pytest.raises(NotFound):
        library.frame(dataset.id, "train")


def test_what_a_stopped_import_left_is_swept_and_datasets_stay(tmp_path: Path, library: Library) -> None:
    dataset = library.save(prepare(tmp_path, many_rows(100)))
    forgotten = library.save(prepare(tmp_path, many_rows(100)))
    (library.datasets_dir / "notes of my own").mkdir()
    assert library.ids() == sorted([dataset.id, forgotten.id])
    library.sweep({dataset.id})
    assert len(list(library.datasets_dir.iterdir())) == 3
    library.sweep({dataset.id}, older_than_seconds=-60)
    assert {path.name for path in library.datasets_dir.iterdir()} == {dataset.id, "notes of my own"}


def test_an_id_never_leads_out_of_the_library(tmp_path: Path, library: Library) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "dataset.json").write_text("{}")
    library.delete("../secret")
    with pytest.raises(NotFound):
        library.load("../secret")
    assert (tmp_path / "secret").exists()


def test_an_unknown_split_gets_a_sentence(tmp_path: Path, library: Library) -> None:
    dataset = library.save(prepare(tmp_path, many_rows(100)))
    with pytest.raises(InvalidInput, match="There is no split 'dev'"):
        library.rows(dataset.id, "dev")
