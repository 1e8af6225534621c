"""A web server on loopback that answers as badly as a test wants."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Answer = Callable[[socket.socket, str], None]


@contextmanager
def serve(answer: Answer) -> Iterator[str]:
    """Serve every request with ``answer(connection, request)``; gives the server's address."""
    listening = socket.create_server(("127.0.0.1", 0))

    def loop() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=attend, args=(connection,), daemon=True).start()

    def attend(connection: socket.socket) -> None:
        with connection:
            try:
                answer(connection, connection.recv(65536).decode())
            except OSError:
                return  # the client has gone

    thread = threading.Thread(target=loop, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


def reply(body: bytes, status: str = "200 OK", length: int | None = -1, **headers: str) -> Answer:
    """An answer with a body; ``length`` None states none, a number lies."""

    def answer(connection: socket.socket, _request: str) -> None:
        lines = [f"HTTP/1.1 {status}"]
        if length is not None:
            lines.append(f"Content-Length: {len(body) if length == -1 else length}")
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)

    return answer


def drip(connection: socket.socket, _request: str) -> None:
    """A byte every twentieth of a second, for ever."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b"a")
        time.sleep(0.05)


def drip_headers(connection: socket.socket, _request: str) -> None:
    """Headers that never end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    while True:
        connection.sendall(b"a")
        time.sleep(0.05)


def flood(connection: socket.socket, _request: str) -> None:
    """Bytes without end, no length stated."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\n\r\n")
    while True:
        connection.sendall(b"text,label\n" * 5000)
