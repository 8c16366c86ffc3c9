"""A time from the waiting list on its patient's phone: by link, without a sign-in and without a name on the page."""

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods

from mesoclinic.access import Can, disclose
from mesoclinic.forms import ClinicForm
from patients.views.link import LinkRequest, by_link, gone
from sessions.queries.own_offer import PURPOSE, own_offer
from sessions.services.waitlist import answer_own_offer

SAID = "own_offer_answered"


class AnswerForm(ClinicForm):
    """Yes or no."""

    taken = forms.TypedChoiceField(choices=[("yes", "yes"), ("no", "no")], coerce=lambda said: said == "yes")


@require_http_methods(["GET", "POST"])
@by_link(PURPOSE, Can.CHANGE_OWN_VISIT, known=False)
def my_offer(request: LinkRequest) -> HttpResponse:
    """The time that is kept; looking changes nothing."""
    offer = own_offer(request.link)
    if offer is None:
        return gone(request)
    form = AnswerForm(request.POST if request.method == "POST" else None)
    if form.accepted_by(answer_own_offer, request.actor):
        request.session[SAID] = form.cleaned_data["taken"]
        return redirect("sessions:my_offer_done")
    disclose(request.actor, "own offer", [request.link.patient_id])
    context = {"offer": offer, "form": form, "clinic": request.link.site}
    return render(request, "sessions/my_offer.html", context, status=form.status)


@login_not_required
@require_GET
def done(request: HttpRequest) -> HttpResponse:
    """What was answered, on the device that has just answered: the link itself has died."""
    if SAID not in request.session:
        return gone(request)
    return render(request, "sessions/my_offer_done.html", {"taken": request.session[SAID]})


urls = [
    path("my/offer/", my_offer, name="my_offer"),
    path("my/offer/done/", done, name="my_offer_done"),
]
