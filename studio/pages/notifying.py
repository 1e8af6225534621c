"""The button that lets the browser tell a person of a job; the script behind it is static/notify.js."""

from __future__ import annotations

from markupsafe import Markup

from jobs.queue import JobView
from jobs.states import TERMINAL
from studio.pages import layout, links
from studio.pages.words import words_of

W = words_of("notify")


def notify_button(job: JobView, name: str) -> Markup:
    """The button for a job that has not ended, with all that the script will say of it; else nothing.

    The sentences ride along, so that the script can say them on any page.
    """
    if job.state in TERMINAL:
        return layout.EMPTY
    return Markup(
        '<button type="button" class="s-button" aria-pressed="false" title="{help}" data-notify="{job}"'
        ' data-address="{address}" data-ask="{ask}" data-asked="{asked}" data-open="{open}"'
        ' data-close="{close}" data-succeeded="{succeeded}" data-failed="{failed}"'
        ' data-cancelled="{cancelled}" data-paused="{paused}">{ask}</button>'
    ).format(
        help=W.help,
        job=job.id,
        address=links.link("jobs", job=job.id),
        ask=W.ask,
        asked=W.asked,
        open=W.open,
        close=W.close,
        succeeded=W.succeeded.say(name=name),
        failed=W.failed.say(name=name),
        cancelled=W.cancelled.say(name=name),
        paused=W.paused.say(name=name),
    )
