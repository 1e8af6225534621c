"""Response headers: every page and request stays on this host, and what never changes is fetched once."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Gradio's scripts are inline and Vega compiles its expressions, so scripts need both exceptions.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
}
# Gradio names these by a hash of their content, so a page after the first asks for hardly anything.
FOR_EVER = "private, max-age=31536000, immutable"


def is_named_by_content(path: str, query: bytes) -> bool:
    """Whether an address stands for one content for ever.

    >>> is_named_by_content("/assets/index-Dphvygg.js", b""), is_named_by_content("/theme.css", b"v=85790c")
    (True, True)
    >>> is_named_by_content("/data", b"dataset=a"), is_named_by_content("/theme.css", b"")
    (False, False)
    """
    return path.startswith("/assets/") or (path == "/theme.css" and query.startswith(b"v="))


class PageHeaders:
    """Adds the headers to every response; it touches no body, so streams stay streams."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        lasting = is_named_by_content(scope["path"], scope.get("query_string", b""))

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if lasting and message["status"] == 200:
                    headers["Cache-Control"] = FOR_EVER
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)
