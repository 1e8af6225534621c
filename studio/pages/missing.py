"""A page for an address that leads nowhere, instead of the few words of JSON that the framework sends."""

from __future__ import annotations

from markupsafe import Markup
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from studio.pages.words import words_of

W = words_of("frame")
PAGE = Markup(
    """<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:18vh auto;padding:0 1rem;
 color-scheme:light dark;overflow-wrap:anywhere}}</style>
<main><h1>{title}</h1><p>{message}</p><p><a href="/">{link}</a></p></main></html>"""
)


class MissingPage:
    """Answers a browser that asks for a page that is not there; programs and files keep their answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not is_asked_by_browser(scope):
            await self.app(scope, receive, send)
            return
        missing = False

        async def send_unless_missing(message: Message) -> None:
            nonlocal missing
            missing = missing or (message["type"] == "http.response.start" and message["status"] == 404)
            if not missing:
                await send(message)

        await self.app(scope, receive, send_unless_missing)
        if missing:
            message = W.missing.message.say(address=scope["path"])
            page = PAGE.format(title=W.missing.title, message=message, link=W.missing.link)
            await HTMLResponse(page, status_code=404)(scope, receive, send)


def is_asked_by_browser(scope: Scope) -> bool:
    """Whether a person opens an address that is not of the API."""
    return (
        scope["type"] == "http"
        and scope["method"] == "GET"
        and not scope["path"].startswith("/api/")
        and "text/html" in Headers(scope=scope).get("accept", "")
    )
