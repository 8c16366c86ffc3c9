"""One's own calendar on a phone: its secret address, and the file behind it."""

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from mesoclinic.access import Can, StaffRequest, needs
from mesoclinic.forms import ClinicForm
from sessions.documents.calendar_files import feed_file
from sessions.queries.feed import feed_of, feed_visits, own_feed
from sessions.services.feed import end_address, renew_address


class AddressForm(ClinicForm):
    """How much the calendar says."""

    kinds = forms.BooleanField(
        label=gettext_lazy("Show what each visit is for"),
        required=False,
        help_text=gettext_lazy("Otherwise every entry says “Booked”. Patients are never named."),
    )


@require_http_methods(["GET", "POST"])
@needs(Can.VIEW_SCHEDULE)
def calendar_address(request: StaffRequest) -> HttpResponse:
    """Make, renew or end the address of one's own calendar; a new one is shown once."""
    form, address = AddressForm(request.POST if request.method == "POST" else None), ""
    if form.is_valid() and request.POST.get("action") == "end":
        end_address(request.actor)
        messages.success(request, _("The address opens nothing any more."))
        return redirect("sessions:calendar_address")
    if form.is_valid():
        token = renew_address(request.actor, kinds=form.cleaned_data["kinds"])
        address = f"{settings.PUBLIC_URL}{reverse('sessions:calendar_feed', args=[token])}"
    context = {"form": form, "address": address, "feed": own_feed(request.actor)}
    return render(request, "sessions/calendar_address.html", context, status=form.status)


@login_not_required
@require_GET
def calendar_feed(request: HttpRequest, token: str) -> HttpResponse:
    """The file that a calendar program fetches; nothing changes, whoever looks."""
    feed = feed_of(token)
    if feed is None:
        raise Http404
    content = feed_file(feed_visits(feed), name=_("Clinic"), kinds=feed.kinds)
    answer = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


urls = [
    path("calendar/address/", calendar_address, name="calendar_address"),
    path("feed/<str:token>/visits.ics", calendar_feed, name="calendar_feed"),
]
