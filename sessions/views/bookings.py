"""Pages of single bookings: new, seen, moved, cancelled."""

from datetime import date, datetime
from uuid import uuid4

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mesoclinic import clock
from mesoclinic.access import Can, StaffRequest, disclose, may, needs
from mesoclinic.errors import ClinicError
from mesoclinic.sites import Site
from mesoclinic.typed import number_in
from patients.queries.people import patients_for
from sessions.forms.bookings import BookVisitForm, CancelForm, MoveForm
from sessions.queries.board import steps_for
from sessions.queries.bookings import booking_for, clinicians_at, site_for
from sessions.queries.changes import last_change_of, place_after, undo_offer
from sessions.queries.series import peek_for
from sessions.services import visits
from sessions.services.undo import undo as undo_change


@require_http_methods(["GET", "POST"])
@needs(Can.BOOK)
def new_booking(request: StaffRequest) -> HttpResponse:
    """Book one consultation, assessment or other visit, or block time."""
    site = site_for(request.actor, number_in(request.GET.get("site", "")))
    patients = patients_for(request.actor)
    shown = {"key": uuid4().hex, "patient": number_in(request.GET.get("patient", "")), **_from_now(site)}
    form = BookVisitForm(_posted(request), site=site, patients=patients, clinicians=clinicians_at(site), initial=shown)
    alternatives: list[object] = []
    if form.is_valid():
        try:
            booking = visits.book_visit(request.actor, site=site, **form.cleaned_data)
        except ClinicError as error:
            alternatives = list(getattr(error, "alternatives", ()))
            form.refuse(error)
        else:
            messages.success(request, _("Visit booked."))
            return redirect("sessions:booking", booking_id=booking.pk)
    patient = patients.filter(pk=number_in(str(form["patient"].value() or "")) or 0).first()
    disclose(request.actor, "new booking", [patient.pk] if patient else [])
    context = {"form": form, "site": site, "patient": patient, "alternatives": alternatives}
    return render(request, "sessions/new_booking.html", context, status=form.status)


@require_GET
@needs(Can.VIEW_SCHEDULE)
def booking(request: StaffRequest, booking_id: int) -> HttpResponse:
    """Everything needed to decide without leaving the calendar."""
    found = booking_for(request.actor, booking_id)
    peek = peek_for(request.actor, found)
    disclose(request.actor, "booking", [found.patient_id] if found.patient_id else [])
    context = {
        "booking": found,
        "peek": peek,
        "undo": undo_offer(request.actor),
        "last_change": last_change_of(found),
        "steps": steps_for(request.actor, found),
        "may_book": may(request.actor, Can.BOOK),
        "may_treat": may(request.actor, Can.PREPARE_TREATMENT),
    }
    return render(request, "sessions/booking.html", context)


@require_http_methods(["GET", "POST"])
@needs(Can.BOOK)
def move(request: StaffRequest, booking_id: int) -> HttpResponse:
    """Another legal time for a visit."""
    found = booking_for(request.actor, booking_id)
    form = MoveForm(_posted(request), booking=found, clinicians=clinicians_at(found.site))
    alternatives: list[object] = []
    if form.is_valid():
        try:
            visits.move_booking(request.actor, booking_id=booking_id, **form.cleaned_data)
        except ClinicError as error:
            alternatives = list(getattr(error, "alternatives", ()))
            form.refuse(error)
        else:
            messages.success(request, _("Visit moved."))
            return redirect("sessions:booking", booking_id=booking_id)
    disclose(request.actor, "move booking", [found.patient_id] if found.patient_id else [])
    context = {"form": form, "booking": found, "site": found.site, "alternatives": alternatives}
    return render(request, "sessions/move_booking.html", context, status=form.status)


@require_http_methods(["GET", "POST"])
@needs(Can.BOOK)
def cancel(request: StaffRequest, booking_id: int) -> HttpResponse:
    """Give a visit's time back."""
    found = booking_for(request.actor, booking_id)
    form = CancelForm(_posted(request), initial={"version": found.version})
    if form.accepted_by(visits.cancel_booking, request.actor, booking_id=booking_id):
        messages.success(request, _("Visit cancelled."))
        return redirect("sessions:booking", booking_id=booking_id)
    disclose(request.actor, "cancel booking", [found.patient_id] if found.patient_id else [])
    return render(request, "sessions/cancel_booking.html", {"form": form, "booking": found}, status=form.status)


@require_POST
@needs(Can.BOOK)
def undo(request: StaffRequest, change_id: int) -> HttpResponse:
    """Take back what was done to bookings a moment ago."""
    change = undo_change(request.actor, change_id=change_id)
    messages.success(request, _("Undone. All is as it was before."))
    place = place_after(change)
    return redirect(reverse(place.name, kwargs=dict(place.keys)))


def _from_now(site: Site) -> dict[str, date | datetime]:
    return {"on": clock.now().astimezone(site.zone).date()}


def _posted(request: StaffRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


urls = [
    path("bookings/new/", new_booking, name="new_booking"),
    path("bookings/<id:booking_id>/", booking, name="booking"),
    path("bookings/<id:booking_id>/move/", move, name="move_booking"),
    path("bookings/<id:booking_id>/cancel/", cancel, name="cancel_booking"),
    path("changes/<id:change_id>/undo/", undo, name="undo"),
]
