"""Series over every change of the clocks: how many sessions are not at the time on the wall that was asked for."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.timezone import override

from mesoclinic.templatetags.components import clock_time, patient_when
from protocols.rules.kinds.schedule import Interval as IntervalRow
from protocols.rules.kinds.schedule import Protocol
from sessions.rules.free_time import ClinicTime, Length, Thing, Worker
from sessions.rules.planner import plan_series
from sessions.rules.series_places import Course, Interval, Placed, Preferences
from tests.builders.facts import shipped

# By an hour, by half an hour, at midnight, twice around Ramadan; Istanbul never.
ZONES = (
    "Europe/Madrid",
    "Europe/London",
    "Europe/Istanbul",
    "America/New_York",
    "America/St_Johns",
    "America/Santiago",
    "Australia/Sydney",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Asia/Beirut",
    "Africa/Cairo",
    "Africa/Casablanca",
)
YEARS = range(2025, 2036)
HOURS = (time(8), time(9, 15), time(11, 30), time(14), time(16, 45))
OPEN = {day: ((time(8), time(18)),) for day in range(5)}


@dataclass(frozen=True)
class Drift:
    """One zone: its changes, the series and sessions planned, the series over a change, the sessions that drifted."""

    zone: str
    changes: int
    series: int
    sessions: int
    crossed: int
    drifted: int


def drift(zone: str, series: int) -> Drift:
    """So many series over each change of a zone, or in spring and autumn where there is none."""
    place = ZoneInfo(zone)
    changes = list(changes_of(place))
    days = changes or [date(year, month, 25) for year in YEARS for month in (3, 10)]
    found = [crossing(place, day, number) for day in days for number in range(series)]
    sessions, crossed, drifted = (sum(each) for each in zip(*found, strict=True))
    return Drift(zone, len(changes), len(found), sessions, crossed, drifted)


def changes_of(zone: ZoneInfo) -> Iterator[date]:
    """The days on which the clocks of a zone change."""
    day = date(YEARS.start, 1, 1)
    while day.year < YEARS.stop:
        after = day + timedelta(days=1)
        if datetime.combine(day, time(), zone).utcoffset() != datetime.combine(after, time(), zone).utcoffset():
            yield day
        day = after


def crossing(zone: ZoneInfo, change: date, number: int) -> tuple[int, bool, int]:
    """How many sessions a series has, whether they lie on both sides of a change, and how many drifted."""
    dice = random.Random(f"{zone.key} {change} {number}")
    at, start = dice.choice(HOURS), change - timedelta(days=dice.randrange(1, 50))
    placed = planned(zone, start, at, dice)
    moments = [each.place.starts_at for each in placed if each.place]
    offsets = {moment.astimezone(zone).utcoffset() for moment in moments}
    drifted = len(placed) - sum(as_asked(moment, zone, at) for moment in moments)
    return len(placed), len(offsets) > 1, drifted


def planned(zone: ZoneInfo, start: date, at: time, dice: random.Random) -> tuple[Placed, ...]:
    """Any protocol from that day on, at that time, on some weekday or on any."""
    protocol = dice.choice([each for each in shipped().of(Protocol) if not each.maintenance])
    rows = [shipped().row(IntervalRow, each) for each in protocol.intervals]
    intervals = (Interval(row.min_days, row.target_days, row.max_days, row.tolerance_days) for row in rows)
    weekdays = frozenset(dice.sample(range(5), dice.choice([0, 1])))
    wishes = Preferences(start, weekdays, at, at)
    return plan_series(empty(zone, start), Course(tuple(intervals)), wishes, search_days=28, choices=0).sessions


def empty(zone: ZoneInfo, start: date) -> ClinicTime:
    """A clinic in which nothing is taken yet."""
    return ClinicTime(
        zone=zone,
        now=datetime.combine(start, time(), zone).astimezone(UTC),
        opening=OPEN,
        closures={},
        workers=(Worker(1, "Dr 1", OPEN),),
        rooms=(Thing(1, "Room 1"),),
        devices=(),
        length=Length(15, 30, 15),
        needs_room=True,
        needs_device=False,
        patient_id=7,
        busy={},
        slot_minutes=5,
        step_minutes=15,
    )


def as_asked(moment: datetime, zone: ZoneInfo, at: time) -> bool:
    """Whether a moment is that time on the wall, by arithmetic and in the words of pages and letters."""
    offset = moment.astimezone(zone).utcoffset() or timedelta()
    wall = moment.astimezone(UTC).replace(tzinfo=None) + offset
    with override(zone):
        words = patient_when(moment)
        clock = clock_time(moment)
    return wall.time() == at and clock == f"{at:%H:%M}" and words == f"{wall:%A} {wall.day} {wall:%B %Y}, {clock}"
