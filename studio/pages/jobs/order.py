"""The order of the waiting jobs, changed by arrows or by dragging a row to another place."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from jobs.queue import JobView
from jobs.states import JobState
from studio.pages.words import words_of

W = words_of("jobs")
# A row that holds a mark of order can be dragged onto another one of its lane. Listeners sit on the piece
# itself, as its rows are written anew while one drags.
DRAG_SCRIPT = """
let dragged = null;
const markOf = (target) => target.closest('tr')?.querySelector('[data-place]');
const isBelow = (event, row) => {
  const box = row.getBoundingClientRect();
  return event.clientY > box.top + box.height / 2;
};
const showTarget = (row, side) => {
  for (const each of element.querySelectorAll('.s-drop-above, .s-drop-below'))
    each.classList.remove('s-drop-above', 's-drop-below');
  if (row) row.classList.add(side);
};
element.addEventListener('pointerdown', (event) => {
  const mark = markOf(event.target);
  if (mark) mark.closest('tr').draggable = !event.target.closest('button');
});
element.addEventListener('dragstart', (event) => {
  const mark = markOf(event.target);
  if (!mark) return;
  dragged = {...mark.dataset};
  event.dataTransfer.effectAllowed = 'move';
  event.dataTransfer.setData('text/plain', mark.closest('tr').innerText);
});
element.addEventListener('dragover', (event) => {
  const mark = markOf(event.target);
  const fits = dragged && mark && mark.dataset.lane === dragged.lane;
  const row = fits ? mark.closest('tr') : null;
  showTarget(row, row && isBelow(event, row) ? 's-drop-below' : 's-drop-above');
  if (fits) event.preventDefault();
});
element.addEventListener('drop', (event) => {
  const mark = markOf(event.target);
  if (!dragged || !mark || mark.dataset.lane !== dragged.lane) return;
  event.preventDefault();
  let place = Number(mark.dataset.place) + (isBelow(event, mark.closest('tr')) ? 1 : 0);
  if (Number(dragged.place) < place) place -= 1;
  if (place !== Number(dragged.place)) trigger('click', {pick: dragged.order + '/' + place});
  dragged = null;
  showTarget(null);
});
document.addEventListener('dragend', () => { dragged = null; showTarget(null); });
"""


def waiting_in_lane(jobs: Sequence[JobView], lane: str) -> list[JobView]:
    """The waiting jobs of one lane, the next one first."""
    waiting = [job for job in jobs if job.lane == lane and job.state == JobState.QUEUED]
    return sorted(waiting, key=lambda job: job.position or 0)


def arrows(job: JobView, name: str, waiting: int) -> Markup:
    """The mark of a row that can be dragged, with its two buttons; ``waiting`` is the length of the line.

    A button that leads nowhere stays where it is, so that whoever presses it by keyboard keeps the focus.
    """
    place = job.position or 1
    return Markup(
        '<span class="s-order" data-order="{}" data-place="{}" data-lane="{}" title="{}">{}{}</span>'
    ).format(
        job.id,
        place,
        job.lane,
        W.order.title,
        arrow(f"{job.id}/up", "↑", W.order.up.say(name=name), place > 1),
        arrow(f"{job.id}/down", "↓", W.order.down.say(name=name), place < waiting),
    )


def arrow(value: str, sign: str, name: str, leads: bool) -> Markup:
    """One of the two buttons."""
    return Markup(
        '<button type="button" class="s-arrow" data-pick="{}" aria-label="{}" aria-disabled="{}">{}</button>'
    ).format(value, name, "false" if leads else "true", sign)


def read_pick(picked: str) -> tuple[str, str]:
    """The job that was picked in the table, and where it is to go: up, down, a place, or nowhere.

    >>> read_pick("a1"), read_pick("a1/up"), read_pick("a1/3")
    (('a1', ''), ('a1', 'up'), ('a1', '3'))
    """
    job_id, _, way = picked.partition("/")
    return job_id, way
