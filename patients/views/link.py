"""The way in for patients: an address opens one purpose on one device, and the birth date opens what is clinical."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Concatenate, ParamSpec

from allauth.core.internal import ratelimit
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone, translation
from django.views.decorators.http import require_GET
from django_htmx.middleware import HtmxDetails

from mesoclinic import clock
from mesoclinic.access import Can
from mesoclinic.actors import PatientByLink
from mesoclinic.languages import spoken
from patients.models import PatientLink
from patients.queries.links import opened_by, sites_to_call, used_by

COOKIE = "__Host-link" if settings.HTTPS else "link"
KNOWN = "known_by_link"
KNOWN_SECONDS = 30 * 60
REFRESH_SECONDS = 60
PAGES = {
    "intake": "patients:intake_start",
    "visit": "sessions:my_visit",
    "offer": "sessions:my_offer",
    "check_in": "sessions:my_check_in",
}
THANKS = {
    "intake": "patients:intake_sent",
    "visit": "sessions:my_visit_done",
    "offer": "sessions:my_offer_done",
    "check_in": "sessions:my_check_in_answer",
}
P = ParamSpec("P")


class LinkRequest(HttpRequest):
    """A request of somebody who holds a link."""

    actor: PatientByLink
    link: PatientLink
    htmx: HtmxDetails


View = Callable[Concatenate[LinkRequest, P], HttpResponse]


@login_not_required
@require_GET
def door(request: HttpRequest, token: str) -> HttpResponse:
    """Swap the token for a cookie and a clean address; nothing else changes, whoever looks."""
    for purpose, page in PAGES.items():
        if _within_limit(request, dry_run=True) and opened_by(token, purpose) is not None:
            answer = redirect(page)
            answer.set_cookie(COOKIE, token, secure=settings.HTTPS, httponly=True, samesite="Lax")
            answer.headers["Referrer-Policy"] = "no-referrer"
            return answer
        if request.COOKIES.get(COOKIE) == token and just_used(request, purpose) is not None:
            return redirect(THANKS[purpose])
    _within_limit(request)
    return gone(request)


def by_link(purpose: str, can: Can, *, known: bool = True) -> Callable[[View[P]], Callable[..., HttpResponse]]:
    """Guard a view by a valid link and, unless it is the page that asks for it, by the birth date."""

    def guard(view: View[P]) -> Callable[..., HttpResponse]:
        @login_not_required
        @wraps(view)
        def guarded(request: LinkRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            link = opened_by(request.COOKIES.get(COOKIE, ""), purpose)
            if link is None:
                # A second tap on “Send” finds the link used: this device is thanked, nobody else learns of it.
                used = not request.htmx and just_used(request, purpose) is not None
                return redirect(THANKS[purpose]) if used else gone(request)
            enter(request, link)
            with translation.override(spoken(link.patient.language)), timezone.override(link.site.zone):
                if known and not is_known(request, link):
                    # A page that saves by itself says that it did not; what stands in it must not be swapped away.
                    return HttpResponse(status=HTTPStatus.FORBIDDEN) if request.htmx else redirect(PAGES[purpose])
                return view(request, *args, **kwargs)

        guarded.capability = can  # type: ignore[attr-defined]
        return guarded

    return guard


def enter(request: LinkRequest, link: PatientLink) -> None:
    """From here on it is the patient who acts."""
    request.link = link
    request.actor = PatientByLink(link_id=link.pk, patient_id=link.patient_id, purpose=link.purpose)


def remember(request: HttpRequest, link: PatientLink) -> None:
    """The birth date was right: under a new session key the device is known for half an hour without a tap."""
    request.session.cycle_key()
    request.session[KNOWN] = [link.pk, _now()]


def is_known(request: HttpRequest, link: PatientLink) -> bool:
    """Whether this device has given the birth date for this link, and not long ago."""
    number, at = request.session.get(KNOWN, (0, 0))
    age = _now() - at
    if number != link.pk or age > KNOWN_SECONDS:
        return False
    if age > REFRESH_SECONDS:
        request.session[KNOWN] = [link.pk, _now()]
    return True


def just_used(request: HttpRequest, purpose: str) -> PatientLink | None:
    """The link that this device has used up a moment ago."""
    link = used_by(request.COOKIES.get(COOKIE, ""), purpose)
    return link if link is not None and is_known(request, link) else None


def gone(request: HttpRequest) -> HttpResponse:
    """One answer for every link that does not open: unknown, expired, used, revoked or of another purpose."""
    return render(request, "patients/intake_gone.html", {"sites": sites_to_call()}, status=HTTPStatus.NOT_FOUND)


def _within_limit(request: HttpRequest, *, dry_run: bool = False) -> bool:
    limit = {"app": "allauth.account", "action": "link", "config": settings.LINK_RATE_LIMITS}
    return ratelimit.consume(request, **limit, dry_run=dry_run, limit_get=True) is not None


def _now() -> int:
    return int(clock.now().timestamp())


urls = [path("l/<str:token>/", door, name="link_door")]
