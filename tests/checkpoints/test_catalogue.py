"""Every entry of the catalogue says what a person needs to choose."""

from __future__ import annotations

import re

import pytest

from studio.checkpoints.catalogue import Checkpoint, find_in_catalogue, load_catalogue
from studio.checkpoints.language import CHINESE, ENGLISH, MULTILINGUAL
from studio.checkpoints.resolve import HUB_ID

ENTRIES = list(load_catalogue().values())
WANTED = {
    "bert-base-uncased", "bert-base-cased", "bert-large-uncased", "bert-large-cased",
    "bert-base-chinese", "chinese-bert-wwm", "chinese-bert-wwm-ext", "chinese-roberta-wwm-ext",
    "chinese-roberta-wwm-ext-large", "bert-multilingual", "distilbert-base-uncased",
    "distilbert-base-cased", "distilbert-multilingual", "roberta-base", "roberta-large",
    "xlm-roberta-base", "albert-base-v2", "deberta-v3-small", "deberta-v3-base", "electra-small",
    "electra-base", "ernie-3.0-base-zh", "ernie-3.0-nano-zh", "spanbert-base-cased",
    "modernbert-base", "minilm-l12", "minilm-l6",
}  # fmt: skip


@pytest.mark.parametrize("checkpoint", ENTRIES, ids=lambda one: one.id)
def test_an_entry_is_complete_and_in_plain_sentences(checkpoint: Checkpoint) -> None:
    assert checkpoint.title and checkpoint.family
    assert checkpoint.language in {ENGLISH, CHINESE, MULTILINGUAL}
    assert checkpoint.cased is not None
    assert HUB_ID.fullmatch(str(checkpoint.repo))
    assert checkpoint.hidden % checkpoint.heads == 0
    assert checkpoint.formats in {("safetensors",), ("pickle",)}
    for sentence in (checkpoint.good_for, checkpoint.bad_for):
        assert re.fullmatch(r"[A-Z][^!]{14,120}\.", sentence)


@pytest.mark.parametrize("checkpoint", ENTRIES, ids=lambda one: one.id)
def test_a_licence_has_a_source_or_stays_blank(checkpoint: Checkpoint) -> None:
    assert bool(checkpoint.licence) == bool(checkpoint.licence_source)
    assert not checkpoint.licence_source or checkpoint.licence_source.startswith("https://")


def test_the_catalogue_lists_the_known_checkpoints_and_24_miniatures() -> None:
    catalogue = load_catalogue()
    assert set(catalogue) >= WANTED
    miniatures = [one for one in ENTRIES if one.family == "BERT miniatures"]
    assert len(miniatures) == 24
    assert {(one.layers, one.hidden) for one in miniatures} == {
        (layers, hidden) for layers in (2, 4, 6, 8, 10, 12) for hidden in (128, 256, 512, 768)
    }
    assert catalogue["bert-l4-h512"].repo == "google/bert_uncased_L-4_H-512_A-8"


def test_published_sizes_are_met() -> None:
    """Millions of weights as the papers and model cards state them."""
    published = {
        "bert-base-uncased": 110,
        "bert-large-uncased": 335,
        "roberta-base": 125,
        "distilbert-base-uncased": 66,
    }
    published |= {"albert-base-v2": 12, "xlm-roberta-base": 278, "electra-small": 14, "modernbert-base": 149}
    for name, millions in published.items():
        assert load_catalogue()[name].parameters / 1e6 == pytest.approx(millions, rel=0.04)


def test_only_the_built_in_checkpoint_is_built_in() -> None:
    assert [one.id for one in ENTRIES if one.builtin] == ["minilm-l6"]


def test_an_entry_is_found_by_id_and_by_hub_id() -> None:
    by_id = find_in_catalogue("bert-base-cased")
    assert by_id is not None
    assert find_in_catalogue("google-bert/BERT-base-cased") is by_id
    assert find_in_catalogue("no-such-thing") is None
