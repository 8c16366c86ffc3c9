"""What the planner is measured against: the objective told anew, and every legal time of a day."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from itertools import pairwise

from sessions.rules.free_time import ClinicTime, Wish
from sessions.rules.series_places import Course, Interval, Preferences, Proposal
from tests.property.clinics import fits, starts_of

ANYTIME = Wish()


@dataclass(frozen=True)
class Time:
    """A legal time of a session, with the wishes that it misses."""

    day: date
    minute: int
    starts_at: datetime
    missed: int


Cost = tuple[int, int, int, int, int, datetime]


class Times:
    """Every legal time of each day, looked up once."""

    def __init__(self, clinic: ClinicTime, preferences: Preferences) -> None:
        self.clinic, self.preferences = clinic, preferences
        self.on = cache(self._on)

    def _on(self, day: date) -> tuple[Time, ...]:
        return tuple(self._times(day))

    def _times(self, day: date) -> Iterator[Time]:
        for moment in starts_of(self.clinic, day, ANYTIME):
            if fits(self.clinic, moment, ANYTIME):
                wall = moment.astimezone(self.clinic.zone)
                yield Time(day, wall.hour * 60 + wall.minute, moment, self._missed(wall))

    def _missed(self, wall: datetime) -> int:
        wishes, clinician = self.preferences, Wish(clinician_id=self.preferences.clinician_id)
        return sum(
            (
                bool(wishes.weekdays) and wall.weekday() not in wishes.weekdays,
                not wishes.earliest <= wall.time() <= wishes.latest,
                clinician.clinician_id is not None and not fits(self.clinic, wall, clinician),
            )
        )


def window(course: Course, preferences: Preferences, ordinal: int, previous: date | None, span: int) -> list[date]:
    """The days on which a session may be, told anew."""
    if ordinal == 1:
        return [preferences.start + timedelta(days=more) for more in range(span)]
    interval = course.intervals[ordinal - 2]
    most = max(interval.most, interval.longest) if ordinal in course.overridden else interval.most
    days = [previous + timedelta(days=gap) for gap in range(interval.least, most + 1)]
    return [day for day in days if ordinal > len(course.done) + 1 or day >= preferences.start]


def every_series(course: Course, times: Times, span: int) -> Iterator[tuple[Time, ...]]:
    """Every legal series of a whole course, one by one."""

    def after(found: tuple[Time, ...], previous: date | None) -> Iterator[tuple[Time, ...]]:
        ordinal = len(course.done) + len(found) + 1
        if ordinal > course.count:
            yield found
            return
        for day in window(course, times.preferences, ordinal, previous, span):
            for each in times.on(day):
                yield from after((*found, each), day)

    yield from after((), course.done[-1] if course.done else None)


def placeable(course: Course, times: Times, span: int) -> int:
    """How many sessions can be placed before one has no legal day, however the ones before are chosen."""
    days: set[date | None] = {course.done[-1] if course.done else None}
    for ordinal in range(len(course.done) + 1, course.count + 1):
        windows = (window(course, times.preferences, ordinal, previous, span) for previous in days)
        days = {day for each in windows for day in each if times.on(day)}
        if not days:
            return ordinal - len(course.done) - 1
    return course.count - len(course.done)


def off(interval: Interval, gap: int) -> int:
    """Days off the target; within the tolerance none."""
    days = abs(gap - interval.target)
    return 0 if days <= interval.tolerance else days


def cost_of(course: Course, series: Sequence[Time]) -> Cost:
    """The objective: worst and total deviation, wishes, weekday, time of day, start."""
    days = [*course.done, *(each.day for each in series)]
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    offs = [off(interval, gap) for interval, gap in zip(course.intervals, gaps, strict=False)]
    offs = offs[max(len(course.done) - 1, 0) :]
    minutes = [each.minute for each in series]
    return (
        max(offs, default=0),
        sum(offs),
        sum(each.missed for each in series),
        min(sum(day.weekday() != weekday for day in days) for weekday in range(7)),
        min(sum(abs(minute - usual) for minute in minutes) for usual in minutes),
        series[0].starts_at,
    )


def series_of(proposal: Proposal, times: Times) -> list[Time]:
    """The placed sessions as legal times; fails when one of them is none."""
    found = []
    for each in proposal.placed:
        day = each.place.starts_at.astimezone(times.clinic.zone).date()
        (time,) = [time for time in times.on(day) if time.starts_at == each.place.starts_at]
        found.append(time)
    return found
