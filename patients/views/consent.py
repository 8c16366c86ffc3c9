"""Consent on the clinic's tablet: offered, shown, read, signed or refused, and withdrawn."""

from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from mesoclinic.access import Can, StaffRequest, disclose, needs
from mesoclinic.errors import ClinicError, StaleRecord
from patients.forms.consent import ShowForm, SignForm, WithdrawForm
from patients.models import Consent
from patients.queries.consents import consent_for, signed_version_of
from patients.queries.plans import plan_for
from patients.services import consents as services


@require_POST
@needs(Can.TAKE_CONSENT)
def offer(request: StaffRequest, plan_id: int) -> HttpResponse:
    """Offer a consent for the newest signed version of a plan."""
    plan = plan_for(request.actor, plan_id)
    version = signed_version_of(plan)
    if version is None:
        raise StaleRecord(_("Sign the plan before you offer a consent."))
    offered = services.offer_consent(request.actor, plan_version=version, language=plan.patient.language)
    return redirect("patients:consent", offered.pk)


@require_http_methods(["GET", "POST"])
@needs(Can.TAKE_CONSENT)
def consent(request: StaffRequest, consent_id: int) -> HttpResponse:
    """The hand-over before it is shown, the text while it is read, the outcome afterwards."""
    found = consent_for(request.actor, consent_id)
    disclose(request.actor, "consent", [found.patient_id])
    action = request.POST.get("action", "")
    if action in ("ask", "refuse"):
        return _without_signature(request, found, action)
    if found.state == Consent.State.OFFERED:
        return _hand_over(request, found)
    if found.state == Consent.State.SHOWN or request.method == "POST":
        return _read(request, found)
    return render(request, "patients/consent_outcome.html", {"consent": found, "patient": found.patient})


@require_http_methods(["GET", "POST"])
@needs(Can.VIEW_DOCUMENTS)
def withdraw(request: StaffRequest, consent_id: int) -> HttpResponse:
    """Record that the patient withdraws; no reason is needed."""
    found = consent_for(request.actor, consent_id)
    disclose(request.actor, "consent withdrawal", [found.patient_id])
    form = WithdrawForm(request.POST if request.method == "POST" else None)
    if form.accepted_by(services.withdraw_consent, request.actor, consent_id=found.pk):
        messages.success(request, _("The consent is withdrawn. Coming sessions are cancelled."))
        return redirect("sessions:patient", found.patient_id)
    context = {"consent": found, "patient": found.patient, "form": form}
    return render(request, "patients/withdraw_consent.html", context, status=form.status)


def _without_signature(request: StaffRequest, found: Consent, action: str) -> HttpResponse:
    if action == "refuse":
        services.refuse_consent(request.actor, consent_id=found.pk)
        messages.success(request, _("You have said no. Your other care does not change."))
    else:
        services.ask_first(request.actor, consent_id=found.pk)
        messages.success(
            request,
            _("Take your time. %(name)s knows that you want to ask something first.") % {"name": found.offered_by.name},
        )
    return redirect("patients:consent", found.pk)


def _hand_over(request: StaffRequest, found: Consent) -> HttpResponse:
    form = ShowForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        asked = {name: form.cleaned_data[name] for name in ("how", "interpreter", "present")}
        try:
            services.show_consent(request.actor, consent_id=found.pk, **asked)
        except ClinicError as error:
            form.refuse(error)
        else:
            return redirect("patients:consent", found.pk)
    context = {"consent": found, "patient": found.patient, "form": form}
    return render(request, "patients/consent_hand_over.html", context, status=form.status)


def _read(request: StaffRequest, found: Consent) -> HttpResponse:
    if not found.text:
        raise StaleRecord(_("This consent is already decided."))
    form = SignForm(request.POST if request.method == "POST" else None, text=found.text)
    if form.is_valid():
        try:
            services.sign_consent(
                request.actor, consent_id=found.pk, signature=form.signature(), key=form.cleaned_data["key"]
            )
        except ClinicError as error:
            form.refuse(error)
        else:
            return redirect("patients:consent", found.pk)
    return render(request, "patients/consent.html", _context(request, found, form), status=form.status)


def _context(request: StaffRequest, found: Consent, form: SignForm) -> dict[str, Any]:
    sent = request.POST
    return {
        "consent": found,
        "patient": found.patient,
        "form": form,
        "text": found.text,
        "key": sent.get("key") or uuid4().hex,
        "sections": [
            {
                **section,
                "ticked": bool(sent.get(f"ack_{section['id']}")),
                "at": sent.get(f"at_{section['id']}", ""),
                "errors": form.errors.get(f"ack_{section['id']}", []),
            }
            for section in found.text["sections"]
        ],
        "questions": [
            {
                **each,
                "options": [
                    (name, text, sent.get(f"answer_{each['id']}") == name) for name, text in each["answers"].items()
                ],
                "errors": form.errors.get(f"answer_{each['id']}", []),
            }
            for each in found.text["questions"]
        ],
        "choices": [
            {
                **choice,
                "rows": [
                    (name, text, sent.get(f"choice_{choice['id']}_{name}") == "yes")
                    for name, text in choice["options"].items()
                ],
            }
            for choice in found.text["choices"]
        ],
    }


urls = [
    path("plans/<id:plan_id>/consent/", offer, name="offer_consent"),
    path("consents/<id:consent_id>/", consent, name="consent"),
    path("consents/<id:consent_id>/withdraw/", withdraw, name="withdraw_consent"),
]
