"""Computing layers' results anew for the backward pass changes nothing but memory and time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from safetensors.torch import load_file

from studio.training.engine import train_model
from tests.training.runs import Listener, make_run

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("family", ["bert", "deberta-v2", "modernbert"])
@pytest.mark.parametrize("method", ["full", "lora"])
def test_the_model_is_the_same_where_layers_are_computed_twice(
    family: str, method: str, encoder_folders: dict[str, Path], tmp_path: Path
) -> None:
    models = []
    for recomputes in (False, True):
        home = tmp_path / str(recomputes)
        run = make_run(encoder_folders[family], home, method=method, dropout=0.0)
        run.snapshots_dir.mkdir(parents=True)
        memory = {"rows_at_once": 16, "killed_attempts": 0, "kernel_kills": None, "recomputes": recomputes}
        (run.snapshots_dir / "memory.json").write_text(json.dumps(memory))
        train_model(run, Listener())
        models.append(load_file(home / "folder" / "model.safetensors"))
    for name, kept in models[0].items():
        assert models[1][name].allclose(kept, atol=1e-6), name
