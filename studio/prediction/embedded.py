"""Trained models in this process: load a few, cut long texts, answer in batches (needs torch)."""

from __future__ import annotations

import json
import os
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from studio.errors import NotFound, WorkFailed, ran_out_of_memory
from studio.tasks.base import Encoded, Task
from studio.tasks.registry import get_task

TOKENS_PER_BATCH = 8192
ROWS_PER_BATCH = 64
# Up to so many multiplications (tokens times weights; about 50 ms on one core) one thread is used: beside
# a running training, waiting for a second thread made a single text ten times slower than using one.
ONE_THREAD_WORK = 1.5e9
FALLBACK_MAX_LENGTH = 512
FALLBACK_TASK = "classification"


@dataclass(frozen=True)
class LoadedModel:
    """One model ready to answer, with the labels in the order of its logits."""

    task: Task
    model: Any
    tokenizer: Any
    labels: tuple[str, ...]
    max_length: int
    weights: int


class Predictor:
    """Holds up to ``max_models`` model folders, the least recently used leaving first."""

    def __init__(self, max_models: int = 3, device: str | None = None) -> None:
        self.max_models = max_models
        self._threads = usable_cores()
        self.device = torch.device(device or pick_device())
        self._models: OrderedDict[str, LoadedModel] = OrderedDict()

    @property
    def loaded(self) -> list[str]:
        """Folders of the models in memory, the least recently used first."""
        return list(self._models)

    def load(self, folder: str | Path) -> LoadedModel:
        """The model of a folder, from memory where it is there.

        Raises NotFound where the folder holds no model, WorkFailed where it cannot be read.
        """
        key = str(folder)
        if not (Path(folder) / "config.json").is_file():
            self.forget(key)
            raise NotFound("The files of this model are gone.", "Choose another model, or train it again.")
        if key not in self._models:
            while len(self._models) >= self.max_models:
                self._models.popitem(last=False)
            self._models[key] = read_model(Path(folder), self.device)
        self._models.move_to_end(key)
        return self._models[key]

    def forget(self, folder: str | Path) -> None:
        """Give back the memory of one model; nothing happens where it is not loaded."""
        self._models.pop(str(folder), None)

    def logits(
        self, folder: str | Path, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> np.ndarray:
        """Scores before the softmax, float32 of shape (texts, labels), in the order given.

        ``progress`` is called with the number of texts answered so far.
        """
        loaded = self.load(folder)
        scores = np.zeros((len(texts), len(loaded.labels)), dtype=np.float32)
        encoded = tokenize(loaded, texts)
        done = 0
        for rows in cut_batches([len(ids) for ids in encoded["input_ids"]]):
            self._answer(loaded, encoded, rows, scores)
            done += len(rows)
            if progress:
                progress(done)
        return scores

    def predict(self, folder: str | Path, texts: Sequence[str]) -> list[dict[str, Any]]:
        """One ``{label, confidence, probabilities}`` per text."""
        scores = self.logits(folder, texts)
        loaded = self.load(folder)
        return loaded.task.decode(scores, loaded.labels)

    def _answer(self, loaded: LoadedModel, encoded: Encoded, rows: list[int], scores: np.ndarray) -> None:
        """Fill in the scores of some rows; in halves where the memory does not suffice."""
        part = {name: [values[row] for row in rows] for name, values in encoded.items()}
        try:
            scores[rows] = self._forward(loaded, part)
            return
        except (RuntimeError, MemoryError) as error:
            if len(rows) == 1 or not ran_out_of_memory(error):
                raise
        half = len(rows) // 2
        self._answer(loaded, encoded, rows[:half], scores)
        self._answer(loaded, encoded, rows[half:], scores)

    def _forward(self, loaded: LoadedModel, encoded: Encoded) -> np.ndarray:
        batch = loaded.tokenizer.pad(encoded, return_tensors="pt").to(self.device)
        work = batch["input_ids"].numel() * loaded.weights
        torch.set_num_threads(1 if work < ONE_THREAD_WORK else self._threads)
        with torch.inference_mode():
            return loaded.model(**batch).logits.float().cpu().numpy()


def pick_device() -> str:
    """The graphics processor where PyTorch can use one, else the processor."""
    if torch.cuda.is_available():
        return "cuda"
    if torch.backends.mps.is_available():
        return "mps"
    return "cpu"


def usable_cores() -> int:
    """Cores this process may run on, at least one."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return max(1, os.cpu_count() or 1)


def read_model(folder: Path, device: torch.device) -> LoadedModel:
    """Weights (safetensors only), tokenizer, labels and length of one model folder."""
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model = AutoModelForSequenceClassification.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, dtype=torch.float32
        )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise WorkFailed(
            f"The model in folder '{folder.name}' cannot be read: {error}",
            "Its files may be incomplete. Train it again, or restore the folder from a backup.",
        ) from error
    model.to(device).eval()
    names = model.config.id2label
    labels = tuple(str(names[index]) for index in sorted(names))
    recipe = read_recipe(folder)
    task = get_task(str(recipe.get("task") or FALLBACK_TASK))
    max_length = choose_max_length(recipe, tokenizer, model.config)
    embeddings = model.get_input_embeddings().weight.numel()
    return LoadedModel(task, model, tokenizer, labels, max_length, model.num_parameters() - embeddings)


def read_recipe(folder: Path) -> dict[str, Any]:
    """The recipe a model was trained by; empty where the folder came from elsewhere."""
    try:
        recipe = json.loads((folder / "recipe.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return recipe if isinstance(recipe, dict) else {}


def choose_max_length(recipe: dict[str, Any], tokenizer: Any, config: Any) -> int:
    """Tokens a text is cut at: the recipe's, else 512, but no more than the model was made for."""
    if isinstance(recipe.get("max_length"), int):
        return int(min(recipe["max_length"], tokenizer.model_max_length))
    positions = getattr(config, "max_position_embeddings", None) or FALLBACK_MAX_LENGTH
    return int(min(positions, tokenizer.model_max_length, FALLBACK_MAX_LENGTH))


def tokenize(loaded: LoadedModel, texts: Sequence[str]) -> Encoded:
    """What the task makes of the texts, cut at the model's length."""
    # A tokenizer.json may carry cutting and padding of its own, which would win over the recipe's.
    if getattr(loaded.tokenizer, "_tokenizer", None) is not None:
        loaded.tokenizer._tokenizer.no_padding()
    return loaded.task.encode([{"text": text} for text in texts], loaded.tokenizer, loaded.max_length)


def cut_batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Row numbers in batches of similar length, the longest first, bounded in padded tokens.

    >>> list(cut_batches([3, 9, 4]))
    [[1, 2, 0]]
    """
    order = sorted(range(len(lengths)), key=lambda row: -lengths[row])
    batch: list[int] = []
    for row in order:
        longest = lengths[batch[0]] if batch else lengths[row]
        if batch and (len(batch) == ROWS_PER_BATCH or longest * (len(batch) + 1) > TOKENS_PER_BATCH):
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch
