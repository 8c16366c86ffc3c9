"""Ending a course before its time."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from mesoclinic.access import Can, StaffRequest, disclose, needs
from sessions.forms.series import EndForm
from sessions.queries.bookings import series_for
from sessions.queries.endings import ending_of
from sessions.services import endings


@require_http_methods(["GET", "POST"])
@needs(Can.BOOK)
def end_course(request: StaffRequest, series_id: int) -> HttpResponse:
    """What ends, what stays, and why; one press ends it."""
    series = series_for(request.actor, series_id)
    form = EndForm(request.POST if request.method == "POST" else None, initial={"version": series.version})
    if form.accepted_by(endings.end_course, request.actor, series_id=series_id):
        messages.success(request, _("The course has ended. Every coming visit of it is cancelled."))
        return redirect("sessions:series", series_id=series_id)
    disclose(request.actor, "end course", [series.patient_id])
    context = {"series": series, "patient": series.patient, "form": form, "ending": ending_of(series)}
    return render(request, "sessions/end_course.html", context, status=form.status)


urls = [path("series/<id:series_id>/end/", end_course, name="end_course")]
