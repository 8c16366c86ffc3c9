"""The treatment plan with its live safety check, and its signature."""

from collections import defaultdict
from collections.abc import Callable, Mapping

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from mesoclinic.access import Can, StaffRequest, disclose, may, needs
from mesoclinic.errors import ClinicError, StaleRecord
from patients.documents.plan_summary import plan_summary
from patients.forms.plan import PlanForm
from patients.forms.plan_layout import PlanLayout
from patients.models import PlanVersion, TreatmentPlan
from patients.queries import plans as queries
from patients.queries.banner import banner_for, current_facts
from patients.queries.consultations import today_at
from patients.queries.overrides import overridden_now
from patients.queries.sign_offs import sign_offs_of
from patients.services import plans as services
from patients.services.sign_offs import ask_sign_off
from protocols.queries.catalogue import catalogue_of
from protocols.rules.facts import Facts, from_sheet
from protocols.rules.formulation import FormulationResult, check_mixture
from protocols.rules.kinds.schedule import Protocol


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
    # A change that is still on its way when the plan was signed is answered with the check: a whole page would stand
    # in its place.
    is_draft = version.state == PlanVersion.State.DRAFT
    late = not is_draft and request.htmx and request.method == "POST"
    if not (is_draft or late) or not may(request.actor, Can.SIGN_PLAN):
        return _signed(request, found, version)
    form = PlanForm(
        request.POST if request.method == "POST" else None,
        catalogue=catalogue_of(version.release),
        plan_version=version,
    )
    if taken := request.POST.get("take", ""):
        return _builder(request, found, version, form.taking(taken), taken=True)
    right = form.is_valid()
    if late:
        form.refuse(StaleRecord(_("This plan was signed meanwhile. Nothing more is kept here: open it again.")))
    elif right and not request.htmx:
        try:
            kept = services.save_plan(
                request.actor,
                plan_id=plan_id,
                version=form.cleaned_data["version"],
                parts=form.parts(),
                **form.wishes(),
            )
            form = form.carrying(kept.version)
            said = ACTS[request.POST.get("action", "")](request, form, kept)
        except ClinicError as error:
            form.refuse(error)
        else:
            messages.success(request, said)
            return redirect("patients:plan", plan_id)
    return _builder(request, found, version, form)


@require_POST
@needs(Can.SIGN_PLAN)
def revise(request: StaffRequest, plan_id: int) -> HttpResponse:
    """A new version of a signed plan."""
    services.revise_plan(request.actor, plan_id=plan_id)
    return redirect("patients:plan", plan_id)


@require_POST
@needs(Can.VIEW_CLINICAL)
def summary(request: StaffRequest, plan_id: int) -> HttpResponse:
    """The paper of a signed plan for the patient."""
    found = queries.plan_for(request.actor, plan_id)
    paper = plan_summary(request.actor, queries.signed_version_of(found))
    return redirect("patients:document", paper.document_id)


def _saved(request: StaffRequest, form: PlanForm, kept: PlanVersion) -> str:
    return _("Draft saved.")


def _sign(request: StaffRequest, form: PlanForm, kept: PlanVersion) -> str:
    services.sign_plan(request.actor, plan_id=kept.plan_id, version=kept.version)
    return _("Plan signed. It can be booked now.")


def _ask(request: StaffRequest, form: PlanForm, kept: PlanVersion) -> str:
    reason = form.data.get("sign_off_reason", "")
    ask_sign_off(request.actor, plan_id=kept.plan_id, version=kept.version, reason=reason)
    return _("The medical director is asked. The decision holds for this mixture only.")


Act = Callable[[StaffRequest, PlanForm, PlanVersion], str]
ACTS: Mapping[str, Act] = defaultdict(lambda: _saved, sign=_sign, ask=_ask)


def _builder(
    request: StaffRequest, found: TreatmentPlan, version: PlanVersion, form: PlanForm, *, taken: bool = False
) -> HttpResponse:
    disclose(request.actor, "treatment plan", [found.patient_id])
    if request.method == "GET":
        form = PlanForm(_as_typed(form), catalogue=form.catalogue, plan_version=version)
    on = today_at(found.site)
    facts = from_sheet(current_facts(found.patient), evaluated_on=on, catalogue=form.catalogue)
    form.is_valid()
    granted = queries.granted(version, form.parts(), cream=form.cleaned_data.get("anaesthetic_cream", "none"))
    check = _check(form, facts, granted)
    context = {
        "plan": found,
        "patient": found.patient,
        "version": version,
        "versions": queries.versions_of(found),
        "form": form,
        "banner": banner_for(request.actor, found.patient, on=on),
        "overridden": overridden_now(found.patient, on=on),
        "check": check,
        "layout": PlanLayout(form, check, facts, granted=granted),
        "sign_offs": sign_offs_of(version),
        "taken": taken,
    }
    shown = request.htmx or request.method == "GET" or taken
    template = "patients/plan_live.html" if request.htmx else "patients/plan.html"
    return render(request, template, context, status=200 if shown else form.status)


def _signed(request: StaffRequest, found: TreatmentPlan, version: PlanVersion) -> HttpResponse:
    disclose(request.actor, "treatment plan", [found.patient_id])
    context = {
        "plan": found,
        "patient": found.patient,
        "version": version,
        "banner": banner_for(request.actor, found.patient, on=today_at(found.site)),
        "overridden": overridden_now(found.patient, on=today_at(found.site)),
        "protocol": catalogue_of(version.release).row(Protocol, version.protocol),
        "check": version.checks.first(),
        "consents": version.consents.order_by("-pk"),
        "may_sign": may(request.actor, Can.SIGN_PLAN),
        "may_book": may(request.actor, Can.BOOK),
        "may_consent": may(request.actor, Can.TAKE_CONSENT),
    }
    return render(request, "patients/plan_signed.html", context)


def _as_typed(form: PlanForm) -> QueryDict:
    """The stored draft as if it had been posted, so that it is read and checked the same way."""
    typed = QueryDict(mutable=True)
    for field in form:
        value = field.initial
        typed.setlist(field.html_name, value if isinstance(value, list) else ["" if value is None else str(value)])
    return typed


def _check(form: PlanForm, facts: Facts, granted: frozenset[str]) -> FormulationResult:
    formulation = queries.mixture(
        form.parts(),
        cream=form.cleaned_data.get("anaesthetic_cream", "none"),
        reason=form.cleaned_data.get("la_soft_limit_reason", ""),
        signed_off=granted,
        compatible=form.cleaned_data.get("compatible_syringes", []),
    )
    return check_mixture(
        formulation, form.technique_plan(), facts=facts, evaluated_on=facts.evaluated_on, catalogue=form.catalogue
    )


urls = [
    path("consultations/<id:consultation_id>/plan/", draft, name="draft_plan"),
    path("plans/<id:plan_id>/", plan, name="plan"),
    path("plans/<id:plan_id>/revise/", revise, name="revise_plan"),
    path("plans/<id:plan_id>/summary/", summary, name="plan_summary"),
]
