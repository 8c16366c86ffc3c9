"""The consultation screen with its live verdict, its review and its signature."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mesoclinic.access import Can, StaffRequest, disclose, may, needs
from mesoclinic.errors import ClinicError
from mesoclinic.forms import ClinicForm
from patients.forms.consultation import ConsultationForm, initial_of
from patients.models import Consultation
from patients.queries import consultations as queries
from patients.queries.banner import banner_for, current_facts
from patients.rules.candidacy import CandidacyResult, evaluate
from patients.services import consultations as services
from protocols.queries.catalogue import current_catalogue
from protocols.rules.facts import from_sheet

_CONTROLS = {"csrfmiddlewaretoken", "version", "action", "acknowledged"}


@require_GET
@needs(Can.WRITE_CONSULTATION)
def worklist(request: StaffRequest) -> HttpResponse:
    """Drafts and the latest signed consultations."""
    found = queries.worklist_for(request.actor)
    disclose(request.actor, "consultations", [each.patient_id for each in found])
    return render(request, "patients/consultations.html", {"consultations": found})


@require_POST
@needs(Can.WRITE_CONSULTATION)
def start(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Open a draft, or go on with the one that is open."""
    draft = services.start_consultation(request.actor, patient_id=patient_id)
    return redirect("patients:consultation", draft.pk)


@require_http_methods(["GET", "POST"])
@needs(Can.WRITE_CONSULTATION)
def consultation(request: StaffRequest, consultation_id: int) -> HttpResponse:
    """The form while it is a draft, the locked record afterwards."""
    found = queries.consultation_for(request.actor, consultation_id)
    if found.state != Consultation.State.DRAFT:
        return _record(request, found)
    form = _form(found, request.POST if request.method == "POST" else None)
    version, status = found.version, 200
    if request.method == "POST":
        try:
            version = services.save_draft(
                request.actor, consultation_id=found.pk, version=_seen(request), answers=_answers(request.POST)
            )
        except ClinicError as error:
            form.refuse(error)
        if form.is_valid() and request.POST.get("action") == "review":
            return redirect("patients:review_consultation", found.pk)
        status = form.status
    context = _context(request, found, form) | {"version": version}
    # A live answer is a fragment: its fields' errors are part of it, so htmx must swap it in.
    template = "patients/consultation.html#verdict" if request.htmx else "patients/consultation.html"
    return render(request, template, context, status=status if not request.htmx or form.refused else 200)


@require_http_methods(["GET", "POST"])
@needs(Can.WRITE_CONSULTATION)
def review(request: StaffRequest, consultation_id: int) -> HttpResponse:
    """The record as it will read, each caution to acknowledge, and the signature."""
    found = queries.consultation_for(request.actor, consultation_id)
    form = _form(found, None)
    if found.state != Consultation.State.DRAFT or not form.is_valid():
        return redirect("patients:consultation", found.pk)
    refusal = SignForm(request.POST if request.method == "POST" else None)
    if refusal.is_valid():
        try:
            services.sign_consultation(
                request.actor,
                consultation_id=found.pk,
                version=_seen(request),
                facts=form.facts(),
                narrative=form.narrative(),
                acknowledged=request.POST.getlist("acknowledged"),
            )
        except ClinicError as error:
            refusal.refuse(error)
        else:
            messages.success(request, _("Consultation signed and locked."))
            return redirect("patients:consultation", found.pk)
    context = _context(request, found, form) | {
        "refusal": refusal,
        "facts": queries.readable_facts(form.facts(), form.catalogue),
        "narrative": queries.readable_narrative(form.narrative(), form.catalogue),
        "acknowledged": request.POST.getlist("acknowledged"),
        "version": found.version,
    }
    return render(request, "patients/review_consultation.html", context, status=refusal.status)


@require_POST
@needs(Can.WRITE_CONSULTATION)
def addendum(request: StaffRequest, consultation_id: int) -> HttpResponse:
    """Add to a signed consultation."""
    found = queries.consultation_for(request.actor, consultation_id)
    try:
        services.add_addendum(request.actor, consultation_id=found.pk, text=request.POST.get("text", ""))
    except ClinicError as error:
        return _record(request, found, problem=error, text=request.POST.get("text", ""))
    messages.success(request, _("Addendum added."))
    return redirect("patients:consultation", found.pk)


class SignForm(ClinicForm):
    """Carries nothing but the refusal of a signature."""


def _form(found: Consultation, posted: QueryDict | None) -> ConsultationForm:
    catalogue, today = current_catalogue(), queries.today_at(found.site)
    if posted is not None:
        return ConsultationForm(posted, catalogue=catalogue, today=today)
    if found.answers:
        return ConsultationForm(_as_posted(found.answers), catalogue=catalogue, today=today)
    known = {"sex_at_birth": found.patient.sex_at_birth} | initial_of(current_facts(found.patient), catalogue)
    return ConsultationForm(_as_posted(_lists(known)), catalogue=catalogue, today=today)


def _context(request: StaffRequest, found: Consultation, form: ConsultationForm) -> dict[str, Any]:
    disclose(request.actor, "consultation", [found.patient_id])
    form.is_valid()
    verdict = _verdict(found, form)
    return {
        "consultation": found,
        "patient": found.patient,
        "banner": banner_for(request.actor, found.patient, on=form.today),
        "form": form,
        "verdict": verdict,
        "answered": len(form.inputs) - len(verdict.gaps),
        "asked": len(form.inputs),
    }


def _verdict(found: Consultation, form: ConsultationForm) -> CandidacyResult:
    born = {"value": found.patient.birth_date.isoformat()}
    sheet = form.facts() | {"date_of_birth": born}
    facts = from_sheet(sheet, evaluated_on=form.today, catalogue=form.catalogue)
    return evaluate(facts, form.catalogue)


def _record(
    request: StaffRequest, found: Consultation, problem: ClinicError | None = None, text: str = ""
) -> HttpResponse:
    disclose(request.actor, "signed consultation", [found.patient_id])
    sheet = found.fact_sheets.order_by("-number").first()
    context = {
        "consultation": found,
        "patient": found.patient,
        "banner": banner_for(request.actor, found.patient, on=queries.today_at(found.site)),
        "facts": queries.readable_facts(sheet.facts if sheet else {}, current_catalogue()),
        "narrative": queries.readable_narrative(found.narrative, current_catalogue()),
        "candidacy": queries.candidacy_of(found),
        "addenda": queries.addenda_of(f"consultation:{found.pk}"),
        "may_plan": may(request.actor, Can.SIGN_PLAN),
        "problem": problem,
        "text": text,
    }
    return render(request, "patients/consultation_record.html", context, status=problem.status if problem else 200)


def _answers(posted: QueryDict) -> dict[str, list[str]]:
    return {name: [str(text) for text in texts] for name, texts in posted.lists() if name not in _CONTROLS}


def _as_posted(answers: Mapping[str, list[str]]) -> QueryDict:
    posted = QueryDict(mutable=True)
    for name, texts in answers.items():
        posted.setlist(name, texts)
    return posted


def _lists(known: Mapping[str, Any]) -> dict[str, list[str]]:
    return {
        name: [str(each) for each in value] if isinstance(value, list) else [str(value)]
        for name, value in known.items()
        if value not in (None, "")
    }


def _seen(request: StaffRequest) -> int:
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < len(str(2**31)) else 0


urls = [
    path("consultations/", worklist, name="consultations"),
    path("patients/<id:patient_id>/consultations/", start, name="start_consultation"),
    path("consultations/<id:consultation_id>/", consultation, name="consultation"),
    path("consultations/<id:consultation_id>/review/", review, name="review_consultation"),
    path("consultations/<id:consultation_id>/addendum/", addendum, name="consultation_addendum"),
]
