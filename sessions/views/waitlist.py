"""The waiting list, and the offer of a time that was given back."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mesoclinic.access import Can, StaffRequest, disclose, needs
from sessions.forms.waitlist import WaitForm
from sessions.queries.treatment import session_for
from sessions.queries.waitlist import entries_for, freed_for, freed_time, freed_times
from sessions.services import waitlist as services


@require_GET
@needs(Can.BOOK)
def waitlist(request: StaffRequest) -> HttpResponse:
    """Everybody who waits, and the times that were given back."""
    entries = list(entries_for(request.actor))
    freed = list(freed_times(request.actor))
    disclose(request.actor, "waiting list", {each.session.series.patient_id for each in entries})
    return render(request, "sessions/waitlist.html", {"entries": entries, "freed": freed})


@require_http_methods(["GET", "POST"])
@needs(Can.BOOK)
def wait(request: StaffRequest, session_id: int) -> HttpResponse:
    """Put a session on the waiting list."""
    session = session_for(request.actor, session_id)
    form = WaitForm(request.POST if request.method == "POST" else None)
    if form.accepted_by(services.wait_for_time, request.actor, session_id=session.pk):
        messages.success(request, _("On the waiting list."))
        return redirect("sessions:waitlist")
    disclose(request.actor, "waiting list", [session.series.patient_id])
    context = {"form": form, "session": session, "patient": session.series.patient}
    return render(request, "sessions/wait.html", context, status=form.status)


@require_POST
@needs(Can.BOOK)
def stop_waiting(request: StaffRequest, entry_id: int) -> HttpResponse:
    """Take a session off the list."""
    services.stop_waiting(request.actor, entry_id=entry_id)
    messages.success(request, _("Taken off the waiting list."))
    return redirect("sessions:waitlist")


@require_GET
@needs(Can.BOOK)
def freed(request: StaffRequest, freed_id: int) -> HttpResponse:
    """Who fits a time that was given back, in turn and why."""
    page = freed_time(request.actor, freed_for(request.actor, freed_id))
    disclose(request.actor, "waiting list", page.patient_ids)
    return render(request, "sessions/freed_time.html", {"page": page, "freed": page.freed})


@require_POST
@needs(Can.BOOK)
def offer(request: StaffRequest, freed_id: int, entry_id: int) -> HttpResponse:
    """Keep the time for the next in turn."""
    by_mail = request.POST.get("by") == "mail"
    services.offer_time(request.actor, freed_id=freed_id, entry_id=entry_id, by_mail=by_mail)
    said = _("The time is kept, and the patient gets a mail.") if by_mail else _("The time is kept. Call the patient.")
    messages.success(request, said)
    return redirect("sessions:freed_time", freed_id)


@require_POST
@needs(Can.BOOK)
def answer(request: StaffRequest, offer_id: int) -> HttpResponse:
    """What the patient said."""
    taken = request.POST.get("answer") == "yes"
    made = services.answer_offer(request.actor, offer_id=offer_id, taken=taken)
    messages.success(request, _("Booked.") if taken else _("The time is free for the next in turn."))
    if taken:
        return redirect("sessions:series", made.entry.session.series_id)
    return redirect("sessions:freed_time", made.freed_id)


urls = [
    path("waitlist/", waitlist, name="waitlist"),
    path("waitlist/sessions/<id:session_id>/", wait, name="wait"),
    path("waitlist/<id:entry_id>/end/", stop_waiting, name="stop_waiting"),
    path("bookings/<id:freed_id>/waitlist/", freed, name="freed_time"),
    path("bookings/<id:freed_id>/waitlist/<id:entry_id>/", offer, name="offer_time"),
    path("offers/<id:offer_id>/", answer, name="answer_offer"),
]
