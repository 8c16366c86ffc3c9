"""What happens in the demo's treatment rooms, step by step through the record's own services."""

from datetime import timedelta
from decimal import Decimal

from mesoclinic import clock
from mesoclinic.accounts import User
from mesoclinic.rules.arithmetic import MICROLITRES_PER_ML
from protocols.queries.catalogue import catalogue_of
from sessions.models import Booking, TreatmentRecord
from sessions.queries.readiness import caution_rules
from sessions.queries.treatment import lot_uses, needs_of, record_for, steps_of, version_of, zones_of
from sessions.rules.totals import Given, Rest
from sessions.services import treatment

BEFORE = ("ST-0", "ST-1", "ST-2", "ST-3")
AFTER = ("ST-4", "ST-5", "ST-6")
DISCARDED_UL = 50
KIT_DAYS = 240
WELL_TODAY: dict[str, object] = {
    "bp_sys": "122",
    "bp_dia": "76",
    "temperature_c": "36.6",
    "acute_systemic_infection": "no",
    "adrenaline_present": "yes",
    "trained_person_present": "yes",
    "impaired": "no",
    "vaccination_7d": "no",
}


def prepare(by: User, booking: Booking) -> TreatmentRecord:
    """Re-screened, checked and drawn up: ready for the doctor."""
    assert booking.treatment_session is not None
    record = treatment.open_treatment(by, session_id=booking.treatment_session.pk)
    facts = _today(record)
    record = treatment.rescreen(by, record_id=record.pk, version=record.version, facts=facts, asked=facts)
    record = _tick(by, record, BEFORE)
    for need in needs_of(record):
        treatment.use_lot(
            by,
            record_id=record.pk,
            version=record_for(by, record.pk).version,
            lot_id=need.lots[0].pk,
            syringe=need.component.syringe,
            volume_ml=need.left_ml,
            key=str(need.component.pk),
        )
    return record_for(by, record.pk)


def start(doctor: User, record_id: int) -> TreatmentRecord:
    """The doctor reads the cautions and starts."""
    record = record_for(doctor, record_id)
    rules = caution_rules(record)
    record = treatment.acknowledge_cautions(doctor, record_id=record.pk, version=record.version, rules=rules)
    return treatment.start_treatment(doctor, record_id=record.pk, version=record.version)


def finish(doctor: User, record_id: int, *, pain: int, reaction: tuple[str, int, str] | None = None) -> None:
    """Everything drawn up is given in equal parts to the planned zones, but for a rest; then observation begins."""
    record = record_for(doctor, record_id)
    if reaction is not None:
        code, grade, words = reaction
        treatment.report_reaction(
            doctor, record_id=record.pk, version=record.version, code=code, grade=grade, description=words
        )
        record = record_for(doctor, record_id)
    plan = version_of(record)
    record = treatment.record_delivery(
        doctor,
        record_id=record.pk,
        version=record.version,
        given=_given(record),
        rest=[Rest("1", 0, DISCARDED_UL)],
        technique=plan.technique,
        depth_mm=plan.depth_mm or Decimal(1),
        pain=pain,
        bleeding="little" if pain % 2 else "none",
        none_observed=reaction is None,
        deviations="",
    )
    treatment.finish_treatment(doctor, record_id=record.pk, version=record.version)


def sign(doctor: User, record_id: int) -> None:
    """The rest of the checklist, and the lock."""
    record = _tick(doctor, record_for(doctor, record_id), AFTER)
    treatment.sign_treatment(doctor, record_id=record.pk, version=record.version)


def _today(record: TreatmentRecord) -> dict[str, object]:
    today = clock.now().astimezone(record.site.zone).date()
    answers = WELL_TODAY | {"adrenaline_expiry": (today + timedelta(days=KIT_DAYS)).isoformat()}
    if record.patient.sex_at_birth == "female":
        answers["pregnancy_status"] = "not_pregnant"
    return {name: {"value": value, "observed_on": today.isoformat()} for name, value in answers.items()}


def _tick(by: User, record: TreatmentRecord, steps: tuple[str, ...]) -> TreatmentRecord:
    for step in steps_of(record):
        if step.id in steps:
            answers = {item.id: "done" for item in step.items}
            record = treatment.record_checklist(
                by, record_id=record.pk, version=record.version, step_id=step.id, answers=answers
            )
    return record


def _given(record: TreatmentRecord) -> list[Given]:
    version = version_of(record)
    planned = [zone.id for zone, is_planned in zones_of(version, catalogue_of(version.release)) if is_planned]
    drawn = sum((use.volume_ml for use in lot_uses(record)), start=Decimal(0))
    share, odd = divmod(int(drawn * MICROLITRES_PER_ML) - DISCARDED_UL, len(planned))
    return [Given(zone, "1", share + (odd if place == 0 else 0)) for place, zone in enumerate(planned)]
