"""The role home."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET

from mesoclinic import clock
from mesoclinic.access import Can, StaffRequest, disclose, needs
from sessions.queries.today import home_for


@require_GET
@needs(Can.USE_CLINIC)
def today(request: StaffRequest) -> HttpResponse:
    """What needs the actor now, in order."""
    home = home_for(request.actor, now=clock.now())
    disclose(request.actor, "today", home.patient_ids)
    return render(request, "sessions/today.html", {"home": home})


urls = [path("", today, name="today")]
