"""What a training will take on a machine, said before it starts; nothing here imports torch.

Seconds on a processor are those of three things: the matrix products of the tokens, whose rate is measured;
the numbers between them, which softmax, dropout, norms and activations read and write; and the calls of each
layer. What they cost was fitted to measured steps (``python -m bench.costs``).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import ceil, log2
from typing import Protocol

import numpy as np

from studio.execution.parts import OVERHEAD_TOKENS, Limits, cut_padded
from studio.training.hardware import Machine, measure_gflops

CUDA_GFLOPS = 20_000.0
MPS_GFLOPS = 2_000.0
# Share of one core's matrix speed in numpy that the products of an encoder reach, in fp32.
CPU_SHARE = 0.85
# More cores help less and less.
CORES_POWER = 0.85
# Tokens computed for each real one where a step is cut into padded parts, with what their starts cost.
PADDED_SHARE = 1.3
# Tokens that a processor computes at once for each of its cores, in bf16 twice as many of half the bytes; a
# graphics card takes so many in all.
TOKENS_PER_CORE, TOKENS_ON_CARD = 1024, 16_384
# Encoders that are computed without padding (``studio.execution.packing`` finds out by trying).
PACKED = {"bert", "distilbert", "roberta", "xlm-roberta", "camembert", "electra", "albert", "ernie"}
# Encoders whose last layer may end with first tokens, and what of it is left out then.
ENDING_WITH_FIRSTS, LEFT_OUT = PACKED - {"albert"} | {"mpnet", "deberta", "deberta-v2"}, 2 / 3
# Numbers that are kept of the scores of each token for each other one; DeBERTa adds those of distances.
SCORES, SCORES_OF_DISTANCES = 3, 24
TRIED_BATCHES = 20
# What the calls of another part cost, as a share of those of the first, which AdamW's are among.
FURTHER_PART = 0.3
# Batches differ: the largest has so many standard deviations more tokens than the mean one.
LARGEST_BATCH = 2.0
# Machine code that oneDNN writes in bf16 for each length that occurs, and for how many it does at most.
CODE_BYTES_PER_LENGTH, MOST_LENGTHS = 10**6, 300
# Data, tokens, simple models to beat and reports; a job in a worker's first seconds waits 5 s more for torch.
START_SECONDS = 2.0
# Every weight is read, written with the best epoch and with the model, and its file is hashed.
FILE_SECONDS_PER_WEIGHT = 4e-8
BASE_BYTES = 640 * 10**6
BYTES_PER_NUMBER = 4
# A weight that learns is in two snapshots with two moments each, and in two sets of best weights.
NUMBERS_PER_LEARNT_WEIGHT_ON_DISK = 8
# With more words than this share of all, two tables of them are larger than one with all its moments.
MOST_OCCURRING = 0.7
SHARE_LEARNT = {"full": 1.0, "lora": 0.08, "frozen": 0.02}


@dataclass(frozen=True)
class Pass:
    """What rows cost on a processor: ``products`` in forward passes, the others in seconds of one core.

    ``number``: one that is kept between products; ``layer``: the calls of one block for a step.
    """

    products: float
    number: float
    layer: float


@dataclass(frozen=True)
class Costs:
    """What a processor takes in one format: rows that are scored, and those that each method learns.

    ``weight``: seconds of AdamW, clipping and turning into the format, for every weight that learns, at each
    step.
    """

    scoring: Pass
    learning: dict[str, Pass]
    weight: float


# A backward pass costs two forward passes; with LoRA the gradients of most weights are left out of it.
FP32 = Costs(
    Pass(1.0, 1.2e-9, 0.0),
    {
        "full": Pass(3.0, 8.8e-9, 9e-3),
        "lora": Pass(2.1, 7e-9, 5e-3),
        "frozen": Pass(1.0, 1.2e-9, 2.5e-3),
    },
    weight=1.5e-9,
)
# With instructions for bf16 products are twice as fast.
BF16 = Costs(
    Pass(0.43, 1.1e-9, 0.0),
    {
        "full": Pass(1.2, 2.9e-9, 12e-3),
        "lora": Pass(1.0, 2.7e-9, 7e-3),
        "frozen": Pass(0.43, 0.85e-9, 2e-3),
    },
    weight=1.1e-9,
)
# With units for whole tiles of matrices they are four times as fast.
BF16_TILES = Costs(
    Pass(0.27, 0.6e-9, 0.0),
    {
        "full": Pass(0.71, 2.8e-9, 19e-3),
        "lora": Pass(0.6, 2.4e-9, 10e-3),
        "frozen": Pass(0.27, 0.5e-9, 4e-3),
    },
    weight=2e-9,
)


@dataclass(frozen=True)
class Words:
    """How many different words are met in the first half of some ``tokens``, and in all of them."""

    tokens: int
    in_half: int
    in_all: int

    @classmethod
    def of(cls, ids: np.ndarray) -> Words:
        """Those of some tokens, which stand as they were read."""
        half = ids[: len(ids) // 2]
        return cls(len(ids), len(np.unique(half)), len(np.unique(ids)))

    def among(self, tokens: float) -> float:
        """How many are met in more tokens: they grow with a power of them (Heaps' law).

        >>> Words(tokens=1000, in_half=200, in_all=300).among(2000)
        450.0
        """
        growth = self.in_all / max(1, self.in_half)
        return self.in_all * growth ** log2(max(1.0, tokens / max(1, self.tokens)))


@dataclass(frozen=True)
class Workload:
    """Rows of each split; ``lengths``: tokens of some of the sequences, cut; a row has so many of these.

    ``words`` are those of the training rows, where they could be counted. With ``firsts_only`` the head looks
    at the first token of each sequence alone.
    """

    train_rows: int
    validation_rows: int
    test_rows: int
    lengths: np.ndarray
    sequences: float = 1.0
    words: Words | None = None
    firsts_only: bool = False

    @cached_property
    def mean_tokens(self) -> float:
        """Tokens of a row."""
        return float(self.lengths.mean()) * self.sequences

    @cached_property
    def deviation(self) -> float:
        """The standard deviation of a row's tokens."""
        return float(self.lengths.std()) * self.sequences

    @cached_property
    def max_tokens(self) -> int:
        """Tokens of the longest row."""
        return int(self.lengths.max() * self.sequences)

    @cached_property
    def seen_tokens(self) -> float:
        """How many tokens each one sees, which are those of its sequence."""
        return float((self.lengths.astype(float) ** 2).mean() / self.lengths.mean())


@dataclass(frozen=True)
class Estimate:
    """What a training will take, start-up included; memory is the peak of the training process.

    ``disk_bytes`` are to be free at the start, most of them for as long as it runs.
    """

    seconds: float
    memory_bytes: int
    steps: int
    disk_bytes: int


class EncoderShape(Protocol):
    """The numbers of an encoder that cost depends on."""

    @property
    def architecture(self) -> str:
        """The model type, as config.json has it."""

    @property
    def parameters(self) -> int:
        """All weights of the encoder."""

    @property
    def layers(self) -> int:
        """Blocks."""

    @property
    def hidden(self) -> int:
        """Width."""

    @property
    def intermediate(self) -> int:
        """Width inside a block."""

    @property
    def heads(self) -> int:
        """Attention heads."""

    @property
    def vocabulary(self) -> int:
        """Words that it knows."""

    @property
    def word_width(self) -> int:
        """Numbers that it knows of each."""


class RecipeCosts(Protocol):
    """The fields of a recipe that cost depends on."""

    @property
    def batch_size(self) -> int:
        """Rows per step."""

    @property
    def epochs(self) -> int:
        """Passes over the rows."""

    @property
    def method(self) -> str:
        """full, lora or frozen."""

    @property
    def precision(self) -> str:
        """auto, fp32, bf16 or fp16."""


def estimate(recipe: RecipeCosts, shape: EncoderShape, workload: Workload, machine: Machine) -> Estimate:
    """Estimate seconds, memory and steps of one training."""
    return Estimate(
        seconds=START_SECONDS
        + FILE_SECONDS_PER_WEIGHT * shape.parameters
        + learning_seconds(recipe, shape, workload, machine),
        memory_bytes=estimate_memory(recipe, shape, workload, machine),
        steps=count_steps(recipe, workload),
        disk_bytes=estimate_disk(recipe, shape, workload, machine),
    )


def count_steps(recipe: RecipeCosts, workload: Workload) -> int:
    """Steps of the optimizer in all epochs."""
    return ceil(workload.train_rows / recipe.batch_size) * recipe.epochs


def learning_seconds(recipe: RecipeCosts, shape: EncoderShape, workload: Workload, machine: Machine) -> float:
    """Seconds of all steps, and of the scores after each epoch and at the end."""
    learnt = recipe.epochs * workload.train_rows * workload.mean_tokens
    judged = ((recipe.epochs + 1) * workload.validation_rows + workload.test_rows) * workload.mean_tokens
    computed = share_computed(shape, workload)
    products = computed * flops_per_token(shape, workload.seen_tokens) / (gflops(machine) * 1e9)
    costs = costs_of(recipe, machine)
    learning, scoring = costs.learning[recipe.method], costs.scoring
    if machine.device != "cpu":
        return PADDED_SHARE * products * (learnt * learning.products + judged)
    numbers = computed * numbers_per_token(shape, workload.seen_tokens) / machine.cpu_cores**CORES_POWER
    parts, padded = parts_of_step(recipe, shape, workload)
    seconds = padded * learnt * (products * learning.products + numbers * learning.number)
    seconds += judged * (products * scoring.products + numbers * scoring.number)
    steps = count_steps(recipe, workload)
    seconds += steps * (1 + (parts - 1) * FURTHER_PART) * shape.layers * learning.layer
    if recipe.method == "full":
        still = still_weights(recipe, shape, workload, machine)
        seconds += steps * (shape.parameters - still) * costs.weight
    return seconds


def share_computed(shape: EncoderShape, workload: Workload) -> float:
    """Of the products of all layers, and of the numbers between them, the share that is computed."""
    cut = workload.firsts_only and shape.architecture in ENDING_WITH_FIRSTS
    return 1.0 - LEFT_OUT / shape.layers if cut else 1.0


def parts_of_step(recipe: RecipeCosts, shape: EncoderShape, workload: Workload) -> tuple[float, float]:
    """Parts that a step is computed in on a processor, and tokens computed for each real one, on average."""
    if shape.architecture in PACKED:
        return 1.0, 1.0
    drawn = np.random.default_rng(0)
    count = max(1, round(recipe.batch_size * workload.sequences))
    batches = [drawn.choice(workload.lengths, count) for _ in range(TRIED_BATCHES)]
    cut = [[batch[part] for part in cut_padded(batch, Limits(), OVERHEAD_TOKENS["cpu"])] for batch in batches]
    computed = sum(int(part.max()) * len(part) for parts in cut for part in parts)
    return sum(map(len, cut)) / TRIED_BATCHES, computed / sum(int(batch.sum()) for batch in batches)


def still_weights(recipe: RecipeCosts, shape: EncoderShape, workload: Workload, machine: Machine) -> float:
    """Weights that do not learn though all do: on a processor those of words that do not occur."""
    if recipe.method != "full" or machine.device != "cpu" or workload.words is None:
        return 0.0
    occurring = workload.words.among(workload.train_rows * workload.mean_tokens)
    if occurring > MOST_OCCURRING * shape.vocabulary:
        return 0.0
    return (shape.vocabulary - occurring) * shape.word_width


def costs_of(recipe: RecipeCosts, machine: Machine) -> Costs:
    """What steps cost in the format in which they will be computed."""
    is_half = machine.device == "cpu" and machine.has_bf16 and recipe.precision in {"auto", "bf16"}
    if not is_half:
        return FP32
    return BF16_TILES if machine.has_tiles else BF16


def gflops(machine: Machine) -> float:
    """Billions of operations per second that the products of an encoder reach on the machine's device."""
    if machine.device == "cuda":
        return CUDA_GFLOPS
    if machine.device == "mps":
        return MPS_GFLOPS
    return measure_gflops() * CPU_SHARE * machine.cpu_cores**CORES_POWER


def flops_per_token(shape: EncoderShape, tokens: float) -> float:
    """Operations of one forward pass per token in rows of ``tokens``: 2 per weight, and attention.

    The weights of the blocks are counted once per block, because ALBERT uses the same ones again.
    """
    block = 4 * shape.hidden**2 + 2 * shape.hidden * shape.intermediate
    return shape.layers * (2 * block + 4 * tokens * shape.hidden)


def numbers_per_token(shape: EncoderShape, tokens: float) -> float:
    """Numbers per token in rows of ``tokens`` that the blocks keep for the backward pass."""
    scores = SCORES_OF_DISTANCES if shape.architecture == "deberta-v2" else SCORES
    return shape.layers * (14 * shape.hidden + 3 * shape.intermediate + scores * shape.heads * tokens)


def estimate_memory(recipe: RecipeCosts, shape: EncoderShape, workload: Workload, machine: Machine) -> int:
    """Estimate the peak of the training process in bytes."""
    # Weights, gradients and two moments of AdamW; without the last three where the encoder is not trained.
    weights = (4.0 if recipe.method == "full" else 1.1) * shape.parameters
    if still := still_weights(recipe, shape, workload, machine):
        # Those of words that occur are in a table of their own beside that of all.
        weights += shape.vocabulary * shape.word_width - still - 3 * still
    numbers = numbers_per_token(shape, workload.max_tokens) * tokens_at_once(recipe, workload, machine)
    numbers *= share_computed(shape, workload)
    if recipe.method == "frozen":
        numbers /= shape.layers
    code = CODE_BYTES_PER_LENGTH * min(workload.max_tokens, MOST_LENGTHS)
    base = BASE_BYTES + (0 if costs_of(recipe, machine) is FP32 else code)
    return int(base + BYTES_PER_NUMBER * (weights + numbers))


def tokens_at_once(recipe: RecipeCosts, workload: Workload, machine: Machine) -> float:
    """Tokens of a batch, or of the parts in which it is computed."""
    on_processor = machine.device == "cpu"
    most = TOKENS_PER_CORE * machine.cpu_cores if on_processor else TOKENS_ON_CARD
    spread = LARGEST_BATCH * workload.deviation / recipe.batch_size**0.5
    mean = workload.mean_tokens + spread if on_processor else workload.max_tokens
    batch = recipe.batch_size * min(workload.max_tokens, mean)
    return max(workload.max_tokens, min(batch, most))


def estimate_disk(recipe: RecipeCosts, shape: EncoderShape, workload: Workload, machine: Machine) -> int:
    """Estimate the free disk that a training needs in bytes: for snapshots, best weights and model."""
    learnt = SHARE_LEARNT[recipe.method] * shape.parameters
    learnt -= still_weights(recipe, shape, workload, machine)
    numbers = NUMBERS_PER_LEARNT_WEIGHT_ON_DISK * learnt + shape.parameters
    return int(BYTES_PER_NUMBER * numbers)
