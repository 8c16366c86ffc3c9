"""A day or a week of one site, by clinician or by room, in a fixed number of queries."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db.models import TextChoices
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from mesoclinic import clock
from mesoclinic.actors import Actor
from mesoclinic.sites import Closure, OpeningHours, Room, Site, VisitKind
from patients.models import full_name
from sessions.models import Booking
from sessions.queries.bookings import GONE, MOVABLE, bookings_for, clinicians_at, within
from sessions.queries.live import Seen, seen_at

WEEK = 7
USUAL_HOURS = (9, 18)
READ = (
    "pk",
    "starts_at",
    "ends_at",
    "kind",
    "state",
    "version",
    "note",
    "visit_type_name",
    "patient_id",
    "patient__given_name",
    "patient__family_name",
    "clinician_id",
    "clinician__name",
    "treatment_session__ordinal",
    "sessions_in_all",
    "room_id",
    "room_name",
)
COLOURS = {"consultation": "consult", "assessment": "review", "other": "review", "block": "block"}


@dataclass(frozen=True, slots=True)
class Visit:
    """One booking as the calendar shows it, in the site's wall-clock time."""

    id: int
    starts: datetime
    ends: datetime
    who: str
    place: str
    room_id: int | None
    room: str
    clinician_id: int | None
    clinician: str
    state: str
    state_name: str
    kind: str
    version: int
    patient_id: int | None


@dataclass(frozen=True, slots=True)
class Day:
    """One day: its opening hours or its closure, and its visits in order."""

    on: date
    today: bool
    closed: str
    opening: str
    visits: Sequence[Visit]


@dataclass(frozen=True, slots=True)
class Lane:
    """A column of the calendar: a clinician or a room."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class CalendarPage:
    """What the calendar shows."""

    site: Site
    first: date
    view: str
    by: str
    lanes: Sequence[Lane]
    days: Sequence[Day]
    seen: Seen

    @property
    def visits(self) -> list[Visit]:
        return [visit for day in self.days for visit in day.visits]

    @property
    def patient_ids(self) -> list[int]:
        return [visit.patient_id for visit in self.visits if visit.patient_id]

    @property
    def last(self) -> date:
        return self.days[-1].on

    @property
    def earlier(self) -> date:
        return self.first - timedelta(days=len(self.days))

    @property
    def later(self) -> date:
        return self.first + timedelta(days=len(self.days))

    @property
    def address(self) -> str:
        """What in an address names this page."""
        return urlencode({"on": self.first.isoformat(), "view": self.view, "by": self.by, "site": self.site.pk})

    @property
    def week_number(self) -> int:
        return self.first.isocalendar().week

    @property
    def first_hour(self) -> int:
        """The hour with which a shown day begins."""
        return min([USUAL_HOURS[0], *(visit.starts.hour for visit in self.visits)])

    @property
    def last_hour(self) -> int:
        """The hour with which a shown day ends, up to 24."""
        return max([USUAL_HOURS[1], *(_hour_after(visit.ends.time()) for visit in self.visits)])

    def shown_from(self, day: date) -> datetime:
        """The first moment of a day that the grid shows, on the wall clock."""
        return datetime.combine(day, time(self.first_hour))

    def shown_to(self, day: date) -> datetime:
        """The end of what the grid shows of a day, on the wall clock."""
        return datetime.combine(day, time()) + timedelta(hours=self.last_hour)


def calendar_for(actor: Actor, *, site: Site, on: date | None, view: str, by: str) -> CalendarPage:
    """The day or the week around a date (today when None) at one of the actor's sites."""
    today = clock.now().astimezone(site.zone).date()
    days = days_shown(on or today, view)
    seen = seen_at(actor, site=site, first=days[0], last=days[-1])
    visits = list(_visits(actor, site, days))
    closures = {each.on: each.reason for each in Closure.objects.filter(site=site, on__in=days)}
    opening = list(OpeningHours.objects.filter(site=site))
    shown = [_day(day, today, closures, opening, visits) for day in days]
    return CalendarPage(site, days[0], view, by, _lanes(site, by), shown, seen)


def days_shown(on: date, view: str) -> list[date]:
    """The day, or the days of its week from Monday on."""
    if view == "day":
        return [on]
    monday = on - timedelta(days=on.weekday())
    return [monday + timedelta(days=more) for more in range(WEEK)]


def drawn(page: CalendarPage) -> dict[str, object]:
    """The page as the browser's grid reads it; times are the site's wall clock."""
    one_day, address = len(page.days) == 1, reverse("sessions:booking", args=[0])
    return {
        "date": page.first.isoformat(),
        # Plain English would write the month before the day.
        "locale": "en-GB" if get_language() == "en" else get_language(),
        "view": "resourceTimeGridDay" if one_day else "timeGridWeek",
        "by": page.by,
        "from": f"{page.first_hour:02d}:00:00",
        "to": f"{page.last_hour:02d}:00:00",
        "resources": [{"id": str(lane.id), "title": lane.name} for lane in page.lanes] if one_day else [],
        "events": [_event(visit, page.by, address) for visit in page.visits],
    }


def _visits(actor: Actor, site: Site, days: Sequence[date]) -> Iterator[Visit]:
    starts, ends = _moment(days[0], site.zone), _moment(days[-1] + timedelta(days=1), site.zone)
    found = bookings_for(actor).filter(within(starts, ends), site=site).exclude(state__in=GONE)
    # Asked by the row, each name would be translated hundreds of times for a week.
    states, kinds, zone = _names(Booking.State), _names(VisitKind), site.zone
    for row in found.order_by("starts_at", "pk").values_list(*READ, named=True):
        yield Visit(
            row.pk,
            row.starts_at.astimezone(zone),
            row.ends_at.astimezone(zone),
            _who(row),
            _place(row, kinds),
            row.room_id,
            row.room_name or "",
            row.clinician_id,
            row.clinician__name or "",
            row.state,
            states[row.state],
            row.kind,
            row.version,
            row.patient_id,
        )


def _names(choices: type[TextChoices]) -> dict[str, str]:
    return {each.value: str(each.label) for each in choices}


def _who(row: Any) -> str:
    if row.patient_id is None:
        return str(row.note or _("Blocked time"))
    return full_name(row.patient__given_name, row.patient__family_name)


def _place(row: Any, kinds: Mapping[str, str]) -> str:
    """`3/8` for a treatment of a series, else the name of the visit."""
    if row.treatment_session__ordinal is None:
        return row.visit_type_name or kinds[row.kind]
    return f"{row.treatment_session__ordinal}/{row.sessions_in_all}"


def _day(
    day: date, today: date, closures: dict[date, str], opening: Sequence[OpeningHours], visits: Sequence[Visit]
) -> Day:
    hours = [each for each in opening if each.weekday == day.weekday()]
    words = ", ".join(f"{each.opens_at:%H:%M}–{each.closes_at:%H:%M}" for each in hours)
    closed = closures.get(day, "" if hours else _("Closed"))
    return Day(day, day == today, closed, words, [each for each in visits if each.starts.date() == day])


def _lanes(site: Site, by: str) -> list[Lane]:
    if by == "room":
        return [Lane(each.pk, each.name) for each in Room.objects.filter(site=site, active=True)]
    return [Lane(each.pk, each.name) for each in clinicians_at(site)]


def _event(visit: Visit, by: str, address: str) -> dict[str, object]:
    lane = visit.room_id if by == "room" else visit.clinician_id
    return {
        "id": str(visit.id),
        "start": visit.starts.replace(tzinfo=None).isoformat(),
        "end": visit.ends.replace(tzinfo=None).isoformat(),
        "title": visit.who,
        "detail": " · ".join(filter(None, (visit.place, visit.room, visit.state_name))),
        "kind": COLOURS.get(visit.kind, "session"),
        "resourceId": str(lane or ""),
        "url": address.replace("/0/", f"/{visit.id}/"),
        "movable": visit.state in MOVABLE,
        "version": visit.version,
        "clinician": str(visit.clinician_id or ""),
    }


def _moment(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


def _hour_after(moment: time) -> int:
    return moment.hour + (1 if moment.minute else 0)
