"""Booking a whole series, and the series as it stands."""

from uuid import uuid4

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from mesoclinic import clock
from mesoclinic.access import Can, StaffRequest, disclose, may, needs
from mesoclinic.errors import ClinicError
from mesoclinic.http import fragment
from patients.queries.banner import banner_for
from sessions.forms.series import BookSeriesForm, SeriesForm
from sessions.queries.bookings import BookablePlan, bookable_plan_for, clinicians_at, series_for
from sessions.queries.changes import undo_offer
from sessions.queries.proposal import shown_proposal
from sessions.queries.series import series_page
from sessions.queries.stops import booking_stops
from sessions.rules.series_places import Preferences
from sessions.services.booking import Override
from sessions.services.booking import book_series as book

PREFERENCES = ("start", "weekdays", "earliest", "latest", "clinician")


@require_http_methods(["GET", "POST"])
@needs(Can.BOOK)
def book_series(request: StaffRequest, plan_id: int) -> HttpResponse:
    """All sessions of a signed plan as they would be booked; nothing is saved until they are."""
    found = bookable_plan_for(request.actor, plan_id)
    if found.series is not None and request.method == "GET":
        return redirect("sessions:series", series_id=found.series.pk)
    form = _form(request, found)
    if form.is_valid() and request.POST.get("action") == "book":
        try:
            series = book(
                request.actor,
                plan_id=plan_id,
                preferences=form.preferences,
                seen=form.cleaned_data["seen"],
                key=form.cleaned_data["key"],
                override=Override(form.late_ordinals, form.cleaned_data.get("reason", "")),
            )
        except ClinicError as error:
            form.refuse(error)
        else:
            messages.success(request, _booked(found))
            return redirect("sessions:series", series_id=series.pk)
    return _page(request, found, form)


@require_GET
@needs(Can.VIEW_SCHEDULE)
def series(request: StaffRequest, series_id: int) -> HttpResponse:
    """Every session of a series: when it is, how far from the one before, until when it may be moved."""
    page = series_page(series_for(request.actor, series_id))
    disclose(request.actor, "series", [page.series.patient_id])
    context = {"page": page, "series": page.series, "may_book": may(request.actor, Can.BOOK)}
    context["undo"] = undo_offer(request.actor)
    context["may_treat"] = may(request.actor, Can.PREPARE_TREATMENT)
    context["banner"] = banner_for(request.actor, page.series.patient, on=clock.now().date())
    return render(request, fragment(request, "sessions/series.html", "ribbon"), context)


def _form(request: StaffRequest, found: BookablePlan) -> SeriesForm:
    site = found.plan.site
    clinicians = clinicians_at(site, injecting=True)
    may_override = may(request.actor, Can.OVERRIDE_FINDING)
    signer = found.version.signed_by_id if found.version else None
    shown = {
        "start": clock.now().astimezone(site.zone).date(),
        "clinician": signer if signer and clinicians.filter(pk=signer).exists() else None,
    }
    if request.POST.get("action") == "book":
        return BookSeriesForm(request.POST, clinicians=clinicians, may_override=may_override)
    return SeriesForm(_asked(request), clinicians=clinicians, may_override=may_override, initial=shown)


def _asked(request: StaffRequest) -> QueryDict | None:
    if request.method == "POST":
        return request.POST
    return request.GET if "start" in request.GET else None


def _page(request: StaffRequest, found: BookablePlan, form: SeriesForm) -> HttpResponse:
    plan = found.plan
    proposal = None
    if found.version is not None and found.series is None:
        wanted = form.preferences if form.is_bound and _all_there(form) else _initial(form)
        proposal = shown_proposal(found.version, wanted, form.late_ordinals)
    disclose(request.actor, "book series", [plan.patient_id])
    context = {
        "found": found,
        "plan": plan,
        "form": form,
        "shown": proposal,
        "stops": booking_stops(found.version) if found.version else [],
        "key": uuid4().hex,
        "patient": plan.patient,
        "may_override": may(request.actor, Can.OVERRIDE_FINDING),
    }
    return render(request, fragment(request, "sessions/book_series.html", "proposal"), context, status=form.status)


def _all_there(form: SeriesForm) -> bool:
    """Whether the preferences can be read, also when the dates that came with them could not be booked."""
    return all(name in form.cleaned_data for name in (*PREFERENCES, "picks"))


def _initial(form: SeriesForm) -> Preferences:
    return Preferences(
        start=form.initial.get("start") or clock.now().date(), clinician_id=form.initial.get("clinician")
    )


def _booked(found: BookablePlan) -> str:
    count = found.version.session_count if found.version else 0
    return ngettext("%(n)d session booked.", "%(n)d sessions booked.", count) % {"n": count}


urls = [
    path("plans/<id:plan_id>/book/", book_series, name="book_series"),
    path("series/<id:series_id>/", series, name="series"),
]
