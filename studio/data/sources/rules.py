"""What fetching may do, and what it gives."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SourceRules:
    """The limits of one installation.

    ``private_hosts`` may be asked though they belong to this machine or its network, all with "*".
    ``stall_seconds`` is the longest silence of a server,
    ``total_seconds`` the longest a fetch may take; ``folders`` are those of this machine that may be read.
    """

    max_bytes: int
    private_hosts: tuple[str, ...] = ()
    folders: tuple[Path, ...] = ()
    hub_endpoint: str = "https://huggingface.co"
    hub_token: str | None = None
    offline: bool = False
    stall_seconds: float = 20.0
    total_seconds: float = 900.0


@dataclass(frozen=True)
class Fetched:
    """A table that is now on this machine.

    ``name`` is what to show and to call it; ``split_column`` names the column that keeps the splits of a
    hub dataset.
    """

    path: Path
    name: str
    split_column: str | None = None
