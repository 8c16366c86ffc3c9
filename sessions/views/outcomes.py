"""The outcomes of a patient: charts and records, an assessment recorded, a record corrected, the paper."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from mesoclinic import clock
from mesoclinic.access import Can, StaffRequest, disclose, needs
from patients.models import Patient
from patients.queries.banner import banner_for
from patients.queries.people import patient_for
from protocols.queries.catalogue import current_catalogue
from sessions.forms.assessments import AssessmentForm, CorrectionForm, initial_of
from sessions.queries.adverse import site_of
from sessions.queries.assessments import point_for, raters_at, record_for, told_of
from sessions.queries.measures import BASELINE, stage_of
from sessions.queries.outcome_pages import name_of, outcome_page
from sessions.services import assessments as services


@require_GET
@needs(Can.VIEW_CLINICAL)
def of_patient(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Did it help: the measures of one patient, what they show and what follows."""
    patient = patient_for(request.actor, patient_id)
    disclose(request.actor, "outcomes", [patient_id])
    context = _of(request, patient) | {"page": outcome_page(request.actor, patient)}
    return render(request, "sessions/outcomes.html", context)


@require_http_methods(["GET", "POST"])
@needs(Can.RECORD_ASSESSMENT)
def record_baseline(request: StaffRequest, patient_id: int) -> HttpResponse:
    """What is measured before a course."""
    patient = patient_for(request.actor, patient_id)
    form = _form(request, patient, BASELINE)
    if form.accepted_by(services.record_baseline, request.actor, patient_id=patient_id):
        messages.success(request, _("Baseline recorded."))
        return redirect("sessions:outcomes", patient_id)
    return _page(request, patient, form, _("Record a baseline"))


@require_http_methods(["GET", "POST"])
@needs(Can.RECORD_ASSESSMENT)
def record_assessment(request: StaffRequest, point_id: int) -> HttpResponse:
    """The measures of a planned assessment."""
    point = point_for(request.actor, point_id)
    patient = point.series.patient
    form = _form(request, patient, stage_of(point.code))
    if form.accepted_by(services.record_assessment, request.actor, point_id=point_id):
        messages.success(request, _("Assessment recorded and judged."))
        return redirect("sessions:outcomes", patient.pk)
    heading = _("Record the final assessment") if point.code == "final" else _("Record the interim assessment")
    return _page(request, patient, form, heading)


@require_http_methods(["GET", "POST"])
@needs(Can.RECORD_ASSESSMENT)
def correct_assessment(request: StaffRequest, record_id: int) -> HttpResponse:
    """Put a record right; the wrong one stays and is named."""
    record = record_for(request.actor, record_id)
    patient = record.patient.merged_into or record.patient
    known = initial_of(told_of([record])[record.pk]) | {"taken_on": record.taken_on}
    form = _form(request, patient, record.stage, kind=CorrectionForm, initial=known)
    if form.accepted_by(services.correct_assessment, request.actor, record_id=record_id):
        messages.success(request, _("Corrected and judged again."))
        return redirect("sessions:outcomes", patient.pk)
    return _page(request, patient, form, _("Correct: %(name)s") % {"name": name_of(record)})


def _form(
    request: StaffRequest,
    patient: Patient,
    stage: str,
    *,
    kind: type[AssessmentForm] = AssessmentForm,
    initial: dict[str, Any] | None = None,
) -> AssessmentForm:
    today = clock.now().astimezone(site_of(request.actor, patient).zone).date()
    shown = initial or {"taken_on": today, "rater_1": request.actor.pk}
    data = request.POST if request.method == "POST" else None
    raters = raters_at(request.actor, patient)
    return kind(data, stage=stage, catalogue=current_catalogue(), raters=raters, initial=shown)


def _page(request: StaffRequest, patient: Patient, form: AssessmentForm, heading: str) -> HttpResponse:
    disclose(request.actor, "assessment", [patient.pk])
    context = _of(request, patient) | {"form": form, "page_heading": heading, "baseline": form.at == BASELINE}
    return render(request, "sessions/assessment.html", context, status=form.status)


def _of(request: StaffRequest, patient: Patient) -> dict[str, Any]:
    site = site_of(request.actor, patient)
    today = clock.now().astimezone(site.zone).date()
    return {"patient": patient, "site": site, "banner": banner_for(request.actor, patient, on=today)}


urls = [
    path("patients/<id:patient_id>/outcomes/", of_patient, name="outcomes"),
    path("patients/<id:patient_id>/baseline/", record_baseline, name="record_baseline"),
    path("assessments/<id:point_id>/", record_assessment, name="record_assessment"),
    path("assessments/records/<id:record_id>/correct/", correct_assessment, name="correct_assessment"),
]
