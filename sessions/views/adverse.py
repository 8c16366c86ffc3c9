"""Adverse events: the clinic's list, a patient's list, one event with its steps."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mesoclinic import clock
from mesoclinic.access import Can, StaffRequest, disclose, may, needs
from mesoclinic.errors import ClinicError, StaleRecord
from mesoclinic.http import fragment
from patients.models import Patient
from patients.queries.banner import banner_for
from patients.queries.people import patient_for
from protocols.queries.catalogue import current_catalogue
from sessions.forms.adverse import ActForm, AssessForm, CloseForm, FollowForm, ReasonForm, RecordEventForm, ReportForm
from sessions.models import AdverseEvent
from sessions.queries.adverse import event_for, lots_given_to, records_of, site_of
from sessions.queries.adverse_pages import (
    event_page,
    grades,
    kind_of,
    listed_of,
    open_events,
    register_for,
    staff_of,
    stops_of,
)
from sessions.queries.adverse_recall import uses_of
from sessions.services import adverse as services

Service = Callable[..., AdverseEvent]


@require_GET
@needs(Can.VIEW_CLINICAL)
def register(request: StaffRequest) -> HttpResponse:
    """Every adverse event of the actor's sites: clusters and sentinel events on top."""
    found = register_for(request.actor, shown=request.GET.get("show", ""), page=request.GET.get("page", "1"))
    disclose(request.actor, "adverse events", found.patient_ids)
    return render(request, "sessions/adverse_events.html", {"register": found})


@require_GET
@needs(Can.VIEW_CLINICAL)
def of_patient(request: StaffRequest, patient_id: int) -> HttpResponse:
    """The adverse events of one patient, and what they stop."""
    patient = patient_for(request.actor, patient_id)
    disclose(request.actor, "adverse events", [patient_id])
    context = _of(request, patient) | {"rows": listed_of(request.actor, patient), "stops": stops_of(patient)}
    context |= {"may_record": may(request.actor, Can.RECORD_ADVERSE_EVENT), "uses": list(uses_of(patient))}
    return render(request, "sessions/adverse_patient.html", context)


@require_GET
@needs(Can.VIEW_CLINICAL)
def in_banner(request: StaffRequest, patient_id: int) -> HttpResponse:
    """How many events are open and what they stop, for the banner of any page of the patient."""
    patient = patient_for(request.actor, patient_id)
    disclose(request.actor, "adverse events", [patient_id])
    context = {"patient": patient, "events": open_events(patient), "stops": stops_of(patient)}
    return render(request, "sessions/adverse_banner.html", context)


@require_http_methods(["GET", "POST"])
@needs(Can.RECORD_ADVERSE_EVENT)
def record(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Record what happened, at any time."""
    patient = patient_for(request.actor, patient_id)
    form = _record_form(request, patient)
    if form.is_valid():
        try:
            made = services.record_adverse_event(request.actor, patient_id=patient_id, report=form.report())
        except ClinicError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Adverse event recorded."))
            return redirect("sessions:adverse_event", made.pk)
    disclose(request.actor, "record adverse event", [patient_id])
    code = request.POST.get("code") or request.GET.get("code", "")
    context = _of(request, patient) | {"form": form, "grades": grades(), "kind": kind_of(code, current_catalogue())}
    return render(request, fragment(request, "sessions/adverse_record.html", "kind"), context, status=form.status)


@require_GET
@needs(Can.VIEW_CLINICAL)
def event(request: StaffRequest, event_id: int) -> HttpResponse:
    """One adverse event with its history."""
    page = event_page(request.actor, event_id)
    disclose(request.actor, "adverse event", [page.event.patient_id])
    context = _of(request, page.event.patient) | {"page": page, "event": page.event, "grades": grades()}
    return render(request, "sessions/adverse_event.html", context)


@require_http_methods(["GET", "POST"])
@needs(Can.ASSESS_ADVERSE_EVENT)
def assess(request: StaffRequest, event_id: int) -> HttpResponse:
    """Say what it is and how grave."""
    found = event_for(request.actor, event_id)
    now = {name: getattr(found, name) for name in ("code", "grade", "causality", "seriousness", "action", "version")}
    now["lots"] = [lot.pk for lot in found.lots.all()]
    lots = lots_given_to(found.patient)
    form = AssessForm(request.POST or None, catalogue=current_catalogue(), lots=lots, initial=now)
    said = _("Assessment saved."), _("Assess"), _("Save assessment")
    return _act(request, found, form, services.assess_adverse_event, said)


@require_http_methods(["GET", "POST"])
@needs(Can.RECORD_ADVERSE_EVENT)
def follow(request: StaffRequest, event_id: int) -> HttpResponse:
    """Ask somebody to look after it."""
    found = event_for(request.actor, event_id)
    staff, zone = staff_of(found.site), found.site.zone
    form = FollowForm(request.POST or None, staff=staff, zone=zone, initial={"version": found.version})
    said = _("Follow-up asked for."), _("Follow up"), _("Ask for it")
    return _act(request, found, form, services.follow_adverse_event, said)


@require_http_methods(["GET", "POST"])
@needs(Can.ASSESS_ADVERSE_EVENT)
def close(request: StaffRequest, event_id: int) -> HttpResponse:
    """Say what came of it."""
    found = event_for(request.actor, event_id)
    form = CloseForm(request.POST or None, initial={"version": found.version})
    said = _("Outcome saved."), _("Outcome"), _("Save outcome")
    return _act(request, found, form, services.close_adverse_event, said)


@require_http_methods(["GET", "POST"])
@needs(Can.ASSESS_ADVERSE_EVENT)
def reopen(request: StaffRequest, event_id: int) -> HttpResponse:
    """It is not over after all."""
    found = event_for(request.actor, event_id)
    form = ReasonForm(request.POST or None, initial={"version": found.version})
    said = _("Opened again."), _("Open again"), _("Open again")
    return _act(request, found, form, services.reopen_adverse_event, said)


@require_http_methods(["GET", "POST"])
@needs(Can.ASSESS_ADVERSE_EVENT)
def stop(request: StaffRequest, event_id: int) -> HttpResponse:
    """End the course that the event stops."""
    found = event_for(request.actor, event_id)
    form = ReasonForm(request.POST or None, initial={"version": found.version})
    said = _("Course stopped. Its visits are cancelled."), _("Stop the course"), _("Stop the course")
    return _act(request, found, form, services.stop_course, said)


@require_POST
@needs(Can.ASSESS_ADVERSE_EVENT)
def report(request: StaffRequest, event_id: int) -> HttpResponse:
    """Make the report for the regulator."""
    found = event_for(request.actor, event_id)
    form = ReportForm(request.POST)
    said = _("Report made and kept."), _("Report for the regulator"), _("Make the report")
    return _act(request, found, form, services.report_to_regulator, said)


def _act(
    request: StaffRequest, found: AdverseEvent, form: ActForm, service: Service, said: tuple[str, str, str]
) -> HttpResponse:
    done, heading, button = said
    if form.is_bound and form.is_valid():
        try:
            service(request.actor, event_id=found.pk, **form.cleaned_data)
        except ClinicError as error:
            form.refuse(error)
            if isinstance(error, StaleRecord):
                form.meet(event_for(request.actor, found.pk).version)
        else:
            messages.success(request, done)
            return redirect("sessions:adverse_event", found.pk)
    page = event_page(request.actor, found.pk)
    disclose(request.actor, "adverse event", [page.event.patient_id])
    context = _of(request, page.event.patient) | {"page": page, "event": page.event, "form": form}
    context |= {"act_heading": heading, "act_button": button, "grades": grades()}
    return render(request, "sessions/adverse_act.html", context, status=form.status)


def _record_form(request: StaffRequest, patient: Patient) -> RecordEventForm:
    zone = site_of(request.actor, patient).zone
    records, lots = list(records_of(patient)), lots_given_to(patient)
    now = clock.now().astimezone(zone)
    last = records[0] if records else None
    given = set(last.lot_uses.values_list("lot_id", flat=True)) if last else set()
    shown = {"on": now.date(), "at": now.time().replace(second=0, microsecond=0), "lots": sorted(given)}
    shown |= {"record_id": last.pk if last else "", "reporter": AdverseEvent.Reporter.PATIENT}
    data = request.POST if request.method == "POST" else None
    return RecordEventForm(data, catalogue=current_catalogue(), lots=lots, records=records, zone=zone, initial=shown)


def _of(request: StaffRequest, patient: Patient) -> dict[str, Any]:
    site = site_of(request.actor, patient)
    today = clock.now().astimezone(site.zone).date()
    return {"patient": patient, "site": site, "banner": banner_for(request.actor, patient, on=today)}


urls = [
    path("adverse-events/", register, name="adverse_events"),
    path("adverse-events/<id:event_id>/", event, name="adverse_event"),
    path("adverse-events/<id:event_id>/assess/", assess, name="assess_adverse_event"),
    path("adverse-events/<id:event_id>/follow-up/", follow, name="follow_adverse_event"),
    path("adverse-events/<id:event_id>/outcome/", close, name="close_adverse_event"),
    path("adverse-events/<id:event_id>/reopen/", reopen, name="reopen_adverse_event"),
    path("adverse-events/<id:event_id>/stop-course/", stop, name="stop_course"),
    path("adverse-events/<id:event_id>/report/", report, name="report_adverse_event"),
    path("patients/<id:patient_id>/adverse-events/", of_patient, name="patient_adverse_events"),
    path("patients/<id:patient_id>/adverse-events/open/", in_banner, name="open_adverse_events"),
    path("patients/<id:patient_id>/adverse-events/new/", record, name="record_adverse_event"),
]
