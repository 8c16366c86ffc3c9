"""A clinician is away: everybody whom this concerns with proposals, reviewed by the desk and confirmed once."""

from uuid import uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from mesoclinic import clock
from mesoclinic.access import Can, StaffRequest, disclose, needs
from mesoclinic.errors import ClinicError
from mesoclinic.http import fragment
from patients.queries.consultations import today_at
from sessions.forms.absences import AwayForm, ClearForm
from sessions.queries.absences import Line, lines_for, people_at, summary_of, when_of
from sessions.queries.bookings import site_for
from sessions.queries.changes import undo_offers
from sessions.services.absences import Cleared, clear_absence

ASKED = ("clinician", "first_on", "last_on", "earliest", "latest", "reason")


@require_http_methods(["GET", "POST"])
@needs(Can.BOOK)
def absence(request: StaffRequest) -> HttpResponse:
    """Who is away, whose visits this concerns, and a proposal for each; nothing is saved until it is confirmed."""
    form = _form(request)
    lines = _lines(request, form)
    if request.POST.get("action") == "confirm" and form.is_valid() and not form.changed:
        try:
            orders = form.orders(lines)
            cleared = clear_absence(request.actor, away=form.away, orders=orders, key=form.cleaned_data["key"])
        except ClinicError as error:
            form.refuse(error)
        else:
            _tell(request, cleared)
            return redirect(f"{reverse('sessions:absence')}?{_address(form)}")
    return _page(request, form, lines)


def _form(request: StaffRequest) -> AwayForm:
    today = today_at(site_for(request.actor, None))
    people = people_at(request.actor)
    if request.method == "POST":
        wanted = ClearForm if request.POST.get("action") == "confirm" else AwayForm
        return wanted(request.POST, people=people, today=today)
    if "clinician" in request.GET and "first_on" in request.GET:
        return AwayForm(request.GET, people=people, today=today)
    return AwayForm(people=people, today=today, initial={"first_on": request.GET.get("on", today)})


def _lines(request: StaffRequest, form: AwayForm) -> list[Line]:
    return lines_for(request.actor, form.away, form.choices, form.picks) if form.is_valid() else []


def _page(request: StaffRequest, form: AwayForm, lines: list[Line]) -> HttpResponse:
    shown = undo_offers(request.actor)
    patients = {line.booking.patient_id for line in lines} | {each.change.patient_id for each in shown}
    disclose(request.actor, "absence of a clinician", [pk for pk in patients if pk])
    context = {
        "form": form,
        "lines": lines,
        "asked": form.is_bound and form.is_valid(),
        "summary": summary_of(lines),
        "key": uuid4().hex,
        "undoable": shown,
        "now": clock.now(),
    }
    return render(request, fragment(request, "sessions/absence.html", "affected"), context, status=form.status)


def _tell(request: StaffRequest, cleared: Cleared) -> None:
    number = len(cleared.done)
    words = ngettext(
        "The absence is saved, %(n)d visit changed.", "The absence is saved, %(n)d visits changed.", number
    )
    messages.success(request, words % {"n": number})
    for booking, why in cleared.failed:
        facts = {"when": when_of(booking), "why": why}
        messages.error(request, _("The visit of %(when)s was not changed: %(why)s") % facts)


def _address(form: AwayForm) -> str:
    return urlencode({name: form.data.get(name, "") for name in ASKED})


urls = [path("absences/new/", absence, name="absence")]
