"""The checkpoints the studio knows by name, read from catalogue.toml."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from studio.checkpoints.parameters import parameters_from_config

CATALOGUE_PATH = Path(__file__).with_name("catalogue.toml")
BYTES_PER_WEIGHT = 4
SHAPE_KEYS = ("layers", "hidden", "heads", "intermediate", "vocabulary")
CONFIG_KEYS = ("num_hidden_layers", "hidden_size", "num_attention_heads", "intermediate_size", "vocab_size")
DISTILBERT_KEYS = ("n_layers", "dim", "n_heads", "hidden_dim", "vocab_size")
OFFSET_POSITIONS = {"roberta", "xlm-roberta", "camembert", "mpnet"}
"""Families whose position table has two rows more than the tokens they read."""


@dataclass(frozen=True)
class Checkpoint:
    """What is known of one checkpoint.

    ``parameters`` are those of the encoder without a task's head, ``download_bytes`` what fetching it moves;
    ``cased`` is None where nobody knows; ``config`` holds the numbers its config.json has.
    """

    id: str
    title: str
    family: str
    architecture: str
    language: str
    cased: bool | None
    layers: int
    hidden: int
    heads: int
    intermediate: int
    vocabulary: int
    parameters: int
    max_tokens: int
    licence: str = ""
    licence_source: str = ""
    good_for: str = ""
    bad_for: str = ""
    download_bytes: int = 0
    repo: str | None = None
    formats: tuple[str, ...] = ("safetensors",)
    builtin: bool = False
    config: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def word_width(self) -> int:
        """Numbers of a word embedding: those of a layer, but fewer in ALBERT and small ELECTRAs."""
        return int(self.config.get("embedding_size") or self.hidden)

    @property
    def pickle_only(self) -> bool:
        """Whether its weights come as a pickle, which is converted once after the user agreed."""
        return self.formats == ("pickle",)


def config_numbers(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Write an entry's shape with the keys its architecture uses in config.json."""
    architecture = entry["architecture"]
    keys = DISTILBERT_KEYS if architecture == "distilbert" else CONFIG_KEYS
    shape = {key: entry["shape"][name] for key, name in zip(keys, SHAPE_KEYS, strict=True)}
    positions = entry["max_tokens"] + (2 if architecture in OFFSET_POSITIONS else 0)
    return {
        "model_type": architecture,
        **shape,
        "max_position_embeddings": positions,
        **entry.get("extra", {}),
    }


def read_entry(entry: Mapping[str, Any]) -> Checkpoint:
    """Make a Checkpoint of one catalogue entry."""
    config = config_numbers(entry)
    parameters = parameters_from_config(config)
    computed = {"cased": None, "download_bytes": parameters * BYTES_PER_WEIGHT, "parameters": parameters}
    given = {key: value for key, value in entry.items() if key not in {"shape", "extra"}}
    formats = tuple(entry.get("formats", ["safetensors"]))
    return Checkpoint(**{**computed, **entry["shape"], **given, "formats": formats, "config": config})


def entries_of_series(series: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Write out the entries of a series: one for each pair of layers and hidden width."""
    grid = {"layers", "hidden", "width_per_head", "intermediate_per_hidden", "vocabulary"}
    for layers, hidden in itertools.product(series["layers"], series["hidden"]):
        shape = {
            "layers": layers,
            "hidden": hidden,
            "heads": hidden // series["width_per_head"],
            "intermediate": hidden * series["intermediate_per_hidden"],
            "vocabulary": series["vocabulary"],
        }
        entry = {
            key: value.format(**shape) if isinstance(value, str) else value
            for key, value in series.items()
            if key not in grid
        }
        yield {**entry, "shape": shape}


@lru_cache(maxsize=1)
def load_catalogue() -> Mapping[str, Checkpoint]:
    """Read every checkpoint of catalogue.toml, by id, in the order of the file."""
    raw = tomllib.loads(CATALOGUE_PATH.read_text(encoding="utf-8"))
    entries = [
        *raw["checkpoint"],
        *itertools.chain.from_iterable(map(entries_of_series, raw.get("series", []))),
    ]
    return {entry["id"]: read_entry(entry) for entry in entries}


def find_in_catalogue(name: str) -> Checkpoint | None:
    """Return the checkpoint with this id or this hub repository, or None."""
    catalogue = load_catalogue()
    if name in catalogue:
        return catalogue[name]
    return next((one for one in catalogue.values() if one.repo and one.repo.lower() == name.lower()), None)
