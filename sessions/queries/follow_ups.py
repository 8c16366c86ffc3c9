"""What a message counted from a day or a missed session is about, as it stands when the message goes out."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_noop

from mesoclinic import clock
from patients.models import Consent, Notice
from patients.queries.consents import through_of
from sessions.models import AssessmentPoint, Booking, Series, TreatmentSession
from sessions.queries.bookings import COMING
from sessions.queries.series import series_page
from sessions.queries.unplaced import unplaced_of

ASSESSMENT, MISSED, RENEWAL, RECALLS = "MSG-08", "MSG-10", "MSG-11", ("MSG-09a", "MSG-09b")
UNDONE = gettext_noop("The booking was undone.")
RENEWED = gettext_noop("The consent was renewed or withdrawn.")
AHEAD = (TreatmentSession.State.UNPLACED, TreatmentSession.State.BOOKED)


@dataclass(frozen=True, slots=True)
class FollowUp:
    """The day and the moment that a message names; `over` says why none is sent any more."""

    over: str = ""
    day: date | None = None
    at: datetime | None = None


def assessment_subject(point: AssessmentPoint) -> str:
    """What the message before an assessment is about."""
    return f"series:{point.series_id}:{point.code}"


def missed_subject(visit: Booking, series: Series) -> str:
    """What the message after a missed session is about."""
    return f"series:{series.pk}:missed:{visit.pk}"


def recall_subject(series: Series) -> str:
    """What the messages after a course are about."""
    return f"series:{series.pk}:recall"


def renewal_subject(consent_id: int) -> str:
    """What the message before the end of a consent is about."""
    return f"consent:{consent_id}"


def courses() -> QuerySet[Series]:
    """Every course, open or ended, with what its messages are worked out from."""
    related = ("site", "patient", "plan_version__release", "plan_version__plan__site")
    return Series.objects.select_related(*related).prefetch_related("sessions__bookings", "assessments")


def follow_up_of(notice: Notice) -> FollowUp:
    """What the notice is about now."""
    _kind, number, *rest = notice.subject.split(":")
    if notice.rule == RENEWAL:
        return _renewal(int(number))
    series = courses().filter(pk=number).first()
    if series is None:
        return FollowUp(UNDONE)
    if notice.rule in RECALLS:
        return _recall(series)
    if series.state == Series.State.STOPPED:
        return FollowUp("The course has ended.")
    return _assessment(series, rest[0]) if notice.rule == ASSESSMENT else _missed(series, int(rest[1]))


def _assessment(series: Series, code: str) -> FollowUp:
    point = series.assessments.filter(code=code, state=AssessmentPoint.State.PLANNED).first()
    if point is None:
        return FollowUp("The assessment is done.")
    day = next((each.on for each in series_page(series).assessments if each.code == code), None)
    if day is None:
        return FollowUp("Nobody can tell the day while sessions have no date.")
    coming = point.bookings.filter(state__in=COMING, starts_at__gt=clock.now()).order_by("starts_at").first()
    return FollowUp(day=day, at=coming.starts_at if coming else None)


def _missed(series: Series, number: int) -> FollowUp:
    visit = Booking.objects.filter(pk=number, state=Booking.State.NO_SHOW).first()
    waiting = {each.session.pk: each for each in unplaced_of(series)}
    if visit is None or visit.treatment_session_id not in waiting:
        return FollowUp("The patient has a new date.")
    return FollowUp(day=waiting[visit.treatment_session_id].last_safe, at=visit.starts_at)


def _recall(series: Series) -> FollowUp:
    later = Series.objects.filter(patient=series.patient_id, state=Series.State.OPEN, booked_at__gt=series.booked_at)
    return FollowUp("The patient has a new course.") if later.exists() else FollowUp()


def _renewal(number: int) -> FollowUp:
    consent = Consent.objects.select_related("plan_version").get(pk=number)
    if consent.state != Consent.State.SIGNED or consent.plan_version is None:
        return FollowUp(RENEWED)
    of_plan = Series.objects.filter(plan_version__plan=consent.plan_version.plan_id, state=Series.State.OPEN)
    if not of_plan.filter(sessions__state__in=AHEAD).exists():
        return FollowUp("No session is left that needs this consent.")
    return FollowUp(day=through_of(consent))
