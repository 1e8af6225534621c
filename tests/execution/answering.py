"""What a model in memory answers to texts."""

from __future__ import annotations

from typing import Any

import numpy as np

from studio.execution.answers import predict_rows
from studio.execution.executors import choose_executor
from studio.execution.rows import EncodedRows
from studio.tasks.classification import CLASSIFICATION


def logits_of(
    model: Any, tokenizer: Any, texts: list[str], max_length: int = 16, **options: Any
) -> np.ndarray:
    """What a model in memory answers, (texts, labels)."""
    encoded = CLASSIFICATION.encode([{"text": text} for text in texts], tokenizer, max_length)
    executor = choose_executor(model, tokenizer, max_length, "cpu")
    try:
        return predict_rows(executor, model, EncodedRows.of(encoded), **options)
    finally:
        executor.close()
