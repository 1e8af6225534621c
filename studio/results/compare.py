"""Several models on the same rows: who is ahead, by how much, and whether that is more than chance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from typing import Any

from studio.metrics.base import Metric
from studio.metrics.registry import get_metric
from studio.results.comparison_words import describe_comparison
from studio.results.kinds import kind_of
from studio.results.label_scores import compare_labels
from studio.results.paired import (
    DRAWS,
    adjust_p_values,
    bootstrap_p_value,
    draw_accuracies,
    draw_scores,
    interval_of,
    mcnemar_p_value,
)
from studio.results.predictions import Answers
from studio.tasks.classification import CLASSIFICATION
from studio.tasks.registry import get_task

CHANCE_LEVEL = 0.05
ROWS_SHOWN = 200
# What differs between any two runs without being a choice about training.
NOT_COMPARED = frozenset({"task"})


@dataclass(frozen=True)
class ComparedModel:
    """One model to compare; ``predictions`` is None where it has not been scored on the split.

    ``seconds`` is training time, ``rows_per_second`` prediction speed; ``metrics`` and ``intervals``
    are those of its report on the split.
    """

    name: str
    dataset: str
    predictions: Answers | None
    task: str = CLASSIFICATION.key
    metrics: Mapping[str, float] = field(default_factory=dict)
    intervals: Mapping[str, Sequence[float]] = field(default_factory=dict)
    recipe: Mapping[str, Any] = field(default_factory=dict)
    checkpoint: str = ""
    size_bytes: int | None = None
    parameters: int | None = None
    seconds: float | None = None
    rows_per_second: float | None = None


@dataclass(frozen=True)
class Comparison:
    """The CONTRACT shape of ``compare`` and what the page shows beside it.

    ``ranking`` holds the models that share their test rows, the best first; ``apart`` the others,
    each with the reason. ``verdict`` of a difference is ``better``, ``worse`` (a against b) or
    ``within chance``, after Holm's correction for the number of pairs.
    """

    models: tuple[str, ...]
    metric: str
    split: str
    rows: int
    ranking: tuple[str, ...]
    differences: tuple[dict[str, Any], ...]
    apart: tuple[dict[str, str], ...]
    table: tuple[dict[str, Any], ...]
    recipe_differences: dict[str, dict[str, Any]]
    per_label: tuple[dict[str, Any], ...]
    disagreements: tuple[dict[str, Any], ...]
    disagreement_count: int
    sentence: str

    def to_json(self) -> dict[str, Any]:
        """Plain values only."""
        return asdict(self)


def compare_models(
    models: Sequence[ComparedModel],
    metric: str | None = None,
    split: str = "test",
    seed: int = 0,
    draws: int = DRAWS,
) -> Comparison:
    """Rank the models that were scored on the same rows, and set the others apart with the reason.

    Where no metric is named, it is that by which models of their task are chosen.
    """
    ranked, apart = split_by_rows(models, split)
    metric = metric or get_task((*ranked, *models)[0].task).primary_metric
    measure = get_metric(metric)
    scores = {model.name: score_of(model, measure) for model in ranked}
    sign = 1 if measure.best == "low" else -1
    ranked = sorted(ranked, key=lambda model: sign * scores[model.name])
    differences = compare_pairs(ranked, measure, seed, draws)
    per_label, disagreements, disagreement_count = set_beside(ranked)
    return Comparison(
        models=tuple(model.name for model in models),
        metric=metric,
        split=split,
        rows=rows_of(ranked),
        ranking=tuple(model.name for model in ranked),
        differences=tuple(differences),
        apart=tuple(apart),
        table=tuple(
            table_row(model, metric, scores.get(model.name)) for model in (*ranked, *others(models, ranked))
        ),
        recipe_differences=differing_choices(models),
        per_label=tuple(per_label),
        disagreements=tuple(disagreements),
        disagreement_count=disagreement_count,
        sentence=describe_comparison(ranked, differences, measure, rows_of(ranked), len(apart)),
    )


def others(models: Sequence[ComparedModel], ranked: Sequence[ComparedModel]) -> list[ComparedModel]:
    """The models that are not ranked, in the order given."""
    names = {model.name for model in ranked}
    return [model for model in models if model.name not in names]


def rows_of(ranked: Sequence[ComparedModel]) -> int:
    """Number of test rows the ranked models share."""
    return ranked[0].predictions.rows if ranked and ranked[0].predictions else 0


def split_by_rows(
    models: Sequence[ComparedModel], split: str
) -> tuple[list[ComparedModel], list[dict[str, str]]]:
    """The largest group with the same rows (the first of equals), and the others with the reason."""
    prints = {
        model.name: model.predictions.fingerprint
        for model in models
        if model.predictions is not None and model.predictions.rows
    }
    common = Counter(prints.values()).most_common(1)
    chosen = common[0][0] if common else None
    ranked = [model for model in models if prints.get(model.name) == chosen and model.name in prints]
    reference = ranked[0] if ranked else None
    apart = [
        {"name": model.name, "reason": reason_apart(model, reference, split)}
        for model in others(models, ranked)
    ]
    return ranked, apart


def reason_apart(model: ComparedModel, reference: ComparedModel | None, split: str) -> str:
    """Why a model cannot be ranked with the others."""
    if model.predictions is None:
        return f"It has not been scored on the {split} rows yet."
    if not model.predictions.rows:
        return f"Its {split} split has no rows."
    if reference is not None and model.dataset != reference.dataset:
        return f"It was scored on other rows: those of dataset {model.dataset}."
    return f"It was scored on other {split} rows: {model.predictions.rows:,} that are not the same."


def score_of(model: ComparedModel, measure: Metric) -> float:
    """The metric on all rows, computed from the stored answers."""
    assert model.predictions is not None
    return float(measure.compute(model.predictions.truth, model.predictions.scores))


def compare_pairs(
    ranked: Sequence[ComparedModel], measure: Metric, seed: int, draws: int
) -> list[dict[str, Any]]:
    """One entry per pair, the better model first as ``a``; ``difference`` is a minus b."""
    answers = [model.predictions for model in ranked if model.predictions is not None]
    if len(answers) < 2:
        return []
    exact = measure.name == "accuracy"
    if exact:
        drawn = draw_accuracies(answers, seed, draws)
    else:
        drawn = draw_scores(answers, measure.compute, seed, draws)
    totals = [score_of(model, measure) for model in ranked]
    found = []
    for a, b in combinations(range(len(ranked)), 2):
        gaps = drawn[a] - drawn[b]
        only_a = int((answers[a].right & ~answers[b].right).sum())
        only_b = int((answers[b].right & ~answers[a].right).sum())
        low, high = interval_of(gaps)
        found.append(
            {
                "a": ranked[a].name,
                "b": ranked[b].name,
                "metric": measure.name,
                "difference": totals[a] - totals[b],
                "interval": [low, high],
                "p_value": mcnemar_p_value(only_a, only_b) if exact else bootstrap_p_value(gaps),
                "only_a_right": only_a,
                "only_b_right": only_b,
            }
        )
    return judge(found, measure)


def judge(differences: list[dict[str, Any]], measure: Metric) -> list[dict[str, Any]]:
    """Add the corrected p-value and the verdict to each difference."""
    adjusted = adjust_p_values([entry["p_value"] for entry in differences])
    for entry, p_value in zip(differences, adjusted, strict=True):
        ahead = entry["difference"] > 0 if measure.best == "high" else entry["difference"] < 0
        entry["p_value_adjusted"] = p_value
        entry["verdict"] = "within chance" if p_value >= CHANCE_LEVEL else "better" if ahead else "worse"
    return differences


def set_beside(
    ranked: Sequence[ComparedModel],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], int]:
    """Scores of each label, rows that are answered differently, and how many those are."""
    answers = [model.predictions for model in ranked if model.predictions is not None]
    names = [model.name for model in ranked]
    if not answers:
        return [], [], 0
    kind = kind_of(get_task(ranked[0].task))
    per_label = compare_labels([kind.label_rows(each) for each in answers], names)
    if len(answers) < 2:
        return per_label, [], 0
    return (per_label, *kind.disagreements(answers, names, ROWS_SHOWN))


def table_row(model: ComparedModel, metric: str, score: float | None) -> dict[str, Any]:
    """One line of the table of models."""
    interval = model.intervals.get(metric)
    return {
        "name": model.name,
        "ranked": score is not None,
        "dataset": model.dataset,
        "checkpoint": model.checkpoint,
        "score": model.metrics.get(metric) if score is None else score,
        "interval": list(interval) if interval is not None else None,
        "metrics": dict(model.metrics),
        "size_bytes": model.size_bytes,
        "parameters": model.parameters,
        "seconds": model.seconds,
        "rows_per_second": model.rows_per_second,
    }


def differing_choices(models: Sequence[ComparedModel]) -> dict[str, dict[str, Any]]:
    """Recipe fields in which the models differ: {field: {model: value}}."""
    fields = dict.fromkeys(name for model in models for name in model.recipe if name not in NOT_COMPARED)
    found = {}
    for name in fields:
        values = {model.name: model.recipe.get(name) for model in models}
        if len({repr(value) for value in values.values()}) > 1:
            found[name] = values
    return found
