"""The way to two records of one person: the list of likely ones, the choice of the other, the question to a doctor."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from mesoclinic.access import Can, StaffRequest, disclose, needs
from patients.queries import merging, people
from patients.services import merging as services


@require_GET
@needs(Can.REGISTER_PATIENT)
def duplicates(request: StaffRequest) -> HttpResponse:
    """Pairs of records that may be of one person."""
    pairs = merging.likely_pairs(request.actor)
    disclose(request.actor, "likely duplicates", {each.pk for pair in pairs for each in (pair.first, pair.second)})
    return render(request, "patients/likely_duplicates.html", {"pairs": pairs, "most": merging.LISTED})


@require_GET
@needs(Can.REGISTER_PATIENT)
def merge_with(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Choose the other record of this person: a likely one, or one that is searched for."""
    patient = people.patient_for(request.actor, patient_id)
    pairs = merging.pairs_of(request.actor, patient)
    found = people.find_patients(request.actor, request.GET.get("q", ""))
    others = [pair.second if pair.first == patient else pair.first for pair in pairs]
    disclose(request.actor, "likely duplicates", {patient.pk, *(each.pk for each in others), *found.ids})
    context = {
        "patient": patient,
        "likely": list(zip(others, (pair.alike for pair in pairs), strict=True)),
        "found": [each for each in found.patients if each != patient],
        "text": found.text,
        "merge": merging.standing_merge_of(patient),
    }
    return render(request, "patients/merge_with.html", context)


@require_POST
@needs(Can.REGISTER_PATIENT)
def ask_for_merge(request: StaffRequest, patient_id: int, other_id: int) -> HttpResponse:
    """Ask the doctors to merge."""
    services.ask_for_merge(request.actor, one_id=patient_id, other_id=other_id)
    messages.success(request, _("The doctors were asked to compare these two records."))
    return redirect("sessions:patient", patient_id)


@require_POST
@needs(Can.REGISTER_PATIENT)
def tell_apart(request: StaffRequest, patient_id: int, other_id: int) -> HttpResponse:
    """They are two people."""
    services.tell_apart(request.actor, one_id=patient_id, other_id=other_id)
    messages.success(request, _("Kept apart. The list names these two no more."))
    return redirect("patients:duplicates")


urls = [
    path("patients/duplicates/", duplicates, name="duplicates"),
    path("patients/<id:patient_id>/merge/", merge_with, name="merge_with"),
    path("patients/<id:patient_id>/merge/<id:other_id>/ask/", ask_for_merge, name="ask_for_merge"),
    path("patients/<id:patient_id>/merge/<id:other_id>/apart/", tell_apart, name="tell_apart"),
]
