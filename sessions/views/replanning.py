"""The rest of a course planned anew: before and after side by side, then all of it or nothing."""

from uuid import uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from mesoclinic.access import Can, StaffRequest, disclose, may, needs
from mesoclinic.errors import ClinicError
from mesoclinic.http import fragment
from mesoclinic.typed import number_in
from sessions.forms.replanning import BookRestForm, ReplanForm
from sessions.models import Series
from sessions.queries.bookings import clinicians_at, series_for
from sessions.queries.replanning import first_day, visit_in, wishes_of
from sessions.queries.replanning_page import ShownRest, shown_rest
from sessions.queries.stops import booking_stops
from sessions.services.replanning import replan_series

WISHES = ("start", "weekdays", "earliest", "latest", "clinician", "picks", "visit", "keep", "same_day")


@require_http_methods(["GET", "POST"])
@needs(Can.BOOK)
def replan(request: StaffRequest, series_id: int) -> HttpResponse:
    """The proposal for the sessions that were not performed; nothing is saved until it is confirmed."""
    series = series_for(request.actor, series_id)
    form = _form(request, series)
    if form.is_valid() and request.POST.get("action") == "confirm":
        data = form.cleaned_data
        try:
            replan_series(request.actor, series_id=series_id, wishes=form.wishes, seen=data["seen"], key=data["key"])
        except ClinicError as error:
            form.refuse(error)
        else:
            messages.success(request, _("The rest of the course is planned anew."))
            return redirect("sessions:series", series_id=series_id)
    return _page(request, series, form)


def _form(request: StaffRequest, series: Series) -> ReplanForm:
    clinicians = clinicians_at(series.site, injecting=True)
    may_override = may(request.actor, Can.OVERRIDE_FINDING)
    if request.method == "POST":
        wanted = BookRestForm if request.POST.get("action") == "confirm" else ReplanForm
        return wanted(request.POST, clinicians=clinicians, may_override=may_override)
    visit = visit_in(series, number_in(request.GET.get("visit", "")))
    shown = wishes_of(series) | {"start": first_day(series, visit), "keep": "on", "visit": visit.pk if visit else ""}
    if shown.get("clinician") not in [each.pk for each in clinicians]:
        shown["clinician"] = ""
    return ReplanForm(shown, clinicians=clinicians, may_override=may_override)


def _page(request: StaffRequest, series: Series, form: ReplanForm) -> HttpResponse:
    shown, refusal = _shown(series, form)
    disclose(request.actor, "replan series", [series.patient_id])
    context = {
        "series": series,
        "patient": series.patient,
        "form": form,
        "shown": shown,
        "refusal": refusal,
        "stops": booking_stops(series.plan_version),
        "key": uuid4().hex,
        "may_override": may(request.actor, Can.OVERRIDE_FINDING),
    }
    return render(request, fragment(request, "sessions/replan.html", "proposal"), context, status=form.status)


def _shown(series: Series, form: ReplanForm) -> tuple[ShownRest | None, str]:
    """The proposal, or why there is none; wishes that cannot be read are said beside their fields."""
    if any(name not in form.cleaned_data for name in WISHES):
        return None, ""
    try:
        return shown_rest(series, form.wishes), ""
    except ClinicError as refusal:
        return None, refusal.message


urls = [path("series/<id:series_id>/replan/", replan, name="replan")]
