"""A folder is described from its files, or refused with a sentence that says what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio.checkpoints.inspect import describe_folder, refuse_without_tokenizer
from studio.checkpoints.parameters import parameters_in_file
from studio.errors import InvalidInput


def change_config(folder: Path, **changes: object) -> None:
    """Change keys of a folder's config.json."""
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_folder_is_described_with_the_sizes_of_its_weights(tiny_bert: Path) -> None:
    described = describe_folder(tiny_bert)
    assert (described.layers, described.hidden, described.heads) == (2, 32, 2)
    assert described.max_tokens == 64
    assert described.formats == ("safetensors",)
    assert described.parameters == parameters_in_file(tiny_bert / "model.safetensors")


def test_a_folder_with_a_pickle_says_so(tiny_pickle: Path) -> None:
    assert describe_folder(tiny_pickle).pickle_only


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="There is no folder"):
        describe_folder(tmp_path / "nowhere")


def test_a_folder_without_config_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"There is no config\.json"):
        describe_folder(tmp_path)


def test_a_broken_config_is_refused(bert_copy: Path) -> None:
    (bert_copy / "config.json").write_text("{")
    with pytest.raises(InvalidInput, match="is not readable"):
        describe_folder(bert_copy)


def test_a_config_that_lacks_a_number_is_refused(bert_copy: Path) -> None:
    config = json.loads((bert_copy / "config.json").read_text())
    del config["hidden_size"]
    (bert_copy / "config.json").write_text(json.dumps(config))
    with pytest.raises(InvalidInput, match="lacks 'hidden_size'"):
        describe_folder(bert_copy)


def test_an_adapter_alone_is_refused(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text("{}")
    with pytest.raises(InvalidInput, match="only an adapter"):
        describe_folder(tmp_path)


def test_a_model_with_its_own_code_is_refused(bert_copy: Path) -> None:
    change_config(bert_copy, auto_map={"AutoModel": "modeling.Evil"})
    with pytest.raises(InvalidInput, match="brings its own program code"):
        describe_folder(bert_copy)


def test_a_tokenizer_with_its_own_code_is_refused(bert_copy: Path) -> None:
    (bert_copy / "tokenizer_config.json").write_text('{"auto_map": {"AutoTokenizer": ["x.Y", null]}}')
    with pytest.raises(InvalidInput, match="brings its own program code"):
        describe_folder(bert_copy)


def test_a_decoder_is_refused_as_one(bert_copy: Path) -> None:
    change_config(bert_copy, model_type="gpt2")
    with pytest.raises(InvalidInput, match="writes texts and is no encoder"):
        describe_folder(bert_copy)


def test_an_unknown_family_is_refused_by_name(bert_copy: Path) -> None:
    change_config(bert_copy, model_type="vit")
    with pytest.raises(InvalidInput, match="vit model, a family the studio does not train"):
        describe_folder(bert_copy)


def test_a_folder_without_weights_is_refused(bert_copy: Path) -> None:
    (bert_copy / "model.safetensors").unlink()
    with pytest.raises(InvalidInput, match="holds no weights"):
        describe_folder(bert_copy)


def test_weights_of_another_library_are_named(bert_copy: Path) -> None:
    (bert_copy / "model.safetensors").rename(bert_copy / "tf_model.h5")
    with pytest.raises(InvalidInput, match=r"only as tf_model\.h5"):
        describe_folder(bert_copy)


def test_a_folder_without_tokenizer_is_refused(bert_copy: Path) -> None:
    (bert_copy / "tokenizer.json").unlink()
    (bert_copy / "vocab.txt").unlink()
    with pytest.raises(InvalidInput, match="has no tokenizer"):
        describe_folder(bert_copy)


def test_a_sentencepiece_tokenizer_needs_its_package() -> None:
    names = {"config.json", "spm.model", "model.safetensors"}
    refuse_without_tokenizer(names, "deberta", sentencepiece=True)
    with pytest.raises(InvalidInput, match="needs the package sentencepiece"):
        refuse_without_tokenizer(names, "deberta", sentencepiece=False)
    refuse_without_tokenizer(names | {"tokenizer.json"}, "xlm", sentencepiece=False)
