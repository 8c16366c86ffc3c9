"""One visit on its patient's phone: by link, without a sign-in and without a name on the page."""

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone, translation
from django.views.decorators.http import require_GET, require_http_methods

from mesoclinic.access import Can, disclose
from mesoclinic.forms import ClinicForm
from mesoclinic.languages import spoken
from patients.views.link import LinkRequest, by_link, gone
from sessions.queries.own_visit import PURPOSE, Choice, OwnVisit, choices_of, last_own_change, own_visit
from sessions.services import own_visits

CHANGE = Can.CHANGE_OWN_VISIT
DONE = "own_visit_changed"


class OwnVisitForm(ClinicForm):
    """Carries nothing but the refusal of what was asked."""


class OwnMoveForm(OwnVisitForm):
    """One of the times that are offered."""

    choice = forms.CharField(max_length=40)


@require_http_methods(["GET", "POST"])
@by_link(PURPOSE, CHANGE, known=False)
def my_visit(request: LinkRequest) -> HttpResponse:
    """When the visit is, and what may be done with it; sending the form confirms it."""
    visit = own_visit(request.link)
    if visit is None:
        return gone(request)
    form = OwnVisitForm(request.POST if request.method == "POST" else None)
    if form.accepted_by(own_visits.confirm_own_visit, request.actor):
        return redirect("sessions:my_visit")
    return _page(request, "my_visit", visit, form)


@require_http_methods(["GET", "POST"])
@by_link(PURPOSE, CHANGE, known=False)
def move(request: LinkRequest) -> HttpResponse:
    """The legal times near the visit, one of which may be taken."""
    visit = own_visit(request.link)
    if visit is None:
        return gone(request)
    form = OwnMoveForm(request.POST if request.method == "POST" else None)
    if form.accepted_by(own_visits.move_own_visit, request.actor):
        return _done(request, visit)
    return _page(request, "my_visit_move", visit, form, choices_of(visit.booking) if visit.open else [])


@require_http_methods(["GET", "POST"])
@by_link(PURPOSE, CHANGE, known=False)
def cancel(request: LinkRequest) -> HttpResponse:
    """Ask once more, then give the visit back."""
    visit = own_visit(request.link)
    if visit is None:
        return gone(request)
    form = OwnVisitForm(request.POST if request.method == "POST" else None)
    if form.accepted_by(own_visits.cancel_own_visit, request.actor):
        return _done(request, visit)
    return _page(request, "my_visit_cancel", visit, form)


@login_not_required
@require_GET
def done(request: HttpRequest) -> HttpResponse:
    """What became of the visit, on the device that has just changed it: the link itself has died."""
    change = last_own_change(request.session.get(DONE, 0))
    if change is None:
        return gone(request)
    with translation.override(spoken(change.patient.language)), timezone.override(change.site.zone):
        context = {"clinic": change.site, "moved_to": change.moved_to}
        return render(request, "sessions/my_visit_done.html", context)


def _done(request: LinkRequest, visit: OwnVisit) -> HttpResponse:
    request.session[DONE] = visit.booking.pk
    return redirect("sessions:my_visit_done")


def _page(
    request: LinkRequest, name: str, visit: OwnVisit, form: ClinicForm, choices: list[Choice] | None = None
) -> HttpResponse:
    disclose(request.actor, "own visit", [request.link.patient_id])
    context = {"visit": visit, "form": form, "choices": choices, "clinic": request.link.site}
    return render(request, f"sessions/{name}.html", context, status=form.status)


urls = [
    path("my/visit/", my_visit, name="my_visit"),
    path("my/visit/move/", move, name="my_visit_move"),
    path("my/visit/cancel/", cancel, name="my_visit_cancel"),
    path("my/visit/done/", done, name="my_visit_done"),
]
