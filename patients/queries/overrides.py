"""Which overrides count for a verdict, and what the verdict is with them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from mesoclinic.actors import Actor
from mesoclinic.errors import OutOfScope
from patients.models import Attachment, Candidacy, Override, Patient
from patients.queries.people import kept, reached
from patients.rules.overrides import Aside, Stored, effective, holds, may_be_overridden


@dataclass(frozen=True, slots=True)
class Overridden:
    """A finding with the override that counts for it, and the letter that it rests on."""

    finding: Stored
    override: Override

    @property
    def letter(self) -> Attachment | None:
        """The specialist's letter, None for an override without one."""
        return _letter(self.override)


def candidacy_for(actor: Actor, candidacy_id: int) -> Candidacy:
    """A verdict within reach; raises OutOfScope."""
    found = Candidacy.objects.filter(reached(actor), pk=candidacy_id)
    candidacy = found.select_related("patient", "fact_sheet__consultation", "release").first()
    if candidacy is None:
        raise OutOfScope(_("There is no such verdict at your sites."))
    return candidacy


def finding_of(candidacy: Candidacy, rule: str) -> dict[str, Any]:
    """The stored finding of a rule; raises OutOfScope when it did not fire."""
    for found in candidacy.findings:
        if found["rule"] == rule:
            return dict(found)
    raise OutOfScope(_("This rule did not fire in this verdict."))


def standing(patient: Patient, findings: Iterable[Stored], *, sheet: int | None, on: date) -> dict[str, Overridden]:
    """rule -> the newest override that counts for its finding on this day; `sheet` is None before the signature."""
    given = Override.objects.filter(candidacy__patient=patient).order_by("-pk")
    known = list(given.select_related("by", "candidacy__fact_sheet", "letter__patient_document__attachment"))
    return {
        found["rule"]: Overridden(found, each)
        for found in findings
        for each in known[::-1]
        if each.rule == found["rule"] and holds(_as_given(each), found, sheet=sheet, on=on)
    }


def overridden_in(candidacy: Candidacy, *, on: date) -> dict[str, Overridden]:
    """rule -> what is overridden in a stored verdict on this day."""
    return standing(candidacy.patient, candidacy.findings, sheet=candidacy.fact_sheet.number, on=on)


def overridden_now(patient: Patient, *, on: date) -> list[Overridden]:
    """What is overridden in the patient's last verdict."""
    last = patient.candidacies.select_related("fact_sheet", "patient").first()
    return list(overridden_in(last, on=on).values()) if last else []


def verdict_after(candidacy: Candidacy, *, on: date) -> str:
    """The verdict with the overrides that count on this day."""
    return effective(candidacy.verdict, candidacy.findings, overridden_in(candidacy, on=on))


def overridable(candidacy: Candidacy) -> Sequence[str]:
    """The rules whose findings may be set aside, while nothing newer is known of the patient."""
    newest = kept(candidacy.patient).fact_sheets.order_by("-number").values_list("pk", flat=True).first()
    if newest != candidacy.fact_sheet_id:
        return ()
    return [found["rule"] for found in candidacy.findings if may_be_overridden(found["level"])]


def _as_given(override: Override) -> Aside:
    sheet = override.candidacy.fact_sheet.number
    finding = finding_of(override.candidacy, override.rule)
    return Aside(finding, sheet, letter=_letter(override) is not None, valid_until=override.valid_until)


def _letter(override: Override) -> Attachment | None:
    """The letter, unless it was set aside: then nothing rests on it any more."""
    if override.letter is None:
        return None
    letter = override.letter.patient_document.attachment
    return letter if letter.set_aside_at is None else None
