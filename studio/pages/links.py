"""Addresses of pages that can be shared and reloaded, made and read in one place."""

from __future__ import annotations

from urllib.parse import urlencode

import gradio as gr

# For an event's js=: goes to the address its handler returned, or stays where it returned nothing.
GO = "(address) => { if (address) window.location.assign(address); return address; }"

# For an event's js=: shows the address in the browser without loading the page again.
SHOW_ADDRESS = "(address) => { if (address) window.history.replaceState(null, '', address); return address; }"


def link(page: str = "", /, **query: object) -> str:
    """The address of a page, with what it should show.

    >>> link(), link("data"), link("results", model="bbc m", split=None)
    ('/', '/data', '/results?model=bbc+m')
    """
    known = {key: value for key, value in query.items() if value not in (None, "")}
    return f"/{page}" + ("?" + urlencode(known) if known else "")


def origin(request: gr.Request | None) -> str:
    """Where the browser reaches the studio, such as http://192.168.0.7:7860; empty where that is unknown."""
    host = dict(request.headers or {}).get("host") if request is not None else None
    return f"{request.url.scheme}://{host}" if host else ""


def asked(request: gr.Request | None, name: str) -> str | None:
    """What the address asks for under ``name``, or None."""
    if request is None:
        return None
    value = dict(request.query_params or {}).get(name)
    return str(value) if value else None
