"""The patient summary."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_GET

from mesoclinic import clock
from mesoclinic.access import Can, StaffRequest, disclose, needs
from sessions.queries.patient import summary_for


@require_GET
@needs(Can.VIEW_PATIENT)
def patient(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Everything about one patient that the actor may see."""
    summary = summary_for(request.actor, patient_id, now=clock.now())
    if summary.patient.pk != patient_id:
        return redirect("sessions:patient", summary.patient.pk)
    disclose(request.actor, "summary", [patient_id])
    return render(request, "sessions/patient.html", {"summary": summary, "patient": summary.patient})


urls = [path("patients/<id:patient_id>/", patient, name="patient")]
