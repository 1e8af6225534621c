"""The settings of one installation, and the only reader of the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

import platformdirs

from studio.errors import InvalidInput

OFFLINE_WORDS = {"1", "true", "yes", "on"}


@dataclass(frozen=True)
class Settings:
    """Where everything is kept and how the studio is reached."""

    home: Path
    host: str = "127.0.0.1"
    port: int = 7860
    token: str | None = None
    max_upload_bytes: int = 200 * 1024 * 1024
    hub_endpoint: str = "https://huggingface.co"
    hub_token: str | None = None
    offline: bool = False
    lease_seconds: float = 15.0
    private_url_hosts: tuple[str, ...] = ()
    data_folders: tuple[Path, ...] = ()

    @classmethod
    def from_environment(cls, home: str | Path | None = None, **changes: object) -> Settings:
        """Read STUDIO_* and HF_* variables; arguments win over the environment.

        Raises InvalidInput where a number is not one.
        """
        chosen = home or os.environ.get("STUDIO_HOME") or platformdirs.user_data_dir("encoder-studio", False)
        settings = cls(
            home=Path(chosen).expanduser().resolve(),
            token=os.environ.get("STUDIO_TOKEN") or None,
            max_upload_bytes=read_megabytes("STUDIO_MAX_UPLOAD_MB", default=200) * 1024 * 1024,
            hub_endpoint=(os.environ.get("HF_ENDPOINT") or cls.hub_endpoint).rstrip("/"),
            hub_token=os.environ.get("HF_TOKEN") or None,
            private_url_hosts=read_hosts(os.environ.get("STUDIO_ALLOW_PRIVATE_URLS", "")),
            data_folders=read_folders(os.environ.get("STUDIO_DATA_FOLDERS", "")),
            offline=os.environ.get("HF_HUB_OFFLINE", "").lower() in OFFLINE_WORDS,
        )
        return replace(settings, **changes)  # type: ignore[arg-type]

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of the one database file."""
        return f"sqlite:///{self.home / 'studio.db'}"

    @property
    def datasets_dir(self) -> Path:
        """One folder per dataset id."""
        return self.home / "datasets"

    @property
    def models_dir(self) -> Path:
        """One folder per model, named by the id of its job."""
        return self.home / "models"

    @property
    def jobs_dir(self) -> Path:
        """One work folder per job: its log and snapshots."""
        return self.home / "jobs"

    @property
    def checkpoints_dir(self) -> Path:
        """Downloaded and converted checkpoints."""
        return self.home / "checkpoints"

    @property
    def uploads_dir(self) -> Path:
        """Files that arrived and are not yet a dataset."""
        return self.home / "uploads"

    @property
    def lock_path(self) -> Path:
        """Held by the one studio that serves this home."""
        return self.home / "studio.lock"

    def make_folders(self) -> None:
        """Create the home and its rooms where they are missing; InvalidInput where that cannot be done."""
        rooms = (self.datasets_dir, self.models_dir, self.jobs_dir, self.checkpoints_dir, self.uploads_dir)
        try:
            for folder in (self.home, *rooms):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self.unusable("it is a file" if self.home.is_file() else str(error.strerror)) from error
        if not os.access(self.home, os.W_OK | os.X_OK):
            raise self.unusable("nothing can be written there")

    def unusable(self, why: str) -> InvalidInput:
        """The error of a home in which nothing can be kept."""
        return InvalidInput(
            f"The folder {self.home} cannot be used: {why}.",
            "Choose another one with --home or STUDIO_HOME, or let it be written to.",
        )


def read_hosts(text: str) -> tuple[str, ...]:
    """Hosts in a list with commas; 1 means all of them, which "*" stands for.

    >>> read_hosts("1"), read_hosts("files.local, 10.0.0.5"), read_hosts("0")
    (('*',), ('files.local', '10.0.0.5'), ())
    """
    plain = text.strip().lower()
    if plain in OFFLINE_WORDS:
        return ("*",)
    if plain in {"0", "false", "no", "off"}:
        return ()
    return tuple(host for part in plain.split(",") if (host := part.strip()))


def read_folders(text: str) -> tuple[Path, ...]:
    """Folders as PATH lists them; InvalidInput for one that does not start at the root or is none."""
    folders = tuple(Path(part).expanduser() for part in text.split(os.pathsep) if part.strip())
    for folder in folders:
        if not folder.is_absolute() or not folder.is_dir():
            raise InvalidInput(
                f"STUDIO_DATA_FOLDERS names '{folder}', which is no folder with its whole path.",
                f"Write whole paths with '{os.pathsep}' between them.",
            )
    return folders


def gpus_are_hidden() -> bool:
    """Whether CUDA_VISIBLE_DEVICES is set to nothing, which keeps programs off the graphics card."""
    return os.environ.get("CUDA_VISIBLE_DEVICES") == ""


def read_megabytes(name: str, default: int) -> int:
    """Read a whole number of megabytes from the environment."""
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    if not text.isdigit() or int(text) == 0:
        raise InvalidInput(
            f"{name} is '{text}', which is not a number of megabytes.",
            f"Set {name} to a whole number such as {default}, or leave it unset.",
        )
    return int(text)
