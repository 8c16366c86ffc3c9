"""What open screens ask by themselves: whether something changed, and where a dragged visit may not begin."""

from django.http import HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.http import require_GET

from mesoclinic.access import Can, StaffRequest, disclose, needs
from patients.queries.consultations import today_at
from sessions.queries.bookings import booking_for, site_for
from sessions.queries.calendar import days_shown
from sessions.queries.live import version_of
from sessions.queries.moving import barred_for
from sessions.queries.planning import visit_type_of
from sessions.views.calendar import page_of, wanted_of


@require_GET
@needs(Can.VIEW_SCHEDULE)
def version(request: StaffRequest) -> HttpResponse:
    """One word that changes with the visits of the page; it names nobody, so that asking is not audited."""
    wanted = wanted_of(request)
    site = site_for(request.actor, wanted["site"])
    days = days_shown(wanted["on"] or today_at(site), wanted["view"])
    word = version_of(request.actor, site=site, first=days[0], last=days[-1], blocks="blocks" in request.GET)
    return JsonResponse({"version": word})


@require_GET
@needs(Can.BOOK)
def barred(request: StaffRequest, booking_id: int) -> HttpResponse:
    """Where on the page a visit may not begin, and why."""
    booking = booking_for(request.actor, booking_id)
    disclose(request.actor, "move booking", [booking.patient_id] if booking.patient_id else [])
    stretches = barred_for(booking, visit_type_of(booking), page_of(request))
    return JsonResponse({"barred": [each.drawn() for each in stretches]})


urls = [
    path("calendar/version/", version, name="calendar_version"),
    path("bookings/<id:booking_id>/barred/", barred, name="barred_times"),
]
