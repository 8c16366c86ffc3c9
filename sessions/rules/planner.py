"""A whole course on the clock: each session on a legal day at a time when everything it needs is free. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from mesoclinic.rules.arithmetic import MINUTES_PER_HOUR
from mesoclinic.rules.calendar_math import ONE_DAY, days_between
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.schedule import Protocol, ScheduleRule
from sessions.rules.free_time import ClinicTime, Place, Wish, free_places, is_open, place_at
from sessions.rules.schedule import Window, interval_before


class Reason(StrEnum):
    """Why a session is not where it was aimed at, or nowhere."""

    CLOSED = "closed"
    FULL = "full"
    PREFERENCE = "preference"
    PAST = "past"
    AFTER_UNPLACED = "after_unplaced"


@dataclass(frozen=True, slots=True)
class Step:
    """One session of a course and its gap from the one before in days; 0 for the first of a course.

    `late_days` is how long the gap may grow at most, with a warning (SD-02).
    """

    ordinal: int
    min_days: int = 0
    target_days: int = 0
    max_days: int = 0
    late_days: int = 0

    def window(self, previous: date) -> Window:
        """The window of the session when the one before it is on `previous`."""
        return Window(*(previous + timedelta(days=days) for days in (self.min_days, self.target_days, self.max_days)))


@dataclass(frozen=True, slots=True)
class Course:
    """What is to be placed: the steps in order, the sessions performed, and the first session's earliest and last day.

    `usual_time` is the clock time of the sessions performed; the start days only count while none is performed.
    """

    steps: tuple[Step, ...]
    start: date
    start_by: date
    performed: tuple[date, ...] = ()
    usual_time: time | None = None


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the patient would like; each is given up, before a session stays without a place."""

    weekdays: frozenset[int] = frozenset()
    clock_time: time | None = None
    earliest: time = time.min
    latest: time = time.max
    clinician_id: int | None = None
    room_id: int | None = None

    def wish(self) -> Wish:
        """The part of the preferences that concerns the time of a day."""
        return Wish(self.earliest, self.latest, self.clinician_id, self.room_id)


@dataclass(frozen=True, slots=True)
class Use:
    """How long a session needs one resource."""

    kind: str
    id: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Placed:
    """A session with its place, its window, and why it is not on its target day as wished (None: it is)."""

    ordinal: int
    place: Place
    window: Window
    gap_days: int | None
    adjusted: Reason | None = None
    patient_id: int | None = None

    @property
    def starts_at(self) -> datetime:
        return self.place.starts_at

    @property
    def ends_at(self) -> datetime:
        return self.place.ends_at

    @property
    def uses(self) -> tuple[Use, ...]:
        """Room and patient throughout, clinician and device while the clinician works."""
        place = self.place
        uses = [Use("clinician", place.clinician.id, place.clinician_from, place.clinician_to)]
        if place.room is not None:
            uses.append(Use("room", place.room.id, place.starts_at, place.ends_at))
        if place.device is not None:
            uses.append(Use("device", place.device.id, place.clinician_from, place.clinician_to))
        if self.patient_id is not None:
            uses.append(Use("patient", self.patient_id, place.starts_at, place.ends_at))
        return tuple(uses)


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A session without a legal place, why, and the late places there would be (with warning SD-02)."""

    ordinal: int
    reason: Reason
    alternatives: tuple[Placed, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """Every session still to come, placed or not; a series is booked only when `unplaced` is empty."""

    places: tuple[Placed, ...]
    unplaced: tuple[Unplaced, ...] = ()


def steps_of(protocol: Protocol, count: int, catalogue: Catalogue) -> tuple[Step, ...]:
    """The steps of so many sessions of a protocol."""
    longest = int(catalogue.row(ScheduleRule, "SD-02").limit("times_max"))
    intervals = [interval_before(ordinal, protocol, catalogue) for ordinal in range(1 + 1, count + 1)]
    later = (
        Step(place + 1, each.min_days, each.target_days, each.max_days, each.max_days * longest)
        for place, each in enumerate(intervals, start=1)
    )
    return (Step(1), *later)


def propose(course: Course, clinic: ClinicTime, preferences: Preferences, *, alternatives_shown: int) -> Proposal:
    """A place for every session not performed, each window counted from the session placed before it (SD-07, SD-09).

    The first one without a place gets up to `alternatives_shown` late ones; none after it can be placed.
    """
    placed: list[Placed] = []
    waiting = course.steps[len(course.performed) :]
    previous = course.performed[-1] if course.performed else None
    wanted = preferences.clock_time or course.usual_time
    for position, step in enumerate(waiting):
        window = _window(step, course, previous)
        found = _best(step, window, previous, clinic, preferences, wanted)
        if found is None:
            wishes = replace(preferences, clock_time=wanted)
            rest = _rest(waiting[position:], window, previous, clinic, wishes, alternatives_shown)
            return Proposal(tuple(placed), rest)
        placed.append(found)
        previous = _local(found.starts_at, clinic).date()
        wanted = wanted or _local(found.starts_at, clinic).time()
    return Proposal(tuple(placed))


def alternatives(
    step: Step,
    course: Course,
    previous: date | None,
    clinic: ClinicTime,
    preferences: Preferences,
    *,
    count: int,
) -> tuple[Placed, ...]:
    """Up to `count` legal places of one session, one a day, nearest to its target first."""
    window = _window(step, course, previous)
    return _places(step, window, window, previous, clinic, preferences, count)


def last_safe_date(step: Step, previous: date) -> date:
    """The last day on which a session can take place without a finding."""
    return step.window(previous).latest


def wall_clock(day: date, clock: time, clinic: ClinicTime) -> datetime | None:
    """That time of that day at the site, in UTC; None for a time that the spring change skips."""
    local = datetime.combine(day, clock, clinic.zone)
    moment = local.astimezone(UTC)
    return moment if _local(moment, clinic).replace(tzinfo=None) == local.replace(tzinfo=None) else None


def _window(step: Step, course: Course, previous: date | None) -> Window:
    return Window(course.start, course.start, course.start_by) if previous is None else step.window(previous)


def _best(
    step: Step,
    window: Window,
    previous: date | None,
    clinic: ClinicTime,
    preferences: Preferences,
    wanted: time | None,
) -> Placed | None:
    """The first place that fits, wishes being given up one by one: weekdays last, then the time, then the person."""
    for given_up, wish in enumerate(_ever_weaker(preferences)):
        for day in _days_by_distance(window, clinic, wish.weekdays):
            place = _on_day(day, clinic, wish, wanted)
            if place is not None:
                reason = Reason.PREFERENCE if given_up else _why_moved(window.target, day, clinic, preferences)
                return _placed(step, place, window, previous, clinic, reason)
    return None


def _rest(
    steps: Sequence[Step],
    window: Window,
    previous: date | None,
    clinic: ClinicTime,
    preferences: Preferences,
    count: int,
) -> tuple[Unplaced, ...]:
    first, *later = steps
    late: tuple[Placed, ...] = ()
    if previous is not None:
        beyond = Window(window.latest + ONE_DAY, window.latest + ONE_DAY, previous + timedelta(days=first.late_days))
        late = _places(first, window, beyond, previous, clinic, preferences, count)
    unplaced = Unplaced(first.ordinal, _why_nowhere(window, clinic), late)
    return (unplaced, *(Unplaced(step.ordinal, Reason.AFTER_UNPLACED) for step in later))


def _places(
    step: Step,
    window: Window,
    searched: Window,
    previous: date | None,
    clinic: ClinicTime,
    preferences: Preferences,
    count: int,
) -> tuple[Placed, ...]:
    found: dict[date, Placed] = {}
    for wish in _ever_weaker(preferences):
        for day in _days_by_distance(searched, clinic, wish.weekdays):
            place = _on_day(day, clinic, wish, preferences.clock_time) if day not in found else None
            if place is not None and len(found) < count:
                found[day] = _placed(step, place, window, previous, clinic, None)
    return tuple(found.values())


def _ever_weaker(preferences: Preferences) -> Iterator[Preferences]:
    """The wishes, then without the weekdays, then without the stretch of the day, then without person and room."""
    weaker = (
        preferences,
        replace(preferences, weekdays=frozenset()),
        replace(preferences, weekdays=frozenset(), earliest=time.min, latest=time.max),
        Preferences(clock_time=preferences.clock_time),
    )
    yield from dict.fromkeys(weaker)


def _days_by_distance(window: Window, clinic: ClinicTime, weekdays: frozenset[int]) -> list[date]:
    """The open days of the window from today on, nearest to the target first, of two equally near the later."""
    earliest = max(window.earliest, _local(clinic.now, clinic).date())
    span = range(days_between(earliest, window.latest) + 1)
    days = [day for day in (earliest + timedelta(days=offset) for offset in span) if is_open(clinic, day)]
    wished = [day for day in days if not weekdays or day.weekday() in weekdays]
    return sorted(wished, key=lambda day: (abs(days_between(window.target, day)), -day.toordinal()))


def _on_day(day: date, clinic: ClinicTime, preferences: Preferences, wanted: time | None) -> Place | None:
    """The wanted time if it is free, else the free start nearest to it; without one the earliest."""
    wish = preferences.wish()
    if wanted is None:
        return next(free_places(clinic, day, wish), None)
    moment = wall_clock(day, wanted, clinic)
    exact = place_at(clinic, moment, wish) if moment and wish.earliest <= wanted <= wish.latest else None
    if isinstance(exact, Place):
        return exact
    return min(free_places(clinic, day, wish), key=lambda place: _minutes_off(place, wanted, clinic), default=None)


def _minutes_off(place: Place, wanted: time, clinic: ClinicTime) -> int:
    return abs(_minute(_local(place.starts_at, clinic).time()) - _minute(wanted))


def _minute(clock: time) -> int:
    return clock.hour * MINUTES_PER_HOUR + clock.minute


def _placed(
    step: Step, place: Place, window: Window, previous: date | None, clinic: ClinicTime, reason: Reason | None
) -> Placed:
    day = _local(place.starts_at, clinic).date()
    gap = None if previous is None else days_between(previous, day)
    return Placed(step.ordinal, place, window, gap, reason, clinic.patient_id)


def _why_moved(target: date, day: date, clinic: ClinicTime, preferences: Preferences) -> Reason | None:
    if day == target:
        return None
    if target < _local(clinic.now, clinic).date():
        return Reason.PAST
    if not is_open(clinic, target):
        return Reason.CLOSED
    return Reason.PREFERENCE if preferences.weekdays and target.weekday() not in preferences.weekdays else Reason.FULL


def _why_nowhere(window: Window, clinic: ClinicTime) -> Reason:
    if window.latest < _local(clinic.now, clinic).date():
        return Reason.PAST
    return Reason.FULL if _days_by_distance(window, clinic, frozenset()) else Reason.CLOSED


def _local(moment: datetime, clinic: ClinicTime) -> datetime:
    return moment.astimezone(clinic.zone)


def days_of(places: Iterable[Placed], clinic: ClinicTime) -> tuple[date, ...]:
    """The days of these places at the site."""
    return tuple(_local(placed.starts_at, clinic).date() for placed in places)
