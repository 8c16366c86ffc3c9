"""How far courses have come, as the rules of scheduling and stopping read it (clinical.md 6.2, 6.3)."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Q, QuerySet

from mesoclinic.rules.tri import Tri, any_
from patients.models import Patient, PlanVersion
from protocols.queries.catalogue import catalogue_of
from protocols.rules.kinds.schedule import Protocol
from sessions.models import AssessmentPoint, Outcome, TreatmentRecord
from sessions.queries.measures import FINAL
from sessions.queries.planning import closed_at_all
from sessions.rules.outcome import Response
from sessions.rules.schedule import Closed


@dataclass(frozen=True, slots=True)
class Progress:
    """One course: its sessions that were given, its recorded assessments, and what they showed.

    `final` is of the course, every version of the plan; `last_final` of the person. `maintained` are the days of every
    maintenance session of the person.
    """

    done: tuple[date, ...] = ()
    recorded: frozenset[str] = frozenset()
    closed: Closed = field(default_factory=Closed)
    final: Response | None = None
    worse: Tri = Tri.NO
    last_final: Response | None = None
    maintained: tuple[date, ...] = ()


def progress_of(versions: Sequence[PlanVersion]) -> dict[int, Progress]:
    """How far each plan version has come, by its number, in as many statements as for one."""
    people = {version.plan.patient_id for version in versions}
    given, outcomes, recorded = _given(people), _outcomes(people), _recorded(versions)
    closed = closed_at_all({version.plan.site for version in versions})
    found = {}
    for version in versions:
        sessions, shown = given[version.plan.patient_id], outcomes[version.plan.patient_id]
        course = [each for each in shown if each.assessment.series.plan_version.plan_id == version.plan_id]
        found[version.pk] = Progress(
            done=tuple(sorted(on for each, on in sessions if each.pk == version.pk)),
            recorded=frozenset(recorded[version.pk]),
            closed=closed[version.plan.site_id],
            final=_final(course),
            worse=any_(Tri(each.worse) for each in course) if course else Tri.NO,
            last_final=_final(shown),
            maintained=tuple(sorted(on for each, on in sessions if is_maintenance(each))),
        )
    return found


def current_outcomes() -> QuerySet[Outcome]:
    """What counts of every assessment, the earliest first: records that nobody corrected, as they were judged last."""
    found = Outcome.objects.filter(replaced_by=None, record__corrected_by=None)
    return found.order_by("record__taken_on", "record__pk")


def is_maintenance(version: PlanVersion) -> bool:
    """Whether the protocol of a plan version is one of maintenance."""
    catalogue = catalogue_of(version.release)
    return catalogue.has(Protocol, version.protocol) and catalogue.row(Protocol, version.protocol).maintenance


def _given(people: Collection[int]) -> Mapping[int, list[tuple[PlanVersion, date]]]:
    """The plan version and the day of every session that was given, by person."""
    found: defaultdict[int, list[tuple[PlanVersion, date]]] = defaultdict(list)
    signed = TreatmentRecord.objects.filter(state=TreatmentRecord.State.SIGNED, started_at__isnull=False)
    related = ("site", "patient", "session__series__plan_version__release")
    for record in signed.filter(_of(people, "patient")).select_related(*related).order_by("started_at", "pk"):
        if record.started_at is not None:
            on = record.started_at.astimezone(record.site.zone).date()
            found[_person(record.patient)].append((record.session.series.plan_version, on))
    return found


def _outcomes(people: Collection[int]) -> Mapping[int, list[Outcome]]:
    found: defaultdict[int, list[Outcome]] = defaultdict(list)
    related = ("record__patient", "assessment__series__plan_version")
    for outcome in current_outcomes().filter(_of(people, "record__patient")).select_related(*related):
        found[_person(outcome.record.patient)].append(outcome)
    return found


def _recorded(versions: Sequence[PlanVersion]) -> Mapping[int, list[str]]:
    found: defaultdict[int, list[str]] = defaultdict(list)
    points = AssessmentPoint.objects.filter(series__plan_version__in=versions, state=AssessmentPoint.State.RECORDED)
    for version_id, code in points.values_list("series__plan_version", "code"):
        found[version_id].append(code)
    return found


def _of(people: Collection[int], patient: str) -> Q:
    return Q(**{f"{patient}__in": people}) | Q(**{f"{patient}__merged_into__in": people})


def _person(patient: Patient) -> int:
    return patient.merged_into_id or patient.pk


def _final(outcomes: Sequence[Outcome]) -> Response | None:
    final = [each for each in outcomes if each.record.stage == FINAL]
    return Response(final[-1].response) if final else None
