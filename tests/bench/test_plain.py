"""The plain script of transformers reads the rows of every task that is measured, and gives its metric."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bench.quality.plain import train
from studio.bootstrap import Studio
from tests.encoders import build_encoder

RECIPE: dict[str, Any] = {
    "epochs": 1, "learning_rate": 1e-4, "batch_size": 16, "max_length": 64, "weight_decay": 0.01,
    "schedule": "linear", "warmup_share": 0.1, "gradient_clipping": 1.0, "seed": 0,
}  # fmt: skip
# What each task is measured by; any number of labels is measured on no dataset.
METRICS = {
    "classification": "accuracy",
    "regression": "spearman",
    "multiple-choice": "accuracy",
    "token-classification": "f1",
    "question-answering": "f1",
}


@pytest.mark.parametrize("task", METRICS)
def test_the_rows_of_a_sample_are_read_and_scored(task: str, studio: Studio, tmp_path: Path) -> None:
    dataset = studio.datasets.import_sample(task)
    table = studio.datasets.export(dataset.name, tmp_path / "rows.csv", raw=True)
    rows = pd.read_csv(table, dtype=str, keep_default_na=False)
    if "choices" in rows:  # the collator of transformers takes rows of equally many options
        counts = rows["choices"].map(json.loads).map(len)
        rows[counts == counts.mode()[0]].to_csv(table, index=False)
    scores = train(table, build_encoder(tmp_path / "tiny", "bert"), RECIPE, tmp_path / "made", bf16=False)
    assert -1 <= scores[METRICS[task]] <= 1
