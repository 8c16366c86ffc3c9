"""The consultation screen with its live verdict, its review and its signature."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mesoclinic.access import Can, StaffRequest, disclose, may, needs
from mesoclinic.errors import ClinicError, StaleRecord
from mesoclinic.forms import ClinicForm
from mesoclinic.typed import number_in
from patients.documents.consultation_record import consultation_record
from patients.forms.consultation import ConsultationForm
from patients.forms.consultation_layout import Layout
from patients.forms.overrides import OverrideForms
from patients.forms.still_true import Known, carried, confirm
from patients.models import Candidacy, Consultation
from patients.queries import consultations as queries
from patients.queries.acknowledgements import stored, unread
from patients.queries.banner import banner_for, current_facts
from patients.queries.candidacy import as_given, missing_words, panel
from patients.queries.changes import changes, seen
from patients.queries.corrections import corrections_of, signed_facts, verdict_since, void_of
from patients.queries.intake import Noted, waiting_intakes_for
from patients.queries.overrides import overridable, overridden_in, standing, verdict_after
from patients.queries.papers import letters_of
from patients.rules.candidacy import evaluate
from patients.rules.still_true import unconfirmed
from patients.services import consultations as services
from patients.services.overrides import Grounds
from patients.views.papers import inline
from protocols.queries.catalogue import catalogue_of, current_catalogue
from protocols.rules.catalogue import Catalogue
from protocols.rules.facts import from_sheet

_CONTROLS = {"csrfmiddlewaretoken", "version", "action", "acknowledged", "theirs", "still", "was"}


@require_GET
@needs(Can.WRITE_CONSULTATION)
def worklist(request: StaffRequest) -> HttpResponse:
    """Drafts and the latest signed consultations."""
    found = queries.worklist_for(request.actor)
    arrived = waiting_intakes_for(request.actor)
    shown = [*(each.patient for each in found), *(each.patient for each in arrived)]
    disclose(request.actor, "consultations", [patient.pk for patient in shown])
    return render(request, "patients/consultations.html", {"consultations": found, "arrived": arrived})


@require_POST
@needs(Can.WRITE_CONSULTATION)
def start(request: StaffRequest, patient_id: int) -> HttpResponse:
    """Open a draft, or go on with the one that is open."""
    draft = services.start_consultation(request.actor, patient_id=patient_id)
    return redirect("patients:consultation", draft.pk)


@require_http_methods(["GET", "POST"])
@needs(Can.WRITE_CONSULTATION)
def consultation(request: StaffRequest, consultation_id: int) -> HttpResponse:
    """The form while it is a draft, the locked record afterwards; a colleague's draft can be read."""
    found = queries.consultation_for(request.actor, consultation_id)
    typing = request.htmx and request.method == "POST"
    if found.state != Consultation.State.DRAFT and not typing:
        return _record(request, found)
    if request.method == "GET":
        return _form_page(request, found, _form(found, None))
    posted = _posted(request, found)
    form = _form(found, posted)
    try:
        found = services.save_draft(
            request.actor, consultation_id=found.pk, version=_seen(request), answers=_answers(posted)
        )
    except StaleRecord as error:
        form.refuse(error)
        mine = found.clinician_id == request.actor.pk
        return _form_page(request, found, form, conflict=_conflict(found, form, posted) if mine else None)
    except ClinicError as error:
        form.refuse(error)
    # A live answer that is still on its way when a button was pressed carries the button, too.
    if form.is_valid() and request.POST.get("action") == "review" and not typing:
        return redirect("patients:review_consultation", found.pk)
    return _form_page(request, found, form)


@require_http_methods(["GET", "POST"])
@needs(Can.WRITE_CONSULTATION)
def review(request: StaffRequest, consultation_id: int) -> HttpResponse:
    """The record as it will read, each caution to acknowledge, and the signature."""
    found = queries.consultation_for(request.actor, consultation_id)
    form = _form(found, None)
    if found.state != Consultation.State.DRAFT or not form.is_valid():
        return redirect("patients:consultation", found.pk)
    posted = request.POST if request.method == "POST" else None
    refusal, context = SignForm(posted), _context(request, found, form)
    overrides = OverrideForms(posted, context["panel"], letters=letters_of(found.patient), today=form.today)
    if refusal.is_valid() and overrides.are_valid(refusal):
        try:
            services.sign_consultation(
                request.actor,
                consultation_id=found.pk,
                version=_seen(request),
                facts=form.facts(),
                narrative=form.narrative(),
                acknowledged=request.POST.getlist("acknowledged"),
                overrides={rule: Grounds(**given) for rule, given in overrides.grounds().items()},
            )
        except ClinicError as error:
            refusal.refuse(error)
        else:
            messages.success(request, _("Consultation signed and locked."))
            return redirect("patients:consultation", found.pk)
    context |= {
        "refusal": refusal,
        "acknowledged": request.POST.getlist("acknowledged"),
        "overrides": overrides if may(request.actor, Can.OVERRIDE_FINDING) else [],
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


@require_GET
@needs(Can.WRITE_CONSULTATION)
def paper(request: StaffRequest, consultation_id: int) -> HttpResponse:
    """A signed consultation as it is printed; a draft has no paper."""
    found = queries.consultation_for(request.actor, consultation_id)
    if found.state == Consultation.State.DRAFT:
        return redirect("patients:consultation", found.pk)
    disclose(request.actor, "print consultation", [found.patient_id])
    return inline(consultation_record(found, _signed(request, found)), "application/pdf")


class SignForm(ClinicForm):
    """Carries nothing but the refusal of a signature."""


def _form(found: Consultation, posted: QueryDict | None) -> ConsultationForm:
    catalogue, today, known = current_catalogue(), queries.today_at(found.site), current_facts(found.patient)
    if posted is None:
        posted = _as_posted(_brought_along(found, known, catalogue) | found.answers)
    confirm(posted, posted.getlist("still"), known, catalogue)
    return ConsultationForm(posted, catalogue=catalogue, today=today, known=known)


def _brought_along(found: Consultation, known: Known, catalogue: Catalogue) -> dict[str, list[str]]:
    """What stands in a new consultation unasked: the sex of registration and the known allergies."""
    sex = found.patient.sex_at_birth
    return ({"sex_at_birth": [sex]} if sex else {}) | carried(known, catalogue)


def _form_page(
    request: StaffRequest, found: Consultation, form: ConsultationForm, conflict: dict[str, Any] | None = None
) -> HttpResponse:
    context = _context(request, found, form) | {"conflict": conflict}
    if request.htmx:
        # A live answer is a fragment: what is wrong in the fields is part of it, so htmx must swap it in.
        return render(request, "patients/consultation.html#verdict", context, status=form.refused or 200)
    mine = found.clinician_id == request.actor.pk or request.method == "POST"
    template = "patients/consultation.html" if mine else "patients/consultation_draft.html"
    return render(request, template, context, status=form.status if request.method == "POST" else 200)


def _context(request: StaffRequest, found: Consultation, form: ConsultationForm) -> dict[str, Any]:
    disclose(request.actor, "consultation", [found.patient_id])
    form.is_valid()
    sheet = form.facts() | {"date_of_birth": {"value": found.patient.birth_date.isoformat()}}
    facts = from_sheet(sheet, evaluated_on=form.today, catalogue=form.catalogue)
    verdict = evaluate(facts, form.catalogue)
    aside = standing(found.patient, stored(verdict.fired), sheet=None, on=form.today)
    left = unconfirmed(form.known, sheet, facts, form.catalogue)
    shown = panel(verdict, facts, form.catalogue, aside, left)
    return {
        "consultation": found,
        "patient": found.patient,
        "banner": banner_for(request.actor, found.patient, on=form.today, facts=form.known),
        "form": form,
        "panel": shown,
        "changes": changes(request.POST.getlist("was"), shown, form.catalogue),
        "seen": seen(shown),
        "verdict": shown.verdict,
        "layout": Layout(form, facts=facts, panel=shown),
        "facts": queries.read_facts(form.facts(), form.catalogue, before=form.known),
        "narrative": queries.readable_narrative(form.narrative(), form.catalogue),
        "version": found.version,
        "intake": Noted(found),
    }


def _conflict(found: Consultation, form: ConsultationForm, sent: QueryDict) -> dict[str, Any]:
    """Who saved meanwhile, and both versions of each answer that differs."""
    change = {"who": found.clinician.name, "at": found.saved_at, "zone": found.site.zone}
    return {"change": change, "differences": form.differences(sent, found.answers)}


def _record(
    request: StaffRequest, found: Consultation, problem: ClinicError | None = None, text: str = ""
) -> HttpResponse:
    disclose(request.actor, "signed consultation", [found.patient_id])
    context = _signed(request, found) | {"problem": problem, "text": text}
    return render(request, "patients/consultation_record.html", context, status=problem.status if problem else 200)


def _signed(request: StaffRequest, found: Consultation) -> dict[str, Any]:
    """Everything that a signed consultation says."""
    candidacy, since = queries.candidacy_of(found), verdict_since(found)
    catalogue = catalogue_of(candidacy.release) if candidacy else current_catalogue()
    today = queries.today_at(found.site)
    aside = overridden_in(candidacy, on=today) if candidacy else {}
    can_override = candidacy is not None and may(request.actor, Can.OVERRIDE_FINDING)
    return {
        "consultation": found,
        "patient": found.patient,
        "banner": banner_for(request.actor, found.patient, on=today),
        "facts": queries.read_facts(signed_facts(found), catalogue, corrections=corrections_of(found)),
        "narrative": queries.readable_narrative(found.narrative, catalogue),
        "candidacy": candidacy,
        "findings": as_given(candidacy, catalogue, aside) if candidacy else [],
        "after": verdict_after(candidacy, on=today) if candidacy else "",
        "overridable_here": overridable(candidacy) if candidacy and can_override else (),
        "overridable": overridable(since) if since and can_override else (),
        "back": request.path,
        "void": void_of(found),
        "correctable": found.pk if found.state == Consultation.State.SIGNED else None,
        **(_since(since, today) if since else {}),
        "missing": missing_words(candidacy, catalogue) if candidacy else [],
        "addenda": queries.addenda_of(f"consultation:{found.pk}"),
        "may_plan": may(request.actor, Can.SIGN_PLAN),
    }


def _since(candidacy: Candidacy, today: date) -> dict[str, Any]:
    """The verdict that counts once an answer was corrected."""
    aside, catalogue = overridden_in(candidacy, on=today), catalogue_of(candidacy.release)
    return {
        "since": candidacy,
        "since_after": verdict_after(candidacy, on=today),
        "since_findings": as_given(candidacy, catalogue, aside),
        "unread": unread(candidacy),
    }


def _posted(request: StaffRequest, found: Consultation) -> QueryDict:
    """What was sent, with the saved answers in place of those that the doctor takes over from them."""
    posted = request.POST.copy()
    for name in set(posted.pop("theirs", [])):
        posted.setlist(name, found.answers.get(name, []))
    return posted


def _answers(posted: QueryDict) -> dict[str, list[str]]:
    return {name: [str(text) for text in texts] for name, texts in posted.lists() if name not in _CONTROLS}


def _as_posted(answers: Mapping[str, list[str]]) -> QueryDict:
    posted = QueryDict(mutable=True)
    for name, texts in answers.items():
        posted.setlist(name, texts)
    return posted


def _seen(request: StaffRequest) -> int:
    return number_in(request.POST.get("version", ""), bits=31) or 0


urls = [
    path("consultations/", worklist, name="consultations"),
    path("patients/<id:patient_id>/consultations/", start, name="start_consultation"),
    path("consultations/<id:consultation_id>/", consultation, name="consultation"),
    path("consultations/<id:consultation_id>/review/", review, name="review_consultation"),
    path("consultations/<id:consultation_id>/paper/", paper, name="consultation_paper"),
    path("consultations/<id:consultation_id>/addendum/", addendum, name="consultation_addendum"),
]
