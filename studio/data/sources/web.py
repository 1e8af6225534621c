"""Download one file over http(s): to a checked address, within limits of size and time."""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urljoin

from studio.data.readers import Progress
from studio.data.sources.addresses import WebAddress, parse_address, resolve
from studio.data.sources.rules import Fetched, SourceRules
from studio.errors import InvalidInput, NotFound, StudioError, TooLarge, Unavailable

MOST_REDIRECTS = 5
REDIRECTS = {301, 302, 303, 307, 308}
CHUNK = 64 * 1024
NAME_LENGTH = 120
HTML_START = re.compile(rb"^\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
HEADERS = {
    "Accept": "*/*",
    "Accept-Encoding": "identity",
    "User-Agent": "encoder-studio",
    "Connection": "close",
}
UNSAFE = frozenset(':*?"<>|')


def fetch_web(text: str, rules: SourceRules, folder: Path, progress: Progress) -> Fetched:
    """Download what an address leads to into ``folder``.

    Raises InvalidInput for an address that may not be asked and for a web page in place of a file, NotFound,
    TooLarge and Unavailable, each with its own sentence; nothing is left in ``folder`` then.
    """
    address = parse_address(text)
    deadline = time.monotonic() + rules.total_seconds
    for _ in range(MOST_REDIRECTS + 1):
        with asked(address, rules, deadline) as (call, answer):
            if answer.status not in REDIRECTS:
                return keep(answer, call, folder, progress)
            address = follow(answer, address)
    raise Unavailable(
        f"{parse_address(text).shown} leads from one address to the next without end.",
        "Open it in a browser, and use the address of the file itself.",
    )


def follow(answer: http.client.HTTPResponse, address: WebAddress) -> WebAddress:
    """Where a redirect leads; checked like the first address once it is asked."""
    place = answer.getheader("Location")
    if not place:
        raise Unavailable(f"{address.shown} leads on, but does not say where.", "Use another address.")
    base = f"{address.scheme}://{address.host_header}{address.target}"
    return parse_address(urljoin(base, place))


@contextmanager
def asked(
    address: WebAddress, rules: SourceRules, deadline: float
) -> Iterator[tuple[Call, http.client.HTTPResponse]]:
    """The server's answer, its content still to be read; ends in time even where the server drips."""
    if rules.offline:
        raise Unavailable(
            "The studio works offline, so nothing is fetched.",
            "Unset HF_HUB_OFFLINE and start the studio again, or import a file.",
        )
    numbers = resolve(address, rules.private_hosts)
    call = Call(connect(address, numbers, rules), address, rules)
    timer = threading.Timer(max(0.0, deadline - time.monotonic()), call.cut)
    timer.daemon = True
    timer.start()
    try:
        yield call, call.send()
    except (OSError, http.client.HTTPException, zlib.error, ValueError) as error:
        raise (too_slow(address, rules) if call.late else broken(address, error)) from error
    except StudioError as error:
        raise (too_slow(address, rules) if call.late else error) from error.__cause__
    finally:
        timer.cancel()
        call.line.close()


@dataclass
class Call:
    """A connection that another thread may cut; ``late`` says that this happened."""

    line: socket.socket
    address: WebAddress
    rules: SourceRules
    late: bool = False

    def cut(self) -> None:
        """End whatever waits on the connection."""
        self.late = True
        try:
            # Not SSLSocket's own, which would pull its state away from under the thread that reads.
            socket.socket.shutdown(self.line, socket.SHUT_RDWR)
        except OSError:
            return  # it is closed already

    def send(self) -> http.client.HTTPResponse:
        """Ask for the file; certificates are checked against the name in the address."""
        address = self.address
        if address.scheme == "https":
            context = ssl.create_default_context()
            wrapped = context.wrap_socket(
                self.line, server_hostname=address.host, do_handshake_on_connect=False
            )
            self.line = wrapped
            wrapped.do_handshake()
        connection = http.client.HTTPConnection(address.host, address.port, timeout=self.rules.stall_seconds)
        connection.sock = self.line
        connection.request("GET", address.target, headers={"Host": address.host_header, **HEADERS})
        return connection.getresponse()


def connect(address: WebAddress, numbers: list[str], rules: SourceRules) -> socket.socket:
    """A connection to one of the checked IP addresses."""
    last: OSError | None = None
    for number in numbers:
        try:
            return socket.create_connection((number, address.port), timeout=rules.stall_seconds)
        except OSError as error:
            last = error
    raise Unavailable(
        f"The server '{address.host}' does not answer.", "Check the address and this machine's network."
    ) from last


def keep(answer: http.client.HTTPResponse, call: Call, folder: Path, progress: Progress) -> Fetched:
    """Write the content down, as much as is allowed."""
    address, rules = call.address, call.rules
    refuse_status(answer.status, address)
    stated = answer.getheader("Content-Length") or ""
    total = int(stated) if stated.isdigit() else 0
    if total > rules.max_bytes:
        raise too_large(address, rules)
    refuse_page(answer.headers.get_content_type() in {"text/html", "application/xhtml+xml"}, address)
    path = folder / file_name(answer.getheader("Content-Disposition"), address)
    arrived = 0
    try:
        with path.open("wb") as file:
            for piece in pieces(answer, rules, address):
                if arrived == 0:
                    refuse_page(bool(HTML_START.match(piece[:1024])), address)
                arrived += len(piece)
                if arrived > rules.max_bytes:
                    raise too_large(address, rules)
                file.write(piece)
                progress(min(arrived / total, 1.0) if total else 0.0, f"Fetching {path.name}")
        if call.late:  # a connection that was cut looks like one that has ended
            raise too_slow(address, rules)
        if arrived == 0:
            raise InvalidInput(f"{address.shown} holds nothing.", "Check the address.")
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Fetched(path, path.name)


def pieces(answer: http.client.HTTPResponse, rules: SourceRules, address: WebAddress) -> Iterator[bytes]:
    """The content in pieces of a bounded size, unpacked where the server packs it unasked."""
    packing = (answer.getheader("Content-Encoding") or "identity").strip().lower()
    if packing not in {"identity", "gzip", "x-gzip", "deflate"}:
        raise Unavailable(
            f"{address.shown} is sent packed as '{packing}', which was not asked for.", "Use another address."
        )
    unpack = zlib.decompressobj(wbits=47) if packing != "identity" else None
    stated = answer.length  # None where the server does not say
    received = 0
    while piece := answer.read1(CHUNK):
        received += len(piece)
        if received > rules.max_bytes:
            raise too_large(address, rules)
        if unpack is None:
            yield piece
            continue
        rest = piece
        while rest:
            yield unpack.decompress(rest, CHUNK)
            rest = unpack.unconsumed_tail
    if stated is not None and received < stated:
        raise http.client.IncompleteRead(b"", stated - received)
    if unpack is not None:
        yield unpack.flush()
        if not unpack.eof:
            raise http.client.IncompleteRead(b"")


def file_name(disposition: str | None, address: WebAddress) -> str:
    """A name that any disk takes: the one the server gives, else the end of the path.

    >>> file_name('attachment; filename="../../May 2026.csv"', parse_address("https://example.org/x"))
    'May 2026.csv'
    >>> file_name(None, parse_address("https://example.org/data/tickets%20%2F..%2F1.csv?key=5"))
    '1.csv'
    """
    given = None
    if disposition:
        message = Message()
        message["Content-Disposition"] = disposition
        given = message.get_filename()
    path = unquote(given or address.target.split("?")[0]).replace("\\", "/")
    name = PurePosixPath(path).name
    name = "".join(letter for letter in name if letter.isprintable() and letter not in UNSAFE)
    return name.strip(" .")[-NAME_LENGTH:] or "table"


def refuse_status(status: int, address: WebAddress) -> None:
    """Say what an answer other than 200 means."""
    if status == 200:
        return
    if status in (404, 410):
        raise NotFound(f"There is nothing at {address.shown} ({status}).", "Check the address.")
    if status in (401, 403, 407):
        raise Unavailable(
            f"{address.shown} is not for everyone ({status}).",
            "Download the file with your own account, and import it from there.",
        )
    raise Unavailable(f"{address.shown} answered with an error ({status}).", "Try again later.")


def refuse_page(is_page: bool, address: WebAddress) -> None:
    """Say that a web page came in place of a file, and how to get at the file."""
    if not is_page:
        return
    hint = "Use the address that downloads the file itself."
    if address.host.endswith("github.com") and "/blob/" in address.target:
        hint = "On GitHub, open the file, choose Raw, and use that address (raw.githubusercontent.com)."
    elif address.host == "docs.google.com":
        hint = "For a Google sheet that everyone may read, end the address with /export?format=csv."
    elif address.host.endswith("huggingface.co") and "/datasets/" in address.target:
        hint = "For a dataset of the Hugging Face hub, write hf:OWNER/NAME."
    raise InvalidInput(f"{address.shown} is a web page, not a table.", hint)


def too_large(address: WebAddress, rules: SourceRules) -> TooLarge:
    """The file is more than the studio accepts."""
    return TooLarge(
        f"{address.shown} is larger than the {rules.max_bytes // 2**20 or 1} MB that may be fetched.",
        "Import a part of it, or raise STUDIO_MAX_UPLOAD_MB.",
    )


def too_slow(address: WebAddress, rules: SourceRules) -> Unavailable:
    """The server takes longer than anyone should wait."""
    return Unavailable(
        f"{address.shown} did not arrive within {rules.total_seconds:.0f} seconds.",
        "Try again later, or download it yourself and import the file.",
    )


def broken(address: WebAddress, error: Exception) -> StudioError:
    """What a failure on the way means."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return Unavailable(
            f"The certificate of '{address.host}' is not to be trusted.", "Check the address, or use another."
        )
    if isinstance(error, TimeoutError):
        return Unavailable(f"The server '{address.host}' went silent.", "Try again later.")
    return Unavailable(f"The download of {address.shown} broke off.", "Try again.")
