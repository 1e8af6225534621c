"""How the environment says whom to tell of jobs, and what is said where it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.errors import InvalidInput
from studio.settings import Settings

MAIL = {"STUDIO_SMTP_HOST": "mail.example.org", "STUDIO_SMTP_TO": "a@example.org, b@example.org"}


def read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, **variables: str) -> Settings:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return Settings.from_environment(tmp_path)


def test_nobody_is_told_where_nothing_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = read(monkeypatch, tmp_path)
    assert settings.webhook is None and settings.mail is None


def test_a_mail_server_and_whom_to_write_to_are_enough(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mail = read(monkeypatch, tmp_path, **MAIL, STUDIO_SMTP_USER="me@example.org").mail
    assert mail is not None
    assert (mail.port, mail.security, mail.sender) == (587, "starttls", "me@example.org")
    assert mail.recipients == ("a@example.org", "b@example.org")


@pytest.mark.parametrize(("security", "port"), [("ssl", 465), ("None", 25)])
def test_the_port_follows_the_kind_of_encryption(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, security: str, port: int
) -> None:
    mail = read(monkeypatch, tmp_path, **MAIL, STUDIO_SMTP_SECURITY=security).mail
    assert mail is not None and mail.port == port


@pytest.mark.parametrize(
    "wrong",
    [
        {"STUDIO_WEBHOOK_URL": "hooks.example.org/x"},
        {"STUDIO_WEBHOOK_URL": "file:///etc/passwd"},
        {"STUDIO_PUBLIC_URL": "http://[::1"},
        {**MAIL, "STUDIO_SMTP_SECURITY": "tls"},
        {**MAIL, "STUDIO_SMTP_PORT": "smtp"},
        {**MAIL, "STUDIO_SMTP_TO": " , "},
    ],
)
def test_a_setting_that_is_wrong_is_named_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, wrong: dict[str, str]
) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(monkeypatch, tmp_path, **wrong)
    assert caught.value.message.startswith(list(wrong)[-1]) or "STUDIO_SMTP_TO" in caught.value.hint
    assert caught.value.hint


def test_no_secret_is_shown_where_settings_are_printed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secrets = {
        "STUDIO_TOKEN": "s3cret-one", "HF_TOKEN": "s3cret-two", "STUDIO_WEBHOOK_SECRET": "s3cret-three",
        "STUDIO_SMTP_PASSWORD": "s3cret-four", "STUDIO_WEBHOOK_URL": "https://x.org/s3cret-five",
    }  # fmt: skip
    settings = read(monkeypatch, tmp_path, **MAIL, **secrets)
    assert "s3cret" not in repr(settings)
    assert len(settings.secrets) == 5 and all("s3cret" in text for text in settings.secrets)


@pytest.mark.parametrize(
    ("host", "address"),
    [("127.0.0.1", "http://127.0.0.1:7860"), ("::1", "http://[::1]:7860")],
)
def test_links_lead_to_where_the_studio_listens_or_to_where_it_is_said_to_be(
    tmp_path: Path, host: str, address: str
) -> None:
    assert Settings(tmp_path, host=host).address == address
    assert "0.0.0.0" not in Settings(tmp_path, host="0.0.0.0").address
    assert Settings(tmp_path, public_url="https://studio.example.org").address == "https://studio.example.org"
