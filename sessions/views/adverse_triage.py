"""Somebody calls about signs after a session: tap what is reported, read what to say."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from mesoclinic import clock
from mesoclinic.access import Can, StaffRequest, disclose, may, needs
from mesoclinic.errors import ClinicError
from mesoclinic.http import fragment
from patients.queries.banner import banner_for
from patients.queries.people import patient_for
from protocols.queries.catalogue import current_catalogue
from sessions.forms.adverse import TriageForm
from sessions.queries.adverse import site_of
from sessions.queries.adverse_pages import advice, advice_of, open_choices, triage_for
from sessions.rules.triage import triage as judge
from sessions.services.adverse_triage import answer_call

PREVIEW = "preview"


@require_http_methods(["GET", "POST"])
@needs(Can.TRIAGE)
def triage(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Each tap is answered at once; the call is kept by the button."""
    patient = patient_for(request.actor, patient_id)
    site = site_of(request.actor, patient)
    events = open_choices(request.actor, patient)
    form = TriageForm(request.POST or None, catalogue=current_catalogue(), events=events)
    shown = None
    if form.is_valid():
        shown = advice(judge(form.signs(), current_catalogue(), temperature_c=form.cleaned_data["temperature_c"]))
        if request.POST.get("action") != PREVIEW:
            try:
                made = answer_call(request.actor, patient_id=patient_id, call=form.call())
            except ClinicError as error:
                form.refuse(error)
            else:
                messages.success(request, _("The call is kept."))
                return redirect("sessions:answered_call", made.pk)
    disclose(request.actor, "triage", [patient_id])
    today = clock.now().astimezone(site.zone).date()
    context = {
        "patient": patient,
        "site": site,
        "form": form,
        "advice": shown,
        "banner": banner_for(request.actor, patient, on=today),
    }
    return render(request, fragment(request, "sessions/adverse_triage.html", "advice"), context, status=form.status)


@require_GET
@needs(Can.TRIAGE)
def answered(request: StaffRequest, triage_id: int) -> HttpResponse:
    """What was said and what was answered."""
    made = triage_for(request.actor, triage_id)
    disclose(request.actor, "triage", [made.patient_id])
    today = clock.now().astimezone(made.site.zone).date()
    context = {
        "made": made,
        "patient": made.patient,
        "site": made.site,
        "advice": advice_of(made),
        "banner": banner_for(request.actor, made.patient, on=today),
        "clinical": may(request.actor, Can.VIEW_CLINICAL),
    }
    return render(request, "sessions/adverse_answered.html", context)


urls = [
    path("patients/<id:patient_id>/triage/", triage, name="triage"),
    path("triages/<id:triage_id>/", answered, name="answered_call"),
]
