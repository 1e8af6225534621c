"""Web addresses: which are understood, where they lead, and whether that may be asked."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urlsplit

from studio.errors import InvalidInput, NotFound

PORTS = {"http": 80, "https": 443}
SHOWN_LENGTH = 200
IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
# An IPv4 address hides in the last 32 bits: NAT64, and the old "compatible" form.
EMBEDDING = tuple(ipaddress.ip_network(net) for net in ("64:ff9b::/96", "64:ff9b:1::/48", "::/96"))


@dataclass(frozen=True)
class WebAddress:
    """An http(s) address in its parts; ``target`` is path and query as they are sent."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def shown(self) -> str:
        """The address as messages may show it: without a query, which may hold a key."""
        port = "" if self.port == PORTS[self.scheme] else f":{self.port}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}{port}{self.target.split('?')[0]}"[:SHOWN_LENGTH]

    @property
    def host_header(self) -> str:
        """What the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def parse_address(text: str) -> WebAddress:
    """The parts of an address; InvalidInput for anything but http(s), and where it holds a password.

    >>> parse_address("https://example.org/a b.csv?key=1#top").target
    '/a%20b.csv?key=1'
    """
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise InvalidInput("This is no web address.", EXAMPLE) from error
    if parts.scheme.lower() not in PORTS:
        raise InvalidInput(f"'{parts.scheme}' addresses are not fetched, only http and https.", EXAMPLE)
    if not host:
        raise InvalidInput("The address names no server.", EXAMPLE)
    if parts.username is not None or parts.password is not None:
        raise InvalidInput(
            f"The address on {host} holds a user name or a password, which would end up in logs.",
            "Download the file and import it from there, or use a link that needs no password.",
        )
    return WebAddress(
        parts.scheme.lower(), plain_host(host), port or PORTS[parts.scheme.lower()], target_of(parts)
    )


EXAMPLE = "Write for example https://example.org/tickets.csv."


def plain_host(host: str) -> str:
    """The host as DNS knows it; InvalidInput for one that cannot be."""
    if ":" in host:
        return host.split("%")[0]
    try:
        return host.encode("ascii" if host.isascii() else "idna").decode()
    except UnicodeError as error:
        raise InvalidInput("The name of the server is no name.", EXAMPLE) from error


def target_of(parts: SplitResult) -> str:
    """Path and query, with what may not be sent as it is written with percent signs."""
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    return path + (f"?{quote(parts.query, safe='/%:@!$&()*+,;=~-._?')}" if parts.query else "")


def resolve(address: WebAddress, private_hosts: Collection[str]) -> list[str]:
    """The IP addresses behind the name, asked once; the connection is made to one of these and no other.

    Raises NotFound where the name is unknown, InvalidInput where any of them is not a public one, unless the
    host is among ``private_hosts`` ("*" stands for all): a name that leads into this machine's network is
    not followed at all.
    """
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotFound(
            f"The server '{address.host}' cannot be found.", "Check the address and this machine's network."
        ) from error
    numbers = list(dict.fromkeys(str(entry[4][0]).split("%")[0] for entry in found))
    allowed = "*" in private_hosts or address.host in private_hosts
    if not allowed and not all(is_public(ipaddress.ip_address(number)) for number in numbers):
        raise InvalidInput(
            f"'{address.host}' is an address of this machine or its own network, which is not fetched from.",
            "Use a public address, or let the operator name the host in STUDIO_ALLOW_PRIVATE_URLS.",
        )
    return numbers


def is_public(address: IPAddress) -> bool:
    """Whether an address belongs to the open internet, also where IPv6 wraps an IPv4 one.

    >>> [is_public(ipaddress.ip_address(text)) for text in ("1.1.1.1", "10.0.0.1", "::ffff:127.0.0.1")]
    [True, False, False]
    """
    if isinstance(address, ipaddress.IPv6Address):
        inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        if any(address in network for network in EMBEDDING):
            inner.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        wrapped = [one for one in inner if one is not None]
        if wrapped:
            return all(is_public(one) for one in wrapped)
        if address.is_site_local:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)
