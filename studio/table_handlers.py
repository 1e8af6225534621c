"""The bodies of the jobs on tables; apart from the others, as these never need torch."""

from __future__ import annotations

from jobs.context import JobContext, Outcome
from studio.data.importing import ImportRequest, prepare_import
from studio.data.library import Library
from studio.data.problems import write_problems
from studio.data.versions import keep_import
from studio.records.datasets import add_dataset_in
from studio.settings import Settings
from studio.tasks.registry import get_task

CHECKED = 0.85


def import_table(context: JobContext) -> Outcome:
    """Read, check, divide and keep a table as a dataset."""
    settings = Settings.from_environment()
    request = ImportRequest.from_json(context.payload["request"])

    def tell(share: float, sentence: str) -> None:
        context.raise_if_cancelled()
        context.progress(fraction=CHECKED * share, message=sentence)

    prepared = prepare_import(request, get_task(request.task), tell)
    write_problems(context.workdir, prepared.problems)
    prepared.raise_if_blocking()
    context.raise_if_cancelled()
    context.progress(fraction=CHECKED, message="Writing the rows")
    made = keep_import(Library(settings.datasets_dir), prepared)
    return Outcome(
        result={"dataset": made[-1].name, "dataset_id": made[-1].id, "rows": sum(made[-1].rows.values())},
        publish=lambda connection: add_dataset_in(connection, *made),
    )
