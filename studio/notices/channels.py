"""The ways to people, and which of them the settings open."""

from __future__ import annotations

from typing import Protocol

from studio.notices.mail import MailChannel
from studio.notices.message import Message
from studio.notices.webhook import WebhookChannel
from studio.settings import Settings


class Channel(Protocol):
    """One way to people; ``shown`` says where it leads without telling a secret."""

    name: str
    shown: str

    def send(self, message: Message) -> None:
        """Send a message; NotDelivered, with the reason, where that fails. Takes 10 s at most a step."""


def channels_of(settings: Settings) -> list[Channel]:
    """Every way that is set up."""
    found: list[Channel] = []
    if settings.webhook is not None:
        found.append(WebhookChannel(settings.webhook))
    if settings.mail is not None:
        found.append(MailChannel(settings.mail))
    return found
