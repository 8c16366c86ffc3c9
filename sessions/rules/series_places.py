"""A whole course placed into the free time of a clinic: each session inside its window, counted from the one before.

Interval windows, SD-07 and SD-09 of clinical.md 6; what the patient prefers orders the days, it never widens a window.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import islice

from sessions.rules.free_time import Blocked, ClinicTime, Place, Wish, free_places, is_open, place_at


@dataclass(frozen=True, slots=True)
class Interval:
    """Days between a session and the one before: fewest, wanted, most."""

    least: int
    target: int
    most: int


@dataclass(frozen=True, slots=True)
class Course:
    """The intervals between the sessions of a plan, one fewer than there are sessions."""

    intervals: tuple[Interval, ...]

    @property
    def count(self) -> int:
        return len(self.intervals) + 1

    @property
    def longest_days(self) -> int:
        return sum(interval.most for interval in self.intervals)


@dataclass(frozen=True, slots=True)
class Pick:
    """A time that somebody chose for one session by hand (UTC)."""

    starts_at: datetime
    clinician_id: int


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the patient prefers; an empty set of weekdays means any."""

    start: date
    weekdays: frozenset[int] = frozenset()
    earliest: time = time.min
    latest: time = time.max
    clinician_id: int | None = None
    picks: Mapping[int, Pick] = field(default_factory=dict)

    @property
    def wish(self) -> Wish:
        return Wish(self.earliest, self.latest, self.clinician_id)


class Why(StrEnum):
    """Why a session is not on its target day at a preferred time."""

    CLOSED = "closed"
    AWAY = "away"
    WEEKDAY = "weekday"
    FULL = "full"
    TIME = "time"
    PICKED = "picked"
    WINDOW = "window"
    FOLLOWS = "follows"


@dataclass(frozen=True, slots=True)
class Window:
    """The days on which a session may be; for the first session `latest` only ends the search."""

    earliest: date
    target: date
    latest: date


@dataclass(frozen=True, slots=True)
class Placed:
    """One session of a proposal: its place, or the reason and the nearest legal choices when it has none."""

    ordinal: int
    window: Window | None
    place: Place | None
    gap_days: int | None = None
    why: Why | None = None
    choices: tuple[Place, ...] = ()

    @property
    def adjusted(self) -> bool:
        return self.place is not None and self.why is not None


@dataclass(frozen=True, slots=True)
class Proposal:
    """All sessions of a course; it may be booked when every one has a place."""

    sessions: tuple[Placed, ...]

    @property
    def complete(self) -> bool:
        return all(each.place for each in self.sessions)

    @property
    def adjusted(self) -> int:
        return sum(each.adjusted for each in self.sessions)

    @property
    def placed(self) -> tuple[Placed, ...]:
        return tuple(each for each in self.sessions if each.place)


def plan_series(
    clinic: ClinicTime, course: Course, preferences: Preferences, *, search_days: int, choices: int
) -> Proposal:
    """Place every session, the first within `search_days` of the wished start; so many choices where none fits."""
    found: list[Placed] = []
    previous: date | None = None
    for ordinal in range(1, course.count + 1):
        if found and found[-1].place is None:
            found.append(Placed(ordinal, None, None, why=Why.FOLLOWS))
            continue
        window = _window(course, ordinal, previous, preferences.start, search_days)
        placed = _placed(clinic, preferences, ordinal, window, previous, choices)
        found.append(placed)
        previous = _day(clinic, placed.place) if placed.place else previous
    return Proposal(tuple(found))


def window_after(previous: date, interval: Interval) -> Window:
    """The days on which the next session may be."""
    days = (interval.least, interval.target, interval.most)
    return Window(*(previous + timedelta(days=each) for each in days))


def _window(course: Course, ordinal: int, previous: date | None, start: date, search_days: int) -> Window:
    if previous is None:
        return Window(start, start, start + timedelta(days=search_days))
    return window_after(previous, course.intervals[ordinal - 1 - 1])


def _placed(
    clinic: ClinicTime, preferences: Preferences, ordinal: int, window: Window, previous: date | None, choices: int
) -> Placed:
    pick = preferences.picks.get(ordinal)
    place = _picked(clinic, window, pick) if pick else None
    why = Why.PICKED if place else None
    if place is None:
        place = _best(clinic, window, preferences, first=previous is None)
        why = _why(clinic, window, preferences, place, first=previous is None) if place else Why.WINDOW
    if place is None:
        return Placed(ordinal, window, None, why=why, choices=tuple(islice(_any(clinic, window), choices)))
    gap = (_day(clinic, place) - previous).days if previous else None
    return Placed(ordinal, window, place, gap, why)


def _picked(clinic: ClinicTime, window: Window, pick: Pick) -> Place | None:
    day = pick.starts_at.astimezone(clinic.zone).date()
    if not window.earliest <= day <= window.latest:
        return None
    found = place_at(clinic, pick.starts_at, Wish(clinician_id=pick.clinician_id))
    return None if isinstance(found, Blocked) else found


def _best(clinic: ClinicTime, window: Window, preferences: Preferences, *, first: bool) -> Place | None:
    anytime = Wish(clinician_id=preferences.clinician_id)
    for wish in (preferences.wish, anytime):
        for day in _days(window, preferences, first=first):
            place = next(free_places(clinic, day, wish), None)
            if place is not None:
                return place
    return None


def _days(window: Window, preferences: Preferences, *, first: bool) -> list[date]:
    """Preferred weekdays first, then the nearest to the target; of two equally near, the later (SD-07)."""
    span = (window.latest - window.earliest).days
    days = [window.earliest + timedelta(days=more) for more in range(span + 1)]
    if first:
        return [day for day in days if _likes(preferences, day)]

    def rank(day: date) -> tuple[bool, int, int]:
        return not _likes(preferences, day), abs((day - window.target).days), -day.toordinal()

    return sorted(days, key=rank)


def _why(clinic: ClinicTime, window: Window, preferences: Preferences, place: Place, *, first: bool) -> Why | None:
    local = place.starts_at.astimezone(clinic.zone)
    on_target = local.date() == window.target or (first and not _likes(preferences, window.target))
    if on_target and preferences.earliest <= local.time() <= preferences.latest:
        return None
    if on_target:
        return Why.TIME
    return _trouble_on(clinic, window.target, preferences)


def _trouble_on(clinic: ClinicTime, day: date, preferences: Preferences) -> Why:
    workers = [each for each in clinic.workers if preferences.clinician_id in (None, each.id)]
    if not is_open(clinic, day):
        return Why.CLOSED
    if all(worker.is_away(day) for worker in workers):
        return Why.AWAY
    return Why.FULL if _likes(preferences, day) else Why.WEEKDAY


def _any(clinic: ClinicTime, window: Window) -> Iterator[Place]:
    """The nearest legal places when nobody's preferences are asked."""
    for day in _days(window, Preferences(window.earliest), first=False):
        place = next(free_places(clinic, day, Wish()), None)
        if place is not None:
            yield place


def _likes(preferences: Preferences, day: date) -> bool:
    return not preferences.weekdays or day.weekday() in preferences.weekdays


def _day(clinic: ClinicTime, place: Place) -> date:
    return place.starts_at.astimezone(clinic.zone).date()
