"""Messages counted from a day or a missed session: assessments, recalls, new dates, consents (MSG-08 to MSG-11)."""

from collections.abc import Mapping
from datetime import datetime

from django.db.models import QuerySet

from mesoclinic import audit, clock
from mesoclinic.actors import Actor, System
from mesoclinic.transactions import atomic
from patients.models import Consent, Notice
from patients.queries.consents import through_of
from patients.services import notices
from patients.services.notices import DONE, ENDED, LATE, NO_DATE, NO_RECALL, REBOOKED, Due, Matter
from protocols.queries.catalogue import catalogue_of
from sessions.models import AssessmentPoint, Booking, BookingChange, Series, TreatmentSession
from sessions.queries.assessments import final_response_of
from sessions.queries.bookings import GONE
from sessions.queries.changes import BOOKING, SERIES, undo_window
from sessions.queries.follow_ups import (
    MISSED,
    RECALLS,
    RENEWED,
    UNDONE,
    assessment_subject,
    courses,
    missed_subject,
    recall_subject,
    renewal_subject,
)
from sessions.queries.series import series_page
from sessions.rules.messages import Occasion, Quiet, due_times

CLINIC = System("reminders")
MAIL = "follow_up"


def follow_change_of_course(*, change_id: int, actor: Actor = CLINIC) -> None:
    """What was booked, moved, cancelled, ended or undone: the messages about the courses are those of now."""
    with atomic():
        change = BookingChange.objects.get(pk=change_id)
        touched = [row for each in (change.before, change.after) for row in (each.get(BOOKING) or {})]
        named = {int(number) for each in (change.before, change.after) for number in (each.get(SERIES) or {})}
        found = courses().filter(sessions__bookings__in=touched) | courses().filter(pk__in=named)
        touching = list(found.distinct())
        for number in named - {each.pk for each in touching}:
            _withdraw(_waiting(f"series:{number}:"), UNDONE)
        for series in touching:
            _follow(series)
        audit.record(actor, "follow_ups.followed", change)


def follow_missed(*, booking_id: int, actor: Actor = CLINIC) -> None:
    """A patient who did not come is asked for a new date a day later."""
    with atomic():
        series = courses().filter(sessions__bookings=booking_id).first()
        if series is not None:
            _follow(series)
            audit.record(actor, "follow_ups.followed", series)


def follow_assessments(*, patient_id: int, actor: Actor = CLINIC) -> None:
    """An assessment that is done is not asked for any more; who responded is asked back after the course."""
    with atomic():
        for series in courses().filter(patient=patient_id):
            _follow(series)
            _recall(series)
            audit.record(actor, "follow_ups.followed", series)


def plan_renewal(*, consent_id: int, actor: Actor = CLINIC) -> None:
    """Two weeks before a consent runs out it is renewed; those before it are done with."""
    with atomic():
        consent = _consents().get(pk=consent_id)
        if consent.kind != Consent.Kind.TREATMENT or consent.plan_version is None:
            return
        of_plan = Consent.objects.filter(plan_version__plan=consent.plan_version.plan_id).exclude(pk=consent.pk)
        for older in of_plan.values_list("pk", flat=True):
            notices.withdraw(subject=renewal_subject(older), reason=RENEWED)
        occasion = Occasion(consent.site.zone, consent_expires_on=through_of(consent), quiet=_quiet(consent))
        times = due_times(occasion, catalogue_of(consent.plan_version.release))
        notices.tell_all(_dues(consent, renewal_subject(consent.pk), times))
        audit.record(actor, "follow_ups.planned", consent)


def stop_with_consent(*, consent_id: int, actor: Actor = CLINIC) -> None:
    """A consent that was withdrawn is not renewed, and its course asks for nothing."""
    with atomic():
        consent = _consents().get(pk=consent_id)
        notices.withdraw(subject=renewal_subject(consent.pk), reason=RENEWED)
        if consent.kind == Consent.Kind.TREATMENT and consent.plan_version is not None:
            for series in courses().filter(plan_version__plan=consent.plan_version.plan_id):
                _follow(series)
        audit.record(actor, "follow_ups.stopped", consent)


def _follow(series: Series) -> None:
    """Bring the messages before assessments and after missed sessions to what the course is now."""
    if series.state == Series.State.STOPPED:
        _withdraw(_waiting(f"series:{series.pk}:").exclude(rule__in=RECALLS), ENDED)
        return
    notices.tell_all([*_about_assessments(series), *_about_missed(series)])


def _about_assessments(series: Series) -> list[Due]:
    on = {each.code: each.on for each in series_page(series).assessments}
    found: list[Due] = []
    for point in series.assessments.all():
        subject, day = assessment_subject(point), on.get(point.code)
        if point.state != AssessmentPoint.State.PLANNED or day is None:
            notices.withdraw(subject=subject, reason=NO_DATE if day is None else DONE)
            continue
        occasion = Occasion(series.site.zone, assessment_on=day, quiet=_quiet(series))
        found += _dues(series, subject, due_times(occasion, catalogue_of(series.plan_version.release)))
    return found


def _about_missed(series: Series) -> list[Due]:
    found: list[Due] = []
    for session in series.sessions.all():
        visits = sorted(session.bookings.all(), key=lambda each: each.pk)
        missed = [each for each in visits if each.state == Booking.State.NO_SHOW]
        again = session.state != TreatmentSession.State.UNPLACED or any(each.state not in GONE for each in visits)
        for visit in missed:
            subject = missed_subject(visit, series)
            if again or visit is not missed[-1]:
                notices.withdraw(subject=subject, reason=REBOOKED)
                continue
            occasion = Occasion(series.site.zone, starts_at=visit.starts_at, missed=True, quiet=_quiet(series))
            times = due_times(occasion, catalogue_of(series.plan_version.release))
            found += _dues(series, subject, {rule: due for rule, due in times.items() if rule == MISSED})
    return found


def _recall(series: Series) -> None:
    """Who responded is asked back, counted from the day of the final assessment."""
    on, response = final_response_of(series)
    occasion = Occasion(series.site.zone, plan_ended_on=on, response_class=response, quiet=_quiet(series))
    times = due_times(occasion, catalogue_of(series.plan_version.release))
    if times:
        notices.tell_all(_dues(series, recall_subject(series), times))
    else:
        notices.withdraw(subject=recall_subject(series), reason=NO_RECALL)


def _dues(about: Series | Consent, subject: str, times: Mapping[str, datetime]) -> list[Due]:
    """These messages, or the reason why one is not sent any more: its time is over."""
    now = clock.now()
    # Until a booking cannot be undone any more nobody is told of it.
    undo = now + undo_window()
    found = []
    for rule, due in times.items():
        matter = Matter(about.patient, about.site, rule, subject, MAIL)
        if due > now:
            found.append(Due(matter, max(due, undo)))
        elif not Notice.objects.filter(rule=rule, subject=subject, due_at__lte=now).exists():
            # What is due already goes out at this moment and is left alone.
            found.append(Due(matter, due, skipped=LATE))
    return found


def _withdraw(waiting: QuerySet[Notice], reason: str) -> None:
    for subject in waiting.values_list("subject", flat=True):
        notices.withdraw(subject=subject, reason=reason)


def _waiting(about: str) -> QuerySet[Notice]:
    return Notice.objects.filter(subject__startswith=about, state__in=notices.OPEN)


def _quiet(about: Series | Consent) -> Quiet:
    return Quiet(about.site.quiet_from, about.site.quiet_to)


def _consents() -> QuerySet[Consent]:
    return Consent.objects.select_related("site", "patient", "plan_version__release")
