"""Where on the shown calendar a visit may not begin, and why: dragging never offers what moving would refuse."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import itemgetter

from django.utils.translation import gettext as _

from mesoclinic.sites import VisitType
from sessions.models import Booking
from sessions.queries.calendar import CalendarPage
from sessions.queries.naming import blocked_words
from sessions.queries.planning import STEP_MINUTES, clinic_time
from sessions.queries.series import window_of
from sessions.rules.free_time import ClinicTime, Place, Wish, place_at

STEP = timedelta(minutes=STEP_MINUTES)


@dataclass(frozen=True, slots=True)
class Barred:
    """A stretch of one column in which the visit may not begin, in the site's wall-clock time."""

    lane: str
    starts: datetime
    ends: datetime
    reason: str

    def drawn(self) -> dict[str, str]:
        """As the browser's grid reads it."""
        starts, ends = (moment.isoformat() for moment in (self.starts, self.ends))
        return {"lane": self.lane, "start": starts, "end": ends, "reason": self.reason}


def barred_for(booking: Booking, visit_type: VisitType, page: CalendarPage) -> list[Barred]:
    """Every stretch of the page in which the visit may not begin; what is left, moving accepts."""
    clinic = clinic_time(
        booking.site,
        visit_type,
        first=page.first,
        last=page.last,
        patient_id=booking.patient_id,
        besides=[booking.pk],
    )
    outside = outside_window(booking)
    return [
        stretch
        for lane, wish in _wishes(booking, page)
        for day in page.days
        for stretch in _stretches(lane, _reasons(clinic, wish, outside(day.on), _starts(page, day.on)))
    ]


def outside_window(booking: Booking) -> Callable[[date], str]:
    """Why a day is none for this session of a series (SD-01, SD-02, its order); empty words for a day that is."""
    window, following = window_of(booking)

    def words(day: date) -> str:
        if following is not None and day >= following:
            return _("The next session would come first. Choose an earlier day, or move that one before.")
        if window is None or window.earliest <= day <= window.latest:
            return ""
        edges = {"first": f"{window.earliest:%d %b}", "last": f"{window.latest:%d %b %Y}"}
        return _("This session must be between %(first)s and %(last)s.") % edges

    return words


def _wishes(booking: Booking, page: CalendarPage) -> Iterator[tuple[str, Wish]]:
    """The columns of the page, each with what dropping there asks for; a week has one for whoever sees the patient."""
    if page.view != "day":
        yield "", Wish(clinician_id=booking.clinician_id)
        return
    for lane in page.lanes:
        by_room = page.by == "room"
        clinician_id = booking.clinician_id if by_room else lane.id
        yield str(lane.id), Wish(clinician_id=clinician_id, room_id=lane.id if by_room else None)


def _starts(page: CalendarPage, day: date) -> Iterator[datetime]:
    moment, end = page.shown_from(day), page.shown_to(day)
    while moment < end:
        yield moment
        moment += STEP


def _reasons(
    clinic: ClinicTime, wish: Wish, outside: str, starts: Iterator[datetime]
) -> Iterator[tuple[datetime, str]]:
    for moment in starts:
        found = place_at(clinic, moment.replace(tzinfo=clinic.zone), wish)
        yield moment, outside or ("" if isinstance(found, Place) else blocked_words(found))


def _stretches(lane: str, reasons: Iterator[tuple[datetime, str]]) -> Iterator[Barred]:
    for reason, run in groupby(reasons, key=itemgetter(1)):
        moments = [moment for moment, _reason in run]
        if reason:
            yield Barred(lane, moments[0], moments[-1] + STEP, reason)
