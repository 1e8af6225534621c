"""What waits or runs is on every page that shows it, however many jobs have come after it."""

from __future__ import annotations

import gradio as gr
import pytest

from jobs.queue import JobView, NewJob
from studio.bootstrap import Studio
from studio.pages import start
from studio.pages.jobs import listing
from studio.pages.jobs.page import JobsPage
from studio.pages.jobs.parts import lay_out
from studio.pages.results import scoring
from studio.services.datasets import ImportRequest
from tests.conftest import small_rows, write_csv
from tests.results.kept_models import keep_model

LATER_JOBS = 205


@pytest.fixture(scope="module")
def waiting(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> JobView:
    """The scoring of a model that waits, with more ended jobs after it than a list shows."""
    table = write_csv(tmp_path_factory.mktemp("tables") / "small.csv", small_rows(), ("text", "label"))
    studio.datasets.import_file(ImportRequest(path=table, name="small"))
    keep_model(studio, "small", "kept")
    job = studio.evaluations.start("kept", None, "train")
    assert job is not None
    for _ in range(LATER_JOBS):
        studio.jobs.cancel(studio.jobs.submit(NewJob("test", "nowhere.handler")).id)
    return job


def test_the_table_of_jobs_shows_all_that_wait_and_only_the_newest_that_ended(
    studio: Studio, waiting: JobView
) -> None:
    with gr.Blocks():
        page = JobsPage(studio, lay_out())
    lines = page.make_lines()
    assert lines[0].job.id == waiting.id
    assert len(lines) == 1 + listing.ENDED_AT_MOST
    table = page.render(waiting.id, "")[page.outputs.index(page.parts.table)]
    assert table.count("data-pick=") == len(lines)


def test_the_start_page_counts_it(studio: Studio, waiting: JobView) -> None:
    assert waiting.title in start.render_board(studio)


def test_the_scores_of_its_model_show_it_on_its_way(studio: Studio, waiting: JobView) -> None:
    assert "small" in scoring.render_board(studio, "kept")
