"""The edge of every request: who acts, in which language, and that bad bytes never reach the database."""

import codecs
from collections.abc import Callable, Iterator
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import logout
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls.converters import IntConverter
from django.utils import timezone, translation
from django.utils.http import url_has_allowed_host_and_scheme

from mesoclinic import clock
from mesoclinic.access import StaffRequest
from mesoclinic.errors import ClinicError, OutOfScope
from mesoclinic.languages import spoken

Handler = Callable[[HttpRequest], HttpResponse]
IDLE = timedelta(minutes=15)
# A screen that asks by itself says so: nobody is there because of it.
UNATTENDED = "X-Unattended"
LARGEST_ID = 2**63 - 1
SENSES = "Permissions-Policy"
_OF_THE_CAMERA = ("camera", "accelerometer", "gyroscope", "magnetometer")
_CLOSED = (*_OF_THE_CAMERA, "microphone", "geolocation", "payment", "usb")
_REFUSALS = {403: "403.html", 404: "404.html", 409: "errors/409.html", 422: "errors/422.html"}


class ActorMiddleware:
    """Sets request.actor and the time they live by, ends idle sessions, keeps pages out of caches, answers refusals."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            self._end_idle(request)
        request.actor = request.user  # type: ignore[attr-defined]
        # What belongs to a site says its own time; everything else reads in that of the reader's site.
        with timezone.override(request.session.get("zone") or settings.TIME_ZONE):
            response = self.get_response(request)
        if not request.path.startswith(settings.STATIC_URL):
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, ClinicError):
            return None
        status = 404 if isinstance(error, OutOfScope) else error.status
        return render(request, _REFUSALS.get(status, "errors/422.html"), {"message": error.message}, status=status)

    def _end_idle(self, request: HttpRequest) -> None:
        now = int(clock.now().timestamp())
        seen = int(request.session.get("seen", now))
        if now - seen > IDLE.total_seconds() or not request.user.is_active:
            logout(request)
        elif UNATTENDED not in request.headers and (now - seen > 30 or "seen" not in request.session):
            request.session["seen"] = now
            site = request.user.sites.first()
            request.session["zone"] = site.time_zone if site else ""


class ClosedSenses:
    """No page may use camera, microphone or place, unless its view has opened the camera for itself."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault(SENSES, _policy(dict.fromkeys(_CLOSED, "")))
        return response


def with_camera(response: HttpResponse) -> HttpResponse:
    """The page may use the camera, and the sensors that tell whether the tablet is held level."""
    response.headers[SENSES] = _policy(dict.fromkeys(_CLOSED, "") | dict.fromkeys(_OF_THE_CAMERA, "self"))
    return response


def _policy(allowed: dict[str, str]) -> str:
    return ", ".join(f"{sense}=({who})" for sense, who in allowed.items())


class Id(IntConverter):
    """The number of a row in an address; what no row can have is no address (`<id:plan_id>`)."""

    def to_python(self, value: str) -> int:
        number = super().to_python(value)
        if number > LARGEST_ID:
            raise ValueError(value)
        return number


class CleanCookies:
    """Leaves out cookies that one of the databases cannot hold: who sends them is a stranger, not an error."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.COOKIES = {name: text for name, text in request.COOKIES.items() if not _unstorable(text)}
        return self.get_response(request)


class CleanInput:
    """Refuses text that is not UTF-8 or that one of the databases cannot hold: NUL and halves of surrogate pairs."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.encoding and codecs.lookup(request.encoding).name != "utf-8":
            raise BadRequest("Text is not UTF-8.")
        if any(_unstorable(text) for text in _texts(request)):
            raise BadRequest("Text holds characters that cannot be stored.")
        return self.get_response(request)


def _texts(request: HttpRequest) -> Iterator[str]:
    yield request.path
    for query in (request.GET, request.POST):
        for name, values in query.lists():
            yield name
            yield from (value for value in values if isinstance(value, str))
    for name, files in request.FILES.lists():
        yield name
        yield from (file.name or "" for file in files)


def _unstorable(text: str) -> bool:
    return "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text)


class LocaleFromProfile:
    """Staff pages speak the language of the user's profile, patient pages that of the link."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = spoken(request.session.get("language") or settings.LANGUAGE_CODE)
        with translation.override(language):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response


def fragment(request: StaffRequest, template: str, name: str) -> str:
    """`page.html#name` for an htmx swap, `page.html` for navigation, boost and history restore."""
    htmx = request.htmx
    partial = htmx and not htmx.boosted and not htmx.history_restore_request
    return f"{template}#{name}" if partial else template


def way_back(request: HttpRequest) -> str:
    """The page that this one was called from, as it said so; empty for an address of another house."""
    asked = request.POST.get("next", "") or request.GET.get("next", "")
    ours = asked.startswith("/") and url_has_allowed_host_and_scheme(asked, allowed_hosts=None)
    return asked if ours else ""


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without a valid token: nothing was saved, the page must be opened again."""
    return render(request, "403.html", {"message": "The form was too old. Open the page again."}, status=403)
