"""The ledger of messages, and what the desk does with them."""

from collections.abc import Callable
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from mesoclinic.access import Can, StaffRequest, disclose, needs
from mesoclinic.actors import Actor
from patients.models import Notice
from patients.queries.notices import notice_for
from patients.services import notices
from sessions.documents.papers import paper_for_notice
from sessions.forms.messages import LedgerFilter
from sessions.queries.messages import ledger_for

_PAPER_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Content-Disposition": 'inline; filename="paper.pdf"',
}


@require_GET
@needs(Can.VIEW_MESSAGES)
def ledger(request: StaffRequest) -> HttpResponse:
    """What was sent, what waits and why, what failed and what to do."""
    form = LedgerFilter(request.GET)
    state, patient_id = (form.cleaned_data["state"], form.cleaned_data["patient"]) if form.is_valid() else ("", None)
    page = request.GET.get("page", "1")
    found = ledger_for(request.actor, state=state, patient_id=patient_id, page=page)
    disclose(request.actor, "messages", found.patient_ids)
    context = {"ledger": found, "form": form, "query": _query(form)}
    return render(request, "sessions/messages.html", context, status=form.status)


@require_GET
@needs(Can.VIEW_DOCUMENTS)
def paper(request: StaffRequest, notice_id: int) -> HttpResponse:
    """The message as a paper to hand over."""
    notice = notice_for(request.actor, notice_id)
    content = paper_for_notice(notice)
    disclose(request.actor, "print message", [notice.patient_id])
    return HttpResponse(content, content_type="application/pdf", headers=_PAPER_HEADERS)


@require_POST
@needs(Can.SEND_MESSAGES)
def send(request: StaffRequest, notice_id: int) -> HttpResponse:
    """Send a message now, or again."""
    return _done(request, notice_id, notices.send_now, _("The message goes out now."))


@require_POST
@needs(Can.SEND_MESSAGES)
def told(request: StaffRequest, notice_id: int) -> HttpResponse:
    """The patient was told by phone."""
    return _done(request, notice_id, notices.mark_told, _("Marked as told by phone."))


@require_POST
@needs(Can.SEND_MESSAGES)
def printed(request: StaffRequest, notice_id: int) -> HttpResponse:
    """The paper was handed over."""
    return _done(request, notice_id, notices.mark_printed, _("Marked as printed."))


@require_POST
@needs(Can.SEND_MESSAGES)
def arrived(request: StaffRequest, notice_id: int) -> HttpResponse:
    """An uncertain message did arrive."""
    return _done(request, notice_id, notices.mark_arrived, _("Marked as arrived."))


def _done(request: StaffRequest, notice_id: int, service: Callable[..., Notice], words: object) -> HttpResponse:
    actor: Actor = request.actor
    notice = service(actor, notice_id=notice_id)
    disclose(actor, "message", [notice.patient_id])
    messages.success(request, str(words))
    query = _query(LedgerFilter(request.POST))
    return redirect(f"{reverse('sessions:messages')}?{query}" if query else "sessions:messages")


def _query(form: LedgerFilter) -> str:
    """The filter as it goes into addresses; what is not understood is left out."""
    form.is_valid()
    return urlencode({name: value for name, value in form.cleaned_data.items() if value})


urls = [
    path("messages/", ledger, name="messages"),
    path("messages/<id:notice_id>/paper/", paper, name="message_paper"),
    path("messages/<id:notice_id>/send/", send, name="send_message"),
    path("messages/<id:notice_id>/told/", told, name="tell_message"),
    path("messages/<id:notice_id>/printed/", printed, name="print_message"),
    path("messages/<id:notice_id>/arrived/", arrived, name="settle_message"),
]
