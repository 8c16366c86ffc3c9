"""The page that finds one person fast."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET

from mesoclinic.access import Can, StaffRequest, disclose, may, needs
from mesoclinic.http import fragment
from patients.queries.people import find_patients


@require_GET
@needs(Can.VIEW_PATIENT)
def search(request: StaffRequest) -> HttpResponse:
    """Patients of the actor's sites by name, phone, birth date or record number."""
    found = find_patients(request.actor, request.GET.get("q", ""))
    disclose(request.actor, "search", found.ids)
    context = {"found": found, "may_register": may(request.actor, Can.REGISTER_PATIENT)}
    return render(request, fragment(request, "patients/search.html", "patient-results"), context)


urls = [path("patients/", search, name="search")]
