"""The bodies of the jobs on tables; apart from the others, as these never need torch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from jobs.context import JobContext, Outcome
from studio.checkpoints.lengths import describe_tokens, ready_checkpoints
from studio.checkpoints.tokens import count_tokens
from studio.data.columns import main_text
from studio.data.comparing import compare_with
from studio.data.dataset import Dataset
from studio.data.importing import ImportRequest, prepare_import
from studio.data.library import Library
from studio.data.other_task import note_other_task
from studio.data.problems import write_problems
from studio.data.profiling import profile_rows
from studio.data.readers import Progress
from studio.data.uploads import part_of
from studio.data.versions import keep_import
from studio.errors import NotFound
from studio.records.datasets import add_dataset_in
from studio.settings import Settings
from studio.tasks.registry import get_task

CHECKED = 0.85
COMPARED = 0.5  # how far a closer look is once nearly the same texts are found
ROWS_AT_ONCE = 10_000
MOST_TOKENIZERS = 3


def import_table(context: JobContext) -> Outcome:
    """Read, check, divide and keep a table as a dataset."""
    settings = Settings.from_environment()
    request = ImportRequest.from_json(context.payload["request"])

    def tell(share: float, sentence: str) -> None:
        context.raise_if_cancelled()
        context.progress(fraction=CHECKED * share, message=sentence)

    library = Library(settings.datasets_dir)
    prepared = note_other_task(compare_with(library.newest(), prepare_import(request, tell)), request)
    write_problems(context.workdir, prepared.problems)
    prepared.raise_if_blocking()
    context.raise_if_cancelled()
    context.progress(fraction=CHECKED, message="Writing the rows")
    made = keep_import(library, prepared)
    return Outcome(
        result={"dataset": made[-1].name, "dataset_id": made[-1].id, "rows": sum(made[-1].rows.values())},
        publish=lambda connection: add_dataset_in(connection, *made),
    )


def profile_table(context: JobContext) -> Outcome:
    """Find what the import of a large dataset left open: nearly the same texts, and exact token lengths."""
    settings = Settings.from_environment()
    library = Library(settings.datasets_dir)
    try:
        dataset = library.load(context.payload["dataset_id"])
    except NotFound:
        return Outcome(result={"dataset": context.payload["dataset"], "gone": True})

    def tell(share: float, sentence: str) -> None:
        context.raise_if_cancelled()
        context.progress(fraction=share, message=sentence)

    profile = profile_rows(library, dataset, part_of(tell, 0.0, COMPARED))
    lengths = count_tokens_of(library, dataset, settings, part_of(tell, COMPARED, 1.0))
    library.write_profile(dataset.id, replace(profile, token_lengths=lengths))
    found = sum(problem.count for problem in profile.problems)
    return Outcome(result={"dataset": context.payload["dataset"], "found": found})


def count_tokens_of(
    library: Library, dataset: Dataset, settings: Settings, tell: Progress
) -> dict[str, dict[str, Any]]:
    """Token lengths of all training texts to the first checkpoints that are here, by checkpoint."""
    if main_text(dataset.roles) is None:
        return {}
    task = get_task(dataset.task)
    rows = task.sequences_of(task.rows_of(library.frame(dataset.id, "train")))
    found = {}
    here = ready_checkpoints(settings)[:MOST_TOKENIZERS]
    for number, (checkpoint, folder) in enumerate(here):
        counts = []
        for start in range(0, len(rows), ROWS_AT_ONCE):
            share = (number + start / len(rows)) / len(here)
            tell(share, f"Counting tokens as {checkpoint.title} does")
            counts.append(count_tokens(folder, rows[start : start + ROWS_AT_ONCE]))
        if counts:
            found[checkpoint.id] = describe_tokens(checkpoint.id, np.concatenate(counts)).to_json()
    return found
