"""Nearly the same texts are found as comparing every pair finds them, fast and in any script."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.brute import near_rows
from bench.leaks import CHINESE_WORDS, ENGLISH_WORDS, REAL, agreement, make_texts, measure, plant
from studio.data.near import find_near_at_once, find_near_duplicates
from studio.data.near.groups import overlap
from studio.data.near.shingles import fold_texts, shingle_texts
from studio.data.readers import read_table

ROOT = Path(os.environ.get("STUDIO_TEST_DATA", "/absent"))


def series(*texts: str) -> pd.Series:
    return pd.Series(texts, dtype="str")


def test_groups_are_numbered_by_their_first_row_and_the_others_are_alone() -> None:
    texts = series(
        "The parcel came on Tuesday and was open",
        "Where is my money, please tell me",
        "the parcel came on tuesday, and was OPEN!",
        "Nothing like the others",
        "where is my money? please tell me",
        "The parcel came on Tuesday and was open",
    )
    found = find_near_duplicates(texts)
    assert found.groups.tolist() == [0, 1, 0, -1, 1, 0]
    assert found.groups.dtype == np.int64
    assert (found.checked, found.kept) == (2, 2)


def test_rows_with_only_exact_copies_are_alone() -> None:
    assert find_near_duplicates(series("one text", "One  text", "another")).groups.tolist() == [-1, -1, -1]


def test_texts_without_letters_and_no_texts_at_all_are_alone() -> None:
    assert find_near_duplicates(series("", "!!!", "?!", "…")).groups.tolist() == [-1] * 4
    assert find_near_duplicates(series()).groups.tolist() == []
    assert find_near_duplicates(pa.array(["a b c", None, "a b c!"])).groups.tolist() == [0, -1, 0]


def test_a_very_long_text_is_compared_by_its_beginning() -> None:
    start = " ".join(f"word{number}" for number in range(3000))
    groups = find_near_duplicates(series(start + " z" * 1_000_000, start + "!" + " y" * 10, "another")).groups
    assert groups.tolist() == [0, 0, -1]


def test_letters_are_folded_and_signs_are_blanks() -> None:
    codes, owners = fold_texts(pa.array(["  Ｗhere's THE\tcafé?! ", "", "好，吗"]))
    assert "".join(map(chr, codes)) == "where s the café好 吗"
    assert np.bincount(owners, minlength=3).tolist() == [16, 0, 3]


def test_the_similarity_is_that_of_the_sets_of_runs() -> None:
    # Runs of four that begin at each letter, filled up at the end: abcd bcde cde de e | abcd bcdx cdx dx x.
    texts = pa.array(["abcde", "abcdx", "好的吗", "好的吧"], pa.large_string())
    found = overlap(texts, np.array([0, 2, 0]), np.array([1, 3, 0]))
    assert found.tolist() == pytest.approx([1 / 9, 1 / 5, 1.0])
    assert shingle_texts(texts).counts.tolist() == [5, 5, 3, 3]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(st.sampled_from("ab cé好吗.𝄞"), max_size=30), max_size=30))
def test_a_text_is_grouped_where_comparing_every_pair_says_so(texts: list[str]) -> None:
    cells = series(*texts)
    found = find_near_duplicates(cells).groups >= 0
    true = near_rows(cells) if texts else found
    # Exact for what is found; what is missed is rare, and few texts of few letters hold no such case.
    assert not (found & ~true).any()
    assert (found == true).mean() >= 0.9 if texts else True


def test_the_work_may_be_stopped() -> None:
    def stop(share: float, sentence: str) -> None:
        assert 0 <= share <= 1
        if share > 0.5:
            raise KeyboardInterrupt(sentence)

    with pytest.raises(KeyboardInterrupt):
        find_near_duplicates(series("a text", "another text"), progress=stop)


def test_thousands_of_alike_texts_are_one_group_and_take_no_time() -> None:
    texts = series(
        *(f"Your order number {number} has left our store and comes tomorrow" for number in range(8000))
    )
    start = time.process_time()
    found = find_near_duplicates(texts)
    assert time.process_time() - start < 10
    assert np.mean(found.groups == 0) > 0.99


@pytest.mark.parametrize(
    ("words", "joint"), [(ENGLISH_WORDS, " "), (CHINESE_WORDS, "")], ids=["English", "Chinese"]
)
def test_different_texts_of_the_same_words_are_alone(words: str, joint: str) -> None:
    texts = make_texts(2000, words.split(), joint, np.random.default_rng(1))
    assert not (find_near_duplicates(series(*texts)).groups >= 0).any()


def test_planted_repeats_contradictions_and_leaks_are_found() -> None:
    table = measure(plant(texts_each=1200, copies=60))
    near = table["finding"].str.startswith("near_")
    assert table.loc[~near, "recall"].min() >= 0.99
    assert table.loc[near].groupby("language")["recall"].mean().min() >= 0.95
    assert table.loc[near, "recall"].min() >= 0.93
    assert table["precision"].min() >= 0.98


@pytest.mark.parametrize("name", sorted({*REAL} - {"sst2/train.tsv"}))
def test_real_texts_are_found_as_comparing_every_pair_finds_them(name: str) -> None:
    path = ROOT / name
    if not path.is_file():
        pytest.skip(f"{name} is not there; set STUDIO_TEST_DATA")
    found = agreement(read_table(path).frame[REAL[name]].head(3000))
    assert found["precision"] >= 0.98
    assert found["recall"] >= 0.95


def test_sst2_agrees_over_all_its_splits_with_comparing_every_pair() -> None:
    if not (ROOT / "sst2").is_dir():
        pytest.skip("sst2 is not there; set STUDIO_TEST_DATA")
    texts = pd.concat(
        [read_table(ROOT / "sst2" / f"{split}.tsv").frame["column_1"] for split in ("train", "dev", "test")],
        ignore_index=True,
    )
    found = agreement(texts)
    assert found["precision"] >= 0.98
    assert found["recall"] >= 0.95
    # More pairs to be wrong about; the bands are made to miss some that far below the usual threshold.
    assert agreement(texts.head(3000), threshold=0.4)["precision"] >= 0.98


def test_pairs_are_alike_only_where_both_texts_are() -> None:
    text = "where can I get a copy of my invoice for the order of last week"
    rows = pd.DataFrame(
        {"text": [text] * 3, "text_b": [f"{text} please", f"{text} pleased", "nothing of the kind"]}
    )
    found = find_near_at_once(rows)
    assert found is not None
    first, second, third = found.groups
    assert first == second >= 0 and third != first
