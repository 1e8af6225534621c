"""Rows computed by a compiled form of an encoder: OpenVINO on the processor, one stream for each core."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from studio.execution.executors import PaddedExecutor, pick
from studio.execution.parts import ROWS_PER_PART, Limits, cut_packed
from studio.execution.rows import EncodedRows
from studio.execution.sharing import is_worth_sharing

GRAPH_NAME = "model.xml"
# What one stream computes at once: at 6 x 384, 512 to 2,048 tokens are equally fast; with less of them in all
# each stream gets some, but not so few that starting a part costs more than it saves.
FEWEST_TOKENS, MOST_TOKENS = 256, 1024
PARTS_PER_STREAM = 8  # so many are handed over together: the streams wait for each other only after them


def import_openvino() -> Any:
    """OpenVINO, which sends no word of its use; ImportError where it is not installed."""
    # Where this package can be imported, each conversion is reported to Google Analytics, unasked.
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    import openvino

    return openvino


class CompiledModel:
    """A compiled classifier in the place of a model: it answers, and never learns.

    A part is computed on one core, as many parts at a time as there are cores: on a machine that does other
    things too, cores that share a part wait for each other for longer than they compute. Only a part alone
    is shared by all cores, where it is large or nothing else runs.
    """

    training = False

    def __init__(self, folder: Path, config: Any, *, precision: str | None, cores: int, weights: int) -> None:
        """Compile the graph of a folder; ``precision`` is that of products of floats, None for the best here.

        ``weights``: how many numbers each token is multiplied with.
        Raises RuntimeError where the graph cannot be read, ImportError without OpenVINO.
        """
        self.config = config
        self.streams = cores
        self._openvino = import_openvino()
        self._core = self._openvino.Core()
        self._graph = self._core.read_model(folder / GRAPH_NAME)
        self._weights = weights
        self._options = {"INFERENCE_NUM_THREADS": self.streams, "ENABLE_CPU_PINNING": False}
        if precision:
            self._options["INFERENCE_PRECISION_HINT"] = precision
        self._wide: Any = None
        compiled = self._compile(PERFORMANCE_HINT="THROUGHPUT", NUM_STREAMS=self.streams)
        self.precision = str(compiled.get_property("INFERENCE_PRECISION_HINT").to_string())
        self._requests = self._openvino.AsyncInferQueue(compiled, self.streams)

    def _compile(self, **options: Any) -> Any:
        return self._core.compile_model(self._graph, "CPU", {**self._options, **options})

    def logits(self, parts: Sequence[dict[str, np.ndarray]]) -> list[np.ndarray]:
        """Logits (rows, labels) of each part."""
        if len(parts) == 1 and self._share(parts[0]["input_ids"].size):
            self._wide = self._wide or self._compile(PERFORMANCE_HINT="LATENCY")
            return [np.array(self._wide(parts[0])[0])]
        answers: list[np.ndarray] = [np.empty(0)] * len(parts)

        def keep(request: Any, place: int) -> None:
            answers[place] = request.get_output_tensor().data.copy()

        self._requests.set_callback(keep)
        for place, part in enumerate(parts):
            self._requests.start_async(part, place)
        self._requests.wait_all()
        return answers

    def _share(self, tokens: int) -> bool:
        """Whether all cores compute one part."""
        return self.streams > 1 and is_worth_sharing(tokens, self._weights)

    def eval(self) -> CompiledModel:
        """It is as it always is."""
        return self

    def train(self, _mode: bool) -> CompiledModel:
        """It is as it always is."""
        return self


@dataclass(frozen=True)
class CompiledExecutor:
    """Hands rows of like length to the streams of a compiled model, padded as little as pays."""

    padded: PaddedExecutor
    streams: int
    sentence: str = "Rows of like length are computed by a compiled form."

    @property
    def rows(self) -> int:
        """How many rows are best computed at once."""
        return ROWS_PER_PART * self.streams

    @property
    def tokens(self) -> int:
        """How many tokens are best computed at once."""
        return MOST_TOKENS * PARTS_PER_STREAM * self.streams

    def cut(self, lengths: np.ndarray, limits: Limits) -> Iterable[np.ndarray]:
        """As many rows together as the limits allow; the streams share them."""
        return cut_packed(lengths, limits)

    def logits(self, model: CompiledModel, rows: EncodedRows, numbers: np.ndarray) -> torch.Tensor:
        """Logits (rows, labels) of the rows with these numbers, in their order; of places where there are."""
        lengths = rows.lengths[numbers]
        each = int(np.clip(lengths.sum() // self.streams, FEWEST_TOKENS, MOST_TOKENS))
        parts = list(self.padded.cut(lengths, Limits(ROWS_PER_PART, each)))
        batches = [self.padded.batch(rows, numbers[part]) for part in parts]
        answers = model.logits([{name: part.numpy() for name, part in batch.items()} for batch in batches])
        order = np.argsort(np.concatenate(parts))
        if rows.places is None:
            return torch.from_numpy(np.concatenate(answers)[order])
        widths = np.repeat([given.shape[1] for given in answers], [len(part) for part in parts])
        starts = (np.cumsum(widths) - widths)[order]
        flat = np.concatenate([given.reshape(-1, given.shape[-1]) for given in answers])
        return pick(torch.from_numpy(flat), rows.places.within(numbers, starts))

    def close(self) -> None:
        """Nothing was changed."""
