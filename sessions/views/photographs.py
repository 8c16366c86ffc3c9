"""Photographs taken in a session; the rest of them belongs to the patient."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from mesoclinic.access import Can, StaffRequest, disclose, needs
from patients.queries.people import patient_for
from patients.views.photographs import taking
from sessions.queries.photographs import subject_of, takes_photographs
from sessions.queries.treatment import booking_of, record_of, session_for


@require_http_methods(["GET", "POST"])
@needs(Can.TAKE_PHOTOGRAPH)
def session_photographs(request: StaffRequest, session_id: int) -> HttpResponse:
    """The checklist of views of a session."""
    session = session_for(request.actor, session_id)
    patient = patient_for(request.actor, session.series.patient_id)
    record, visit = record_of(request.actor, session), booking_of(session)
    if not takes_photographs(session, record, visit):
        disclose(request.actor, "take photographs", [patient.pk])
        messages.error(request, _("This session is not today's. Take photographs from here."))
        return redirect("patients:photographs", patient.pk)
    room = reverse("sessions:treatment", args=[session.pk])
    return taking(request, patient, subject=subject_of(session), here=request.path, back=room)


urls = [path("treatments/<id:session_id>/photographs/", session_photographs, name="session_photographs")]
