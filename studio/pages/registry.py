"""Every page, in the order of the work: a new page is one file and one line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from studio.pages import compare, data, jobs, predict, results, start, train
from studio.pages.words import words_of

if TYPE_CHECKING:
    from studio.services.checkpoints import CheckpointService
    from studio.services.comparisons import ComparisonService
    from studio.services.datasets import DatasetService
    from studio.services.evaluations import EvaluationService
    from studio.services.forms import FormService
    from studio.services.imports import ImportService
    from studio.services.jobs import JobService
    from studio.services.lengths import LengthService
    from studio.services.models import ModelService
    from studio.services.predictions import PredictionService
    from studio.services.sources import SourceService
    from studio.services.system import SystemService
    from studio.services.training import TrainingService
    from studio.settings import Settings


class Services(Protocol):
    """The verbs a page may use; the studio hands them to every ``build``."""

    settings: Settings
    datasets: DatasetService
    imports: ImportService
    lengths: LengthService
    sources: SourceService
    checkpoints: CheckpointService
    training: TrainingService
    jobs: JobService
    models: ModelService
    forms: FormService
    evaluations: EvaluationService
    predictions: PredictionService
    comparisons: ComparisonService
    system: SystemService


@dataclass(frozen=True)
class Page:
    """One page: its address, the file of its words, and the function that builds it."""

    path: str
    words: str
    build: Callable[[Services], None]

    @property
    def title(self) -> str:
        """The word that stands for the page in the navigation."""
        return str(words_of(self.words).title)


PAGES: tuple[Page, ...] = (
    Page("", "start", start.build),
    Page("data", "data", data.build),
    Page("train", "train", train.build),
    Page("jobs", "jobs", jobs.build),
    Page("results", "results", results.build),
    Page("predict", "predict", predict.build),
    Page("compare", "compare", compare.build),
)
