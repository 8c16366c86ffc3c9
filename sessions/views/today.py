"""The role home."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from mesoclinic import clock
from mesoclinic.access import Can, StaffRequest, disclose, needs
from patients.services.todos import finish_todo
from sessions.queries.today import home_for


@require_GET
@needs(Can.USE_CLINIC)
def today(request: StaffRequest) -> HttpResponse:
    """What needs the actor now, in order."""
    home = home_for(request.actor, now=clock.now())
    disclose(request.actor, "today", home.patient_ids)
    return render(request, "sessions/today.html", {"home": home})


@require_POST
@needs(Can.USE_CLINIC)
def finish(request: StaffRequest, todo_id: int) -> HttpResponse:
    """Tick off something to do."""
    todo = finish_todo(request.actor, todo_id=todo_id)
    messages.success(request, _("Done: %(text)s") % {"text": todo.text})
    return redirect("sessions:today")


urls = [path("", today, name="today"), path("todos/<id:todo_id>/done/", finish, name="finish_todo")]
