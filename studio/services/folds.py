"""One table, k datasets: each fold is the test part of one of them."""

from __future__ import annotations

from dataclasses import replace

from studio.data.dataset import Dataset
from studio.data.importing import ImportRequest
from studio.data.splits import fold_plans
from studio.errors import Conflict, StudioError
from studio.services.datasets import DatasetService


def fold_requests(request: ImportRequest) -> tuple[ImportRequest, ...]:
    """The requests of a plan with folds, named name-fold-1 to name-fold-k; any other alone, as it is."""
    plans = fold_plans(request.division)
    if len(plans) == 1:
        return (request,)
    return tuple(replace(request, name=f"{request.name}-fold-{plan.fold + 1}", plan=plan) for plan in plans)


def import_all(datasets: DatasetService, request: ImportRequest) -> list[Dataset]:
    """Import a table once, or once per fold; all or none.

    Raises what DatasetService.import_file raises.
    """
    requests = fold_requests(request)
    taken = {dataset.name for dataset in datasets.list()} & {each.name for each in requests}
    if taken:
        raise Conflict(
            f"There is a dataset '{min(taken)}' already.", "Choose another name, or delete that one first."
        )
    made: list[Dataset] = []
    try:
        for each in requests:
            made.append(datasets.import_file(each))
    except StudioError:
        for dataset in made:
            datasets.delete(dataset.name)
        raise
    return made
