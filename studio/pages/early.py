"""A script that runs before Gradio's own, which adds the ``head`` it is given only after it has started."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from studio.pages.theme import FOLDER

HEAD = b"<head>"


class EarlyScript:
    """Puts ``static/early.js`` first into the head of every page; other responses pass as they are."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        script = (FOLDER / "early.js").read_bytes()
        self.head = HEAD + b"<script>" + script + b"</script>"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        start: Message | None = None
        body = b""

        async def send_with_script(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start" and is_page(message):
                start = message
            elif start is None:
                await send(message)
            else:
                body += message.get("body", b"")
                if not message.get("more_body", False):
                    whole = body.replace(HEAD, self.head, 1)
                    MutableHeaders(scope=start)["Content-Length"] = str(len(whole))
                    await send(start)
                    await send({"type": "http.response.body", "body": whole})

        await self.app(scope, receive, send_with_script)


def is_page(start: Message) -> bool:
    """Whether a response that starts so is an HTML page in plain text."""
    headers = Headers(raw=start["headers"])
    return headers.get("content-type", "").startswith("text/html") and "content-encoding" not in headers
