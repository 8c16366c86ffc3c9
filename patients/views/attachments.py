"""Letters and laboratory results from outside: attached to a patient, set aside when they are wrong there."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from mesoclinic.access import Can, StaffRequest, disclose, needs
from mesoclinic.errors import ClinicError
from mesoclinic.http import way_back
from patients.forms.attachments import AttachmentForm, SetAsideForm
from patients.queries.banner import banner_for
from patients.queries.consultations import site_for, today_at
from patients.queries.papers import attachment_for
from patients.queries.people import patient_for
from patients.services import attachments as services


@require_http_methods(["GET", "POST"])
@needs(Can.ATTACH_DOCUMENT)
def attach(request: StaffRequest, patient_id: int) -> HttpResponse:
    """File a letter or a laboratory result; afterwards back to where it was asked for."""
    patient = patient_for(request.actor, patient_id)
    posted = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = AttachmentForm(*posted)
    back = way_back(request)
    if form.is_valid():
        told = dict(form.cleaned_data)
        sent = told.pop("file")
        try:
            services.attach_document(
                request.actor, patient_id=patient_id, content=sent.read(), original_name=sent.name, **told
            )
        except ClinicError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Paper attached."))
            return redirect(back) if back else redirect("sessions:patient", patient_id)
    disclose(request.actor, "attach paper", [patient.pk])
    context = {
        "form": form,
        "patient": patient,
        "banner": banner_for(request.actor, patient, on=today_at(site_for(request.actor, patient))),
        "back": back,
    }
    return render(request, "patients/attach.html", context, status=form.status)


@require_http_methods(["GET", "POST"])
@needs(Can.ATTACH_DOCUMENT)
def set_aside(request: StaffRequest, attachment_id: int) -> HttpResponse:
    """Mark an attachment as wrong, with a reason; it is never erased."""
    found = attachment_for(request.actor, attachment_id)
    patient = found.paper.patient
    form = SetAsideForm(request.POST if request.method == "POST" else None)
    if form.accepted_by(services.set_attachment_aside, request.actor, attachment_id=attachment_id):
        messages.success(request, _("Paper set aside."))
        return redirect("sessions:patient", patient.pk)
    disclose(request.actor, "set paper aside", [patient.pk])
    context = {
        "form": form,
        "attachment": found,
        "patient": patient,
        "banner": banner_for(request.actor, patient, on=today_at(site_for(request.actor, patient))),
    }
    return render(request, "patients/set_aside.html", context, status=form.status)


urls = [
    path("patients/<id:patient_id>/documents/new/", attach, name="attach_document"),
    path("attachments/<id:attachment_id>/set-aside/", set_aside, name="set_attachment_aside"),
]
