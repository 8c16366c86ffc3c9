"""The page that sets one finding of the newest verdict aside."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from mesoclinic.access import Can, StaffRequest, disclose, needs
from mesoclinic.errors import ClinicError
from mesoclinic.http import way_back
from patients.forms.overrides import OverrideForm
from patients.queries.banner import banner_for
from patients.queries.consultations import site_for, today_at
from patients.queries.overrides import candidacy_for, finding_of, overridable, overridden_in
from patients.queries.papers import letters_of
from patients.rules.overrides import needs_letter
from patients.services.candidacy import acknowledge_cautions
from patients.services.overrides import Grounds, override_finding


@require_http_methods(["GET", "POST"])
@needs(Can.OVERRIDE_FINDING)
def override(request: StaffRequest, candidacy_id: int, rule: str) -> HttpResponse:
    """The finding, on what ground it is set aside, in which words; afterwards back to where it was asked for."""
    candidacy = candidacy_for(request.actor, candidacy_id)
    finding, patient = finding_of(candidacy, rule), candidacy.patient
    today, back = today_at(site_for(request.actor, patient)), way_back(request)
    form = OverrideForm(
        request.POST if request.method == "POST" else None,
        referral=needs_letter(finding["level"]),
        letters=letters_of(patient),
        today=today,
    )
    if form.is_valid():
        try:
            override_finding(request.actor, candidacy_id=candidacy_id, rule=rule, grounds=Grounds(**form.grounds()))
        except ClinicError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Finding overridden. It stays in the record."))
            return redirect(back) if back else redirect("sessions:patient", patient.pk)
    disclose(request.actor, "override finding", [patient.pk])
    context = {
        "form": form,
        "candidacy": candidacy,
        "finding": finding,
        "patient": patient,
        "banner": banner_for(request.actor, patient, on=today),
        "now": overridden_in(candidacy, on=today).get(rule),
        "open": rule in overridable(candidacy),
        "back": back,
        "here": request.get_full_path(),
    }
    return render(request, "patients/override.html", context, status=form.status)


@require_POST
@needs(Can.WRITE_CONSULTATION)
def acknowledge(request: StaffRequest, candidacy_id: int) -> HttpResponse:
    """The cautions of a verdict that changed after the signature are read."""
    candidacy = acknowledge_cautions(
        request.actor, candidacy_id=candidacy_id, rules=request.POST.getlist("acknowledged")
    )
    messages.success(request, _("Cautions acknowledged."))
    back = way_back(request)
    return redirect(back) if back else redirect("sessions:patient", candidacy.patient_id)


urls = [
    path("verdicts/<id:candidacy_id>/acknowledge/", acknowledge, name="acknowledge"),
    path("verdicts/<id:candidacy_id>/findings/<slug:rule>/override/", override, name="override"),
]
