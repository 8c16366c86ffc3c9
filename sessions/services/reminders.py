"""Reminders before sessions and messages after them: planned once, then following the live row (clinical.md 9.1)."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from mesoclinic import audit, clock
from mesoclinic.accounts import Role
from mesoclinic.actors import Actor, System
from mesoclinic.sites import Site, VisitKind
from mesoclinic.transactions import atomic
from patients.models import Notice, Todo
from patients.services import notices
from patients.services.notices import CANCELLED, TOO_SOON, Due, Matter
from protocols.queries.catalogue import catalogue_of
from sessions.models import Booking, BookingChange, Series, TreatmentRecord, TreatmentSession
from sessions.queries.bookings import COMING, GONE
from sessions.queries.changes import BOOKING, undo_window
from sessions.rules.messages import Occasion, Quiet, due_times
from sessions.services.check_ins import end_check_ins, link_check_ins

CLINIC = System("reminders")
AFTERCARE = "MSG-03"
KINDS = {
    "MSG-01": "reminder",
    "MSG-02": "reminder",
    "MSG-03": "aftercare",
    "MSG-04": "check_in",
    "MSG-05": "check_in",
    "MSG-06": "check_in",
    "MSG-07a": "late_check",
    "MSG-07b": "late_check",
}
MISSED = gettext_noop("The patient did not come.")
UNDONE = gettext_noop("The booking was undone.")
VOIDED = gettext_noop("The treatment record was voided.")
SIGNED_LATE = gettext_noop("The record was signed after this message was due.")


def plan_for_series(*, series_id: int, actor: Actor = CLINIC) -> None:
    """Reminders of every coming session of a series."""
    with atomic():
        series = Series.objects.get(pk=series_id)
        coming = _bookings().filter(treatment_session__series=series, state__in=COMING)
        notices.tell_all([each for booking in coming for each in _ahead(booking)])
        audit.record(actor, "reminders.planned", series)


def plan_for_booking(*, booking_id: int, actor: Actor = CLINIC) -> None:
    """Reminders of one session; other visits have none."""
    with atomic():
        booking = _bookings().filter(pk=booking_id, treatment_session__isnull=False, state__in=COMING).first()
        if booking is not None:
            _plan_before(booking)
            audit.record(actor, "reminders.planned", booking)


def follow_booking(*, booking_id: int, actor: Actor = CLINIC) -> None:
    """The reminders of a visit follow it: to its new time, or they are skipped when it does not take place."""
    with atomic():
        booking = _bookings().filter(pk=booking_id, treatment_session__isnull=False).first()
        if booking is None:
            return
        if booking.state in GONE:
            reason = CANCELLED if booking.state == Booking.State.CANCELLED else MISSED
            notices.withdraw(subject=_about(booking), reason=reason)
        elif booking.state in COMING:
            _plan_before(booking)
        _call_if_told(booking)
        audit.record(actor, "reminders.followed", booking)


def follow_undone(*, change_id: int, actor: Actor = CLINIC) -> None:
    """The reminders of what was undone are those from before; nobody has to be called, unless one went out between."""
    with atomic():
        change = BookingChange.objects.get(pk=change_id)
        for number in change.before[BOOKING]:
            booking = _bookings().filter(pk=number).first()
            if booking is None:
                notices.withdraw(subject=f"booking:{number}", reason=UNDONE)
                continue
            if booking.treatment_session_id and booking.state in COMING:
                _plan_before(booking, since=change.at)
            call_no_more(booking, change)
        audit.record(actor, "reminders.followed", change)


def plan_after_treatment(*, record_id: int, actor: Actor = CLINIC) -> None:
    """The aftercare sheet and the questions of the days after; late checks after the last session of a course."""
    with atomic():
        record = _records().get(pk=record_id)
        if record.state != TreatmentRecord.State.SIGNED or record.ended_at is None:
            return
        times = _due_after(record, record.ended_at)
        link_check_ins(actor, record, times)
        for rule, due in times.items():
            matter = Matter(record.patient, record.site, rule, f"treatment:{record.pk}", KINDS[rule])
            if due < clock.now() and rule != AFTERCARE:
                notices.skip(matter, due=due, reason=SIGNED_LATE)
            else:
                notices.promise(matter, due=due)
        audit.record(actor, "reminders.planned", record)


def stop_after_treatment(*, record_id: int, actor: Actor = CLINIC) -> None:
    """A voided record tells the patient nothing any more."""
    with atomic():
        record = TreatmentRecord.objects.get(pk=record_id)
        notices.withdraw(subject=f"treatment:{record.pk}", reason=VOIDED)
        end_check_ins(actor, record)
        audit.record(actor, "reminders.withdrawn", record)


def _plan_before(booking: Booking, *, since: datetime | None = None) -> None:
    notices.tell_all(_ahead(booking, since))


def _ahead(booking: Booking, since: datetime | None = None) -> list[Due]:
    """The reminders of a visit, with those for which it is too soon: due before `since`, or before now."""
    session, now = booking.treatment_session, clock.now()
    missed = since or now
    if booking.patient is None or session is None:
        return []
    occasion = Occasion(booking.site.zone, starts_at=booking.starts_at, quiet=_quiet(booking.site))
    times = due_times(occasion, catalogue_of(session.series.plan_version.release))
    # Until a booking cannot be undone any more nobody is told of it.
    undo = now + undo_window()
    return [
        Due(
            Matter(booking.patient, booking.site, rule, _about(booking), KINDS[rule]),
            due if due <= missed else max(due, undo),
            skipped=TOO_SOON if due <= missed else "",
        )
        for rule, due in times.items()
    ]


def _due_after(record: TreatmentRecord, ended_at: datetime) -> dict[str, datetime]:
    series = record.session.series
    open_states = (TreatmentSession.State.UNPLACED, TreatmentSession.State.BOOKED, TreatmentSession.State.IN_PROGRESS)
    last = not series.sessions.exclude(pk=record.session_id).filter(state__in=open_states).exists()
    occasion = Occasion(record.site.zone, ended_at=ended_at, last_of_course=last, quiet=_quiet(record.site))
    return dict(due_times(occasion, catalogue_of(series.plan_version.release)))


def _call_if_told(booking: Booking) -> None:
    """A reminder that has gone out cannot be taken back, so somebody calls."""
    told = Notice.objects.filter(subject=_about(booking), state__in=(Notice.State.SENT, Notice.State.TOLD))
    if booking.patient is None or booking.state == Booking.State.NO_SHOW or not told.exists():
        return
    Todo.objects.get_or_create(**_call(booking), defaults={"due_at": clock.now()})


def call_no_more(booking: Booking, change: BookingChange) -> None:
    """Nobody has to call about a change that the patient knows of, unless a reminder went out in between."""
    between = Notice.objects.filter(subject=_about(booking), message__sent_at__gte=change.at)
    if not between.exists():
        Todo.objects.filter(**_call(booking), due_at__gte=change.at).update(done_at=clock.now())


def _call(booking: Booking) -> dict[str, Any]:
    text = _("A reminder went out before visit %(number)s changed. Call the patient.") % {"number": booking.pk}
    return {"site": booking.site, "patient": booking.patient, "role": Role.FRONT_DESK, "text": text, "done_at": None}


def _about(booking: Booking) -> str:
    return f"booking:{booking.pk}"


def _quiet(site: Site) -> Quiet:
    return Quiet(site.quiet_from, site.quiet_to)


def _bookings() -> QuerySet[Booking]:
    related = ("site", "patient", "treatment_session__series__plan_version__release")
    return Booking.objects.filter(kind=VisitKind.TREATMENT).select_related(*related)


def _records() -> QuerySet[TreatmentRecord]:
    return TreatmentRecord.objects.select_related(
        "site", "patient", "signed_by", "opened_by", "session__series__plan_version__release"
    )
