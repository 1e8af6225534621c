"""How pages listen to clicks and changes: one set of options for every event."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr
from gradio.components.base import Component
from gradio.context import Context

from studio.pages import guard, links

Components = Component | Sequence[Component] | None
SLOW_AT_ONCE = 4  # of one event over all open pages
QUICK_AT_ONCE = 20


def on(
    trigger: Any, handler: Callable[..., Any], inputs: Components = None, outputs: Components = None
) -> Any:
    """Run a quick handler (under 0.2 s: a database read, some HTML) on one trigger or several.

    Errors become a message over the page. That is why it goes through Gradio's queue (20 ms more):
    of events that bypass it, Gradio 6.31 shows no error at all.
    """
    return _listen(trigger, handler, inputs, outputs, show_progress="hidden", concurrency_limit=QUICK_AT_ONCE)


def on_typing(
    trigger: Any, handler: Callable[..., Any], inputs: Components = None, outputs: Components = None
) -> Any:
    """As ``on``, for fields one types in: what was typed while a run was under way is answered after it."""
    options = {"queue": False, "show_progress": "hidden", "trigger_mode": "always_last"}
    return _listen(trigger, handler, inputs, outputs, **options)


def on_slow(
    trigger: Any, handler: Callable[..., Any], inputs: Components = None, outputs: Components = None
) -> Any:
    """Run a handler that takes seconds (reading an upload); shows that it works, one at a time per page."""
    options = {"show_progress": "minimal", "trigger_mode": "once", "concurrency_limit": SLOW_AT_ONCE}
    return _listen(trigger, handler, inputs, outputs, **options)


def on_upload(
    trigger: Any, handler: Callable[..., Any], inputs: Components = None, outputs: Components = None
) -> Any:
    """As ``on_slow``, for files: one that comes while the one before is read is read after it."""
    options = {"show_progress": "minimal", "trigger_mode": "always_last", "concurrency_limit": SLOW_AT_ONCE}
    return _listen(trigger, handler, inputs, outputs, **options)


def on_change(
    trigger: Any, handler: Callable[..., Any], inputs: Components = None, outputs: Components = None
) -> Any:
    """As ``on_slow``, for fields whose change takes a second; of changes meanwhile the last counts."""
    options = {"show_progress": "hidden", "trigger_mode": "always_last", "concurrency_limit": SLOW_AT_ONCE}
    return _listen(trigger, handler, inputs, outputs, **options)


def _listen(
    trigger: Any, handler: Callable[..., Any], inputs: Components, outputs: Components, **options: Any
) -> Any:
    return gr.on(trigger, guard.with_toast(handler), inputs, outputs, api_visibility="private", **options)


def on_load(handler: Callable[..., Any], inputs: Components = None, outputs: Components = None) -> Any:
    """As ``on``, when the page opens; the handler may take ``request: gr.Request`` as its last argument."""
    load = Context.root_block.load  # type: ignore[union-attr]
    return on(load, handler, inputs, outputs)


def then_run(
    event: Any, handler: Callable[..., Any], inputs: Components = None, outputs: Components = None
) -> Any:
    """After an event succeeded, run a handler that may take seconds, such as drawing charts."""
    return event.success(
        guard.with_toast(handler),
        inputs,
        outputs,
        show_progress="minimal",
        concurrency_limit=SLOW_AT_ONCE,
        api_visibility="private",
    )


def then_go(event: Any, address: Component) -> Any:
    """After an event succeeded, go to the address its handler left in a hidden text."""
    return event.success(None, address, None, js=links.GO, show_progress="hidden", queue=False)


def then_show_address(event: Any, address: Component) -> Any:
    """After an event succeeded, show the address its handler left in a hidden text, without a reload."""
    return event.success(None, address, None, js=links.SHOW_ADDRESS, show_progress="hidden", queue=False)


def hidden_text(elem_id: str | None = None, value: str = "") -> gr.Textbox:
    """A value of the page that nobody needs to see (an id, an address): never use gr.State."""
    # One within a part that is hidden and shown again would come to sight with it, were it not for the class.
    return gr.Textbox(
        value,
        visible="hidden",
        elem_id=elem_id,
        elem_classes="s-unseen",
        container=False,
        show_label=False,
    )


def picked(event: gr.EventData) -> str:
    """What was chosen in a ``layout.pickable`` piece of HTML."""
    value = (event._data or {}).get("pick") if isinstance(event._data, dict) else None
    return str(value or "")


def picked_fields(event: gr.EventData) -> dict[str, str]:
    """What stands in the fields of the ``data-form`` around the button that was chosen, by their names."""
    found = event._data.get("fields") if isinstance(event._data, dict) else None
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}
