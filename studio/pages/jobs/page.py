"""The Jobs page put together: its one timer, what it shows and its buttons."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.components.base import Component
from markupsafe import Markup

from jobs.queue import JobView
from jobs.states import JobState
from studio.errors import NotFound
from studio.pages import events, guard, hindrances, layout, links, live
from studio.pages.data.findings import render_findings
from studio.pages.jobs import detail, history, listing, order, steering
from studio.pages.jobs.curves import Curves
from studio.pages.jobs.parts import Parts, lay_out
from studio.pages.jobs.points import Points
from studio.pages.words import words_of

if TYPE_CHECKING:
    from studio.pages.registry import Services

W = words_of("jobs")
LOG_BYTES = 12_000
# Scrolls the list, never the page, to the chosen job.
SHOW_CHOSEN = """() => {
  const list = document.getElementById('jobs-table');
  const row = list && list.querySelector('.s-chosen');
  if (!row) return;
  const below = row.offsetTop + row.offsetHeight > list.scrollTop + list.clientHeight;
  if (below || row.offsetTop < list.scrollTop) list.scrollTop = row.offsetTop - 60;
}"""
UNCHOSEN = "-"  # the page was opened before there was any job


def build(studio: Services) -> None:
    """Lay the page out."""
    parts = lay_out()
    page = JobsPage(studio, parts)
    opened = events.on_load(page.open, None, [parts.chosen, parts.problem])
    page.render_after(opened)
    live.stay_live(
        page.render_if_chosen,
        studio.jobs.revision,
        inputs=[parts.chosen, parts.drawn],
        outputs=page.outputs,
    )
    page.render_after(page.show_address_after(events.on(parts.table.click, page.pick, None, page.picked)))
    page.steering.wire()


class JobsPage:
    """The answers of the Jobs page."""

    def __init__(self, studio: Services, parts: Parts) -> None:
        self.studio = studio
        self.parts = parts
        self.curves = Curves()
        self.points = Points(studio.jobs.metrics)
        self.scores = listing.Scores(self.points.of)
        self.lines = live.Snapshot(studio.jobs.revision, self.make_lines)
        self.tables: tuple[list[listing.Line], dict[str, Markup]] = ([], {})
        self.steering = steering.Steering(self)

    @property
    def outputs(self) -> list[Component]:
        """What ``render`` fills: the table, the detail, and last what is drawn only when it changed."""
        p = self.parts
        return [
            p.worker, p.table, p.detail, p.headline, p.advice, p.go_on, p.facts, p.history, p.log,
            *p.buttons.values(), *self.curve_outputs,
        ]  # fmt: skip

    @property
    def curve_outputs(self) -> list[Component]:
        """The curves with their sentences and numbers."""
        p = self.parts
        return [
            p.drawn, p.curves, p.epochs, p.loss, p.loss_words, p.score, p.score_words,
            p.rate, p.rate_words, p.speed, p.speed_words,
        ]  # fmt: skip

    @property
    def picked(self) -> list[Component]:
        """What choosing another job changes at once."""
        return [self.parts.chosen, self.parts.address, self.parts.confirm, self.parts.problem]

    @functools.cached_property
    def device(self) -> str:
        """Where trainings run on this machine."""
        return self.studio.system.overview().device

    def make_lines(self) -> list[listing.Line]:
        """The jobs of the table with their best scores, in its order."""
        board = self.studio.jobs.board(listing.ENDED_AT_MOST)
        return listing.make_lines(board, self.studio.jobs.starts(board), self.scores.best)

    def open(self, request: gr.Request) -> tuple[str, Any]:
        """The job that the address names, else the one that runs or is the newest."""
        return self.first(links.asked(request, "job"))

    def first(self, wanted: str | None) -> tuple[str, Any]:
        """The job to show first, and a notice where the wanted one is not there."""
        first = listing.choose_first([line.job for line in self.lines.get()]) or UNCHOSEN
        try:
            return (self.studio.jobs.get(wanted).id if wanted else first), layout.EMPTY
        except NotFound:
            return first, layout.notice("warning", W.gone, W.gone_hint)

    def render_after(self, event: Any) -> None:
        """Show the chosen job once an event has changed what is chosen."""
        rendered = event.success(
            guard.with_toast(self.render),
            [self.parts.chosen, self.parts.drawn],
            self.outputs,
            queue=False,
            show_progress="hidden",
            trigger_mode="always_last",
            api_visibility="private",
        )
        rendered.then(None, js=SHOW_CHOSEN, queue=False, show_progress="hidden")

    def show_address_after(self, event: Any) -> Any:
        """Put the chosen job into the address."""
        return events.then_show_address(event, self.parts.address)

    def render_if_chosen(self, chosen: str, drawn: str) -> tuple[Any, ...]:
        """What the timer shows; before the page has read its address there is nothing to show."""
        if not chosen:
            return (gr.skip(),) * len(self.outputs)
        return self.render(chosen, drawn)

    def render(self, chosen: str, drawn: str) -> tuple[Any, ...]:
        """The table and the chosen job as they stand."""
        lines = self.lines.get()
        if not lines:
            rest = (gr.skip(),) * (len(self.outputs) - 3)
            return (layout.EMPTY, empty_piece(), gr.update(visible=False), *rest)
        if chosen == UNCHOSEN:
            chosen = listing.choose_first([line.job for line in lines])
        table = self.table_of(lines, chosen)
        line = next((line for line in lines if line.job.id == chosen), None)
        job, starts_in = (line.job, line.starts_in) if line else (self.studio.jobs.get(chosen), None)
        points, happened = self.points.of(job), self.studio.jobs.history(job.id)
        model = self.studio.jobs.model_name(job)
        may = steering.allowed(job, len(order.waiting_in_lane([line.job for line in lines], job.lane)))
        return (
            hindrances.find(self.studio, [line.job for line in lines], self.studio.system.disk_free_bytes()),
            table,
            gr.update(visible=True),
            detail.headline(job, points, model, starts_in),
            detail.what_to_do(job, happened),
            detail.job_links(job, model),
            self.findings_of(job) + detail.job_facts(job),
            history.history(happened),
            layout.code(self.studio.jobs.log(job.id, LOG_BYTES) or W.log_empty, W.log_label),
            *(gr.update(visible=getattr(may, name)) for name in self.parts.buttons),
            *self.render_curves(job, points, drawn),
        )

    def table_of(self, lines: list[listing.Line], chosen: str) -> Markup:
        """The table with one job marked, made once for all pages that show it."""
        if self.tables[0] is not lines:
            self.tables = (lines, {})
        tables = self.tables[1]
        if chosen not in tables:
            tables[chosen] = listing.jobs_table(lines, chosen, self.device)
        return tables[chosen]

    def findings_of(self, job: JobView) -> Markup:
        """What stood in the way of an import that failed."""
        problems = self.studio.imports.problems(job.id) if job.kind == "import" else ()
        if job.state != JobState.FAILED or not problems:
            return layout.EMPTY
        return render_findings(problems, problems[0].file)

    def render_curves(self, job: JobView, points: list[Any], drawn: str) -> tuple[Any, ...]:
        """The curves, or skips where the page shows them already."""
        made = self.curves.of(job, points)
        if made.mark == drawn:
            return (gr.skip(),) * len(self.curve_outputs)
        return made.mark, gr.update(visible=bool(points)), detail.epochs_table(points), *made.values

    def pick(self, event: gr.EventData) -> tuple[Any, ...]:
        """Another job was chosen in the table, or a waiting one is to go to another place."""
        job_id, way = order.read_pick(events.picked(event))
        if not way:
            return self.turn_to(job_id)
        self.steering.move(job_id, way)
        return (gr.skip(),) * len(self.picked)

    def turn_to(self, job_id: str) -> tuple[Any, ...]:
        """The values of ``picked`` for a job."""
        return job_id, links.link("jobs", job=job_id), gr.update(visible=False), layout.EMPTY


def empty_piece() -> Any:
    """What stands where no job is yet."""
    return layout.empty(
        W.empty.title, W.empty.text, layout.button_link(W.empty.action, links.link("train"), primary=True)
    )
