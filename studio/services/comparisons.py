"""Comparisons of models on the same rows."""

from __future__ import annotations

from studio.errors import InvalidInput, NotFound
from studio.results.compare import ComparedModel, Comparison, compare_models
from studio.services.models import ModelService


class ComparisonService:
    """The one verb: compare."""

    def __init__(self, models: ModelService) -> None:
        self._models = models

    def compare(self, names: list[str], split: str = "test") -> Comparison:
        """Compare at least two models; those scored on other rows are listed apart."""
        chosen = list(dict.fromkeys(names))
        if len(chosen) < 2:
            raise InvalidInput("One model alone cannot be compared.", "Choose two or more models.")
        if split not in {"validation", "test"}:
            raise InvalidInput(f"'{split}' is not compared.", "Choose test or validation.")
        return compare_models([self._compared(name, split) for name in chosen], split=split)

    def _compared(self, name: str, split: str) -> ComparedModel:
        model = self._models.get(name)
        try:
            report, predictions = self._models.report(name, split), self._models.predictions(name, split)
        except NotFound:
            report, predictions = None, None
        return ComparedModel(
            name=name,
            dataset=model.dataset,
            predictions=predictions,
            task=model.task,
            metrics=report.metrics if report else {},
            intervals=report.intervals if report else {},
            recipe=model.recipe,
            checkpoint=model.checkpoint,
            size_bytes=model.size_bytes,
            parameters=model.parameters,
            seconds=model.seconds,
            rows_per_second=model.rows_per_second,
        )
