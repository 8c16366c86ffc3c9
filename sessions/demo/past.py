"""Sessions of past days, written in one go: led step by step through the services they would take a minute to make."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from mesoclinic import audit, news
from mesoclinic.accounts import User
from mesoclinic.rules.arithmetic import MICROLITRES_PER_ML
from mesoclinic.transactions import atomic
from patients.models import Candidacy, Component, Consent, FactSheet
from protocols.models import Lot
from protocols.queries.catalogue import catalogue_of
from protocols.rules.kinds.session_day import SessionStep
from protocols.services.stock import move
from sessions.demo.room import DISCARDED_UL, WELL_TODAY
from sessions.models import (
    AdverseEvent,
    AdverseEventEntry,
    Booking,
    ChecklistEntry,
    LotUse,
    TreatmentRecord,
    TreatmentSession,
)
from sessions.queries.treatment import LOCK
from sessions.rules.totals import Mixed, Point, totals

STARTED, ENDED, SIGNED = (timedelta(minutes=minutes) for minutes in (9, 27, 42))


def be_done(doctor: User, booking: Booking) -> None:
    """A visit of a past day is over."""
    with atomic():
        fresh = Booking.objects.get(pk=booking.pk)
        Booking.objects.filter(pk=booking.pk).update(state=Booking.State.DONE, version=fresh.version + 1)
        audit.record(doctor, "booking.done", booking, changed=["state"])


def perform(
    doctor: User, assistant: User, booking: Booking, *, pain: int, reaction: tuple[str, int, str] | None
) -> None:
    """The signed record of a session that took place as planned, with its lots, checklist and reaction."""
    session = booking.treatment_session
    assert session is not None
    with atomic():
        record = _record(doctor, assistant, booking, pain, reaction)
        for part in session.series.plan_version.components.all():
            _draw_up(assistant, record, part)
        _check_off(assistant, record, booking.starts_at + SIGNED)
        if reaction is not None:
            _react(doctor, record, booking.starts_at + ENDED, reaction)
        TreatmentSession.objects.filter(pk=session.pk).update(state=TreatmentSession.State.PERFORMED, flag="")
        be_done(doctor, booking)
        audit.record(doctor, "treatment.signed", record, patient_id=record.patient_id)
        news.announce("treatment.signed", actor=doctor, record_id=record.pk)


def _record(
    doctor: User, assistant: User, booking: Booking, pain: int, reaction: tuple[str, int, str] | None
) -> TreatmentRecord:
    session, patient = booking.treatment_session, booking.patient
    assert session is not None
    assert patient is not None
    version, start = session.series.plan_version, booking.starts_at
    zones = [str(zone["zone"]) for zone in version.zones]
    points = points_of(zones, list(version.components.all()))
    depth = {"technique": version.technique, "depth_mm": str(version.depth_mm)}
    consents = Consent.objects.filter(plan_version=version, state=Consent.State.SIGNED)
    return TreatmentRecord.objects.create(
        session=session,
        patient=patient,
        site=booking.site,
        fact_sheet=FactSheet.objects.filter(patient=patient).order_by("-number").first(),
        candidacy=Candidacy.objects.filter(patient=patient).first(),
        formulation_check=version.checks.first(),
        consent=consents.first(),
        day_inputs=_answers(start, booking),
        rescreened_on=start.astimezone(booking.site.zone).date(),
        started_at=start + STARTED,
        ended_at=start + ENDED,
        technique=version.technique,
        zones=[
            {"zone": each.zone, "syringe": each.syringe, "volume_ul": each.volume_ul, "points": 0} | depth
            for each in points
        ],
        volumes=volumes_of(points, list(version.components.all())),
        pain=pain,
        bleeding="little" if pain % 2 else "none",
        reactions=[{"code": reaction[0], "grade": reaction[1]}] if reaction else [],
        none_observed=reaction is None,
        state=TreatmentRecord.State.SIGNED,
        opened_by=assistant,
        opened_at=start,
        signed_at=start + SIGNED,
        signed_by=doctor,
    )


def _answers(start: datetime, booking: Booking) -> dict[str, object]:
    day = start.astimezone(booking.site.zone).date().isoformat()
    return {name: {"value": value, "observed_on": day} for name, value in WELL_TODAY.items()}


def points_of(zones: list[str], parts: Sequence[Component]) -> list[Point]:
    """What was drawn up but for a rest, in equal parts to the zones."""
    drawn = sum((part.volume_ml for part in parts), start=Decimal(0))
    share, odd = divmod(int(drawn * MICROLITRES_PER_ML) - DISCARDED_UL, len(zones))
    return [Point(zone, share + (odd if place == 0 else 0)) for place, zone in enumerate(zones)]


def volumes_of(points: list[Point], parts: Sequence[Component]) -> dict[str, object]:
    """The volumes and doses as a signed record keeps them."""
    mixed = [
        Mixed(part.ingredient, part.syringe, part.volume_ml, (part.mg_per_ml or 0) * part.volume_ml) for part in parts
    ]
    sums = totals(points, mixed)
    return {
        "injected_ul": int(sums.volume_ml * MICROLITRES_PER_ML),
        "rest": [{"syringe": "1", "left_over_ul": 0, "discarded_ul": DISCARDED_UL}],
        "ml_by_zone": {zone: str(volume) for zone, volume in sums.ml_by_zone.items()},
        "doses": {f"{name} {unit}": str(dose) for (name, unit), dose in sums.doses.items()},
    }


def _draw_up(by: User, record: TreatmentRecord, part: Component) -> None:
    lots = Lot.objects.filter(product=part.product_id, site=record.site_id, state=Lot.State.RELEASED)
    lot = lots.order_by("-expires_on")[0]
    reason = f"treatment:{record.pk}"
    moved = move(by, lot=lot, quantity_ml=-part.volume_ml, reason=reason, key=f"{reason}:{part.pk}")
    LotUse.objects.create(
        record=record,
        lot=lot,
        movement=moved,
        ingredient=part.ingredient,
        syringe=part.syringe,
        volume_ml=part.volume_ml,
    )


def _check_off(by: User, record: TreatmentRecord, at: datetime) -> None:
    version = record.session.series.plan_version
    steps = [step for step in catalogue_of(version.release).of(SessionStep) if step.id != LOCK and not step.optional]
    ChecklistEntry.objects.bulk_create(
        ChecklistEntry(record=record, step=step.id, item=item.id, answer="done", by=by, at=at)
        for step in steps
        for item in step.items
    )


def _react(by: User, record: TreatmentRecord, at: datetime, reaction: tuple[str, int, str]) -> None:
    code, grade, words = reaction
    event = AdverseEvent.objects.create(
        patient=record.patient,
        site=record.site,
        record=record,
        code=code,
        grade=grade,
        worst_grade=grade,
        onset_at=at,
        description=words,
        reported_by=by,
        reported_at=at,
    )
    lots = sorted({use.lot_id for use in record.lot_uses.all()})
    event.lots.set(lots)
    told = {"code": code, "grade": grade, "lots": lots, "by": by, "at": at}
    AdverseEventEntry.objects.create(event=event, number=1, kind=AdverseEventEntry.Kind.OPENED, **told)
    audit.record(by, "adverse_event.reported", event, patient_id=record.patient_id)
