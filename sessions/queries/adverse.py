"""Adverse events as they stand: who may see them, and what they stop (clinical.md 8, 6.2 SD-05, 6.3 STOP-3)."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from mesoclinic.accounts import Role, User
from mesoclinic.actors import Actor
from mesoclinic.errors import OutOfScope
from mesoclinic.rules.finding import Finding
from mesoclinic.rules.tri import Tri, any_, known
from mesoclinic.sites import Site
from patients.models import FactSheet, Patient, PlanVersion
from patients.queries.people import reached, records_of_person
from protocols.models import Lot
from protocols.queries.catalogue import current_catalogue
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.adverse_events import AdverseEventType, ClusterRule
from protocols.rules.kinds.schedule import CourseRule, ScheduleRule
from sessions.models import AdverseEvent, Causality, EventOutcome, LotUse, TreatmentRecord
from sessions.rules.adverse import Cluster, Event, clusters, is_sentinel, stops_course
from sessions.rules.stopping import CourseEvents, stops

REACTION = "prior_meso_reaction"
UNSETTLED, GRAVE = "SD-05", "STOP-3"
RANKS = ("none", "mild", "grade2_unresolved", "grade3", "sentinel")


def events_for(actor: Actor) -> QuerySet[AdverseEvent]:
    """The adverse events of the patients within reach, with what a page shows of them."""
    found = AdverseEvent.objects.filter(reached(actor))
    return found.select_related("patient", "site", "record__session", "reported_by").prefetch_related("lots__product")


def event_for(actor: Actor, event_id: int) -> AdverseEvent:
    """One adverse event; raises OutOfScope alike for another site's and for none at all."""
    found = events_for(actor).filter(pk=event_id).first()
    if found is None:
        raise OutOfScope(_("There is no such adverse event at your sites."))
    return found


def events_of(patient_id: int) -> list[AdverseEvent]:
    """All events of a patient, with what the rules read of them."""
    return events_of_all([patient_id])[patient_id]


def events_of_all(patient_ids: Iterable[int]) -> dict[int, list[AdverseEvent]]:
    """The same of several patients, in as many statements as for one."""
    found: dict[int, list[AdverseEvent]] = {patient_id: [] for patient_id in patient_ids}
    rows = AdverseEvent.objects.filter(Q(patient__in=list(found)) | Q(patient__merged_into__in=list(found)))
    related = ("site", "patient", "record__session__series__plan_version")
    for event in rows.order_by("pk").select_related(*related).prefetch_related("lots"):
        for person in found.keys() & {event.patient_id, event.patient.merged_into_id}:
            found[person].append(event)
    return found


def site_of(actor: User, patient: Patient) -> Site:
    """The site at which the actor deals with the patient: the first that both share."""
    shared = patient.sites.filter(pk__in=actor.sites.all()).order_by("patient_sites__linked_at", "pk").first()
    if shared is None:
        raise OutOfScope(_("There is no such patient at your sites."))
    return shared


def records_of(patient: Patient) -> QuerySet[TreatmentRecord]:
    """The sessions that were given, the newest first."""
    given = TreatmentRecord.objects.filter(patient__in=records_of_person(patient.pk), started_at__isnull=False)
    given = given.exclude(state=TreatmentRecord.State.VOIDED).select_related("session", "site")
    return given.order_by("-started_at", "-pk")


def lots_given_to(patient: Patient) -> list[Lot]:
    """Every lot that was drawn up for the patient, the newest first."""
    uses = LotUse.objects.filter(record__patient__in=records_of_person(patient.pk)).order_by("-pk")
    uses = uses.select_related("lot__product")
    return list({use.lot_id: use.lot for use in uses}.values())


def directors_at(site: Site) -> list[User]:
    """The active directors of a site; without one, whoever is on call there."""
    staff = list(User.objects.filter(sites=site, is_active=True))
    directors = [each for each in staff if Role.DIRECTOR in each.roles]
    return directors or [each for each in staff if each.pk == site.on_call_id]


def is_sentinel_event(event: AdverseEvent, catalogue: Catalogue) -> Tri:
    """Whether it counts as sentinel at its worst grade; a kind that nobody has named, or knows, is not a no."""
    if event.outcome == EventOutcome.EXCLUDED:
        return Tri.NO
    if event.worst_grade is None or not catalogue.has(AdverseEventType, event.code):
        return Tri.UNKNOWN
    return known(is_sentinel(as_event(event, event.worst_grade), catalogue))


def open_grade(events: Iterable[AdverseEvent]) -> int | None:
    """The highest grade of the events that are open as they are graded now."""
    return max((each.grade for each in events if is_open(each) and each.grade is not None), default=None)


def sentinel_open(events: Iterable[AdverseEvent], catalogue: Catalogue) -> Tri:
    """Whether a sentinel event is under investigation; unknown while one is open that nobody has assessed."""
    return any_(is_sentinel_event(each, catalogue) for each in events if is_open(each))


def is_open(event: AdverseEvent) -> bool:
    """Whether it counts as unresolved."""
    return event.state == AdverseEvent.State.OPEN


def course_stops(version: PlanVersion, events: Iterable[AdverseEvent], catalogue: Catalogue) -> list[Finding]:
    """STOP-3 for the course of a plan: what was grave once stops it for good, unless it was excluded."""
    grave = [each for each in events if is_assessed(each) and _in_course(each, version)]
    grave = [each for each in grave if each.outcome != EventOutcome.EXCLUDED]
    happened = CourseEvents(
        sentinel_event=any_(is_sentinel_event(each, catalogue) for each in grave),
        stopping_event=known(any(stops_course(as_event(each, each.worst_grade or 0), catalogue) for each in grave)),
        highest_grade=max((each.worst_grade or 0 for each in grave), default=None),
    )
    return [finding for finding in stops(happened, catalogue) if finding.rule == GRAVE]


def is_assessed(event: AdverseEvent) -> bool:
    """Whether somebody said what it is and how grave."""
    return bool(event.code) and event.grade is not None


def prior_reaction(events: Iterable[AdverseEvent], catalogue: Catalogue) -> str | None:
    """The answer to `prior_meso_reaction` that these events give (PR-01 to PR-03); None when none of them counts."""
    counted = [each for each in events if is_assessed(each) and each.outcome != EventOutcome.EXCLUDED]
    counted = [each for each in counted if each.causality != Causality.UNRELATED]
    if not counted:
        return None
    grave = catalogue.row(CourseRule, GRAVE).limit("grade")
    unsettled = catalogue.row(ScheduleRule, UNSETTLED).limit("grade")
    if any(is_sentinel_event(each, catalogue) is not Tri.NO for each in counted):
        return "sentinel"
    if any((each.worst_grade or 0) >= grave for each in counted):
        return "grade3"
    if any(is_open(each) and (each.grade or 0) >= unsettled for each in counted):
        return "grade2_unresolved"
    return "mild"


def stated_reaction(sheets: Iterable[FactSheet]) -> dict[str, Any] | None:
    """What a person last said of earlier reactions; what an adverse event wrote, or was only passed on, is left out."""
    stated: dict[str, Any] | None = None
    ours: object = None
    for sheet in sheets:
        entry = sheet.facts.get(REACTION)
        value = entry.get("value") if isinstance(entry, dict) else None
        if sheet.source == FactSheet.Source.ADVERSE_EVENT:
            ours = value
        elif value != ours or ours is None:
            stated, ours = entry, None
    return stated


def clusters_around(event: AdverseEvent, catalogue: Catalogue) -> list[Cluster]:
    """The clusters that this event is part of, at its site (8.3)."""
    own = as_event(event, event.worst_grade or 0)
    found = clusters_at(event.site, catalogue)
    return [
        each for each in found if (each.lot in own.lots if each.lot else each.day == own.day) and _watched(own, each)
    ]


def clusters_at(site: Site, catalogue: Catalogue) -> Sequence[Cluster]:
    """Every cluster of a site."""
    watched = {code for rule in catalogue.of(ClusterRule) for code in rule.events}
    rows = AdverseEvent.objects.filter(site=site, code__in=watched).exclude(outcome=EventOutcome.EXCLUDED)
    rows = rows.select_related("record", "site").prefetch_related("lots")
    return clusters([as_event(each, each.worst_grade or 0) for each in rows], catalogue)


def as_event(event: AdverseEvent, grade: int) -> Event:
    """The event as the rules see it, at one of its grades."""
    return Event(
        code=event.code,
        grade=grade,
        day=day_of(event),
        lots=frozenset(lot.pk for lot in event.lots.all()),
        resolved=not is_open(event),
        excluded=event.outcome == EventOutcome.EXCLUDED,
    )


def day_of(event: AdverseEvent) -> date:
    """The day in the clinic that it goes back to; without a session the day on which it began."""
    moment = event.record.started_at if event.record and event.record.started_at else event.onset_at
    return moment.astimezone(event.site.zone).date()


def name_of(code: str) -> str:
    """The name of a kind of event in the catalogue in force."""
    catalogue = current_catalogue()
    if not code:
        return _("Not assessed yet")
    return catalogue.row(AdverseEventType, code).name if catalogue.has(AdverseEventType, code) else code


def _watched(own: Event, cluster: Cluster) -> bool:
    return own.code in cluster.rule.events


def _in_course(event: AdverseEvent, version: PlanVersion) -> bool:
    if event.record is not None:
        return event.record.session.series.plan_version.plan_id == version.plan_id
    # What was told after the plan was made was not weighed when it was made, whenever it began.
    first = min(version.plan.versions.all(), key=lambda each: each.number, default=None)
    return first is not None and event.reported_at >= first.made_at
