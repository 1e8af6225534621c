"""The settings of one installation, and the only reader of the environment."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

import platformdirs

from studio.errors import InvalidInput

OFFLINE_WORDS = {"1", "true", "yes", "on"}
MAIL_PORTS = {"starttls": 587, "ssl": 465, "none": 25}
EVERY_ADDRESS = {"0.0.0.0", "::", ""}


def usual_home() -> Path:
    """Where everything is kept if nothing else is said."""
    return Path(platformdirs.user_data_dir("encoder-studio", False)).resolve()


@dataclass(frozen=True)
class WebhookSettings:
    """Where news of jobs is posted to, and what signs it; both may be secrets."""

    url: str = field(repr=False)
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class MailSettings:
    """How news of jobs is mailed; ``security`` is starttls, ssl or none."""

    host: str
    recipients: tuple[str, ...]
    sender: str
    port: int = 587
    security: str = "starttls"
    user: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Settings:
    """Where everything is kept and how the studio is reached."""

    home: Path
    host: str = "127.0.0.1"
    port: int = 7860
    token: str | None = field(default=None, repr=False)
    max_upload_bytes: int = 200 * 1024 * 1024
    hub_endpoint: str = "https://huggingface.co"
    hub_token: str | None = field(default=None, repr=False)
    offline: bool = False
    lease_seconds: float = 15.0
    trainings_per_device: int = 1
    gpus_per_training: int = 1
    jobs_per_owner: int = 0
    silent_seconds: float = 600.0
    min_free_bytes: int = 1024 * 1024 * 1024
    private_url_hosts: tuple[str, ...] = ()
    data_folders: tuple[Path, ...] = ()
    public_url: str | None = None
    webhook: WebhookSettings | None = None
    mail: MailSettings | None = None

    @classmethod
    def from_environment(cls, home: str | Path | None = None, **changes: object) -> Settings:
        """Read STUDIO_* and HF_* variables; arguments win over the environment.

        Raises InvalidInput where a number is not one, or something belongs with what is set.
        """
        chosen = home or os.environ.get("STUDIO_HOME") or usual_home()
        settings = cls(
            home=Path(chosen).expanduser().resolve(),
            token=os.environ.get("STUDIO_TOKEN") or None,
            max_upload_bytes=read_number("STUDIO_MAX_UPLOAD_MB", 200, "number of megabytes") * 1024 * 1024,
            hub_endpoint=(os.environ.get("HF_ENDPOINT") or cls.hub_endpoint).rstrip("/"),
            hub_token=os.environ.get("HF_TOKEN") or None,
            trainings_per_device=read_number("STUDIO_TRAININGS_PER_DEVICE", 1, "number of trainings"),
            gpus_per_training=read_number("STUDIO_GPUS_PER_TRAINING", 1, "number of graphics cards"),
            jobs_per_owner=read_number("STUDIO_JOBS_PER_OWNER", 0, "number of jobs", 0),
            silent_seconds=60.0 * read_number("STUDIO_SILENT_MINUTES", 10, "number of minutes"),
            min_free_bytes=read_number("STUDIO_MIN_FREE_MB", 1024, "number of megabytes", 0) * 1024 * 1024,
            private_url_hosts=read_hosts(os.environ.get("STUDIO_ALLOW_PRIVATE_URLS", "")),
            data_folders=read_folders(os.environ.get("STUDIO_DATA_FOLDERS", "")),
            public_url=read_address("STUDIO_PUBLIC_URL"),
            webhook=read_webhook(),
            mail=read_mail(),
            offline=os.environ.get("HF_HUB_OFFLINE", "").lower() in OFFLINE_WORDS,
        )
        return replace(settings, **changes)  # type: ignore[arg-type]

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of the one database file."""
        return f"sqlite:///{self.database_path}"

    @property
    def database_path(self) -> Path:
        """The one database file."""
        return self.home / "studio.db"

    @property
    def backups_dir(self) -> Path:
        """Copies of the database that the studio makes by itself."""
        return self.home / "backups"

    @property
    def address(self) -> str:
        """Where people reach the pages, for links in news."""
        host = socket.gethostname() if self.host in EVERY_ADDRESS else self.host
        return self.public_url or f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every text that must never be shown or logged."""
        webhook, mail = self.webhook, self.mail
        found: tuple[str | None, ...] = (self.token, self.hub_token)
        found += (webhook.url, webhook.secret) if webhook else ()
        found += (mail.password,) if mail else ()
        return tuple(text for text in found if text)

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
    def tokens_dir(self) -> Path:
        """Tokenised rows; they can be made again."""
        return self.home / "tokens"

    @property
    def uploads_dir(self) -> Path:
        """Files that arrived and are not yet a dataset."""
        return self.home / "uploads"

    @property
    def lock_path(self) -> Path:
        """Held by the one studio that serves this home."""
        return self.home / "studio.lock"

    @property
    def folders(self) -> tuple[Path, ...]:
        """The home, then its rooms."""
        rooms = (self.datasets_dir, self.models_dir, self.jobs_dir, self.checkpoints_dir, self.uploads_dir)
        return self.home, *rooms

    def make_folders(self) -> None:
        """Create the home and its rooms where they are missing; InvalidInput where that cannot be done."""
        try:
            for folder in self.folders:
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self.unusable(
                "it is a file" if os.path.isfile(self.home) else str(error.strerror)
            ) from error
        for folder in self.folders:
            if not os.access(folder, os.W_OK | os.X_OK):
                raise self.unusable(f"nothing can be written to {folder}")
        for path in (self.database_path, self.lock_path, *self.home.glob("*.db-*"), *self.home.glob("*.log")):
            if path.exists() and not os.access(path, os.R_OK | os.W_OK):
                raise self.unusable(f"{path.name} in it belongs to someone else or is write-protected")

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


def read_address(name: str) -> str | None:
    """A web address from the environment, without a slash at its end; InvalidInput where it is none."""
    text = os.environ.get(name, "").strip()
    if not text:
        return None
    try:
        parts = urlsplit(text)
        is_address = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address:
        raise InvalidInput(
            f"{name} is not a web address.", f"Set {name} to one that begins with https:// or http://."
        )
    return text.rstrip("/")


def read_webhook() -> WebhookSettings | None:
    """Where news is posted to; None where that is not set."""
    url = read_address("STUDIO_WEBHOOK_URL")
    return WebhookSettings(url, os.environ.get("STUDIO_WEBHOOK_SECRET") or None) if url else None


def read_mail() -> MailSettings | None:
    """How news is mailed, None where no server is set; InvalidInput where something is wrong or missing."""
    host = os.environ.get("STUDIO_SMTP_HOST", "").strip()
    if not host:
        return None
    security = os.environ.get("STUDIO_SMTP_SECURITY", "").strip().lower() or "starttls"
    if security not in MAIL_PORTS:
        raise InvalidInput(
            f"STUDIO_SMTP_SECURITY is '{security}'.", f"Set it to one of {', '.join(MAIL_PORTS)}."
        )
    written = os.environ.get("STUDIO_SMTP_TO", "").split(",")
    recipients = tuple(text for part in written if (text := part.strip()))
    if not recipients:
        raise InvalidInput(
            "STUDIO_SMTP_HOST is set, but not whom to write to.",
            "Set STUDIO_SMTP_TO to an address, or to several with commas between them.",
        )
    user = os.environ.get("STUDIO_SMTP_USER") or None
    return MailSettings(
        host=host,
        recipients=recipients,
        sender=os.environ.get("STUDIO_SMTP_FROM", "").strip()
        or (user if user and "@" in user else recipients[0]),
        port=read_number("STUDIO_SMTP_PORT", default=MAIL_PORTS[security], what="port"),
        security=security,
        user=user,
        password=os.environ.get("STUDIO_SMTP_PASSWORD") or None,
    )


def gpus_are_hidden() -> bool:
    """Whether CUDA_VISIBLE_DEVICES is set to nothing, which keeps programs off the graphics card."""
    return os.environ.get("CUDA_VISIBLE_DEVICES") == ""


def visible_gpus() -> tuple[str, ...] | None:
    """The graphics cards that CUDA_VISIBLE_DEVICES leaves to this program; None where it is not set."""
    text = os.environ.get("CUDA_VISIBLE_DEVICES")
    return None if text is None else tuple(part.strip() for part in text.split(",") if part.strip())


def read_number(name: str, default: int, what: str, least: int = 1) -> int:
    """Read a whole number of at least ``least`` from the environment; InvalidInput, saying ``what`` it is
    of, for anything else.
    """
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    if not text.isdigit() or int(text) < least:
        raise InvalidInput(
            f"{name} is '{text}', which is not a {what}.",
            f"Set {name} to a whole number such as {default}, or leave it unset.",
        )
    return int(text)
