"""The injection: started by the doctor when nothing stops it, recorded in whole microlitres."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from mesoclinic import access, clock
from mesoclinic.access import Can
from mesoclinic.accounts import User
from mesoclinic.errors import ClinicError, Conflict, RuleBroken
from mesoclinic.rules.arithmetic import MICROLITRES_PER_ML
from mesoclinic.transactions import atomic
from patients.queries.acknowledgements import stored
from patients.services.plans import check_version
from protocols.queries.catalogue import catalogue_of
from protocols.rules.kinds.adverse_events import AdverseEventGrade, AdverseEventType
from protocols.rules.kinds.technique import Technique
from sessions.models import AdverseEvent, Booking, TreatmentRecord, TreatmentSession
from sessions.queries.injection_map import points_of
from sessions.queries.readiness import consent_of, readiness_of
from sessions.queries.treatment import booking_of, lot_uses, lots_of, mixed_of, record_for, version_of, zones_of
from sessions.rules.adverse_told import Report
from sessions.rules.injection_map import MapPoint
from sessions.rules.totals import Given, Point, Rest, totals
from sessions.services.adverse import open_event
from sessions.services.treatment.injection_map import check_points, keep_points, map_beside
from sessions.services.treatment.locking import seen, started, step
from sessions.services.visits import lead_to

TO_TREATING = {
    Booking.State.BOOKED: (Booking.State.ARRIVED, Booking.State.TREATING),
    Booking.State.CONFIRMED: (Booking.State.ARRIVED, Booking.State.TREATING),
    Booking.State.ARRIVED: (Booking.State.TREATING,),
    Booking.State.NUMBING: (Booking.State.TREATING,),
}


def start_treatment(actor: User, *, record_id: int, version: int) -> TreatmentRecord:
    """Start the injection; raises RuleBroken with every stop and what clears it (data-model.md 6.4)."""
    access.require(actor, Can.INJECT)
    with atomic():
        record = seen(actor, record_id, version)
        if record.started_at is not None:
            raise Conflict(_("The treatment has already started."))
        ready = readiness_of(record)
        if ready.stops or ready.day is None or record.fact_sheet is None:
            raise RuleBroken(_("The treatment cannot start yet. What stops it is listed on this page."), ready.stops)
        plan = version_of(record)
        check = check_version(
            actor, version=plan, sheet=record.fact_sheet, cause="treatment started", lots=lots_of(record)
        )
        TreatmentSession.objects.filter(pk=record.session_id).update(state=TreatmentSession.State.IN_PROGRESS)
        _lead(actor, record)
        found = {
            "day_findings": stored(ready.day.findings),
            "formulation_check": check,
            "consent": consent_of(record).consent,
        }
        return step(actor, record, "started", started_at=clock.now(), **found)


def record_delivery(
    actor: User,
    *,
    record_id: int,
    version: int,
    given: Sequence[Given],
    rest: Sequence[Rest],
    technique: str,
    depth_mm: Decimal,
    pain: int,
    bleeding: str,
    none_observed: bool,
    deviations: str,
    points: Sequence[MapPoint] | None = None,
) -> TreatmentRecord:
    """What was done; raises ClinicError unless drawn up = injected + left over + discarded in each syringe.

    `points` is the whole injection map as it should be; None leaves the map as it is. A zone with points has
    their sum as its volume; a zone without any has what was typed.
    """
    access.require(actor, Can.INJECT)
    with atomic():
        record = seen(actor, record_id, version)
        started(record)
        on_map = points_of(record) if points is None else points
        given = map_beside(given, on_map)
        check_points(record, points or ())
        volumes = _reconciled(record, given, rest)
        injected = [(technique, depth_mm), *{(point.technique, point.depth_mm) for point in on_map}]
        _explained(record, given, injected, deviations)
        if none_observed and record.reactions:
            raise ClinicError(_("A reaction is recorded, so “none seen” does not hold."), "none_observed")
        zones = [
            {"zone": each.zone, "syringe": each.syringe, "volume_ul": each.volume_ul, "points": each.points}
            | {"technique": technique, "depth_mm": str(depth_mm)}
            for each in given
        ]
        if points is not None:
            keep_points(actor, record, points)
        told = {"pain": pain, "bleeding": bleeding, "none_observed": none_observed, "deviations": deviations}
        return step(actor, record, "delivered", zones=zones, volumes=volumes, technique=technique, **told)


def report_reaction(
    actor: User, *, record_id: int, version: int, code: str, grade: int, description: str
) -> AdverseEvent:
    """An unwanted reaction with its grade 1 to 5: an adverse event on every lot that was used."""
    access.require(actor, Can.PREPARE_TREATMENT)
    with atomic():
        record = record_for(actor, record_id)
        catalogue = catalogue_of(version_of(record).release)
        grades = {row.grade for row in catalogue.of(AdverseEventGrade)}
        if not catalogue.has(AdverseEventType, code) or grade not in grades:
            raise ClinicError(_("Choose the reaction and a grade from 1 to 5."), "code")
        if record.state == TreatmentRecord.State.OPEN:
            record = seen(actor, record_id, version)
            reactions = [*record.reactions, {"code": code, "grade": grade}]
            step(actor, record, "reaction_recorded", reactions=reactions, none_observed=False)
        lots = tuple({use.lot_id for use in lot_uses(record)})
        told = Report(code, grade, clock.now(), record_id=record.pk, description=description, lots=lots)
        return open_event(actor, patient=record.patient, report=told, by=actor)


def _lead(actor: User, record: TreatmentRecord) -> None:
    booking = booking_of(record.session)
    if booking is not None:
        for state in TO_TREATING.get(Booking.State(booking.state), ()):
            booking = lead_to(actor, booking=booking, state=state)


def _reconciled(record: TreatmentRecord, given: Sequence[Given], rest: Sequence[Rest]) -> dict[str, Any]:
    points = [Point(each.zone, each.volume_ul, each.syringe) for each in given]
    sums = totals(points, mixed_of(record))
    if not points:
        raise ClinicError(_("Enter the volume of at least one zone."), "given")
    over = set(sums.injected_ml) - set(sums.left_over_ml)
    left = {each.syringe: each for each in rest}
    for syringe, volume in sums.left_over_ml.items():
        said = left.get(syringe, Rest(syringe, 0, 0))
        if over or volume * MICROLITRES_PER_ML != said.left_over_ul + said.discarded_ul:
            raise ClinicError(_off_by(syringe, volume, said), f"left_over_{syringe}")
    return {
        "injected_ul": int(sums.volume_ml * MICROLITRES_PER_ML),
        "rest": [_plain_rest(each) for each in rest],
        "ml_by_zone": {zone: str(volume) for zone, volume in sums.ml_by_zone.items()},
        "doses": {f"{name} {unit}": None if dose is None else str(dose) for (name, unit), dose in sums.doses.items()},
    }


def _off_by(syringe: str, volume: Decimal, said: Rest) -> str:
    words = {
        "syringe": syringe,
        "rest": f"{volume.normalize():f}",
        "said": f"{(Decimal(said.left_over_ul + said.discarded_ul) / MICROLITRES_PER_ML).normalize():f}",
    }
    if volume < 0:
        return _("Syringe %(syringe)s: more is recorded as injected than was drawn up.") % words
    return _("Syringe %(syringe)s: %(rest)s mL were not injected, but %(said)s mL are left over or discarded.") % words


def _plain_rest(rest: Rest) -> Mapping[str, object]:
    return {"syringe": rest.syringe, "left_over_ul": rest.left_over_ul, "discarded_ul": rest.discarded_ul}


def _explained(
    record: TreatmentRecord, given: Sequence[Given], injected: Iterable[tuple[str, Decimal]], deviations: str
) -> None:
    """What differs from the plan needs a sentence: zone, technique, or a depth outside the technique's range."""
    plan = version_of(record)
    catalogue = catalogue_of(plan.release)
    planned = {zone.id for zone, is_planned in zones_of(plan, catalogue) if is_planned}
    differs = [not {each.zone for each in given} <= planned]
    for technique, depth_mm in injected:
        if not catalogue.has(Technique, technique):
            raise ClinicError(_("Choose the technique."), "technique")
        usual = catalogue.row(Technique, technique).depth_mm
        differs += [technique != plan.technique, not usual.low <= depth_mm <= usual.high]
    if any(differs) and not deviations.strip():
        raise ClinicError(_("Say why zone, technique or depth differ from the plan."), "deviations")
