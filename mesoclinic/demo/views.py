"""The demo's mailbox: what the clinic mailed, read from the sink's folder. Mounted in the demo only."""

from email.message import EmailMessage
from email.utils import parsedate_to_datetime

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from mesoclinic.demo import sink

_NEWEST = 200


@require_safe
@login_not_required
def mailbox(request: HttpRequest) -> HttpResponse:
    """The newest mails."""
    shown = [_row(name, mail) for name, mail in sink.newest(_NEWEST)]
    return render(request, "demo/mailbox.html", {"mails": shown})


@require_safe
@login_not_required
def mail(request: HttpRequest, name: str) -> HttpResponse:
    """One mail as plain text; its HTML part is never run."""
    found = _found(name)
    papers = [(number, part.get_filename() or f"part-{number}") for number, part in enumerate(_papers(found))]
    return render(request, "demo/mail.html", {**_row(name, found), "text": _text(found), "papers": papers})


@require_safe
@login_not_required
def paper(request: HttpRequest, name: str, number: str) -> HttpResponse:
    """One attachment, always as a download."""
    papers = _papers(_found(name))
    if int(number) >= len(papers):
        raise Http404
    part = papers[int(number)]
    response = HttpResponse(part.get_payload(decode=True), content_type="application/octet-stream")
    if part.get_content_type() == "application/pdf":
        response.headers["Content-Type"] = "application/pdf"
    response.headers["Content-Disposition"] = content_disposition_header(True, part.get_filename() or f"part-{number}")
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _found(name: str) -> EmailMessage:
    try:
        return sink.read(sink.mail_folder() / f"{name}.eml")
    except FileNotFoundError as problem:
        raise Http404 from problem


def _row(name: str, found: EmailMessage) -> dict[str, object]:
    stated = found.get("Date")
    return {
        "name": name,
        "to": str(found.get("To", "")),
        "sender": str(found.get("From", "")),
        "subject": str(found.get("Subject", "")),
        "at": parsedate_to_datetime(str(stated)) if stated else None,
        "message_id": str(found.get("Message-ID", "")),
    }


def _text(found: EmailMessage) -> str:
    body = found.get_body(("plain", "html"))
    return str(body.get_content()) if body else ""


def _papers(found: EmailMessage) -> list[EmailMessage]:
    return [part for part in found.iter_attachments() if isinstance(part, EmailMessage)]
