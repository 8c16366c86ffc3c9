"""What forbids booking a plan at all, by the rules of scheduling (clinical.md 6.2, 6.3), on the day of the booking."""

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _

from mesoclinic import clock
from mesoclinic.rules.finding import Finding, Level
from mesoclinic.rules.tri import Tri
from patients.models import Consent, PlanVersion
from protocols.queries.catalogue import catalogue_of
from sessions.models import AdverseEvent
from sessions.queries.adverse import GRAVE, UNSETTLED, course_stops, events_of_all, open_grade, sentinel_open
from sessions.rules.schedule import CourseState, plan_course


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
    return {
        version.pk: _stops(version, events[version.plan.patient_id], signed.get(version.pk)) for version in versions
    }


def _stops(version: PlanVersion, events: Sequence[AdverseEvent], consent: Consent | None) -> list[Finding]:
    catalogue = catalogue_of(version.release)
    today = clock.now().astimezone(version.plan.site.zone).date()
    state = CourseState(
        protocol=version.protocol,
        evaluated_on=today,
        start=today,
        unresolved_grade=open_grade(events),
        sentinel_open=sentinel_open(events, catalogue),
        consent_on=consent.signed_on if consent else None,
        # The form of a signed consent is compared when the treatment starts; booking asks for its age only.
        consent_form_current=Tri.YES,
        planned_count=version.session_count,
    )
    blocked = [finding for finding in plan_course(state, catalogue).findings if finding.level == Level.BLOCK]
    return blocked + course_stops(version, events, catalogue)


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
