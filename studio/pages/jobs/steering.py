"""What can be done with a job: which buttons it has, what they ask first, and what they do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr
from markupsafe import Markup

from jobs.queue import JobView, MetricPoint
from jobs.states import JobState
from studio.pages import events, layout
from studio.pages.jobs import course, failure, listing
from studio.pages.words import words_of

if TYPE_CHECKING:
    from studio.pages.jobs.page import JobsPage

W = words_of("jobs")
# Once the log is open it is scrolled to; it is drawn a moment after the answer.
SHOW_LOG = """() => setTimeout(() => {
  const log = document.querySelector('#jobs-log-panel pre');
  if (log && log.offsetParent) log.scrollIntoView({block: 'center'});
}, 300)"""
GOES_ON = frozenset({JobState.QUEUED, JobState.RUNNING, JobState.PAUSED})
TO_CANCEL = GOES_ON | {JobState.PAUSING}


@dataclass(frozen=True)
class Allowed:
    """What can be done with a job as it stands; the fields are the buttons, in their order."""

    resume: bool
    retry: bool
    pause: bool
    stop: bool
    earlier: bool
    later: bool
    cancel: bool


def allowed(job: JobView, waiting: int) -> Allowed:
    """What can be done; ``waiting`` is the number of jobs that wait in its lane."""
    place = job.position or 1
    queued, running = job.state == JobState.QUEUED, job.state == JobState.RUNNING
    has_begun = running or job.attempt > 0 or job.told > 0
    can_stop = job.resumable and job.kind == "train"
    return Allowed(
        resume=job.state == JobState.PAUSED,
        retry=job.state in {JobState.FAILED, JobState.CANCELLED},
        pause=queued or (running and job.resumable),
        stop=can_stop and job.state in GOES_ON and has_begun and not job.stop_asked,
        earlier=queued and place > 1,
        later=queued and place < waiting,
        cancel=job.state in TO_CANCEL,
    )


def cancel_question(job: JobView) -> Markup:
    """What cancelling means, with the job's name."""
    name = listing.name_of(job)
    if job.state == JobState.QUEUED and not job.attempt:
        return layout.notice("warning", W.cancel.waiting.say(name=name))
    lost = W.cancel.lost if job.kind == "train" else ""
    return layout.notice("warning", W.cancel.running.say(name=name), lost)


def stop_question(job: JobView, points: Sequence[MetricPoint]) -> Markup:
    """What stopping early means: which epoch is the best so far, or that none was judged yet."""
    epochs = course.epochs_of(points)
    best, metric = course.best_of(epochs), course.metric_of(epochs).spoken
    kept = W.stop.unjudged
    if best:
        kept = W.stop.best.say(epoch=best.number, metric=metric, score=best.written_score)
    again = Markup(" {}").format(W.stop.again) if job.state != JobState.RUNNING else layout.EMPTY
    return layout.notice(
        "warning", W.stop.question.say(name=listing.name_of(job)), Markup("{}{}").format(kept, again)
    )


class Steering:
    """The buttons of the page at work."""

    def __init__(self, page: JobsPage) -> None:
        self.page = page
        self.jobs = page.studio.jobs

    def wire(self) -> None:
        """Cancel and stop ask first; retry goes to the new job; the others act at once."""
        p, buttons = self.page.parts, self.page.parts.buttons
        question = [p.confirm, p.question, p.confirm_cancel, p.confirm_stop]
        events.on(buttons["cancel"].click, self.ask_cancel, p.chosen, question)
        events.on(buttons["stop"].click, self.ask_stop, p.chosen, question)
        events.on(p.keep.click, lambda: gr.update(visible=False), None, p.confirm)
        for button, wish in (
            (p.confirm_cancel, self.jobs.cancel),
            (p.confirm_stop, self.jobs.stop),
            (buttons["pause"], self.jobs.pause),
            (buttons["resume"], self.jobs.resume),
        ):
            self.page.render_after(events.on(button.click, closing(wish), p.chosen, p.confirm))
        for name, step in (("earlier", -1), ("later", 1)):
            self.page.render_after(events.on(buttons[name].click, self.moving(step), p.chosen, p.confirm))
        retried = events.on(buttons["retry"].click, self.retry, p.chosen, self.page.picked)
        self.page.render_after(self.page.show_address_after(retried))
        advised = events.on(p.advice.click, self.follow_advice, p.chosen, [p.log_panel, *self.page.picked])
        self.page.render_after(self.page.show_address_after(advised))
        advised.success(None, js=SHOW_LOG, queue=False, show_progress="hidden")

    def ask_cancel(self, job_id: str) -> tuple[Any, ...]:
        """Show the question before a job is cancelled."""
        return ask(cancel_question(self.jobs.get(job_id)), stops=False)

    def ask_stop(self, job_id: str) -> tuple[Any, ...]:
        """Show the question before a training is stopped early."""
        return ask(stop_question(self.jobs.get(job_id), self.jobs.metrics(job_id)), stops=True)

    def retry(self, job_id: str) -> tuple[Any, ...]:
        """Queue the same work as a new job and turn to it."""
        return self.page.turn_to(self.jobs.retry(job_id).id)

    def follow_advice(self, job_id: str, event: gr.EventData) -> tuple[Any, ...]:
        """Do what a step of a failed job asks the page for: open the log, or try again."""
        if events.picked(event) == failure.LOG:
            return gr.update(open=True), *(gr.skip(),) * len(self.page.picked)
        return gr.update(open=False), *self.retry(job_id)

    def moving(self, step: int) -> Any:
        """A handler that puts a waiting job one place earlier (-1) or later (1)."""
        return closing(lambda job_id: self.move(job_id, "up" if step < 0 else "down"))

    def move(self, job_id: str, way: str) -> None:
        """Move a waiting job ``up`` or ``down`` by one place, or to the place that ``way`` names."""
        place = self.jobs.get(job_id).position
        if place is None:
            return
        steps = {"up": place - 1, "down": place + 1}
        wanted = steps[way] if way in steps else int(way)
        if wanted >= 1:
            self.jobs.move_to(job_id, wanted)


def closing(wish: Any) -> Any:
    """A handler that carries out a wish about the chosen job and takes the question away."""

    def carry_out(job_id: str) -> Any:
        wish(job_id)
        return gr.update(visible=False)

    return carry_out


def ask(question: Markup, *, stops: bool) -> tuple[Any, ...]:
    """The question, and the one of its two buttons that says yes to it."""
    return gr.update(visible=True), question, gr.update(visible=not stops), gr.update(visible=stops)
