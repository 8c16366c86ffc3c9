"""Assessments: what was measured is recorded, corrected by a new record, and judged at once."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime, time
from typing import Any

from django.utils.translation import gettext as _

from mesoclinic import access, audit, clock, news
from mesoclinic.access import Can
from mesoclinic.accounts import User
from mesoclinic.errors import ClinicError, Conflict
from mesoclinic.rules.tri import Tri
from mesoclinic.sites import Site
from mesoclinic.transactions import atomic
from patients.models import Measurement, Patient
from patients.queries.people import patient_for
from patients.services.hold import hold
from protocols.queries.catalogue import current_catalogue
from protocols.rules.kinds.diagnosis import SeverityStage
from sessions.models import AssessmentPoint, AssessmentRecord, Outcome, Series
from sessions.queries.adverse import site_of
from sessions.queries.assessments import (
    RATING,
    Taken,
    judged_of,
    point_for,
    record_for,
    records_that_count,
    subject_of,
    taken_of,
)
from sessions.queries.measures import BASELINE, VALUES, Judged, Told, stage_of

SITED = ("OM-03", "OM-04")


def record_baseline(actor: User, *, patient_id: int, taken_on: date, told: Told) -> AssessmentRecord:
    """Keep what was measured before a course; one baseline a day."""
    access.require(actor, Can.RECORD_ASSESSMENT)
    with atomic():
        patient_for(actor, patient_id)
        patient = hold(patient_id)
        if records_that_count(patient).filter(stage=BASELINE, taken_on=taken_on).exists():
            raise Conflict(_("A baseline of this day is recorded already. Correct that one."))
        record = _keep(actor, patient, site_of(actor, patient), BASELINE, taken_on, told)
        audit.record(actor, "assessment.recorded", record, patient_id=patient.pk, site_id=record.site_id)
        _judge_all(actor, patient)
    return record


def record_assessment(actor: User, *, point_id: int, taken_on: date, told: Told) -> AssessmentRecord:
    """Keep the measures of a planned assessment and judge them; without its measures it stays to be done."""
    access.require(actor, Can.RECORD_ASSESSMENT)
    with atomic():
        patient = hold(point_for(actor, point_id).series.patient_id)
        point = _open_point(actor, point_id)
        record = _keep(actor, patient, point.series.site, stage_of(point.code), taken_on, told, point=point)
        audit.record(actor, "assessment.recorded", record, patient_id=patient.pk, site_id=record.site_id)
        _judge_all(actor, patient)
    return record


def correct_assessment(actor: User, *, record_id: int, taken_on: date, told: Told, reason: str) -> AssessmentRecord:
    """A new record in place of a wrong one, which stays; everything that was judged by it is judged again."""
    access.require(actor, Can.RECORD_ASSESSMENT)
    with atomic():
        patient = hold(record_for(actor, record_id).patient_id)
        wrong = record_for(actor, record_id)
        if AssessmentRecord.objects.filter(corrects=wrong).exists():
            raise Conflict(_("Somebody else has corrected this record. Open the newer one."))
        if not reason.strip():
            raise ClinicError(_("Enter the reason."), "reason")
        more = {"point": wrong.point, "corrects": wrong, "reason": reason.strip()}
        record = _keep(actor, patient, wrong.site, wrong.stage, taken_on, told, **more)
        audit.record(
            actor,
            "assessment.corrected",
            record,
            patient_id=patient.pk,
            site_id=record.site_id,
            reason=reason.strip(),
            changed=["told"],
        )
        _judge_all(actor, patient)
    return record


def _open_point(actor: User, point_id: int) -> AssessmentPoint:
    """The point with its series held, while it is still to be done."""
    Series.objects.select_for_update().get(assessments=point_id)
    point = point_for(actor, point_id)
    if point.state == AssessmentPoint.State.RECORDED:
        raise Conflict(_("This assessment is recorded already. Correct that record."))
    if point.state == AssessmentPoint.State.DROPPED:
        raise Conflict(_("The course has ended, so this assessment is not asked for any more."))
    return point


def _keep(
    actor: User, patient: Patient, site: Site, stage: str, taken_on: date, told: Told, **more: Any
) -> AssessmentRecord:
    now = clock.now()
    _possible(patient, site, taken_on, told, now)
    kept = {name: value for name, value in asdict(told).items() if name not in ("values", "ratings")}
    record = AssessmentRecord.objects.create(
        patient=patient,
        site=site,
        stage=stage,
        taken_on=taken_on,
        told={name: value.value if isinstance(value, Tri) else value for name, value in kept.items()},
        by=actor,
        at=now,
        **more,
    )
    at = min(datetime.combine(taken_on, time(12), site.zone), now)
    Measurement.objects.bulk_create(_values(record, told, at))
    return record


def _values(record: AssessmentRecord, told: Told, at: datetime) -> list[Measurement]:
    shared: Mapping[str, Any] = {"patient": record.patient, "taken_at": at, "subject": subject_of(record)}
    found = [Measurement(**shared, code=RATING, value=points, rater_id=rater) for rater, points in told.ratings]
    for code, value in told.values.items():
        measured = VALUES[code].row in SITED or code == "OM-05 pull"
        where = {"scalp_site": told.scalp_site, "device": told.device} if measured else {}
        found.append(Measurement(**shared, code=code, value=value, rater=record.by, **where))
    return found


def _possible(patient: Patient, site: Site, taken_on: date, told: Told, now: datetime) -> None:
    """Raises ClinicError for what cannot be."""
    if not patient.birth_date <= taken_on <= now.astimezone(site.zone).date():
        raise ClinicError(_("Enter a day between the patient's birth and today."), "taken_on")
    for code, value in told.values.items():
        if code not in VALUES or not VALUES[code].lowest <= value <= VALUES[code].highest:
            raise ClinicError(_("A value is outside of what is possible."))
    if any(code in told.values for code in VALUES if VALUES[code].row in SITED) and not told.scalp_site:
        raise ClinicError(_("Choose the place on the scalp: only the same place can be compared."), "scalp_site")
    raters = [rater for rater, _points in told.ratings]
    if len(set(raters)) != len(raters):
        raise ClinicError(_("Each rating comes from another rater."), "rater_2")
    stages = current_catalogue().of(SeverityStage)
    if told.stage and (told.scale, told.stage) not in {(each.scale, each.stage) for each in stages}:
        raise ClinicError(_("Choose a stage of the list."), "stage")


def _judge_all(actor: User, patient: Patient) -> None:
    """Judge every assessment of the patient anew; what shows something else than before is kept as a new outcome."""
    taken = taken_of(patient)
    newest = {one.record.point_id: one for one in taken if one.record.point is not None}
    for one in taken:
        if one.record.point is not None:
            judged, before = judged_of(one, taken)
            _keep_outcome(actor, one, judged, before)
            if newest[one.record.point_id] is one:
                _mark(one.record.point, one, complete=judged.complete)
    news.announce("assessments.judged", patient_id=patient.pk)


def _keep_outcome(actor: User, one: Taken, judged: Judged, before: Taken | None) -> None:
    point = one.record.point
    assert point is not None
    arithmetic = {
        "lines": [asdict(line) for line in judged.lines],
        "missing": list(judged.missing),
        "action": judged.assessed.action if judged.final else "",
        "baseline": before.record.pk if before else None,
        "release": point.series.plan_version.release.version,
    }
    if one.outcome and one.outcome.arithmetic == arithmetic:
        return
    outcome = Outcome.objects.create(
        assessment=point,
        record=one.record,
        response=judged.response,
        worse=judged.assessed.stop.value,
        arithmetic=arithmetic,
        replaces=one.outcome or _outcome_of_corrected(one),
        by=actor,
        at=clock.now(),
    )
    audit.record(actor, "outcome.judged", outcome, patient_id=one.record.patient_id, site_id=one.record.site_id)


def _outcome_of_corrected(one: Taken) -> Outcome | None:
    if one.record.corrects_id is None:
        return None
    return Outcome.objects.filter(record=one.record.corrects_id, replaced_by=None).first()


def _mark(point: AssessmentPoint, one: Taken, *, complete: bool) -> None:
    """Done when it says what it was made for; otherwise it is still to be done."""
    if point.state == AssessmentPoint.State.DROPPED:
        return
    state = AssessmentPoint.State.RECORDED if complete else AssessmentPoint.State.PLANNED
    on = one.record.taken_on if complete else None
    AssessmentPoint.objects.filter(pk=point.pk).update(state=state, recorded_on=on)
