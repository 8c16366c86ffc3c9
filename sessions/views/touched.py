"""Before a release becomes current: the plans to come that it touches. Only this floor knows plans and sessions."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET

from mesoclinic.access import Can, StaffRequest, disclose, needs
from protocols.queries.catalogue import release_for
from sessions.queries.touched import touched_by


@require_GET
@needs(Can.APPROVE_CATALOGUE)
def touched(request: StaffRequest, version: str) -> HttpResponse:
    """How many open plans and booked sessions a release touches, and which; whoever is shown is logged."""
    release = release_for(version)
    found = touched_by(request.actor, release)
    disclose(request.actor, "plans touched by a release", found.patient_ids)
    return render(request, "sessions/touched.html", {"release": release, "touched": found})


urls = [path("catalogue/<str:version>/plans/", touched, name="touched_plans")]
