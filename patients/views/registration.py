"""Pages that add, correct and link patients."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from mesoclinic.access import Can, StaffRequest, disclose, needs
from mesoclinic.errors import ClinicError, StaleRecord
from patients.forms.registration import CorrectionForm, LinkForm, RegistrationForm, saved_details
from patients.queries import people
from patients.queries.people import Duplicates
from patients.services import registration
from patients.services.registration import LikelyDuplicate


@require_http_methods(["GET", "POST"])
@needs(Can.REGISTER_PATIENT)
def new(request: StaffRequest) -> HttpResponse:
    """Add a patient, after a look at those who may be the same person."""
    typed = request.GET.get("name", "")[: people.LONGEST_SEARCH]
    form = RegistrationForm(_posted(request), sites=request.actor.sites.all(), name=typed)
    duplicates = Duplicates()
    if form.is_valid():
        try:
            patient = registration.register_patient(request.actor, **form.cleaned_data)
        except LikelyDuplicate as found:
            duplicates = found.duplicates
            form.refuse(found)
        except ClinicError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Patient added."))
            return redirect("sessions:patient", patient_id=patient.pk)
    return _register_page(request, form, duplicates)


@require_POST
@needs(Can.REGISTER_PATIENT)
def link(request: StaffRequest) -> HttpResponse:
    """Open the record of another site to this one."""
    form = LinkForm(request.POST, sites=request.actor.sites.all())
    if form.is_valid():
        wanted = {name: value for name, value in form.cleaned_data.items() if name != "add_anyway"}
        try:
            patient = registration.link_patient_to_site(request.actor, **wanted)
        except ClinicError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Patient linked to this site."))
            return redirect("sessions:patient", patient_id=patient.pk)
    return _register_page(request, form, Duplicates())


@require_http_methods(["GET", "POST"])
@needs(Can.REGISTER_PATIENT)
def edit(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Correct a patient's details; the second of two editors sees both versions and keeps their text."""
    patient = people.patient_for(request.actor, patient_id)
    form = CorrectionForm(_posted(request), patient=patient)
    conflict = None
    if form.is_valid():
        try:
            registration.update_patient(request.actor, patient_id=patient_id, **form.cleaned_data)
        except StaleRecord as error:
            patient = people.patient_for(request.actor, patient_id)
            conflict = {
                "change": people.last_change_of(patient),
                "differences": form.differences(saved_details(patient)),
            }
            form.refuse(error)
            form.meet(patient.version)
        except ClinicError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Changes saved."))
            return redirect("sessions:patient", patient_id=patient_id)
    disclose(request.actor, "correct details", [patient.pk])
    context = {"form": form, "patient": patient, "conflict": conflict}
    return render(request, "patients/edit.html", context, status=form.status)


def _register_page(request: StaffRequest, form: RegistrationForm, duplicates: Duplicates) -> HttpResponse:
    disclose(request.actor, "compare before adding", [each.patient.pk for each in duplicates.here])
    context = {"form": form, "duplicates": duplicates}
    return render(request, "patients/register.html", context, status=form.status)


def _posted(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


urls = [
    path("patients/new/", new, name="new"),
    path("patients/link/", link, name="link"),
    path("patients/<id:patient_id>/edit/", edit, name="edit"),
]
