"""Token lengths of a dataset, by the tokenizers that are here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from studio.bootstrap import Studio
from studio.checkpoints.lengths import TokenFacts, describe_tokens
from studio.checkpoints.tokens import count_tokens
from studio.services.datasets import ImportRequest
from studio.services.training import TrainRequest

LONG = "the parcel has not come " * 60


def test_facts_come_back_from_their_json() -> None:
    facts = describe_tokens("minilm-l6", [3, 200], rows=9)
    assert TokenFacts.from_json(facts.to_json()) == facts
    assert not facts.exact


def test_a_dataset_without_training_rows_has_no_lengths() -> None:
    assert describe_tokens("minilm-l6", []) == TokenFacts(
        "minilm-l6", 0, 0, 0, 0, {128: 0, 256: 0, 512: 0}, True
    )


def test_the_share_that_is_cut_is_that_of_the_own_tokenizer(
    studio: Studio, write_table: Callable[..., Path]
) -> None:
    rows = [[f"message {n} about {'delivery' if n % 2 else 'payment'}", "ab"[n % 2]] for n in range(90)]
    rows += [[f"{LONG} number {n}", "ab"[n % 2]] for n in range(10)]
    studio.datasets.import_file(ImportRequest(path=write_table(rows), name="long"))
    (line,) = studio.lengths.table("long")
    rows = studio.datasets.asked("long", "train")
    counts = count_tokens(studio.checkpoints.resolve("minilm-l6").folder, rows)
    assert line.checkpoint.id == "minilm-l6"
    assert line.facts.exact
    assert line.facts.cut[256] == pytest.approx(float((counts > 256).mean()), abs=1e-6)
    assert line.facts.longest == counts.max()
    assert line.advised == 256


def test_the_longest_text_of_every_part_is_found_however_many_are_looked_at(
    studio: Studio, write_table: Callable[..., Path]
) -> None:
    rows = [[f"message {n} about {'delivery' if n % 2 else 'payment'}", "ab"[n % 2]] for n in range(2400)]
    rows[1201][0] = "the " * 300
    table = write_table(rows)
    tested = table.with_name("tested.csv")
    tested.write_text("text,label\nhi there,a\n" + "the parcel " * 2000 + ",b\n", encoding="utf-8")
    studio.datasets.import_file(ImportRequest(path=table, name="far", test=tested))
    (line,) = studio.lengths.table("far")
    assert line.longest["test"] == 4002
    assert max(line.longest["train"], line.longest["validation"]) == 302
    planned = studio.training.plan(TrainRequest("far", "minilm-l6", changes={"max_length": 128}))
    assert planned.longest == line.longest


def test_chinese_texts_are_longest_beside_english_ones_of_more_characters(
    studio: Studio, write_table: Callable[..., Path]
) -> None:
    rows = [["the parcel has not come " * 13 + str(number), "ab"[number % 2]] for number in range(100)]
    rows += [["包裹还没有到哪里去了" * 20 + str(number), "ab"[number % 2]] for number in range(100)]
    studio.datasets.import_file(ImportRequest(path=write_table(rows), name="both"))
    planned = studio.training.plan(TrainRequest("both", "minilm-l6", changes={"max_length": 128}))
    assert planned.cut_share > 0.4
    assert min(planned.longest.values()) > 200
