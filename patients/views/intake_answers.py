"""The questions before a visit, as the clinic asks for them and takes the answers over, field by field."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from mesoclinic.access import Can, StaffRequest, disclose, needs
from mesoclinic.errors import ClinicError
from patients.documents.intake import address_of, code_of
from patients.forms.intake_answers import DecideForm, LinkForm
from patients.models import Patient
from patients.queries.banner import banner_for
from patients.queries.consultations import site_for, today_at
from patients.queries.contact import mail_hindrance
from patients.queries.intake import page_for, standby_of
from patients.queries.people import patient_for
from patients.services import intake as services


@require_http_methods(["GET", "POST"])
@needs(Can.REGISTER_PATIENT)
def ask(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Send a link to the questions, show it once, or take it back."""
    patient = patient_for(request.actor, patient_id)
    disclose(request.actor, "intake link", [patient.pk])
    form = LinkForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            address = _asked(request, patient, form.cleaned_data["action"])
        except ClinicError as error:
            form.refuse(error)
        else:
            # The address is in no other place: it is shown in this one answer.
            return (
                _ask_page(request, patient, form, address) if address else redirect("patients:intake_link", patient_id)
            )
    return _ask_page(request, patient, form)


@require_http_methods(["GET", "POST"])
@needs(Can.WRITE_CONSULTATION)
def answers(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Each answer beside the record: taken over into the consultation, or left out."""
    page = page_for(request.actor, patient_id)
    disclose(request.actor, "intake answers", [patient_id])
    form = DecideForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            _decided(request, patient_id, form)
        except ClinicError as error:
            form.refuse(error)
            page = page_for(request.actor, patient_id)
        else:
            return redirect("patients:intake_answers", patient_id)
    context = _frame(request, page.patient) | {"page": page, "form": form}
    return render(request, "patients/intake_answers.html", context, status=form.status)


def _asked(request: StaffRequest, patient: Patient, action: str) -> str:
    """The address to show, if it is to be shown."""
    actor, which = request.actor, {"patient_id": patient.pk}
    if action == "show":
        return address_of(services.show_intake_link(actor, **which))
    if action == "send":
        services.send_intake_link(actor, **which)
        messages.success(request, _("The link is on its way to %(address)s.") % {"address": patient.email})
    else:
        services.revoke_intake_link(actor, **which)
        messages.success(request, _("The link does not work any more."))
    return ""


def _ask_page(request: StaffRequest, patient: Patient, form: LinkForm, address: str = "") -> HttpResponse:
    context = _frame(request, patient) | {
        "form": form,
        "standby": standby_of(patient),
        "hindrance": mail_hindrance(patient),
        "address": address,
        "code": code_of(address) if address else "",
    }
    return render(request, "patients/intake_link.html", context, status=form.status)


def _decided(request: StaffRequest, patient_id: int, form: DecideForm) -> None:
    fields = form.cleaned_data["field"]
    if form.cleaned_data["action"] == "leave":
        services.leave(request.actor, patient_id=patient_id, fields=fields)
        messages.success(request, _("Left out."))
        return
    services.take_over(request.actor, patient_id=patient_id, fields=fields, seen=form.seen())
    words = ngettext("%(number)d answer taken over.", "%(number)d answers taken over.", len(fields))
    messages.success(request, words % {"number": len(fields)})


def _frame(request: StaffRequest, patient: Patient) -> dict[str, Any]:
    site = site_for(request.actor, patient)
    return {"patient": patient, "zone": site.zone, "banner": banner_for(request.actor, patient, on=today_at(site))}


urls = [
    path("patients/<id:patient_id>/intake-link/", ask, name="intake_link"),
    path("patients/<id:patient_id>/intake/", answers, name="intake_answers"),
]
