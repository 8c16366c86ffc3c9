"""A consent's life: offered, shown, signed or refused, withdrawn. Only the treating doctor seeks it (CE-01)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from mesoclinic import access, audit, clock, documents, news
from mesoclinic.access import Can
from mesoclinic.accounts import User
from mesoclinic.actors import Actor
from mesoclinic.errors import ClinicError, Conflict, NotAllowed, StaleRecord
from mesoclinic.languages import spoken
from mesoclinic.once import once
from mesoclinic.search import normalise
from mesoclinic.transactions import atomic
from patients.documents import consent_pdf, consent_text, digest_of
from patients.documents.signature import DRAWN, TYPED, Signature, drawing, is_trivial, strokes_of
from patients.models import Consent, PatientDocument, PlanVersion, Todo
from patients.queries.consent_form import current_form
from patients.queries.consents import consent_for, given_of, signed_version_of
from patients.queries.people import records_of_person
from patients.rules.consent import required_elements, validity
from patients.services.hold import hold
from protocols.queries.catalogue import current_catalogue

OPEN = (Consent.State.OFFERED, Consent.State.SHOWN)
EXTRAS = {"CE-15": Consent.Kind.PHOTO, "CE-16": Consent.Kind.DATA}


def offer_consent(actor: Actor, *, plan_version: PlanVersion, language: str) -> Consent:
    """A consent for this version that waits to be shown, or the one that is open or still holds.

    It is in the language if the clinic has its texts, and says in which one it is.
    """
    doctor, language = _doctor(actor), spoken(language)
    with atomic():
        _still_signed(plan_version)
        known = _reusable(plan_version, language)
        if known is not None:
            return known
        made = Consent.objects.create(
            patient=hold(plan_version.plan.patient_id),
            site=plan_version.plan.site,
            kind=Consent.Kind.TREATMENT,
            plan_version=plan_version,
            template_version=current_form(),
            language=language,
            offered_by=doctor,
            offered_at=clock.now(),
        )
        audit.record(doctor, "consent.offered", made, patient_id=made.patient_id)
    return made


def show_consent(actor: Actor, *, consent_id: int, how: str, interpreter: str, present: str) -> Consent:
    """Freeze the text that the patient now reads, with who explains it, how, and who else is there."""
    doctor = _doctor(actor)
    with atomic():
        consent = _locked(doctor, consent_id)
        if consent.state not in OPEN:
            raise StaleRecord(_("This consent is already decided."))
        _still_current(consent)
        asked = {"by": doctor.name, "how": how, "interpreter": interpreter, "present": present}
        consent.text = consent_text(_version(consent), consent.language, asked=asked)
        consent.text_sha256 = digest_of(consent.text)
        consent.state, consent.shown_at = Consent.State.SHOWN, clock.now()
        consent.save(update_fields=["text", "text_sha256", "state", "shown_at"])
        audit.record(doctor, "consent.shown", consent, patient_id=consent.patient_id)
    return consent


def sign_consent(actor: Actor, *, consent_id: int, signature: Signature, key: str) -> Consent:
    """Keep the signed text and its paper together; the same key again gives the same consent.

    Raises StaleRecord when another text than the frozen one was seen or the plan has changed, ClinicError when an
    element is not acknowledged, an answer is wrong, or there is no real signature.
    """
    access.require(actor, Can.TAKE_CONSENT)
    seen = consent_for(actor, consent_id)
    # The paper takes seconds to make: it is made before the transaction, which then checks that nothing moved.
    paper = _fill(seen, signature) if seen.state == Consent.State.SHOWN else b""
    body = {
        "consent": consent_id,
        "text": signature.text_sha256,
        "elements": sorted(signature.acknowledged),
        "answers": dict(signature.answers),
        "choices": {element: dict(each) for element, each in signature.choices.items()},
        "signature": [signature.method, signature.name, signature.strokes],
    }
    once(actor, key, body, lambda: _seal(actor, seen, paper))
    return consent_for(actor, consent_id)


def ask_first(actor: Actor, *, consent_id: int) -> Consent:
    """The patient wants to ask something first: nothing is decided, the doctor is told."""
    access.require(actor, Can.TAKE_CONSENT)
    with atomic():
        consent = _locked(actor, consent_id)
        if consent.state not in OPEN:
            raise StaleRecord(_("This consent is already decided."))
        text = _("Answer a question before the consent is signed.")
        Todo.objects.create(site=consent.site, patient=consent.patient, user=consent.offered_by, text=text)
        audit.record(actor, "consent.questioned", consent, patient_id=consent.patient_id)
    return consent


def refuse_consent(actor: Actor, *, consent_id: int) -> Consent:
    """The patient says no; no reason is asked."""
    access.require(actor, Can.TAKE_CONSENT)
    with atomic():
        consent = _locked(actor, consent_id)
        if consent.state not in OPEN:
            raise StaleRecord(_("This consent is already decided."))
        consent.state = Consent.State.REFUSED
        consent.save(update_fields=["state"])
        audit.record(actor, "consent.refused", consent, patient_id=consent.patient_id)
    return consent


def withdraw_consent(actor: Actor, *, consent_id: int, reason: str = "") -> Consent:
    """Stop at once, no reason needed (STOP-5): any member of staff who hears it may record it."""
    access.require(actor, Can.VIEW_DOCUMENTS)
    with atomic():
        consent = _locked(actor, consent_id)
        if consent.state != Consent.State.SIGNED:
            raise StaleRecord(_("Only a signed consent can be withdrawn."))
        consent.state, consent.withdrawn_at = Consent.State.WITHDRAWN, clock.now()
        consent.save(update_fields=["state", "withdrawn_at"])
        audit.record(actor, "consent.withdrawn", consent, patient_id=consent.patient_id, reason=reason)
        news.announce("consent.withdrawn", actor=actor, consent_id=consent.pk)
    return consent


def _doctor(actor: Actor) -> User:
    access.require(actor, Can.TAKE_CONSENT)
    if not isinstance(actor, User):
        audit.denied(actor, Can.TAKE_CONSENT)
        raise NotAllowed(_("Only the treating doctor asks for consent."))
    return actor


def _locked(actor: Actor, consent_id: int) -> Consent:
    consent_for(actor, consent_id)
    return (
        Consent.objects.select_for_update(of=("self",))
        .select_related("site", "patient", "offered_by")
        .get(pk=consent_id)
    )


def _version(consent: Consent) -> PlanVersion:
    if consent.plan_version is None:
        raise Conflict(_("This consent belongs to no plan."))
    return consent.plan_version


def _reusable(version: PlanVersion, language: str) -> Consent | None:
    found = Consent.objects.filter(plan_version=version, kind=Consent.Kind.TREATMENT)
    for consent in found.filter(state__in=(*OPEN, Consent.State.SIGNED)):
        today = clock.now().astimezone(consent.site.zone).date()
        if consent.state in OPEN and (consent.language, consent.template_version) == (language, current_form()):
            return consent
        if consent.state == Consent.State.SIGNED and not _validity(consent, today).lacks:
            return consent
    return None


def _validity(consent: Consent, on: Any) -> Any:
    version = consent.plan_version_id or 0
    return validity(given_of(consent), plan_version=version, form=current_form(), on=on, catalogue=current_catalogue())


def _still_signed(version: PlanVersion) -> None:
    newest = signed_version_of(version.plan)
    if newest is None or newest.pk != version.pk:
        raise StaleRecord(_("The plan has changed. Offer a consent for its newest signed version."))


def _still_current(consent: Consent) -> None:
    _still_signed(_version(consent))
    if consent.template_version != current_form():
        raise StaleRecord(_("The consent form has changed. Offer a new consent."))


def _fill(consent: Consent, signature: Signature) -> bytes:
    """Check everything, complete the row in memory and make its paper."""
    _as_shown(consent, signature.text_sha256)
    now = clock.now()
    consent.elements = [*_acknowledged(consent, signature, now), *_chosen(consent, signature, now)]
    consent.method, consent.signature_name = signature.method, consent.patient.full_name
    consent.signature_svg = _drawn(signature) if signature.method == DRAWN else ""
    if signature.method != DRAWN:
        _typed(consent, signature)
    consent.signed_at, consent.signed_on = now, now.astimezone(consent.site.zone).date()
    return consent_pdf(consent, validity=_validity(consent, consent.signed_on))


def _as_shown(consent: Consent, seen: str) -> None:
    if digest_of(consent.text) != consent.text_sha256:
        raise Conflict(_("The stored text is damaged. Offer a new consent."))
    if seen != consent.text_sha256:
        raise StaleRecord(_("The text has changed since you read it. Read it again before you sign."))


def _acknowledged(consent: Consent, signature: Signature, now: datetime) -> list[dict[str, Any]]:
    required = required_elements(current_catalogue())
    missing = [element for element in required if element not in signature.acknowledged]
    if missing or not required:
        titles = {section["id"]: section["title"] for section in consent.text["sections"]}
        names = ", ".join(titles.get(element, element) for element in missing)
        raise ClinicError(_("Mark as read: %(names)s.") % {"names": names}, f"ack_{missing[0]}" if missing else "")
    _understood(consent, signature.answers)
    return [
        {"id": element, "at": _moment(signature.acknowledged[element], consent, now).isoformat()}
        for element in required
    ]


def _moment(typed: str, consent: Consent, now: datetime) -> datetime:
    """When it was ticked, by the tablet's clock; our own time when that lies outside the reading."""
    try:
        ticked = datetime.fromisoformat(typed)
    except ValueError:
        return now
    if ticked.tzinfo is None or consent.shown_at is None:
        return now
    return ticked if consent.shown_at <= ticked <= now else now


def _understood(consent: Consent, answers: Mapping[str, str]) -> None:
    for each in consent.text["questions"]:
        if answers.get(each["id"]) not in each["answers"]:
            raise ClinicError(_("Answer the question: %(question)s") % each, f"answer_{each['id']}")
        if answers[each["id"]] != each["right"]:
            raise ClinicError(_("That is not right. %(why)s Answer again.") % each, f"answer_{each['id']}")


def _chosen(consent: Consent, signature: Signature, now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "id": choice["id"],
            "at": now.isoformat(),
            "choices": {name: signature.choices.get(choice["id"], {}).get(name) is True for name in choice["options"]},
        }
        for choice in consent.text["choices"]
    ]


def _drawn(signature: Signature) -> str:
    strokes = strokes_of(signature.strokes)
    if is_trivial(strokes):
        raise ClinicError(_("Sign with your whole signature, or type your full name."), "name")
    return drawing(strokes)


def _typed(consent: Consent, signature: Signature) -> None:
    if signature.method != TYPED or normalise(signature.name) != normalise(consent.patient.full_name):
        raise ClinicError(_("Type your full name: %(name)s.") % {"name": consent.patient.full_name}, "name")


def _seal(actor: Actor, filled: Consent, paper: bytes) -> int:
    now = _locked(actor, filled.pk)
    if now.state != Consent.State.SHOWN or not paper:
        raise StaleRecord(_("This consent is already decided."))
    if now.text_sha256 != filled.text_sha256:
        raise StaleRecord(_("The text has changed since you read it. Read it again before you sign."))
    _still_current(now)
    stored = documents.keep(paper, kind="consent", language=filled.language, template_version=filled.template_version)
    about = f"consent:{filled.pk}"
    PatientDocument.objects.create(patient=filled.patient, document=stored, kind="consent", subject=about)
    older = Consent.objects.filter(plan_version__plan=_version(filled).plan, kind=Consent.Kind.TREATMENT)
    older.filter(state=Consent.State.SIGNED).update(state=Consent.State.SUPERSEDED)
    filled.document, filled.state = stored, Consent.State.SIGNED
    filled.save()
    _keep_choices(filled)
    audit.record(actor, "consent.signed", filled, patient_id=filled.patient_id)
    news.announce("consent.signed", actor=actor, consent_id=filled.pk)
    return filled.pk


def _keep_choices(consent: Consent) -> None:
    """Photographs and data are consents of their own: each can be withdrawn without the treatment."""
    copied = ("patient", "site", "template_version", "language", "text", "text_sha256", "offered_by", "offered_at")
    signed = ("shown_at", "signed_at", "signed_on", "method", "signature_name", "signature_svg", "document")
    for given in consent.elements:
        if given["id"] not in EXTRAS:
            continue
        kind = EXTRAS[given["id"]]
        state = Consent.State.SIGNED if any(given["choices"].values()) else Consent.State.REFUSED
        records = records_of_person(consent.patient_id)
        older = Consent.objects.filter(patient__in=records, kind=kind, state=Consent.State.SIGNED)
        older.update(state=Consent.State.SUPERSEDED)
        fields = {name: getattr(consent, name) for name in (*copied, *signed)}
        Consent.objects.create(kind=kind, elements=[given], state=state, **fields)
