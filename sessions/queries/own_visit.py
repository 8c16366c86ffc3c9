"""One visit as its patient meets it by link: when it is, what may still be done, and where it may go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.utils.dateparse import parse_datetime

from mesoclinic import clock
from mesoclinic.sites import Site
from patients.models import Patient, PatientLink
from patients.queries.links import mailed_link
from sessions.models import Booking, BookingChange
from sessions.queries.bookings import COMING
from sessions.queries.changes import BOOKING
from sessions.queries.planning import clinic_time, visit_type_of
from sessions.queries.series import SEEN_FORMAT, course_of, days_of
from sessions.rules.free_time import ClinicTime, Place, Wish, free_places
from sessions.rules.series_places import window_after

PURPOSE = "visit"
LOOK_AHEAD = timedelta(days=14)
A_DAY, IN_ALL = 4, 24


@dataclass(frozen=True, slots=True)
class OwnVisit:
    """A visit to come; from `until` on it is moved and cancelled by phone."""

    booking: Booking
    until: datetime

    @property
    def open(self) -> bool:
        """Whether it may be moved and cancelled by link."""
        return clock.now() < self.until

    @property
    def confirmed(self) -> bool:
        """Whether the patient has said that they come."""
        return self.booking.state == Booking.State.CONFIRMED


def subject_of(booking: Booking) -> str:
    """What a link is about: the visit as it is now; once it changes, the link is about nothing."""
    return f"booking:{booking.pk}:{booking.calendar_sequence}"


def open_link_of(booking: Booking) -> PatientLink | None:
    """The link that a mail about this visit brings."""
    return mailed_link(PURPOSE, subject_of(booking))


def own_visit(link: PatientLink, *, hold: bool = False) -> OwnVisit | None:
    """The visit of a link, held until the transaction ends if so wished; None once it changed, began or is over."""
    related = ("site", "patient", "treatment_session__series__plan_version__release")
    visits = Booking.objects.select_related(*related)
    if hold:
        visits = visits.select_for_update(of=("self",))
    _kind, number, _sequence = link.subject.split(":")
    booking = visits.filter(pk=number, patient=link.patient_id, state__in=COMING).first()
    if booking is None or subject_of(booking) != link.subject or booking.starts_at <= clock.now():
        return None
    return OwnVisit(booking, booking.starts_at - timedelta(hours=booking.site.link_hours))


@dataclass(frozen=True, slots=True)
class OwnChange:
    """What a patient did to a visit: where it went, or None when it was cancelled."""

    patient: Patient
    site: Site
    moved_to: datetime | None


def last_own_change(booking_id: int) -> OwnChange | None:
    """The last time that a patient moved or cancelled this visit by link."""
    mine = BookingChange.objects.filter(by_patient=True, **{f"after__{BOOKING}__has_key": str(booking_id)})
    moves = (BookingChange.Deed.MOVED, BookingChange.Deed.CANCELLED)
    change = mine.filter(deed__in=moves).select_related("patient", "site").last()
    if change is None or change.patient is None:
        return None
    moved = change.deed == BookingChange.Deed.MOVED
    moved_to = parse_datetime(change.after[BOOKING][str(booking_id)]["starts_at"]) if moved else None
    return OwnChange(change.patient, change.site, moved_to)


@dataclass(frozen=True, slots=True)
class Choice:
    """A time to which the visit may go; `key` is what the form sends."""

    key: str
    place: Place


def choices_of(booking: Booking) -> list[Choice]:
    """Some legal times of the days nearest to the visit that keep the gaps to the sessions before and after."""
    days = sorted((places for places in _days(booking) if places), key=lambda places: _far(booking, places))
    found = [place for places in days[: IN_ALL // A_DAY] for place in _spread(places)]
    return [Choice(key_of(place), place) for place in sorted(found, key=lambda place: place.starts_at)]


def chosen_place(booking: Booking, key: str) -> Place | None:
    """The place that was chosen, if it is still free and legal."""
    return next((place for places in _days(booking) for place in places if key_of(place) == key), None)


def key_of(place: Place) -> str:
    """A place in the words of a form."""
    return f"{place.starts_at.astimezone(UTC):{SEEN_FORMAT}}-{place.clinician.id}"


def _days(booking: Booking) -> list[list[Place]]:
    zone, now = booking.site.zone, clock.now()
    soonest = now + timedelta(hours=booking.site.link_hours)
    first, last = _between(booking, now.astimezone(zone).date(), booking.starts_at.astimezone(zone).date())
    if first > last:
        return []
    clinic = _clinic(booking, first, last)
    days = [first + timedelta(days=more) for more in range((last - first).days + 1)]
    free = ([place for place in _free(clinic, booking, day) if place.starts_at >= soonest] for day in days)
    return [[place for place in places if place.starts_at != booking.starts_at] for places in free]


def _far(booking: Booking, places: Sequence[Place]) -> timedelta:
    return abs(places[0].starts_at - booking.starts_at)


def _between(booking: Booking, today: date, booked: date) -> tuple[date, date]:
    """The days that keep every window: SD-01 and SD-02 to the session before, and to the one after."""
    first, last = today, max(today, booked) + LOOK_AHEAD
    session = booking.treatment_session
    if session is None:
        return first, last
    days, intervals = days_of(session, booking.site), course_of(session.series.plan_version).intervals
    previous, following = days.get(session.ordinal - 1), days.get(session.ordinal + 1)
    if session.ordinal > 1 and previous is None:
        # Nobody but the clinic can tell when this one may be while the one before has no date (SD-01).
        return today, today - timedelta(days=1)
    if previous is not None:
        window = window_after(previous, intervals[session.ordinal - 1 - 1])
        first, last = max(first, window.earliest), min(last, window.latest)
    if later := [day for ordinal, day in days.items() if ordinal > session.ordinal]:
        last = min(last, min(later) - timedelta(days=1))
    if following is not None:
        interval = intervals[session.ordinal - 1]
        first = max(first, following - timedelta(days=interval.most))
        last = min(last, following - timedelta(days=interval.least))
    return first, last


def _clinic(booking: Booking, first: date, last: date) -> ClinicTime:
    patient, mine = booking.patient_id, [booking.pk]
    return clinic_time(booking.site, visit_type_of(booking), first=first, last=last, patient_id=patient, besides=mine)


def _free(clinic: ClinicTime, booking: Booking, day: date) -> list[Place]:
    same = list(free_places(clinic, day, Wish(clinician_id=booking.clinician_id)))
    return same or list(free_places(clinic, day, Wish()))


def _spread(places: Sequence[Place]) -> list[Place]:
    """At most four of a day, from its first to its last."""
    if len(places) <= A_DAY:
        return list(places)
    return [places[number * (len(places) - 1) // (A_DAY - 1)] for number in range(A_DAY)]
