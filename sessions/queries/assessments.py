"""Assessments as they stand: which records count, against which baseline they are judged, what is still to be done."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _

from mesoclinic.accounts import User
from mesoclinic.actors import Actor
from mesoclinic.errors import OutOfScope
from mesoclinic.rules.tri import Tri
from patients.models import Measurement, Patient
from patients.queries.people import reached, records_of_person
from protocols.queries.catalogue import catalogue_of
from sessions.models import AssessmentPoint, AssessmentRecord, Outcome, Series, TreatmentRecord
from sessions.queries.bookings import clinicians_at
from sessions.queries.courses import current_outcomes
from sessions.queries.measures import BASELINE, FINAL, VALUES, Judged, Told, judge
from sessions.queries.series import assessments_of, rows_of

RATING = "OM-02"
STAGE = "OM-08"


@dataclass(frozen=True, slots=True)
class Taken:
    """A record with its measures and, for an assessment of a course, what it shows."""

    record: AssessmentRecord
    told: Told
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class Due:
    """An assessment of an open course that is not recorded, and the day on which it falls as things stand."""

    point: AssessmentPoint
    on: date | None


def subject_of(record: AssessmentRecord) -> str:
    """How a measured value names the record it belongs to."""
    return f"assessment:{record.pk}"


def record_for(actor: Actor, record_id: int) -> AssessmentRecord:
    """One record; raises OutOfScope alike for another site's and for none at all."""
    related = ("patient", "site", "point__series__plan_version__plan", "by")
    found = AssessmentRecord.objects.filter(reached(actor), pk=record_id).select_related(*related).first()
    if found is None:
        raise OutOfScope(_("There is no such assessment at your sites."))
    return found


def point_for(actor: Actor, point_id: int) -> AssessmentPoint:
    """A planned assessment; raises OutOfScope alike for another site's and for none at all."""
    related = ("series__patient", "series__site", "series__plan_version__plan__site", "series__plan_version__release")
    found = AssessmentPoint.objects.filter(reached(actor, "series__patient"), pk=point_id)
    point = found.select_related(*related).first()
    if point is None:
        raise OutOfScope(_("There is no such assessment at your sites."))
    return point


def taken_of(patient: Patient) -> list[Taken]:
    """Every record of the person that nobody corrected, the earliest first."""
    found = records_that_count(patient).select_related("by", "point__series__plan_version__release")
    judged = Outcome.objects.filter(replaced_by=None)
    records = list(found.prefetch_related(Prefetch("outcomes", judged, to_attr="current")))
    told = told_of(records)
    return [Taken(each, told[each.pk], next(iter(each.current), None)) for each in records]


def records_that_count(patient: Patient) -> QuerySet[AssessmentRecord]:
    """The records of a person that nobody corrected, the earliest first."""
    records = AssessmentRecord.objects.filter(patient__in=records_of_person(patient.pk), corrected_by=None)
    return records.order_by("taken_on", "pk")


def told_of(records: Sequence[AssessmentRecord]) -> dict[int, Told]:
    """The measures of each record, by its number."""
    subjects = {subject_of(each): each for each in records}
    values: dict[int, list[Measurement]] = {each.pk: [] for each in records}
    for value in Measurement.objects.filter(subject__in=subjects).order_by("pk"):
        values[subjects[value.subject].pk].append(value)
    return {each.pk: _told(each, values[each.pk]) for each in records}


def baseline_of(point: AssessmentPoint, taken: Iterable[Taken]) -> Taken | None:
    """The newest baseline from before the course's first session, or the newest of all while none was given."""
    records = TreatmentRecord.objects.filter(session__series=point.series_id, state=TreatmentRecord.State.SIGNED)
    first = records.exclude(started_at=None).order_by("started_at").values_list("started_at", flat=True).first()
    limit = first.astimezone(point.series.site.zone).date() if first else date.max
    found = [each for each in taken if each.record.stage == BASELINE and each.record.taken_on <= limit]
    return found[-1] if found else None


def judged_of(one: Taken, taken: Iterable[Taken]) -> tuple[Judged, Taken | None]:
    """What a record of a course shows against its baseline, judged by the release of the plan, and that baseline."""
    point = one.record.point
    assert point is not None
    before = baseline_of(point, taken)
    catalogue = catalogue_of(point.series.plan_version.release)
    return judge(one.record.stage, before.told if before else None, one.told, catalogue), before


def due_of(patient: Patient) -> list[Due]:
    """The assessments of open courses that are not recorded, the earliest first."""
    found = Series.objects.filter(patient=patient, state=Series.State.OPEN)
    related = ("site", "plan_version__plan__site", "plan_version__release")
    dues: list[Due] = []
    for series in found.select_related(*related).prefetch_related("sessions__bookings", "assessments"):
        days = [row.starts.date() if row.starts else None for row in rows_of(series)]
        on = {each.code: each.on for each in assessments_of(series.plan_version, days)}
        planned = [each for each in series.assessments.all() if each.state == AssessmentPoint.State.PLANNED]
        dues += [Due(each, on.get(each.code)) for each in planned]
    return sorted(dues, key=lambda due: (due.on or date.max, due.point.pk))


def final_response_of(series: Series) -> tuple[date | None, str]:
    """The day of the final assessment of a course, and the class of its response; nothing while there is none."""
    final = current_outcomes().filter(assessment__series=series, record__stage=FINAL).select_related("record").last()
    return (final.record.taken_on, final.response) if final is not None else (None, "")


def raters_at(actor: User, patient: Patient) -> QuerySet[User]:
    """Who may have rated the photographs: everybody who sees patients at a site of the patient."""
    sites = patient.sites.filter(pk__in=actor.sites.all())
    people = [each.pk for site in sites for each in clinicians_at(site)]
    return User.objects.filter(pk__in=people).order_by("name")


def _told(record: AssessmentRecord, values: Iterable[Measurement]) -> Told:
    kept: Mapping[str, Any] = record.told
    measured = {each.code: each for each in values if each.code in VALUES}
    ratings = tuple((each.rater_id or 0, int(each.value)) for each in values if each.code == RATING)
    numbers: dict[str, Decimal] = {code: each.value for code, each in measured.items()}
    return Told(
        values=numbers,
        ratings=ratings,
        scalp_site=kept.get("scalp_site", ""),
        device=kept.get("device", ""),
        photos=Tri(kept.get("photos", Tri.UNKNOWN)),
        progression=Tri(kept.get("progression", Tri.UNKNOWN)),
        scale=kept.get("scale", ""),
        stage=kept.get("stage", ""),
        none_observed=Tri(kept.get("none_observed", Tri.UNKNOWN)),
        remark=kept.get("remark", ""),
    )
