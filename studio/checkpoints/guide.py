"""Pick three checkpoints for a dataset and say why."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from studio.checkpoints.catalogue import Checkpoint, load_catalogue
from studio.checkpoints.language import CHINESE, ENGLISH, guess_language, names_matter
from studio.checkpoints.resolve import NEEDS_NETWORK, round_megabytes

CARDS = 3
LONG_CHARACTERS = {ENGLISH: 2500, CHINESE: 510}
ROWS_FOR_LARGE = 5000
WORTH_SAYING_SLOWER = 1.5


@dataclass(frozen=True)
class DatasetFacts:
    """What the guide wants to know of a dataset: its language, length, size and use of capital letters."""

    rows: int
    language: str
    median_characters: int
    capitals_matter: bool

    @classmethod
    def of_texts(cls, texts: Sequence[str], rows: int) -> DatasetFacts:
        """Look at some texts of a dataset of ``rows`` training rows."""
        lengths = [len(text) for text in texts] or [0]
        return cls(rows, guess_language(texts), int(statistics.median(lengths)), names_matter(texts))

    @property
    def long(self) -> bool:
        """Whether half of the texts are longer than the 512 tokens most checkpoints read."""
        return self.median_characters > LONG_CHARACTERS.get(self.language, LONG_CHARACTERS[ENGLISH])


@dataclass(frozen=True)
class Recommendation:
    """One checkpoint to choose, and why."""

    checkpoint: Checkpoint
    reason: str


def recommend(
    facts: DatasetFacts, device: str, states: Mapping[str, str], offline: bool = False
) -> list[Recommendation]:
    """Pick three checkpoints for a dataset; what is here comes first, the built-in one only for English.

    ``device`` is "cpu", "cuda" or "mps"; ``states`` gives the state of each checkpoint by id.
    """
    catalogue = load_catalogue()
    suited = [catalogue[name] for name in suited_ids(facts, device)]
    here = [one for one in suited if states.get(one.id, NEEDS_NETWORK) != NEEDS_NETWORK]
    away = [one for one in suited if one not in here]
    chosen = [*here, *away][:CARDS]
    fastest = min(chosen, key=relative_cost)
    return [
        Recommendation(one, reason_for(one, fastest, facts, Place(device, states, offline))) for one in chosen
    ]


@dataclass(frozen=True)
class Place:
    """Where a training would run: the device, what is here already, and whether the network may be used."""

    device: str
    states: Mapping[str, str]
    offline: bool

    def has(self, checkpoint: Checkpoint) -> bool:
        """Whether a checkpoint is here."""
        return self.states.get(checkpoint.id, NEEDS_NETWORK) != NEEDS_NETWORK


def suited_ids(facts: DatasetFacts, device: str) -> list[str]:
    """List the ids suited to a dataset's language and a device, the best first."""
    gpu = device != "cpu"
    if facts.language == CHINESE:
        return suited_to_chinese(facts, gpu)
    if facts.language == ENGLISH:
        return suited_to_english(facts, gpu)
    best = ["xlm-roberta-base", "distilbert-multilingual", "bert-multilingual"]
    return best if gpu else [best[1], best[0], best[2]]


def suited_to_chinese(facts: DatasetFacts, gpu: bool) -> list[str]:
    """List checkpoints for Chinese texts, the best first."""
    base = ["chinese-roberta-wwm-ext", "bert-base-chinese", "chinese-bert-wwm-ext", "chinese-bert-wwm"]
    base.insert(0 if facts.long else 2, "ernie-3.0-base-zh")
    if not gpu:
        return ["ernie-3.0-nano-zh", *base]
    large = ["chinese-roberta-wwm-ext-large"] if facts.rows >= ROWS_FOR_LARGE else []
    return [*base[:2], *large, *base[2:], "ernie-3.0-nano-zh"]


def suited_to_english(facts: DatasetFacts, gpu: bool) -> list[str]:
    """List checkpoints for English texts, the best first."""
    cased = facts.capitals_matter
    distil = ["distilbert-base-cased", "distilbert-base-uncased"]
    base = ["bert-base-cased", "bert-base-uncased"]
    if not cased:
        distil.reverse()
        base.reverse()
    strong = ["modernbert-base", "roberta-base"] if facts.long else ["roberta-base"]
    if not gpu:
        return ["minilm-l6", distil[0], strong[0], base[0], distil[1], base[1], "minilm-l12"]
    top = "roberta-large" if facts.rows >= ROWS_FOR_LARGE else "deberta-v3-base"
    rest = [*strong[1:], base[0], distil[0], base[1], distil[1]]
    return ["minilm-l6", strong[0], top, *rest]


def warn_of_language(checkpoint: Checkpoint, language: str) -> tuple[str, ...]:
    """A sentence where a checkpoint was made for one language and texts look like another; else nothing.

    ``language`` is what ``guess_language`` says of the texts.
    """
    if checkpoint.language not in {ENGLISH, CHINESE} or checkpoint.language == language:
        return ()
    made = f"{checkpoint.title} was made for {checkpoint.language} texts"
    if language in {ENGLISH, CHINESE}:
        looks, advice = f"look {language}", f"one for {language} texts, or for many languages"
    else:
        looks, advice = "look like those of other languages", "one for many languages"
    return (f"{made}, and these {looks}: it will learn little from them. Choose {advice}.",)


def relative_cost(checkpoint: Checkpoint) -> float:
    """Weigh how long a checkpoint computes on one token: its layers times their weights."""
    return checkpoint.layers * checkpoint.hidden * (4 * checkpoint.hidden + 2 * checkpoint.intermediate)


def reason_for(checkpoint: Checkpoint, fastest: Checkpoint, facts: DatasetFacts, place: Place) -> str:
    """Say in two or three short sentences why a checkpoint is offered and what it costs."""
    device = "this CPU" if place.device == "cpu" else "this GPU"
    parts = [checkpoint.good_for]
    slower = relative_cost(checkpoint) / relative_cost(fastest)
    if slower >= WORTH_SAYING_SLOWER:
        parts.append(f"{checkpoint.layers} layers, about {slower:.0f} times slower than {fastest.title}.")
    elif checkpoint is fastest:
        parts.append(f"{checkpoint.layers} layers: the fastest of the three on {device}.")
    if facts.long and checkpoint.max_tokens > 512:
        parts.append(f"It reads {checkpoint.max_tokens:,} tokens, and your texts are long.")
    elif facts.capitals_matter and checkpoint.cased and facts.language == ENGLISH:
        parts.append("It keeps the capital letters that mark names in your texts.")
    parts.append(how_to_get(checkpoint, place))
    return " ".join(part for part in parts if part)


def how_to_get(checkpoint: Checkpoint, place: Place) -> str:
    """Say what it takes to have a checkpoint here."""
    if place.has(checkpoint):
        return "" if checkpoint.builtin else "It is here already."
    size = round_megabytes(checkpoint.download_bytes)
    if place.offline:
        return f"It needs the network ({size}), and the studio works offline."
    pickle = ", and your agreement to convert a pickle" if checkpoint.pickle_only else ""
    return f"It needs the network once ({size}){pickle}."
