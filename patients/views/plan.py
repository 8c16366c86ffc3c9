"""The treatment plan with its live safety check, and its signature."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from mesoclinic.access import Can, StaffRequest, disclose, may, needs
from mesoclinic.errors import ClinicError
from patients.forms.plan import PlanForm
from patients.models import PlanVersion, TreatmentPlan
from patients.queries import plans as queries
from patients.queries.banner import banner_for, current_facts
from patients.queries.consultations import today_at
from patients.services import plans as services
from protocols.queries.catalogue import catalogue_of
from protocols.rules.exclusions import excluded
from protocols.rules.facts import Facts, from_sheet
from protocols.rules.formulation import FormulationResult, check_mixture
from protocols.rules.kinds.ingredients import Ingredient
from protocols.rules.kinds.schedule import Protocol, ProtocolSuggestion


@require_POST
@needs(Can.SIGN_PLAN)
def draft(request: StaffRequest, consultation_id: int) -> HttpResponse:
    """The plan of a signed consultation."""
    plan = services.draft_plan(request.actor, consultation_id=consultation_id)
    return redirect("patients:plan", plan.pk)


@require_http_methods(["GET", "POST"])
@needs(Can.VIEW_CLINICAL)
def plan(request: StaffRequest, plan_id: int) -> HttpResponse:
    """The builder while it is a draft, the signed plan afterwards."""
    found = queries.plan_for(request.actor, plan_id)
    version = queries.version_of(found)
    if version.state != PlanVersion.State.DRAFT or not may(request.actor, Can.SIGN_PLAN):
        return _signed(request, found, version)
    form = PlanForm(
        request.POST if request.method == "POST" else None,
        catalogue=catalogue_of(version.release),
        plan_version=version,
    )
    if form.is_valid() and not request.htmx:
        try:
            kept = services.save_plan(
                request.actor,
                plan_id=plan_id,
                version=form.cleaned_data["version"],
                parts=form.parts(),
                **form.wishes(),
            )
            if request.POST.get("action") != "sign":
                messages.success(request, _("Draft saved."))
                return redirect("patients:plan", plan_id)
            form = form.carrying(kept.version)
            services.sign_plan(request.actor, plan_id=plan_id, version=kept.version)
        except ClinicError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Plan signed. It can be booked now."))
            return redirect("patients:plan", plan_id)
    return _builder(request, found, version, form)


@require_POST
@needs(Can.SIGN_PLAN)
def revise(request: StaffRequest, plan_id: int) -> HttpResponse:
    """A new version of a signed plan."""
    services.revise_plan(request.actor, plan_id=plan_id)
    return redirect("patients:plan", plan_id)


def _builder(request: StaffRequest, found: TreatmentPlan, version: PlanVersion, form: PlanForm) -> HttpResponse:
    disclose(request.actor, "treatment plan", [found.patient_id])
    if request.method == "GET":
        form = PlanForm(_as_typed(form), catalogue=form.catalogue, plan_version=version)
    facts = _facts(found, form)
    context = {
        "plan": found,
        "patient": found.patient,
        "version": version,
        "form": form,
        "banner": banner_for(request.actor, found.patient, on=today_at(found.site)),
        "check": _check(found, form, facts),
        "excluded": _excluded(form, facts),
        "suggestions": form.catalogue.of(ProtocolSuggestion),
        "protocol": _protocol(form),
    }
    template = "patients/plan.html#check" if request.htmx else "patients/plan.html"
    return render(request, template, context, status=200 if request.htmx or request.method == "GET" else form.status)


def _signed(request: StaffRequest, found: TreatmentPlan, version: PlanVersion) -> HttpResponse:
    disclose(request.actor, "treatment plan", [found.patient_id])
    context = {
        "plan": found,
        "patient": found.patient,
        "version": version,
        "banner": banner_for(request.actor, found.patient, on=today_at(found.site)),
        "protocol": catalogue_of(version.release).row(Protocol, version.protocol),
        "check": version.checks.first(),
        "consents": version.consents.order_by("-pk"),
        "may_sign": may(request.actor, Can.SIGN_PLAN),
        "may_book": may(request.actor, Can.BOOK),
        "may_consent": may(request.actor, Can.TAKE_CONSENT),
    }
    return render(request, "patients/plan_signed.html", context)


def _as_typed(form: PlanForm) -> dict[str, Any]:
    """The stored draft as if it had been posted, so that it is read and checked the same way."""
    return {field.html_name: "" if field.initial is None else str(field.initial) for field in form}


def _facts(found: TreatmentPlan, form: PlanForm) -> Facts:
    return from_sheet(current_facts(found.patient), evaluated_on=today_at(found.site), catalogue=form.catalogue)


def _check(found: TreatmentPlan, form: PlanForm, facts: Facts) -> FormulationResult:
    form.is_valid()
    formulation = queries.mixture(
        form.parts(),
        cream=form.cleaned_data.get("anaesthetic_cream", "none"),
        reason=form.cleaned_data.get("la_soft_limit_reason", ""),
        signed_off=queries.granted(queries.version_of(found)),
    )
    return check_mixture(
        formulation, form.technique_plan(), facts=facts, evaluated_on=facts.evaluated_on, catalogue=form.catalogue
    )


def _excluded(form: PlanForm, facts: Facts) -> list[tuple[str, tuple[str, ...]]]:
    barred = excluded(facts, form.catalogue)
    return [(form.catalogue.row(Ingredient, ingredient).name, rules) for ingredient, rules in barred.items()]


def _protocol(form: PlanForm) -> Protocol | None:
    chosen = form.cleaned_data.get("protocol", "")
    return form.catalogue.row(Protocol, chosen) if form.catalogue.has(Protocol, chosen) else None


urls = [
    path("consultations/<id:consultation_id>/plan/", draft, name="draft_plan"),
    path("plans/<id:plan_id>/", plan, name="plan"),
    path("plans/<id:plan_id>/revise/", revise, name="revise_plan"),
]
