"""Every sentence of a report, built from its numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from studio.metrics.registry import get_metric
from studio.results.wording import count_words, percent, percent_range

# A calibration error up to the first is small; by chance it grows with the bins that it is taken over.
SMALL_ERROR, ERROR_BINS = 0.05, 15
SPLIT_WORDS = {"train": "training", "validation": "validation", "test": "test"}


def describe_score(rows: int, split: str, accuracy: float, interval: Sequence[float]) -> str:
    """How often the model is right.

    >>> describe_score(149, "test", 145 / 149, [0.9331, 0.9895])
    'Right on 97.3 % of 149 test texts (95 % interval 93.3-99.0).'
    """
    texts = count_words(rows, f"{SPLIT_WORDS.get(split, split)} text")
    return f"Right on {percent(accuracy)} of {texts} (95 % interval {percent_range(interval)})."


def describe_empty(split: str) -> str:
    """There is nothing to measure."""
    words = SPLIT_WORDS.get(split, split)
    return f"The {words} split has no rows, so nothing could be measured on it."


def describe_baselines(baselines: Mapping[str, Any]) -> str:
    """What is reached without an encoder, and whether the model is ahead by more than chance."""
    parts = []
    tfidf, majority = baselines.get("tfidf"), baselines.get("majority")
    if tfidf:
        verdict = {
            "better": "the model is ahead by more than chance",
            "worse": "the model is behind by more than chance",
            "within chance": "the difference is within chance",
        }[tfidf["verdict"]]
        parts.append(f"TF-IDF with logistic regression: {percent(tfidf['accuracy'])}; {verdict}.")
    if majority:
        parts.append(f"Always “{majority['label']}”: {percent(majority['accuracy'])}.")
    return " ".join(parts)


def describe_sameness(answers: Sequence[str], labels: Sequence[str]) -> str:
    """Plainly where a model gives one answer to texts with several labels; else nothing.

    >>> describe_sameness(["yes", "yes"], ["yes", "no"])[:60]
    'The model answers “yes” to every text: it has not learnt to '
    >>> describe_sameness(["yes", "no"], ["yes", "yes"]), describe_sameness(["no", "no"], ["no", "no"])
    ('', '')
    """
    if len(set(answers)) != 1 or len(set(labels)) < 2:
        return ""
    return (
        f"The model answers “{answers[0]}” to every text: it has not learnt to tell them apart. Train it on "
        "more rows, for more epochs, or from a checkpoint for the language of the texts."
    )


def add_warning(
    told: str,
    metrics: Mapping[str, float],
    intervals: Mapping[str, Sequence[float]],
    rivals: Mapping[str, Mapping[str, float]],
    name: str,
) -> str:
    """What simple ways reach, and plainly where by a metric one of them is as good as the model, or better.

    It is better where it lies beyond the model's 95 % interval.

    >>> told, rivals = "By chance: 50 %.", {"chance": {"accuracy": 0.5}}
    >>> add_warning(told, {"accuracy": 0.49}, {"accuracy": [0.45, 0.53]}, rivals, "accuracy")
    'By chance: 50 %. By accuracy a simple way is about as good as the model.'
    >>> add_warning(told, {"accuracy": 0.8}, {"accuracy": [0.75, 0.84]}, rivals, "accuracy")
    'By chance: 50 %.'
    """
    metric = get_metric(name)
    sign = 1 if metric.best == "high" else -1
    best = max((sign * scores[name] for scores in rivals.values() if name in scores), default=None)
    if best is None or name not in metrics or best < sign * metrics[name]:
        return told
    by = f"{told} By {metric.spoken} a simple way is"
    if best <= max(sign * edge for edge in intervals.get(name, [metrics[name]])):
        return f"{by} about as good as the model.".strip()
    return (
        f"{by} better than the model: before you rely on the model, train it on more rows, for more epochs "
        "or from another checkpoint."
    ).strip()


def describe_confusion(pairs: Sequence[Mapping[str, Any]]) -> str:
    """The pair of labels most often confused.

    >>> describe_confusion([{"true": "business", "predicted": "politics", "count": 2, "of": 34}])
    'Most confused: business taken for politics (2 of 34).'
    >>> once = {"true": "a", "predicted": "b", "count": 1, "of": 9}
    >>> describe_confusion([once, once, once])
    'No two labels stand out: 3 pairs were confused 1 time each.'
    """
    if not pairs:
        return "No label was taken for another."
    worst = pairs[0]
    numbers = f"{worst['count']:,} of {worst['of']:,}"
    alike = sum(pair["count"] == worst["count"] for pair in pairs)
    if alike > 2:
        times = count_words(worst["count"], "time")
        return f"No two labels stand out: {alike} pairs were confused {times} each."
    return f"Most confused: {worst['true']} taken for {worst['predicted']} ({numbers})."


def describe_confidence(threshold: float, count: int, right: int, rows: int) -> str:
    """How far confident answers can be relied on.

    >>> describe_confidence(0.9, 81, 79, 100)
    'Of the answers above 90 % confidence, 97.5 % were right; they are 81 % of all.'
    """
    if not count:
        return f"No answer was above {percent(threshold)} confidence."
    return (
        f"Of the answers above {percent(threshold)} confidence, {percent(right / count)} were right; "
        f"they are {percent(count / rows)} of all."
    )


def describe_calibration(mean_confidence: float, accuracy: float, ece: float, rows: int) -> str:
    """Whether the model claims more than it keeps.

    >>> describe_calibration(0.99, 0.90, 0.09, 1000)
    'The model is too sure of itself: 99 % confident on average, right on 90 %.'
    >>> describe_calibration(0.90, 0.90, 0.12, 1000)[62:]
    'but not answer by answer: it is 12 % off (calibration error).'
    >>> describe_calibration(0.90, 0.90, 0.12, 60)[62:]
    '60 rows are too few to tell whether it does answer by answer.'
    """
    # With few rows the gap is mostly chance: two standard errors of the share of right answers.
    gap = mean_confidence - accuracy
    noise = 2 * (max(accuracy * (1 - accuracy), 1e-4) / rows) ** 0.5
    both = f"{percent(mean_confidence)} confident on average, right on {percent(accuracy)}"
    if abs(gap) > max(0.02, noise):
        return f"The model is too {'sure' if gap > 0 else 'unsure'} of itself: {both}."
    if ece <= SMALL_ERROR:
        return f"Confidence can be taken nearly at its word: {both} (calibration error {percent(ece)})."
    fits = (
        f"Confidence fits on average, {percent(mean_confidence)} confident and right on {percent(accuracy)}"
    )
    if ece <= noise * ERROR_BINS**0.5 / 2:
        return f"{fits}; {rows:,} rows are too few to tell whether it does answer by answer."
    return f"{fits}, but not answer by answer: it is {percent(ece)} off (calibration error)."


def describe_absent(labels: Sequence[str], split: str) -> str:
    """Labels without rows say nothing about the model.

    >>> describe_absent(["refund"], "test")
    'refund has no rows in the test split: how well the model does on it is not known.'
    """
    named = ", ".join(labels[:5]) + (f" and {len(labels) - 5} more labels" if len(labels) > 5 else "")
    verb, pronoun = ("has", "it") if len(labels) == 1 else ("have", "them")
    words = SPLIT_WORDS.get(split, split)
    return f"{named} {verb} no rows in the {words} split: how well the model does on {pronoun} is not known."
