"""Visits of the demo as its desk books and receives them: single ones, and whole courses."""

from datetime import date, datetime, time, timedelta

from mesoclinic.accounts import User
from mesoclinic.errors import Taken
from mesoclinic.sites import Site, VisitKind, VisitType
from patients.models import Patient, PlanVersion
from sessions.models import Booking, Series
from sessions.queries.series import propose_series
from sessions.rules.free_time import Place
from sessions.rules.series_places import Preferences
from sessions.services.booking import book_series
from sessions.services.visits import NotLegal, book_visit, cancel_booking, set_state

WEEK = 7


def book_talk(
    desk: User, patient: Patient, site: Site, starts_at: datetime, doctor: User, *, kind: str = VisitKind.CONSULTATION
) -> Booking:
    """A single visit at that wall-clock time of the site, or at the nearest one that is free."""
    visit_type = VisitType.objects.filter(site=site, kind=kind).order_by("pk")[0]
    fields = {"site": site, "visit_type": visit_type, "patient": patient, "clinician": doctor}
    key = f"demo:{patient.pk}:{kind}:{starts_at:%Y-%m-%d}"
    try:
        return book_visit(desk, key=key, starts_at=starts_at, **fields)
    except (Taken, NotLegal) as refusal:
        nearest = next(each for each in refusal.alternatives if isinstance(each, Place))
        local = nearest.starts_at.astimezone(site.zone).replace(tzinfo=None)
        return book_visit(desk, key=key, starts_at=local, **fields)


def block(desk: User, doctor: User, site: Site, starts_at: datetime, note: str) -> Booking:
    """Time of a doctor that nobody may book."""
    visit_type = VisitType.objects.get(site=site, kind=VisitKind.BLOCK)
    key = f"demo:block:{doctor.pk}:{starts_at:%Y-%m-%d}"
    fields = {"site": site, "visit_type": visit_type, "starts_at": starts_at, "clinician": doctor, "note": note}
    return book_visit(desk, key=key, **fields)


def book_course(desk: User, version: PlanVersion, start: date, at: time, doctor: User) -> Series:
    """Every session of a signed plan, on the weekday of the first one and around the same hour where that is free."""
    wishes = [_weekly(start, at, doctor.pk)] + [_weekly(start + timedelta(days=more), at, None) for more in range(WEEK)]
    proposals = ((wish, propose_series(version, wish)) for wish in wishes)
    wanted, found = next(each for each in proposals if each[1].proposal.complete)
    return book_series(
        desk, plan_id=version.plan_id, preferences=wanted, seen=found.seen, key=f"demo:course:{version.plan_id}"
    )


def lead(actor: User, booking: Booking, state: str) -> None:
    """Set the next state of a visit as it stands now."""
    version = Booking.objects.values_list("version", flat=True).get(pk=booking.pk)
    set_state(actor, booking_id=booking.pk, version=version, state=state)


def cancel(desk: User, booking: Booking, reason: str) -> None:
    """Cancel a visit as it stands now."""
    version = Booking.objects.values_list("version", flat=True).get(pk=booking.pk)
    cancel_booking(desk, booking_id=booking.pk, version=version, reason=reason)


def _weekly(start: date, at: time, doctor_id: int | None) -> Preferences:
    return Preferences(start, frozenset({start.weekday()}), at, at, doctor_id)
