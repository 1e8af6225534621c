"""How long the texts of a dataset are to each checkpoint that is here, and what each would cut."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from studio.checkpoints.catalogue import Checkpoint
from studio.checkpoints.lengths import TokenFacts, describe_tokens, ready_checkpoints
from studio.checkpoints.tokens import count_tokens
from studio.services.datasets import DatasetService
from studio.settings import Settings
from studio.training.hardware import detect_machine
from studio.training.presets import PresetFacts, max_length

COUNTED_TEXTS = 2000
ADVISED_PRESET = "balanced"


@dataclass(frozen=True)
class CheckpointLengths:
    """Token lengths to one checkpoint, and the length in tokens that the presets would choose.

    ``longest``: tokens of the longest text of each part that has rows; the facts are of training texts.
    """

    checkpoint: Checkpoint
    facts: TokenFacts
    advised: int
    longest: Mapping[str, int]


class LengthService:
    """The verbs on token lengths."""

    def __init__(self, settings: Settings, datasets: DatasetService) -> None:
        self._settings = settings
        self._datasets = datasets
        self._count = lru_cache(maxsize=64)(self._count_sample)

    def table(self, dataset_name: str) -> list[CheckpointLengths]:
        """One line per checkpoint that is here: exact where all texts were counted, else from a sample."""
        dataset = self._datasets.get(dataset_name)
        if not dataset.rows.get("train"):
            return []
        profile = self._datasets.profile(dataset_name)
        counted = {} if profile is None else profile.token_lengths
        lines = []
        for one, folder in ready_checkpoints(self._settings):
            known = counted.get(one.id)
            if known:
                facts = TokenFacts.from_json(known)
            else:
                facts = self._count(dataset_name, dataset.id, one.id, folder)
            longest = self._datasets.longest_tokens(dataset_name, folder, facts.longest)
            lines.append(CheckpointLengths(one, facts, self._advise(one, facts), longest))
        return lines

    def _count_sample(self, name: str, _dataset_id: str, checkpoint: str, folder: Path) -> TokenFacts:
        texts, _ = self._datasets.sequences(name, "train", COUNTED_TEXTS)
        rows = self._datasets.get(name).rows["train"]
        return describe_tokens(checkpoint, count_tokens(folder, texts), rows)

    def _advise(self, checkpoint: Checkpoint, facts: TokenFacts) -> int:
        wanted = PresetFacts(
            parameters=checkpoint.parameters,
            rows=facts.rows,
            median_tokens=facts.median,
            p95_tokens=facts.p95,
            device=detect_machine().device,
            max_tokens=checkpoint.max_tokens,
        )
        return max_length(ADVISED_PRESET, wanted)
