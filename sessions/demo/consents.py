"""Consents of the demo: offered, shown and decided through their services, but for most of the papers."""

from contextlib import suppress

from mesoclinic import audit, clock, news
from mesoclinic.accounts import User
from mesoclinic.pdf import NotRendered
from mesoclinic.transactions import atomic
from patients.documents.signature import TYPED, Signature
from patients.models import Consent, PlanVersion
from patients.rules.consent import required_elements
from patients.services.consents import offer_consent, refuse_consent, show_consent, sign_consent, withdraw_consent
from protocols.queries.catalogue import current_catalogue


def offered(doctor: User, version: PlanVersion) -> Consent:
    """A consent that waits to be read, in the patient's language."""
    return offer_consent(doctor, plan_version=version, language=version.plan.patient.language)


def shown(doctor: User, version: PlanVersion) -> Consent:
    """A consent whose text the patient is reading."""
    consent = offered(doctor, version)
    return show_consent(doctor, consent_id=consent.pk, how="Face to face", interpreter="", present="")


def signed(doctor: User, version: PlanVersion, *, paper: bool) -> Consent:
    """A consent signed with the typed name. Its PDF takes seconds to make, so that most of the demo have none.

    On a machine so busy that the PDF is not made in time the consent has none either: the demo starts all the same.
    """
    consent = shown(doctor, version)
    if paper:
        with suppress(NotRendered):
            key = f"demo:consent:{consent.pk}"
            return sign_consent(doctor, consent_id=consent.pk, signature=_signature(consent), key=key)
    return _signed_without_paper(doctor, consent)


def refused(doctor: User, version: PlanVersion) -> Consent:
    """A consent to which the patient said no."""
    return refuse_consent(doctor, consent_id=shown(doctor, version).pk)


def withdrawn(actor: User, version: PlanVersion) -> Consent:
    """The signed consent of a plan, taken back by the patient: its course ends."""
    consent = Consent.objects.get(plan_version=version, kind=Consent.Kind.TREATMENT, state=Consent.State.SIGNED)
    return withdraw_consent(actor, consent_id=consent.pk, reason="Changed their mind.")


def _signature(consent: Consent) -> Signature:
    return Signature(
        text_sha256=consent.text_sha256,
        acknowledged={section["id"]: "" for section in consent.text["sections"]},
        answers={each["id"]: each["right"] for each in consent.text["questions"]},
        choices={},
        method=TYPED,
        name=consent.patient.full_name,
    )


def _signed_without_paper(doctor: User, consent: Consent) -> Consent:
    now = clock.now()
    signature = {
        "state": Consent.State.SIGNED,
        "elements": [{"id": each, "at": now.isoformat()} for each in required_elements(current_catalogue())],
        "method": TYPED,
        "signature_name": consent.patient.full_name,
        "signed_at": now,
        "signed_on": now.astimezone(consent.site.zone).date(),
    }
    with atomic():
        Consent.objects.filter(pk=consent.pk).update(**signature)
        audit.record(doctor, "consent.signed", consent, patient_id=consent.patient_id)
        news.announce("consent.signed", actor=doctor, consent_id=consent.pk)
    return Consent.objects.get(pk=consent.pk)
