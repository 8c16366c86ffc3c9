"""Overrides: a refer, defer or caution finding set aside by a doctor, with a typed reason, and never removed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from mesoclinic import access, audit, clock, news
from mesoclinic.access import Can
from mesoclinic.accounts import User
from mesoclinic.documents import Document
from mesoclinic.errors import ClinicError, RuleBroken, StaleRecord
from mesoclinic.transactions import atomic
from patients.models import Candidacy, Override, Patient
from patients.queries.candidacy import newest_sheet
from patients.queries.consultations import site_for, today_at
from patients.queries.overrides import candidacy_for, finding_of
from patients.queries.papers import letters_of
from patients.rules.overrides import may_be_overridden, needs_letter


@dataclass(frozen=True, slots=True)
class Grounds:
    """Why a finding is set aside; for a referral the specialist's letter and the date until which it holds."""

    ground: str
    reason: str
    letter_id: int | None = None
    valid_until: date | None = None


def override_finding(actor: User, *, candidacy_id: int, rule: str, grounds: Grounds) -> Override:
    """Set one finding of the patient's newest verdict aside; whatever rests on the verdict is judged again."""
    access.require(actor, Can.OVERRIDE_FINDING)
    with atomic():
        candidacy = candidacy_for(actor, candidacy_id)
        Patient.objects.select_for_update().get(pk=candidacy.patient_id)
        newest = newest_sheet(candidacy.patient)
        if newest is None or newest.pk != candidacy.fact_sheet_id:
            raise StaleRecord(_("Newer facts are known of this patient. Override the finding where they were judged."))
        made = _set_aside(actor, candidacy, rule, grounds)
        _tell(actor, candidacy)
    return made


def override_findings(actor: User, *, candidacy: Candidacy, grounds: Mapping[str, Grounds]) -> None:
    """Set findings of a verdict that was just given aside; call it inside the service that gave it."""
    if not grounds:
        return
    access.require(actor, Can.OVERRIDE_FINDING)
    with atomic():
        for rule, why in grounds.items():
            _set_aside(actor, candidacy, rule, why)
        _tell(actor, candidacy)


def _tell(actor: User, candidacy: Candidacy) -> None:
    news.announce("finding.overridden", actor=actor, patient_id=candidacy.patient_id)


def _set_aside(actor: User, candidacy: Candidacy, rule: str, grounds: Grounds) -> Override:
    level = finding_of(candidacy, rule)["level"]
    if not may_be_overridden(level):
        raise RuleBroken(_("%(rule)s cannot be overridden by anybody.") % {"rule": rule})
    if len("".join(grounds.reason.split())) < Override.LEAST_REASON:
        words = {"least": Override.LEAST_REASON}
        raise ClinicError(_("Type the reason, at least %(least)d letters.") % words, "reason")
    if grounds.ground not in Override.Ground.values:
        raise ClinicError(_("Choose on what ground."), "ground")
    letter = _letter(actor, candidacy, grounds) if needs_letter(level) else None
    made = Override.objects.create(
        candidacy=candidacy,
        rule=rule,
        ground=Override.Ground.SPECIALIST if letter else grounds.ground,
        reason=grounds.reason.strip(),
        letter=letter,
        valid_until=grounds.valid_until if letter else None,
        by=actor,
        at=clock.now(),
    )
    audit.record(actor, "finding.overridden", made, patient_id=candidacy.patient_id, reason=f"{rule}: {made.reason}")
    return made


def _letter(actor: User, candidacy: Candidacy, grounds: Grounds) -> Document:
    """The letter that clears a referral: one of this patient's that was not set aside, with a date still ahead."""
    found = letters_of(candidacy.patient).filter(paper__document=grounds.letter_id).first()
    if found is None:
        raise ClinicError(_("Choose the specialist's letter. Attach it first when it is not listed."), "letter_id")
    if grounds.valid_until is None:
        raise ClinicError(_("Enter the date until which the clearance holds."), "valid_until")
    if grounds.valid_until < today_at(site_for(actor, candidacy.patient)):
        raise ClinicError(_("This date has passed."), "valid_until")
    return found.paper.document
