"""Verdicts as they were given, stored with the sheet, the release and the day that they follow from."""

from collections.abc import Iterable
from datetime import date

from mesoclinic import access, audit, clock
from mesoclinic.access import Can
from mesoclinic.accounts import User
from mesoclinic.actors import Actor
from mesoclinic.errors import RuleBroken
from mesoclinic.transactions import atomic
from patients.models import Acknowledgement, Candidacy, FactSheet
from patients.queries.acknowledgements import stored, to_acknowledge
from patients.queries.overrides import candidacy_for
from patients.rules.candidacy import evaluate
from protocols.models import CatalogueRelease
from protocols.queries.catalogue import catalogue_of
from protocols.rules.facts import from_sheet


def judge(
    actor: Actor, *, sheet: FactSheet, release: CatalogueRelease, on: date, cause: str, on_day: bool = False
) -> Candidacy:
    """Evaluate a fact sheet on a clinic day and keep the verdict with every finding and everything missing."""
    catalogue = catalogue_of(release)
    result = evaluate(from_sheet(sheet.facts, evaluated_on=on, catalogue=catalogue), catalogue, on_day=on_day)
    with atomic():
        made = Candidacy.objects.create(
            patient_id=sheet.patient_id,
            fact_sheet=sheet,
            release=release,
            evaluated_on=on,
            cause=cause,
            verdict=result.verdict,
            provisional=result.provisional,
            temporary=result.temporary,
            findings=stored(result.fired),
            missing=list(result.missing),
            made_at=clock.now(),
        )
        audit.record(actor, "candidacy.judged", made, patient_id=sheet.patient_id, reason=cause)
    return made


def acknowledge(actor: User, *, candidacy: Candidacy, rules: Iterable[str]) -> None:
    """Keep that the doctor has read these cautions; raises RuleBroken while one that fired is left out."""
    read, wanted = set(rules), to_acknowledge(candidacy)
    left = [finding["rule"] for finding in wanted if finding["rule"] not in read]
    if left:
        raise RuleBroken(f"Acknowledge each caution first: {', '.join(left)}.", field="acknowledged")
    with atomic():
        for finding in wanted:
            Acknowledgement.objects.get_or_create(
                candidacy=candidacy, rule=finding["rule"], defaults={"by": actor, "at": clock.now()}
            )
            audit.record(
                actor, "caution.acknowledged", candidacy, patient_id=candidacy.patient_id, reason=finding["rule"]
            )


def acknowledge_cautions(actor: User, *, candidacy_id: int, rules: Iterable[str]) -> Candidacy:
    """The doctor has read each caution of a verdict within reach."""
    access.require(actor, Can.WRITE_CONSULTATION)
    with atomic():
        candidacy = candidacy_for(actor, candidacy_id)
        acknowledge(actor, candidacy=candidacy, rules=rules)
    return candidacy
