"""Trained models in this process: load a few, cut long texts, answer in batches (needs torch)."""

from __future__ import annotations

import json
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from transformers import AutoConfig, AutoTokenizer

from studio.checkpoints.loading import HEADS
from studio.cores import usable_cores
from studio.errors import NotFound, WorkFailed
from studio.execution.answers import predict_rows
from studio.execution.compiled import CompiledExecutor, CompiledModel
from studio.execution.devices import is_fast_in_bf16
from studio.execution.executors import Executor, choose_executor, choose_padding, usable_length
from studio.execution.parts import Limits
from studio.execution.rows import EncodedRows
from studio.execution.sharing import is_worth_sharing
from studio.prediction.forms import is_form, plain_folder, read_note
from studio.prediction.reading import read_row
from studio.tasks.base import Encoded, Row, Task, Tuned
from studio.tasks.registry import TASKS, get_task

FALLBACK_MAX_LENGTH = 512
FALLBACK_TASK = "classification"
TUNED_FILE = "tuned.json"
# Smaller encoders gain nothing from bf16. (The number of weights that each token is multiplied with.)
FEWEST_BF16_WEIGHTS = 1_000_000
UNREADABLE = (SafetensorError, OSError, ValueError, KeyError, RuntimeError)
NO_FORM = (ImportError, OSError, ValueError, KeyError, TypeError, RuntimeError)


@dataclass(frozen=True)
class LoadedModel:
    """One model ready to answer, with the labels of its dataset.

    ``tuned`` is what its task chose on the validation rows; ``weights`` is how many numbers each token is
    multiplied with.
    """

    task: Task
    model: Any
    tokenizer: Any
    labels: tuple[str, ...]
    tuned: Tuned
    max_length: int
    executor: Executor
    weights: int

    def logits(self, rows: Sequence[Row], progress: Callable[[int], None] | None = None) -> np.ndarray:
        """What the head gives, float32 (rows, outputs), or an array for each row, in the order given.

        ``progress`` is called with the number of rows answered so far. Raises MemoryError where the memory
        does not suffice for one row.
        """
        encoded = EncodedRows.of(tokenize(self, rows))
        return predict_rows(self.executor, self.model, encoded, progress=progress)

    def scores(self, rows: Sequence[Row], progress: Callable[[int], None] | None = None) -> np.ndarray:
        """The logits of the rows as metrics and people read them."""
        return self.task.scores(self.logits(rows, progress), self.tuned)


@dataclass(frozen=True)
class ThriftyExecutor:
    """Computes small parts on one thread where waiting for others would take longer than they save."""

    inner: Executor
    weights: int
    threads: int

    @property
    def rows(self) -> int:
        """How many rows are best computed at once."""
        return self.inner.rows

    @property
    def tokens(self) -> int:
        """How many tokens are best computed at once."""
        return self.inner.tokens

    @property
    def sentence(self) -> str:
        """As the executor inside."""
        return self.inner.sentence

    def cut(self, lengths: np.ndarray, limits: Limits) -> Iterable[np.ndarray]:
        """As the executor inside."""
        return self.inner.cut(lengths, limits)

    def logits(self, model: Any, rows: EncodedRows, numbers: np.ndarray) -> torch.Tensor:
        """As the executor inside."""
        shared = is_worth_sharing(int(rows.lengths[numbers].sum()), self.weights)
        torch.set_num_threads(self.threads if shared else 1)
        return self.inner.logits(model, rows, numbers)

    def close(self) -> None:
        """As the executor inside."""
        self.inner.close()


class Predictor:
    """Holds up to ``max_models`` model folders, the least recently used leaving first.

    Answers are computed in bf16 where the device is faster in it.
    """

    def __init__(self, max_models: int = 3, device: str | None = None) -> None:
        self.max_models = max_models
        self._threads = usable_cores()
        self.device = torch.device(device or pick_device())
        self._has_bf16 = is_fast_in_bf16(self.device.type)
        self._models: OrderedDict[str, LoadedModel] = OrderedDict()

    @property
    def loaded(self) -> list[str]:
        """Folders of the models in memory, the least recently used first."""
        return list(self._models)

    def load(self, folder: str | Path) -> LoadedModel:
        """The model of a folder, or of a compiled form's folder, from memory where it is there.

        Raises NotFound where the folder holds no model, WorkFailed where it cannot be read.
        """
        key = str(folder)
        if not (plain_folder(Path(folder)) / "config.json").is_file():
            self.forget(key)
            raise NotFound("The files of this model are gone.", "Choose another model, or train it again.")
        if key not in self._models:
            loaded = read_model(Path(folder), self.device, self._threads, self._has_bf16)
            while len(self._models) >= self.max_models:
                self._models.popitem(last=False)
            self._models[key] = loaded
        self._models.move_to_end(key)
        return self._models[key]

    def forget(self, folder: str | Path) -> None:
        """Give back the memory of one model; nothing happens where it is not loaded."""
        self._models.pop(str(folder), None)

    def logits(
        self, folder: str | Path, rows: Sequence[Row], progress: Callable[[int], None] | None = None
    ) -> np.ndarray:
        """As those of the model that is loaded from the folder."""
        return self.load(folder).logits(rows, progress)

    def predict(self, folder: str | Path, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """One answer per row, as the model's task gives it."""
        scores = self.logits(folder, rows)
        loaded = self.load(folder)
        return loaded.task.decode(scores, loaded.labels, loaded.tuned, rows)

    def read(self, folder: str | Path, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """``{"sequences": [...]}`` per row: what the model reads of it, each as Reading.to_json gives it."""
        loaded = self.load(folder)
        read = (read_row(loaded.task, loaded.tokenizer, loaded.max_length, row) for row in rows)
        return [{"sequences": [reading.to_json() for reading in readings]} for readings in read]


def pick_device() -> str:
    """The graphics processor where PyTorch can use one, else the processor."""
    if torch.cuda.is_available():
        return "cuda"
    if torch.backends.mps.is_available():
        return "mps"
    return "cpu"


def read_model(folder: Path, device: torch.device, threads: int, has_bf16: bool) -> LoadedModel:
    """A model ready to answer; where a compiled form cannot be used, the plain one of the same model."""
    if is_form(folder):
        try:
            return read_form(folder, threads)
        except NO_FORM as error:
            print(f"The compiled form {folder} cannot be used, the plain one is: {error}", file=sys.stderr)
    return read_plain(plain_folder(folder), device, threads, has_bf16)


def read_plain(folder: Path, device: torch.device, threads: int, has_bf16: bool) -> LoadedModel:
    """Weights (safetensors only), tokenizer, labels and length of one model folder."""
    recipe = read_recipe(folder)
    task = task_of(recipe, folder)
    tokenizer, model = read_weights(folder, task)
    model.to(device).eval()
    wanted = recipe.get("max_length") or min(FALLBACK_MAX_LENGTH, tokenizer.model_max_length)
    max_length = usable_length(model, tokenizer, int(wanted))
    torch.set_num_threads(threads)
    executor = choose_executor(model, tokenizer, max_length, device.type)
    weights = model.num_parameters() - model.get_input_embeddings().weight.numel()
    # Who wanted the training to be exact wants the answers to be.
    if has_bf16 and weights >= FEWEST_BF16_WEIGHTS and recipe.get("precision") != "fp32":
        model.to(torch.bfloat16)
    thrifty = ThriftyExecutor(executor, weights, threads)
    labels, tuned = task.labels(outputs_of(model.config)), read_tuned(folder)
    return LoadedModel(task, model, tokenizer, labels, tuned, max_length, thrifty, weights)


def read_form(folder: Path, threads: int) -> LoadedModel:
    """A compiled form, with tokenizer and labels from the folder that it was made from.

    Raises one of NO_FORM where it cannot be used.
    """
    note, plain = read_note(folder), plain_folder(folder)
    config = AutoConfig.from_pretrained(plain, local_files_only=True)
    tokenizer = AutoTokenizer.from_pretrained(plain, local_files_only=True)
    model = CompiledModel(
        folder,
        config,
        precision=note.precision,
        cores=threads,
        weights=note.weights,
    )
    executor = CompiledExecutor(choose_padding(tokenizer, note.max_length, "cpu"), threads)
    task, tuned = task_of(read_recipe(plain), plain), read_tuned(plain)
    labels = task.labels(outputs_of(config))
    return LoadedModel(task, model, tokenizer, labels, tuned, note.max_length, executor, note.weights)


def read_weights(folder: Path, task: Task) -> tuple[Any, Any]:
    """Tokenizer and torch model of one model folder; WorkFailed where they cannot be read."""
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model = HEADS[task.head].from_pretrained(
            folder, local_files_only=True, use_safetensors=True, dtype=torch.float32
        )
    except UNREADABLE as error:
        raise WorkFailed(
            f"The model in folder '{folder.name}' cannot be read: {error}",
            "Its files may be incomplete. Train it again, or restore the folder from a backup.",
        ) from error
    return tokenizer, model


def outputs_of(config: Any) -> tuple[str, ...]:
    """The names of the logits in their order."""
    return tuple(str(config.id2label[index]) for index in sorted(config.id2label))


def task_of(recipe: dict[str, Any], folder: Path) -> Task:
    """The task a model was trained for, by its recipe, or else by the head and the loss its config names."""
    config = read_object(folder / "config.json")
    made, problem = str((config.get("architectures") or [""])[0]), config.get("problem_type")
    alike = (
        task.key
        for task in TASKS.values()
        if made.endswith(HEADS[task.head].__name__.removeprefix("AutoModel"))
        and problem in (None, task.problem)
    )
    return get_task(str(recipe.get("task") or next(alike, FALLBACK_TASK)))


def read_recipe(folder: Path) -> dict[str, Any]:
    """The recipe a model was trained by; empty where the folder came from elsewhere."""
    return read_object(folder / "recipe.json")


def read_tuned(folder: Path) -> Tuned:
    """What the task of a model chose on its validation rows; empty where it chose nothing."""
    return read_object(folder / TUNED_FILE)


def read_object(path: Path) -> dict[str, Any]:
    """What a file of JSON holds; empty where it is not there, or holds no object."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def tokenize(loaded: LoadedModel, rows: Sequence[Row]) -> Encoded:
    """What the task makes of the rows, cut at the model's length."""
    # A tokenizer.json may carry cutting and padding of its own, which would win over the recipe's.
    if getattr(loaded.tokenizer, "_tokenizer", None) is not None:
        loaded.tokenizer._tokenizer.no_padding()
    return loaded.task.encode(rows, loaded.tokenizer, loaded.max_length)
