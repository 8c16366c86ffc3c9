"""The calendar and the status board."""

import json
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from mesoclinic.access import Can, StaffRequest, disclose, may, needs
from mesoclinic.errors import ClinicError
from mesoclinic.http import fragment
from mesoclinic.sites import Site
from mesoclinic.typed import number_in
from sessions.forms.bookings import CalendarForm, StateForm
from sessions.queries.board import board_for
from sessions.queries.bookings import booking_for, site_for, sites_for
from sessions.queries.calendar import CalendarPage, calendar_for, drawn
from sessions.queries.changes import undo_offer
from sessions.queries.live import Deed, deeds_since
from sessions.services.visits import set_state


@require_GET
@needs(Can.VIEW_SCHEDULE)
def calendar(request: StaffRequest) -> HttpResponse:
    """A day or a week of one site by clinician or room: a list for everybody, a grid where the browser can."""
    page = page_of(request)
    disclose(request.actor, "calendar", page.patient_ids)
    context = {"page": page, "drawn": json.dumps(drawn(page), ensure_ascii=False), "sites": sites_for(request.actor)}
    context["may_book"] = may(request.actor, Can.BOOK)
    context["undo"] = undo_offer(request.actor)
    context["deeds"] = _deeds(request, page.site)
    return render(request, fragment(request, "sessions/calendar.html", "calendar"), context)


@require_GET
@needs(Can.VIEW_SCHEDULE)
def events(request: StaffRequest) -> HttpResponse:
    """The same visits as data for the browser's grid."""
    page = page_of(request)
    disclose(request.actor, "calendar", page.patient_ids)
    return JsonResponse(drawn(page))


@require_GET
@needs(Can.VIEW_SCHEDULE)
def board(request: StaffRequest) -> HttpResponse:
    """Who is where today."""
    site = site_for(request.actor, number_in(request.GET.get("site", "")))
    shown = board_for(request.actor, site=site)
    disclose(request.actor, "board", shown.patient_ids)
    context = {"board": shown, "sites": sites_for(request.actor), "deeds": _deeds(request, site)}
    context["may_treat"] = may(request.actor, Can.PREPARE_TREATMENT)
    return render(request, fragment(request, "sessions/board.html", "board"), context)


@require_POST
@needs(Can.VIEW_SCHEDULE)
def state(request: StaffRequest, booking_id: int) -> HttpResponse:
    """One tap: the visit goes on to its next state."""
    booking = booking_for(request.actor, booking_id)
    form = StateForm(request.POST)
    if not form.is_valid():
        raise ClinicError(_("Open the board again and choose one of the states shown."))
    set_state(request.actor, booking_id=booking.pk, **form.cleaned_data)
    if request.POST.get("back") == "booking":
        return redirect("sessions:booking", booking_id=booking.pk)
    return redirect("sessions:board")


def _deeds(request: StaffRequest, site: Site) -> list[Deed]:
    """What others did since the screen was drawn, for one that draws itself again."""
    known = number_in(request.GET.get("since", ""))
    return [] if known is None else deeds_since(request.actor, site=site, change=known)


def page_of(request: StaffRequest) -> CalendarPage:
    """The part of the calendar that the address names."""
    wanted = wanted_of(request)
    site = site_for(request.actor, wanted.pop("site"))
    return calendar_for(request.actor, site=site, **wanted)


def wanted_of(request: StaffRequest) -> dict[str, Any]:
    """What part of the calendar the address names; raises ClinicError for one that names none."""
    form = CalendarForm(request.GET)
    if not form.is_valid():
        raise ClinicError(str(next(iter(form.errors.values()))[0]))
    return form.cleaned_data


urls = [
    path("calendar/", calendar, name="calendar"),
    path("calendar/events/", events, name="calendar_events"),
    path("board/", board, name="board"),
    path("bookings/<id:booking_id>/state/", state, name="booking_state"),
]
