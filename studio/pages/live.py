"""Pages that stay true while they are open: one timer a page, work only when something changed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import gradio as gr
from gradio.components.base import Component

from studio.pages import events, guard

TICK_SECONDS = 1.5
REFRESH_SECONDS = 20  # ages ("3 min ago") are written anew this often though nothing changed

Made = TypeVar("Made")


def stay_live(
    render: Callable[..., Any],
    revision: Callable[[], int],
    *,
    inputs: Sequence[Component] = (),
    outputs: Sequence[Component],
) -> gr.Timer:
    """Fill ``outputs`` from ``render(*inputs)`` when the page opens and whenever ``revision()`` moved.

    While nothing changed a tick answers ``gr.skip()`` and costs one cheap question. ``render``
    returns one value, or a tuple as long as ``outputs``. The timer is returned so that a page can
    switch it off.
    """
    timer = gr.Timer(TICK_SECONDS)
    seen = events.hidden_text()
    size = len(outputs)

    def tick(seen_before: str, *values: Any) -> Any:
        now = moment(revision)
        if now == seen_before:
            return (now, *(gr.skip(),) * size)
        made = render(*values)
        return (now, *(made if isinstance(made, tuple) else (made,)))

    def opened(*values: Any) -> Any:
        return tick("", *values)

    events.on_load(opened, list(inputs), [seen, *outputs])
    timer.tick(
        guard.with_toast(tick),
        [seen, *inputs],
        [seen, *outputs],
        queue=False,
        show_progress="hidden",
        trigger_mode="once",
        api_visibility="private",
    )
    return timer


def moment(revision: Callable[[], int]) -> str:
    """What changes with the revision, and now and then for the sake of ages."""
    return f"{revision()}.{int(time.time() // REFRESH_SECONDS)}"


class Snapshot(Generic[Made]):
    """Something costly made once per moment and shared by every open page."""

    def __init__(self, revision: Callable[[], int], make: Callable[[], Made]) -> None:
        self._revision = revision
        self._make = make
        self._lock = threading.Lock()
        self._kept: tuple[str, Made] | None = None

    def get(self) -> Made:
        """What was made for the present moment; made now if need be."""
        now = moment(self._revision)
        with self._lock:
            if self._kept is None or self._kept[0] != now:
                self._kept = (now, self._make())
            return self._kept[1]
