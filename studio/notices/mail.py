"""News as plain e-mail over SMTP."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate

from studio.errors import Unavailable
from studio.notices.message import Message
from studio.notices.webhook import TIMEOUT_SECONDS, reason_of
from studio.settings import MailSettings


class MailChannel:
    """Writes to the recipients of the settings; a message sent again has the same Message-ID."""

    name = "mail"

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings
        self.shown = ", ".join(settings.recipients)

    def send(self, message: Message) -> None:
        """Send a message to every recipient; Unavailable where the server does not take it."""
        letter = self.write(message)
        try:
            with self.connect() as server:
                if self._settings.user:
                    server.login(self._settings.user, self._settings.password or "")
                server.send_message(letter)
        except smtplib.SMTPAuthenticationError as error:
            raise self.unsent("it does not know this user and password") from error
        except smtplib.SMTPResponseException as error:
            raise self.unsent(f"it answered with code {error.smtp_code}") from error
        except smtplib.SMTPRecipientsRefused as error:
            raise self.unsent("it takes no mail for these recipients") from error
        except smtplib.SMTPNotSupportedError as error:
            raise self.unsent("it offers no STARTTLS or no login") from error
        except smtplib.SMTPServerDisconnected as error:
            raise self.unsent("it closed the connection") from error
        except ssl.SSLError as error:
            raise self.unsent(f"its encryption cannot be trusted ({error.reason})") from error
        except (OSError, ValueError) as error:
            raise self.unsent(reason_of(error)) from error

    def connect(self) -> smtplib.SMTP:
        """A connection to the server, encrypted as the settings say."""
        host, port, security = self._settings.host, self._settings.port, self._settings.security
        context = ssl.create_default_context()
        if security == "ssl":
            return smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_SECONDS, context=context)
        server = smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS)
        if security == "starttls":
            try:
                server.starttls(context=context)
            except (OSError, smtplib.SMTPException):
                server.close()
                raise
        return server

    def write(self, message: Message) -> EmailMessage:
        """The letter."""
        letter = EmailMessage()
        letter["Subject"] = message.subject
        letter["From"] = self._settings.sender
        letter["To"] = self.shown
        letter["Date"] = formatdate(localtime=False)
        letter["Message-ID"] = f"<{message.id}@encoder-studio.invalid>"
        letter["Auto-Submitted"] = "auto-generated"
        letter.set_content(message.text)
        return letter

    def unsent(self, reason: str) -> Unavailable:
        """The error of a letter that was not taken."""
        return Unavailable(
            f"The mail server {self._settings.host} took no message: {reason}.",
            "Check the STUDIO_SMTP_... settings.",
        )
