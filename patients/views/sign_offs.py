"""The director's decision on an ingredient that needs a sign-off."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from mesoclinic.access import Can, StaffRequest, disclose, needs
from mesoclinic.errors import ClinicError
from patients.forms.sign_off import GRANT, SignOffForm
from patients.queries.banner import banner_for
from patients.queries.consultations import today_at
from patients.queries.sign_offs import request_of, sign_off_for
from patients.services.sign_offs import decide_sign_off


@require_http_methods(["GET", "POST"])
@needs(Can.DECIDE_SIGN_OFF)
def sign_off(request: StaffRequest, sign_off_id: int) -> HttpResponse:
    """What was asked, the mixture with its check, and the decision."""
    found = sign_off_for(request.actor, sign_off_id)
    plan = found.plan_version.plan
    disclose(request.actor, "sign-off", [plan.patient_id])
    form = SignOffForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        granted = form.cleaned_data["decision"] == GRANT
        try:
            decide_sign_off(request.actor, sign_off_id=sign_off_id, granted=granted, reason=form.cleaned_data["reason"])
        except ClinicError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Approved.") if granted else _("Refused."))
            return redirect("sessions:today")
    context = {
        "asked": request_of(found),
        "plan": plan,
        "patient": plan.patient,
        "banner": banner_for(request.actor, plan.patient, on=today_at(plan.site)),
        "form": form,
    }
    return render(request, "patients/sign_off.html", context, status=form.status)


urls = [path("sign-offs/<id:sign_off_id>/", sign_off, name="sign_off")]
