"""The guide picks three that suit the language, length and machine, and says why."""

from __future__ import annotations

import pytest

from studio.checkpoints.catalogue import load_catalogue
from studio.checkpoints.guide import DatasetFacts, recommend
from studio.checkpoints.language import CHINESE, ENGLISH, MULTILINGUAL
from studio.checkpoints.resolve import BUILT_IN, DOWNLOADED

FRESH = {"minilm-l6": BUILT_IN}
TEXTS = {
    ENGLISH: ["where is my parcel, it should have been here on Monday", "my card does not work"],
    CHINESE: ["我要退款，还没收到货", "快递什么时候到？ OK"],
    MULTILINGUAL: ["Wo ist mein Paket, es ist noch nicht da", "où est ma commande, je ne la trouve pas"],
}


def ids(
    language: str, device: str = "cpu", states: dict = FRESH, rows: int = 1000, length: int = 80
) -> list[str]:
    """The three ids for a dataset."""
    facts = DatasetFacts(rows, language, length, False)
    return [one.checkpoint.id for one in recommend(facts, device, states)]


@pytest.mark.parametrize("language", TEXTS)
def test_the_language_is_guessed_from_the_texts(language: str) -> None:
    assert DatasetFacts.of_texts(TEXTS[language] * 20, rows=40).language == language


def test_english_on_a_cpu_starts_with_the_built_in_one() -> None:
    assert ids(ENGLISH) == ["minilm-l6", "distilbert-base-uncased", "roberta-base"]


@pytest.mark.parametrize("device", ["cpu", "cuda", "mps"])
@pytest.mark.parametrize("language", [CHINESE, MULTILINGUAL])
@pytest.mark.parametrize("rows", [100, 100_000])
@pytest.mark.parametrize("length", [20, 5000])
def test_the_english_one_is_never_offered_for_other_languages(
    device: str, language: str, rows: int, length: int
) -> None:
    chosen = [load_catalogue()[one] for one in ids(language, device, rows=rows, length=length)]
    assert len(chosen) == 3
    assert {one.language for one in chosen} == {language}


def test_a_gpu_and_many_rows_allow_a_large_one() -> None:
    assert "roberta-large" in ids(ENGLISH, "cuda", rows=20_000)
    assert "chinese-roberta-wwm-ext-large" in ids(CHINESE, "cuda", rows=20_000)
    assert not any("large" in one for one in ids(ENGLISH, "cpu", rows=20_000))


def test_long_texts_get_one_that_reads_them() -> None:
    assert "modernbert-base" in ids(ENGLISH, length=6000)
    assert "ernie-3.0-base-zh" in ids(CHINESE, "cuda", length=2000)


def test_names_in_capitals_prefer_a_cased_one() -> None:
    facts = DatasetFacts(1000, ENGLISH, 80, True)
    found = recommend(facts, "cpu", FRESH)
    assert found[1].checkpoint.id == "distilbert-base-cased"
    assert "keeps the capital letters" in found[1].reason


def test_what_is_here_comes_first() -> None:
    states = {**FRESH, "bert-base-uncased": DOWNLOADED}
    assert ids(ENGLISH, states=states)[:2] == ["minilm-l6", "bert-base-uncased"]
    assert ids(CHINESE, states={**FRESH, "bert-base-chinese": DOWNLOADED})[0] == "bert-base-chinese"


@pytest.mark.parametrize("offline", [False, True])
def test_every_reason_is_plain_and_says_what_the_network_is_for(offline: bool) -> None:
    for language in TEXTS:
        for one in recommend(DatasetFacts(1000, language, 80, False), "cpu", FRESH, offline):
            assert one.reason.endswith(".") and "  " not in one.reason
            if one.checkpoint.id != "minilm-l6":
                assert ("works offline" in one.reason) == offline
                assert "needs the network" in one.reason


def test_a_pickle_is_announced_in_the_reason() -> None:
    first = recommend(DatasetFacts(1000, CHINESE, 20, False), "cpu", FRESH)[0]
    assert first.checkpoint.id == "ernie-3.0-nano-zh"
    assert "agreement to convert a pickle" in first.reason


def test_a_dataset_without_texts_still_gets_an_answer() -> None:
    assert len(recommend(DatasetFacts.of_texts([], rows=0), "cpu", {})) == 3
