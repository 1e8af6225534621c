"""Predictions on disk and the lists made of them."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from studio.errors import NotFound
from studio.results.predictions import (
    Predictions,
    align_labels,
    export_csv,
    list_mistakes,
    read_predictions,
    write_predictions,
)
from tests.asked import asked
from tests.results.samples import make_answers, make_predictions


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    predictions = make_predictions(30)
    path = tmp_path / "new" / "predictions-test.parquet"
    write_predictions(predictions, path)
    found = read_predictions(path)
    assert (found.labels, found.texts, found.files) == (
        predictions.labels,
        predictions.texts,
        predictions.files,
    )
    assert found.true_ids.tolist() == predictions.true_ids.tolist()
    assert found.lines.tolist() == predictions.lines.tolist()
    assert np.array_equal(found.probabilities, predictions.probabilities)
    assert predictions.fingerprint == found.fingerprint
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_the_columns_on_disk_are_those_of_the_table() -> None:
    frame = make_predictions(3).to_frame()
    expected = [
        "text",
        "true",
        "predicted",
        "confidence",
        "p_business",
        "p_politics",
        "p_sport",
        "line",
        "file",
    ]
    assert list(frame.columns) == expected


def test_an_empty_split_is_written_and_read(tmp_path: Path) -> None:
    empty = make_predictions(0)
    write_predictions(empty, tmp_path / "p.parquet")
    found = read_predictions(tmp_path / "p.parquet")
    assert found.rows == 0
    assert found.probabilities.shape == (0, 3)
    assert list_mistakes(found).empty


def test_labels_keep_their_exact_text_whatever_they_are(tmp_path: Path) -> None:
    labels = ("text", "1", "01", "p_1", " a b ", '也许, "x"', "line")
    predictions = make_predictions(14, labels)
    write_predictions(predictions, tmp_path / "p.parquet")
    assert read_predictions(tmp_path / "p.parquet").labels == labels


def test_missing_predictions_are_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="missing"):
        read_predictions(tmp_path / "none.parquet")


def test_mistakes_are_sorted_by_confidence_and_filtered_by_label() -> None:
    predictions = make_predictions(200, skill=0.5)
    mistakes = list_mistakes(predictions)
    assert len(mistakes) == int((~predictions.right).sum())
    assert (mistakes["true"] != mistakes["predicted"]).all()
    assert mistakes["confidence"].is_monotonic_decreasing
    chosen = list_mistakes(predictions, true="sport", predicted="business")
    assert set(chosen["true"]) == {"sport"}
    assert set(chosen["predicted"]) == {"business"}


def test_a_cell_on_the_diagonal_lists_the_right_answers() -> None:
    predictions = make_answers("aabb", "abbb")
    assert list_mistakes(predictions, true="b", predicted="b")["text"].tolist() == ["row 2", "row 3"]


def test_the_fingerprint_tells_other_rows_other_labels_and_another_order() -> None:
    one = make_answers("ab", "ab")
    assert make_answers("ab", "ba").fingerprint == one.fingerprint
    assert make_answers("aa", "ab").fingerprint != one.fingerprint
    swapped = Predictions.from_rows(
        one.labels, asked(one.texts[::-1]), one.true_ids[::-1], one.probabilities[::-1]
    )
    assert swapped.fingerprint != one.fingerprint


def test_the_order_of_labels_does_not_change_the_fingerprint() -> None:
    assert make_answers("ab", "ab").fingerprint == make_answers("ab", "ab", ("b", "a")).fingerprint


def test_labels_the_model_does_not_know_become_columns_without_probability() -> None:
    labels, ids, probabilities = align_labels(["a", "b"], ["b", "z", "a"], np.full((3, 2), 0.5))
    assert labels == ("a", "b", "z")
    assert ids.tolist() == [1, 2, 0]
    assert probabilities[:, 2].tolist() == [0, 0, 0]


def test_the_csv_holds_every_text_exactly(tmp_path: Path) -> None:
    texts = ["-1.5", 'say "hi", twice', "two\nlines", "卡丢了", " blanks "]
    predictions = Predictions.from_rows(("a", "b"), asked(texts), [0] * 5, np.full((5, 2), 0.5))
    export_csv(predictions, tmp_path / "out.csv")
    with open(tmp_path / "out.csv", encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["text"] for row in rows] == texts
    assert list(rows[0])[:4] == ["text", "true", "predicted", "confidence"]
    assert (tmp_path / "out.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_no_cell_of_the_csv_is_run_as_a_formula_by_a_spreadsheet(tmp_path: Path) -> None:
    texts = ["=1+1", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "1=1", "-7"]
    predictions = Predictions.from_rows(
        ("=cmd", "-1"), asked(texts), [0, 1] * 4, np.full((8, 2), 0.5), lines=range(8), files=["=a.csv"] * 8
    )
    export_csv(predictions, tmp_path / "out.csv")
    with open(tmp_path / "out.csv", encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["text"] for row in rows] == [*(f"'{text}" for text in texts[:6]), "1=1", "-7"]
    assert [row["true"] for row in rows[:2]] == ["'=cmd", "-1"]
    assert rows[0]["file"] == "'=a.csv"
    assert rows[0]["p_=cmd"] == "0.5"
    assert list_mistakes(predictions)["text"].str.startswith("'").sum() == 0, "only in the download"
