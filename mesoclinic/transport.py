"""How a mail leaves the clinic, and how a crashed send is looked up afterwards."""

import re
import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.core.mail.message import sanitize_address
from django.core.validators import validate_email
from django.utils.module_loading import import_string

from mesoclinic import faultpoints

_ACCEPTED, _FORWARDED, _READY, _LATER, _REFUSED = 250, 251, 354, 400, 500
_ONE_LINE = re.compile(r"[^\x00-\x1f\x7f]*")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a mail."""

    name: str
    mime: str
    content: bytes


class BadMail(ValueError):
    """The mail cannot be sent as it is: its recipient or its subject is not one plain line."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to one recipient; the message_id is set by the outbox."""

    to: str
    subject: str
    text: str
    html: str = ""
    attachments: Sequence[Attachment] = ()
    message_id: str = ""
    language: str = "en"

    def __post_init__(self) -> None:
        for line in (self.subject, self.message_id, self.language, *(file.name for file in self.attachments)):
            if not _ONE_LINE.fullmatch(line):
                raise BadMail("A header holds a line break or a control character.")
        try:
            validate_email(self.to)
        except ValidationError as problem:
            raise BadMail("The recipient is not one e-mail address.") from problem


class Found(StrEnum):
    """What the transport knows of a Message-ID."""

    SENT = "sent"
    ABSENT = "absent"
    CANNOT_TELL = "cannot_tell"


class NotSent(Exception):
    """The server did not take the mail; `final` when trying again is useless. The text holds no patient data."""

    def __init__(self, what: str, *, final: bool = False) -> None:
        super().__init__(what)
        self.final = final


class Unsure(Exception):
    """The connection broke after the text was handed over: the mail may have been sent."""


class Transport(Protocol):
    """Sends a mail, and tells whether one was sent."""

    def send(self, mail: Mail) -> None:
        """Return when the server has taken the mail; raise NotSent or Unsure otherwise."""

    def find(self, message_id: str) -> Found:
        """Whether a mail with this Message-ID was taken."""


class SmtpTransport:
    """Plain SMTP by Django's EMAIL_* settings; it cannot look a mail up."""

    def send(self, mail: Mail) -> None:
        content = _bytes_of(mail)
        with _session() as server:
            with _before_data():
                _accept(server.mail(settings.DEFAULT_FROM_EMAIL))
                _accept(server.rcpt(sanitize_address(mail.to, "utf-8")))
                _accept(server.docmd("DATA"), _READY)
            with _in_data():
                _accept(_hand_over(server, content))
            faultpoints.reach("after_250")

    def find(self, message_id: str) -> Found:
        return Found.CANNOT_TELL


class SinkTransport(SmtpTransport):
    """SMTP to the demo's own sink, which keeps an index of what it took."""

    def find(self, message_id: str) -> Found:
        from mesoclinic.demo import sink

        return Found.SENT if sink.find(message_id) else Found.ABSENT


def current() -> Transport:
    """The transport named by settings.MAIL_TRANSPORT."""
    transport: Transport = import_string(settings.MAIL_TRANSPORT)()
    return transport


def _bytes_of(mail: Mail) -> bytes:
    try:
        content: bytes = _message(mail).message().as_bytes()
    except ValueError as problem:
        raise NotSent(f"writing failed: {type(problem).__name__}", final=True) from problem
    # A line may end only in CR LF, or a lone CR could smuggle a second mail in.
    return re.sub(rb"\r\n|\r|\n", b"\r\n", content)


def _message(mail: Mail) -> EmailMultiAlternatives:
    headers = {"Message-ID": mail.message_id, "Content-Language": mail.language, "Auto-Submitted": "auto-generated"}
    message = EmailMultiAlternatives(mail.subject, mail.text, settings.DEFAULT_FROM_EMAIL, [mail.to], headers=headers)
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    for file in mail.attachments:
        message.attach(file.name, file.content, file.mime)
    return message


@contextmanager
def _session() -> Iterator[smtplib.SMTP]:
    with _before_data():
        server = smtplib.SMTP(settings.EMAIL_HOST, settings.EMAIL_PORT, timeout=settings.EMAIL_TIMEOUT)
    try:
        with _before_data():
            if settings.EMAIL_USE_TLS:
                server.starttls(context=ssl.create_default_context())
            if settings.EMAIL_HOST_USER:
                server.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
            server.ehlo_or_helo_if_needed()
        yield server
    finally:
        server.close()


def _hand_over(server: smtplib.SMTP, content: bytes) -> tuple[int, bytes]:
    stuffed = re.sub(rb"(?m)^\.", b"..", content)
    half = len(stuffed) // 2
    server.send(stuffed[:half])
    faultpoints.reach("in_data")
    server.send(stuffed[half:] + (b"" if stuffed.endswith(b"\r\n") else b"\r\n") + b".\r\n")
    return server.getreply()


def _accept(reply: tuple[int, bytes], wanted: int = _ACCEPTED) -> None:
    # The server's words may repeat the address, so only its number is kept.
    code = reply[0]
    if code >= _LATER:
        raise NotSent(f"SMTP {code}", final=code >= _REFUSED)
    if code not in (wanted, _FORWARDED):
        raise smtplib.SMTPServerDisconnected("The answer makes no sense.")


@contextmanager
def _before_data() -> Iterator[None]:
    try:
        yield
    except smtplib.SMTPAuthenticationError as problem:
        raise NotSent(f"SMTP {problem.smtp_code} at sign-in") from problem
    except smtplib.SMTPResponseException as problem:
        raise NotSent(f"SMTP {problem.smtp_code}", final=problem.smtp_code >= _REFUSED) from problem
    except (smtplib.SMTPException, OSError) as problem:
        raise NotSent(type(problem).__name__) from problem


@contextmanager
def _in_data() -> Iterator[None]:
    try:
        yield
    except (smtplib.SMTPException, OSError) as problem:
        raise Unsure(type(problem).__name__) from problem
