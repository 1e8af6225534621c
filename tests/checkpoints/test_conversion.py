"""Old pickles become safetensors with today's names, and give the same numbers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from studio.checkpoints import conversion
from studio.checkpoints.loading import load_encoder
from studio.checkpoints.pickles import convert_pickle
from studio.errors import WorkFailed

LABELS = ["a", "b"]


def logits(folder: Path) -> torch.Tensor:
    """What a freshly seeded head says to one text."""
    torch.manual_seed(3)
    loaded = load_encoder(folder, "classification", LABELS)
    ids = torch.tensor([loaded.tokenizer("where is my parcel")["input_ids"]])
    with torch.no_grad():
        return loaded.model.eval()(input_ids=ids).logits


@pytest.mark.slow
def test_a_converted_pickle_gives_the_same_numbers(
    tiny_bert: Path, tiny_pickle: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(tiny_pickle, tmp_path / "old")
    convert_pickle(folder)
    assert torch.equal(logits(folder), logits(tiny_bert))
    assert not (folder / "pytorch_model.bin").exists()


def test_shared_and_renamed_weights_are_written_apart(tmp_path: Path) -> None:
    table = torch.arange(12.0).reshape(3, 4)
    old = {"module.LayerNorm.gamma": table[0], "embedding": table, "decoder": table, "step": 3}
    torch.save({"state_dict": old}, tmp_path / "one.bin")
    notes = conversion.convert(tmp_path / "out.safetensors", [tmp_path / "one.bin"])
    found = load_file(tmp_path / "out.safetensors")
    assert set(found) == {"LayerNorm.weight", "embedding", "decoder"}
    assert torch.equal(found["LayerNorm.weight"], table[0])
    assert notes == ["1 weights with old names were renamed.", "2 weights that shared memory were copied."]


@pytest.mark.slow
def test_weights_in_several_pickles_become_one_file(tiny_bert: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_bert, tmp_path / "parts")
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    halves = {"pytorch_model-00001-of-00002.bin": {}, "pytorch_model-00002-of-00002.bin": {}}
    index = {}
    for number, (name, value) in enumerate(sorted(weights.items())):
        part = sorted(halves)[number % 2]
        halves[part][name] = value
        index[name] = part
    for part, held in halves.items():
        torch.save(held, folder / part)
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps({"weight_map": index}))
    convert_pickle(folder)
    assert torch.equal(logits(folder), logits(tiny_bert))
    assert not list(folder.glob("*.bin*"))


@pytest.mark.slow
def test_a_truncated_pickle_leaves_no_half_file(tiny_pickle: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_pickle, tmp_path / "cut")
    path = folder / "pytorch_model.bin"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(WorkFailed, match="could not be converted"):
        convert_pickle(folder)
    assert path.is_file() and not list(folder.glob("model.*"))
