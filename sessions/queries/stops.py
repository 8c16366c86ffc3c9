"""What forbids booking a plan at all, by the rules of scheduling (clinical.md 6.2), on the day of the booking."""

from mesoclinic import clock
from mesoclinic.rules.finding import Finding, Level
from mesoclinic.rules.tri import Tri, any_, known
from patients.models import Consent, PlanVersion
from protocols.queries.catalogue import catalogue_of
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.adverse_events import AdverseEventType
from sessions.models import AdverseEvent
from sessions.rules.schedule import CourseState, plan_course


def booking_stops(version: PlanVersion) -> list[Finding]:
    """Each rule that blocks booking this plan today; empty when none does."""
    catalogue = catalogue_of(version.release)
    today = clock.now().astimezone(version.plan.site.zone).date()
    opened = list(AdverseEvent.objects.filter(patient=version.plan.patient_id, state=AdverseEvent.State.OPEN))
    consents = Consent.objects.filter(plan_version=version, kind=Consent.Kind.TREATMENT, state=Consent.State.SIGNED)
    consent = consents.order_by("-signed_at").first()
    state = CourseState(
        protocol=version.protocol,
        evaluated_on=today,
        start=today,
        unresolved_grade=max((event.grade for event in opened), default=None),
        sentinel_open=any_(_sentinel(event, catalogue) for event in opened),
        consent_on=consent.signed_on if consent else None,
        # The form of a signed consent is compared when the treatment starts; booking asks for its age only.
        consent_form_current=Tri.YES,
        planned_count=version.session_count,
    )
    return [finding for finding in plan_course(state, catalogue).findings if finding.level == Level.BLOCK]


def _sentinel(event: AdverseEvent, catalogue: Catalogue) -> Tri:
    if not catalogue.has(AdverseEventType, event.code):
        # Nobody can say whether an unknown kind is a sentinel event: that is not a pass.
        return Tri.YES
    least = catalogue.row(AdverseEventType, event.code).sentinel_from_grade
    return known(least is not None and event.grade >= least)
