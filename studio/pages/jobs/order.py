"""The order of the waiting jobs, changed by arrows or by dragging a row to another place."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from jobs.queue import JobView
from jobs.states import JobState
from studio.pages.words import words_of

W = words_of("jobs")
# A row that holds a mark of order can be dragged onto another one of its lane. The table is written anew
# while one drags, which would end a browser's own way of dragging: so nothing here holds on to a row. A
# finger scrolls; it has the arrows.
DRAG_SCRIPT = """
let dragged = null;
const markOf = (target) => target?.closest?.('tr')?.querySelector('[data-place]');
const placeAt = (event) => {
  const target = document.elementFromPoint(event.clientX, event.clientY);
  const mark = element.contains(target) ? markOf(target) : null;
  if (!mark || mark.dataset.lane !== dragged.lane) return null;
  const row = mark.closest('tr'), box = row.getBoundingClientRect();
  return {row, place: Number(mark.dataset.place), isBelow: event.clientY > box.top + box.height / 2};
};
const showTarget = (at) => {
  for (const each of element.querySelectorAll('.s-drop-above, .s-drop-below'))
    each.classList.remove('s-drop-above', 's-drop-below');
  if (at) at.row.classList.add(at.isBelow ? 's-drop-below' : 's-drop-above');
};
const letGo = () => {
  dragged = null;
  element.classList.remove('s-dragging');
  showTarget(null);
};
element.addEventListener('pointerdown', (event) => {
  const mark = markOf(event.target);
  if (!mark || event.button || event.pointerType === 'touch' || event.target.closest('button')) return;
  dragged = {...mark.dataset, x: event.clientX, y: event.clientY, isMoved: false};
});
element.addEventListener('mousedown', (event) => { if (dragged) event.preventDefault(); });
document.addEventListener('pointermove', (event) => {
  if (!dragged) return;
  dragged.isMoved ||= Math.hypot(event.clientX - dragged.x, event.clientY - dragged.y) > 5;
  if (!dragged.isMoved) return;
  element.classList.add('s-dragging');
  showTarget(placeAt(event));
});
document.addEventListener('pointerup', (event) => {
  const at = dragged?.isMoved ? placeAt(event) : null;
  if (at) {
    const from = Number(dragged.place);
    let place = at.place + (at.isBelow ? 1 : 0);
    if (from < place) place -= 1;
    if (place !== from) trigger('click', {pick: dragged.order + '/' + place});
  }
  letGo();
});
document.addEventListener('pointercancel', letGo);
document.addEventListener('keydown', (event) => { if (event.key === 'Escape') letGo(); });
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
