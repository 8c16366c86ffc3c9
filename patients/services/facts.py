"""Fact sheets: what is known of a patient is never changed, only followed by the next sheet."""

from collections.abc import Mapping

from mesoclinic import audit, clock, news
from mesoclinic.accounts import User
from mesoclinic.transactions import atomic
from patients.models import Consultation, FactSheet, Patient
from patients.queries.banner import current_facts

BIRTH = "date_of_birth"


def write_fact_sheet(
    actor: User,
    *,
    patient: Patient,
    facts: Mapping[str, object],
    source: str,
    consultation: Consultation | None = None,
) -> FactSheet:
    """Append the next sheet and tell whoever depends on it; call it inside the service that is responsible."""
    with atomic():
        # The patient's row serialises two writers; the unique number is the guard behind it.
        Patient.objects.select_for_update().get(pk=patient.pk)
        before = current_facts(patient)
        last = FactSheet.objects.filter(patient=patient).order_by("-number").first()
        born = {BIRTH: {"value": patient.birth_date.isoformat(), "observed_on": clock.now().date().isoformat()}}
        sheet = FactSheet.objects.create(
            patient=patient,
            number=last.number + 1 if last else 1,
            facts={**facts, **born},
            source=source,
            consultation=consultation,
            by=actor,
            at=clock.now(),
        )
        changed = sorted(name for name in {*before, *sheet.facts} if before.get(name) != sheet.facts.get(name))
        audit.record(actor, "facts.written", sheet, patient_id=patient.pk, changed=changed)
        news.announce("patient.facts_changed", actor=actor, patient_id=patient.pk)
    return sheet
