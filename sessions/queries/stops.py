"""What forbids booking a plan at all, by the rules of scheduling (clinical.md 6.2, 6.3), on the day of the booking."""

from collections.abc import Iterable, Sequence
from datetime import date

from django.utils.translation import gettext as _

from mesoclinic import clock
from mesoclinic.rules.finding import Finding, Level
from mesoclinic.rules.tri import Tri
from patients.models import Consent, PlanVersion
from protocols.queries.catalogue import catalogue_of
from protocols.rules.catalogue import Catalogue
from sessions.models import AdverseEvent
from sessions.queries.adverse import GRAVE, UNSETTLED, course_stops, events_of_all, open_grade, sentinel_open
from sessions.queries.courses import Progress, is_maintenance, progress_of
from sessions.rules.schedule import CourseState, plan_course
from sessions.rules.stopping import CourseEvents, may_maintain, stops

# What a chosen date decides is judged where the date is chosen; here it is asked whether any may be.
OF_A_DATE = frozenset({"SD-01", "SD-02", "SD-06", "SD-07"})
SHOWN = frozenset({"STOP-1", "STOP-2"})


def booking_stops(version: PlanVersion) -> list[Finding]:
    """Each rule that blocks booking this plan today; empty when none does."""
    return stops_of_plans([version])[version.pk]


def stops_of_plans(versions: Sequence[PlanVersion]) -> dict[int, list[Finding]]:
    """The same of several plan versions, by their numbers, in as many statements as for one."""
    events = events_of_all({version.plan.patient_id for version in versions})
    given = Consent.objects.filter(kind=Consent.Kind.TREATMENT, state=Consent.State.SIGNED)
    signed = {
        each.plan_version_id: each for each in given.filter(plan_version__in=versions).order_by("signed_at", "pk")
    }
    progress = progress_of(versions)
    return {
        version.pk: _stops(version, events[version.plan.patient_id], signed.get(version.pk), progress[version.pk])
        for version in versions
    }


def _stops(
    version: PlanVersion, events: Sequence[AdverseEvent], consent: Consent | None, progress: Progress
) -> list[Finding]:
    catalogue = catalogue_of(version.release)
    today = clock.now().astimezone(version.plan.site.zone).date()
    state = CourseState(
        protocol=version.protocol,
        evaluated_on=today,
        done=progress.maintained if is_maintenance(version) else progress.done,
        requested_on=today,
        closed=progress.closed,
        assessments_recorded=progress.recorded,
        unresolved_grade=open_grade(events),
        sentinel_open=sentinel_open(events, catalogue),
        consent_on=consent.signed_on if consent else None,
        # The form of a signed consent is compared when the treatment starts; booking asks for its age only.
        consent_form_current=Tri.YES,
        planned_count=version.session_count,
    )
    found = [finding for finding in plan_course(state, catalogue).findings if finding.rule not in OF_A_DATE]
    blocked = [finding for finding in found if finding.level == Level.BLOCK]
    return blocked + course_stops(version, events, catalogue) + outcome_stops(version, progress, catalogue, today)


def outcome_stops(version: PlanVersion, progress: Progress, catalogue: Catalogue, on: date) -> list[Finding]:
    """STOP-1 and STOP-2 by the assessments of the course; before maintenance, MT-1 by the last final one (6.3)."""
    shown = CourseEvents(final_response=progress.final, worse=progress.worse)
    found = [finding for finding in stops(shown, catalogue) if finding.rule in SHOWN]
    if is_maintenance(version):
        found += may_maintain(progress.last_final, progress.maintained, on, catalogue)
    return found


def going_on_stops(version: PlanVersion) -> str:
    """In words, what keeps a course that was ended from going on: a stop, or the consent that was withdrawn."""
    given = Consent.objects.filter(plan_version__plan=version.plan_id, kind=Consent.Kind.TREATMENT)
    last = given.exclude(signed_at=None).order_by("signed_at").last()
    if last is not None and last.state == Consent.State.WITHDRAWN:
        return _("The patient withdrew the consent.")
    return " ".join(f"{each.rule}: {each.reason}." for each in booking_stops(version))


def event_stops(version: PlanVersion) -> list[Finding]:
    """Those of the stops that an adverse event makes."""
    return [finding for finding in booking_stops(version) if finding.rule in (UNSETTLED, GRAVE)]


def ends_course(found: Iterable[Finding]) -> bool:
    """Whether one of these ends the course for good; an unsettled event only holds it up."""
    return any(finding.rule == GRAVE for finding in found)
