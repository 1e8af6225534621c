"""A message arrives by webhook and by mail as it was meant, or fails with a sentence that tells no secret."""

from __future__ import annotations

import email
import hashlib
import hmac
import socket
import threading
from email import policy

import pytest

from studio.errors import Unavailable
from studio.notices.channels import channels_of
from studio.notices.mail import MailChannel
from studio.notices.message import Message, make_trial
from studio.notices.webhook import WebhookChannel
from studio.settings import MailSettings, Settings, WebhookSettings
from tests.journeys.served import free_port
from tests.notices.receivers import mail_receiver, web_receiver

MESSAGE = Message(
    "j1-7", "job.ended", "The training 'naïve' is done", "The training 'naïve' is done.", "Open it.",
    "http://127.0.0.1:7860/jobs?job=j1", {"id": "j1", "state": "succeeded"},
)  # fmt: skip


def mail_settings(port: int, **changes: object) -> MailSettings:
    values = {
        "host": "127.0.0.1",
        "recipients": ("a@example.org", "b@example.org"),
        "sender": "s@example.org",
    }
    return MailSettings(**{**values, "port": port, "security": "none", **changes})  # type: ignore[arg-type]


def test_a_webhook_gets_the_news_as_json_with_an_id_and_a_signature() -> None:
    with web_receiver() as receiver:
        WebhookChannel(WebhookSettings(receiver.url, "key")).send(MESSAGE)
        headers, body = receiver.posts[0]
    assert receiver.bodies[0] == {
        "id": "j1-7",
        "event": "job.ended",
        "text": "The training 'naïve' is done. Open it.",
        "url": "http://127.0.0.1:7860/jobs?job=j1",
        "job": {"id": "j1", "state": "succeeded"},
    }
    assert headers["X-Studio-Delivery"] == "j1-7" and headers["X-Studio-Event"] == "job.ended"
    expected = hmac.new(b"key", body, hashlib.sha256).hexdigest()
    assert headers["X-Studio-Signature"] == f"sha256={expected}"


def test_without_a_secret_nothing_is_signed() -> None:
    with web_receiver() as receiver:
        WebhookChannel(WebhookSettings(receiver.url)).send(MESSAGE)
        assert "X-Studio-Signature" not in receiver.posts[0][0]


@pytest.mark.parametrize("status", [302, 404, 500])
def test_any_other_answer_than_a_good_one_is_a_failure(status: int) -> None:
    with web_receiver() as receiver:
        receiver.status, receiver.location = status, receiver.url
        with pytest.raises(Unavailable, match=f"status {status}") as caught:
            WebhookChannel(WebhookSettings(receiver.url)).send(MESSAGE)
        assert receiver.asked == []
    assert "secret-path" not in caught.value.message + caught.value.hint


def test_a_webhook_that_is_not_there_is_named_by_its_host_alone() -> None:
    settings = WebhookSettings(f"http://127.0.0.1:{free_port()}/secret-path")
    with pytest.raises(Unavailable, match=r"http://127\.0\.0\.1 took no message: Connection refused"):
        WebhookChannel(settings).send(MESSAGE)


def test_a_letter_says_what_happened_and_what_to_do_next() -> None:
    port = free_port()
    with mail_receiver(port) as receiver:
        MailChannel(mail_settings(port)).send(MESSAGE)
    assert receiver.letters[0].rcpt_tos == ["a@example.org", "b@example.org"]
    letter = email.message_from_bytes(receiver.letters[0].content, policy=policy.default)
    assert letter["Subject"] == "The training 'naïve' is done"
    assert letter["From"] == "s@example.org" and letter["To"] == "a@example.org, b@example.org"
    assert letter["Message-ID"] == "<j1-7@encoder-studio.invalid>"
    assert letter.get_content_type() == "text/plain"
    text = letter.get_content().replace("\r\n", "\n")
    assert text.startswith("The training 'naïve' is done. Open it.\n") and MESSAGE.url in text


def test_a_mail_server_that_refuses_is_quoted_by_its_code() -> None:
    port = free_port()
    with mail_receiver(port) as receiver:
        receiver.refusal = "554 no such list"
        with pytest.raises(Unavailable, match="answered with code 554"):
            MailChannel(mail_settings(port)).send(MESSAGE)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"security": "starttls"}, "no STARTTLS"),
        ({"security": "ssl"}, "cannot be trusted"),
        ({"user": "me", "password": "hunter2"}, "no login"),
    ],
)
def test_a_server_that_cannot_do_what_is_asked_is_never_spoken_to_more_openly(
    changes: dict[str, str], reason: str
) -> None:
    port = free_port()
    with mail_receiver(port) as receiver:
        with pytest.raises(Unavailable, match=reason) as caught:
            MailChannel(mail_settings(port, **changes)).send(MESSAGE)
        assert receiver.letters == []
    assert "hunter2" not in caught.value.message


def test_a_mail_server_that_is_not_there_is_named() -> None:
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1 took no message: Connection refused"):
        MailChannel(mail_settings(free_port())).send(MESSAGE)


@pytest.mark.parametrize("make", [WebhookChannel, MailChannel])
def test_a_server_that_hangs_up_is_a_failure_like_others(make: type) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        settings = (
            WebhookSettings(f"http://127.0.0.1:{port}/") if make is WebhookChannel else mail_settings(port)
        )
        hang_up = threading.Thread(target=lambda: server.accept()[0].close())
        hang_up.start()
        with pytest.raises(Unavailable, match="closed the connection"):
            make(settings).send(make_trial("http://127.0.0.1:7860"))
        hang_up.join()


def test_the_settings_open_the_channels(settings: Settings) -> None:
    assert channels_of(settings) == []
    both = Settings(settings.home, webhook=WebhookSettings("https://x.org/t0ken"), mail=mail_settings(25))
    assert [(channel.name, channel.shown) for channel in channels_of(both)] == [
        ("webhook", "https://x.org"),
        ("mail", "a@example.org, b@example.org"),
    ]
    assert "t0ken" not in repr(both)
