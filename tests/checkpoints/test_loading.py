"""An encoder is loaded with the head its labels need, and says what was done."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from sentencepiece import SentencePieceProcessor

from studio.checkpoints.loading import load_encoder
from studio.checkpoints.tokens import count_tokens
from studio.errors import InvalidInput
from tests.asked import asked
from tests.checkpoints.tiny_encoders import make_encoder, make_sentencepiece_encoder

LABELS = ["cancel", "refund", "where"]


def save_trained(folder: Path, source: Path, labels: list[str]) -> Path:
    """Save a model with a head for labels, as a training does."""
    torch.manual_seed(1)
    loaded = load_encoder(source, "classification", labels)
    loaded.model.save_pretrained(folder)
    loaded.tokenizer.save_pretrained(folder)
    return folder


def test_an_encoder_gets_a_head_for_the_labels_in_their_order(tiny_bert: Path) -> None:
    loaded = load_encoder(tiny_bert, "classification", LABELS)
    assert loaded.model.config.id2label == dict(enumerate(LABELS))
    assert loaded.model.config.label2id == {label: index for index, label in enumerate(LABELS)}
    assert loaded.notes == ["It gets a new head for 3 labels."]
    assert all(weight.dtype == torch.float32 for weight in loaded.model.parameters())


def test_the_encoder_s_weights_are_those_of_the_file(tiny_bert: Path) -> None:
    loaded = load_encoder(tiny_bert, "classification", LABELS)
    expected = load_file(tiny_bert / "model.safetensors")
    found = loaded.model.bert.state_dict()
    assert all(torch.equal(found[name], value) for name, value in expected.items())


def test_a_new_head_is_drawn_from_the_seed(tiny_bert: Path) -> None:
    heads = []
    for seed in (7, 7, 8):
        torch.manual_seed(seed)
        heads.append(load_encoder(tiny_bert, "classification", LABELS).model.classifier.weight.detach())
    assert torch.equal(heads[0], heads[1])
    assert not torch.equal(heads[0], heads[2])


def test_the_same_labels_keep_a_trained_head(tiny_bert: Path, tmp_path: Path) -> None:
    folder = save_trained(tmp_path / "own", tiny_bert, LABELS)
    loaded = load_encoder(folder, "classification", LABELS)
    assert loaded.notes == ["It keeps its head, which was trained for the same labels."]
    assert torch.equal(
        loaded.model.classifier.weight, load_file(folder / "model.safetensors")["classifier.weight"]
    )


@pytest.mark.parametrize("labels", [["refund", "cancel", "where"], ["yes", "no"], ["a", "b", "c", "d"]])
def test_other_labels_get_a_new_head_even_where_their_number_is_the_same(
    tiny_bert: Path, tmp_path: Path, labels: list[str]
) -> None:
    folder = save_trained(tmp_path / "own", tiny_bert, LABELS)
    loaded = load_encoder(folder, "classification", labels)
    old = load_file(folder / "model.safetensors")["classifier.weight"]
    new = loaded.model.classifier.weight
    assert loaded.model.config.num_labels == len(labels)
    assert new.shape != old.shape or not torch.equal(new, old)
    assert loaded.notes == [
        f"It gets a new head for {len(labels)} labels, as its own was trained for 3 others."
    ]


@pytest.mark.parametrize("family", ["roberta", "electra", "ernie"])
def test_other_families_load_as_well(tmp_path: Path, family: str) -> None:
    folder = make_encoder(tmp_path / family, family)
    if family == "roberta":
        (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizer"}')
    loaded = load_encoder(folder, "classification", LABELS)
    ids = torch.tensor([loaded.tokenizer("where is my parcel")["input_ids"]])
    assert loaded.model(input_ids=ids).logits.shape == (1, 3)


def test_a_tokenizer_that_is_only_a_sentencepiece_file_is_read_and_kept_readable(tmp_path: Path) -> None:
    folder = make_sentencepiece_encoder(tmp_path / "deberta")
    loaded = load_encoder(folder, "classification", LABELS)
    ids = loaded.tokenizer("where is my parcel")["input_ids"]
    pieces = SentencePieceProcessor(model_file=str(folder / "spm.model"))
    assert ids == [1, *pieces.encode("where is my parcel"), 2]
    assert loaded.model(input_ids=torch.tensor([ids])).logits.shape == (1, 3)
    loaded.tokenizer.save_pretrained(tmp_path / "own")
    assert count_tokens(tmp_path / "own", asked(["where is my parcel"])).tolist() == [len(ids)]


def test_the_tokenizer_neither_cuts_nor_pads(tiny_bert: Path) -> None:
    tokenizer = load_encoder(tiny_bert, "classification", LABELS).tokenizer
    assert len(tokenizer("the " * 30)["input_ids"]) == 32
    assert [len(ids) for ids in tokenizer(["the", "the card"])["input_ids"]] == [3, 4]


def test_weights_of_another_model_are_refused(bert_copy: Path) -> None:
    save_file({"other.weight": torch.zeros(2, 2)}, bert_copy / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(InvalidInput, match="lack 37 parts of the encoder, such as bert"):
        load_encoder(bert_copy, "classification", LABELS)


def test_weights_of_another_size_are_refused(bert_copy: Path) -> None:
    config = json.loads((bert_copy / "config.json").read_text())
    (bert_copy / "config.json").write_text(json.dumps(config | {"hidden_size": 64}))
    with pytest.raises(InvalidInput, match="parts of the encoder"):
        load_encoder(bert_copy, "classification", LABELS)


def test_weights_that_are_cut_off_are_refused_in_a_sentence(bert_copy: Path) -> None:
    whole = (bert_copy / "model.safetensors").read_bytes()
    for size in (4, 3000, len(whole) - 1):
        (bert_copy / "model.safetensors").write_bytes(whole[:size])
        with pytest.raises(InvalidInput, match="The files of 'copied-bert' cannot be read: ") as caught:
            load_encoder(bert_copy, "classification", LABELS)
        assert "choose another checkpoint" in caught.value.hint


def test_a_pickle_is_never_loaded_directly(tiny_pickle: Path) -> None:
    with pytest.raises(InvalidInput, match="comes only as a pickle"):
        load_encoder(tiny_pickle, "classification", LABELS)
