"""News posted as JSON to a web address."""

from __future__ import annotations

import hashlib
import hmac
import json
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from studio import __version__
from studio.errors import Unavailable
from studio.notices.message import Message
from studio.settings import WebhookSettings

TIMEOUT_SECONDS = 10.0


class WebhookChannel:
    """Posts to one address; the id in X-Studio-Delivery is the same when a message is sent again."""

    name = "webhook"

    def __init__(self, settings: WebhookSettings) -> None:
        self._settings = settings
        parts = urlsplit(settings.url)
        # Of the address only the host is shown: what follows is often the secret.
        self.shown = f"{parts.scheme}://{parts.hostname}"
        self._opener = urllib.request.build_opener(Redirects)

    def send(self, message: Message) -> None:
        """Post a message; Unavailable where it is not answered with a status from 200 to 299."""
        body = json.dumps(message.to_json(), ensure_ascii=False).encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"EncoderStudio/{__version__}",
            "X-Studio-Event": message.event,
            "X-Studio-Delivery": message.id,
        }
        if self._settings.secret:
            headers["X-Studio-Signature"] = sign(body, self._settings.secret)
        request = urllib.request.Request(self._settings.url, data=body, headers=headers, method="POST")
        try:
            self._opener.open(request, timeout=TIMEOUT_SECONDS).close()
        except urllib.error.HTTPError as error:
            error.close()
            raise self.unreached(f"it answered with status {error.code}") from error
        except urllib.error.URLError as error:
            raise self.unreached(reason_of(error.reason)) from error
        except (OSError, HTTPException, ValueError) as error:
            raise self.unreached(reason_of(error)) from error

    def unreached(self, reason: str) -> Unavailable:
        """The error of a message that did not arrive."""
        return Unavailable(
            f"The webhook at {self.shown} took no message: {reason}.",
            "Check STUDIO_WEBHOOK_URL and its server.",
        )


class Redirects(urllib.request.HTTPRedirectHandler):
    """Follows none: a message that is posted must not turn into a question to somewhere else."""

    def redirect_request(self, *_: Any) -> None:
        """Take the redirect for the answer."""


def sign(body: bytes, secret: str) -> str:
    """What a receiver that knows the secret finds too, if the body is ours.

    >>> sign(b"{}", "key")
    'sha256=a777724d943eb48dc69bca8a4a6d57a04db3f9ec7e1de4e581e860265bdf3032'
    """
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def reason_of(error: object) -> str:
    """Why a connection failed, in the system's words and without the address.

    >>> reason_of(ConnectionRefusedError(111, "Connection refused")), reason_of(BrokenPipeError())
    ('Connection refused', 'it closed the connection')
    """
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    if isinstance(error, ConnectionResetError | BrokenPipeError):
        return "it closed the connection"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__
