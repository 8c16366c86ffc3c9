"""Fact sheets: what is known of a patient is never changed, only followed by the next sheet."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from mesoclinic import audit, clock, news
from mesoclinic.accounts import User
from mesoclinic.errors import ClinicError
from mesoclinic.transactions import atomic
from patients.models import Consultation, FactSheet, Patient
from patients.queries.banner import current_facts
from patients.queries.people import records_of_person
from patients.services.hold import hold
from protocols.queries.catalogue import current_catalogue
from protocols.rules.kinds.inputs import Input

BIRTH = "date_of_birth"
REACTION = "prior_meso_reaction"


def write_fact_sheet(
    actor: User,
    *,
    patient: Patient,
    facts: Mapping[str, object],
    source: str,
    consultation: Consultation | None = None,
) -> FactSheet:
    """Append the next sheet and tell whoever depends on it; call it inside the service that is responsible.

    Raises ClinicError when it makes an earlier reaction milder than the adverse events of the patient show it.
    """
    with atomic():
        # The patient's row serialises two writers; the unique number is the guard behind it.
        patient = hold(patient.pk)
        if source != FactSheet.Source.ADVERSE_EVENT:
            _no_milder_than_events(patient, facts)
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


def _no_milder_than_events(patient: Patient, facts: Mapping[str, object]) -> None:
    """What events show is only taken back by closing or excluding them, never by an answer (decision 018)."""
    sheets = FactSheet.objects.filter(patient__in=records_of_person(patient.pk))
    written = sheets.filter(source=FactSheet.Source.ADVERSE_EVENT).order_by("-at", "-pk").first()
    if written is None or REACTION not in written.facts:
        return
    row = current_catalogue().row(Input, REACTION)
    shown, said = _place(row, written.facts), _place(row, facts)
    if said < shown:
        problem = _("%(question)s: the adverse events of this patient show “%(answer)s”. Change the event first.")
        raise ClinicError(problem % {"question": row.question, "answer": row.labels[shown]}, REACTION)


def _place(row: Input, facts: Mapping[str, object]) -> int:
    """Where the answer stands among those of the row, the gravest last; -1 when there is none."""
    entry = facts.get(REACTION)
    value = entry.get("value") if isinstance(entry, Mapping) else None
    return row.values.index(value) if value in row.values else -1
