"""A wrong entry is corrected by a mark beside it, and a record of the wrong patient voided: nothing is ever erased."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from mesoclinic import access, audit, clock
from mesoclinic.access import Can
from mesoclinic.accounts import User
from mesoclinic.errors import ClinicError, Conflict
from mesoclinic.transactions import atomic
from patients.models import Addendum, Consultation, Correction, FactSheet, Patient
from patients.queries.banner import current_facts
from patients.queries.consultations import consultation_for, today_at
from patients.queries.corrections import facts_as_corrected, with_entry
from patients.queries.merging import merged_since
from patients.services.candidacy import judge
from patients.services.facts import write_fact_sheet
from protocols.queries.catalogue import current_release


def correct_answer(
    actor: User, *, consultation_id: int, field: str, entry: Mapping[str, Any] | None, reason: str
) -> Correction:
    """Mark one answer of a signed consultation as wrong; the right one counts from now on and plans are judged again.

    Raises Conflict when the question was answered anew since: then the newer answer counts.
    """
    access.require(actor, Can.WRITE_CONSULTATION)
    _told(reason)
    with atomic():
        consultation = _signed(actor, consultation_id)
        stood, known = facts_as_corrected(consultation).get(field), current_facts(consultation.patient)
        if stood == entry:
            raise ClinicError(_("This is what the record says already. Enter what is right."))
        if _value(known.get(field)) != _value(stood):
            raise Conflict(_("This question was answered anew since, and the newer answer counts. Add an addendum."))
        sheet = _next_sheet(actor, consultation, with_entry(known, field, entry))
        made = Correction.objects.create(
            consultation=consultation,
            field=field,
            old=stood,
            new=entry,
            reason=reason.strip(),
            fact_sheet=sheet,
            by=actor,
            at=clock.now(),
        )
        audit.record(
            actor, "consultation.corrected", made, patient_id=consultation.patient_id, reason=reason, changed=[field]
        )
    return made


def void_consultation(actor: User, *, consultation_id: int, reason: str) -> Consultation:
    """Void a consultation that is not this patient's: it stays readable, and its facts count no longer."""
    access.require(actor, Can.WRITE_CONSULTATION)
    _told(reason)
    with atomic():
        consultation = _signed(actor, consultation_id)
        if merged_since(consultation):
            raise Conflict(_("Two records of this patient were merged since. Undo the merge before you void this."))
        Consultation.objects.filter(pk=consultation.pk).update(state=Consultation.State.VOIDED)
        voided = consultation.patient.consultations.filter(state=Consultation.State.VOIDED)
        sheets = consultation.patient.fact_sheets.order_by("number")
        facts = without(sheets, set(voided.values_list("pk", flat=True)))
        audit.record(
            actor, "consultation.voided", consultation, patient_id=consultation.patient_id, reason=reason.strip()
        )
        Addendum.objects.create(
            subject=f"consultation:{consultation.pk}",
            patient=consultation.patient,
            text=reason.strip(),
            by=actor,
            at=clock.now(),
        )
        _next_sheet(actor, consultation, facts)
    return Consultation.objects.get(pk=consultation.pk)


def without(sheets: Iterable[FactSheet], voided: set[int]) -> dict[str, Any]:
    """What is known once the sheets of voided consultations are left out.

    A consultation says all that is known; any other sheet says what it changed.
    """
    known: dict[str, Any] = {}
    before: Mapping[str, Any] = {}
    for sheet in sheets:
        if sheet.consultation_id not in voided:
            whole = sheet.source == FactSheet.Source.CONSULTATION
            known = dict(sheet.facts) if whole else _changed(known, before, sheet.facts)
        before = sheet.facts
    return known


def _changed(known: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    moved = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    kept = {name: entry for name, entry in known.items() if name not in moved}
    return kept | {name: after[name] for name in moved & after.keys()}


def _next_sheet(actor: User, consultation: Consultation, facts: Mapping[str, Any]) -> FactSheet:
    """The sheet that supersedes, of the consultation that it corrects, with its verdict."""
    sheet = write_fact_sheet(
        actor, patient=consultation.patient, facts=facts, source=FactSheet.Source.CORRECTION, consultation=consultation
    )
    judge(actor, sheet=sheet, release=current_release(), on=today_at(consultation.site), cause="correction")
    return sheet


def _signed(actor: User, consultation_id: int) -> Consultation:
    """The signed consultation, its patient locked so that no other sheet comes in between."""
    found = consultation_for(actor, consultation_id)
    Patient.objects.select_for_update().get(pk=found.patient_id)
    found = consultation_for(actor, consultation_id)
    if found.state == Consultation.State.DRAFT:
        raise ClinicError(_("This consultation is still a draft. Change the draft instead."))
    if found.state == Consultation.State.VOIDED:
        raise Conflict(_("This consultation is void."))
    return found


def _told(reason: str) -> None:
    if not reason.strip():
        raise ClinicError(_("Enter the reason."), "reason")


def _value(entry: Any) -> Any:
    return entry.get("value") if isinstance(entry, Mapping) else None
