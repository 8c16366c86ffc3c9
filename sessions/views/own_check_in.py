"""How a patient is some days after a session: by link, without a sign-in and without a name on the page."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods

from mesoclinic.access import Can, disclose
from patients.views.link import LinkRequest, by_link, gone
from sessions.forms.check_in import CheckInForm
from sessions.queries.check_ins import PURPOSE, own_check_in
from sessions.services.check_ins import answer_check_in


@require_http_methods(["GET", "POST"])
@by_link(PURPOSE, Can.ANSWER_CHECK_IN, known=False)
def my_check_in(request: LinkRequest) -> HttpResponse:
    """The questions; looking changes nothing, and whoever gets worse answers again."""
    found = own_check_in(request.link)
    if found is None:
        return gone(request)
    form = CheckInForm(request.POST if request.method == "POST" else None)
    if form.accepted_by(answer_check_in, request.actor):
        return redirect("sessions:my_check_in_answer")
    disclose(request.actor, "own check-in", [request.link.patient_id])
    context = {"form": form, "clinic": request.link.site}
    return render(request, "sessions/my_check_in.html", context, status=form.status)


@require_GET
@by_link(PURPOSE, Can.ANSWER_CHECK_IN, known=False)
def answer(request: LinkRequest) -> HttpResponse:
    """What to do now, by the last answers."""
    found = own_check_in(request.link)
    if found is None or found.last is None:
        return gone(request) if found is None else redirect("sessions:my_check_in")
    disclose(request.actor, "own check-in", [request.link.patient_id])
    context = {"last": found.last, "urgent": found.urgent, "clinic": request.link.site}
    return render(request, "sessions/my_check_in_answer.html", context)


urls = [
    path("my/check-in/", my_check_in, name="my_check_in"),
    path("my/check-in/answer/", answer, name="my_check_in_answer"),
]
