"""A web server and a mail server on loopback that keep what they are sent, and may refuse it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP as Server
from aiosmtpd.smtp import Envelope, Session


class WebReceiver:
    """Takes posts, answering each with ``status``; ``posts`` are headers and body of each."""

    def __init__(self, port: int = 0) -> None:
        self.status = 204
        self.location: str | None = None
        self.posts: list[tuple[dict[str, str], bytes]] = []
        self.asked: list[str] = []
        self.on_post: Callable[[], object] = lambda: None
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.posts.append((dict(self.headers), body))
                receiver.on_post()
                self.answer()

            def do_GET(self) -> None:
                receiver.asked.append(self.path)
                self.answer()

            def answer(self) -> None:
                self.send_response(receiver.status)
                if receiver.location:
                    self.send_header("Location", receiver.location)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing is printed."""

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/hook/secret-path"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """What was posted."""
        return [json.loads(body) for _, body in self.posts]

    def close(self) -> None:
        """Stop listening."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@contextmanager
def web_receiver(port: int = 0) -> Iterator[WebReceiver]:
    """A web server for the length of a block."""
    receiver = WebReceiver(port)
    try:
        yield receiver
    finally:
        receiver.close()


class MailReceiver:
    """Keeps envelopes; with ``refusal`` it answers so instead."""

    def __init__(self) -> None:
        self.letters: list[Envelope] = []
        self.refusal = ""

    async def handle_DATA(self, server: Server, session: Session, envelope: Envelope) -> str:
        """One letter."""
        if self.refusal:
            return self.refusal
        self.letters.append(envelope)
        return "250 OK"


@contextmanager
def mail_receiver(port: int) -> Iterator[MailReceiver]:
    """A mail server for the length of a block."""
    receiver = MailReceiver()
    controller = Controller(receiver, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield receiver
    finally:
        controller.stop()
