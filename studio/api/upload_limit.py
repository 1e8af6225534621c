"""How much a request may carry, whether it says its length beforehand or not."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from studio.errors import TooLarge

MULTIPART_OVERHEAD_BYTES = 1024 * 1024


def too_large(size: int, limit: int) -> TooLarge:
    """The refusal of a body of ``size`` bytes or more."""
    return TooLarge(
        f"The upload has {size / 1e6:.0f} MB or more; the limit is {limit / 1e6:.0f} MB.",
        "Send a smaller file, or raise STUDIO_MAX_UPLOAD_MB and start the studio again.",
    )


def check_announced(headers: Headers, limit: int) -> None:
    """Refuse a body that says it is too large before it is read (TooLarge)."""
    length = headers.get("content-length", "")
    if length.isdigit() and int(length) > limit + MULTIPART_OVERHEAD_BYTES:
        raise too_large(int(length), limit)


async def serve_within(app: ASGIApp, limit: int, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve a request; raises TooLarge, with nothing answered yet, once its body passes the limit."""
    received = 0

    async def receive_counted() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b"")) if message["type"] == "http.request" else 0
        if is_over():
            # Ends the reading of the form; what the application makes of it is not sent.
            raise HTTPException(TooLarge.http_status)
        return message

    def is_over() -> bool:
        return received > limit + MULTIPART_OVERHEAD_BYTES

    async def send_within(message: Message) -> None:
        if not is_over():
            await send(message)

    await app(scope, receive_counted, send_within)
    if is_over():
        raise too_large(received, limit)
