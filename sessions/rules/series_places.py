"""A whole course in the free time of a clinic: what is asked for, and what is proposed.

Interval windows, SD-07 and SD-09 of clinical.md 6; what the patient prefers orders the days, it never widens a window.
`sessions.rules.planner` finds the places.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from sessions.rules.free_time import Place


@dataclass(frozen=True, slots=True)
class Interval:
    """Days between a session and the one before: fewest, wanted, most.

    So many days off the wanted ones count as none. `longest` is the most that an override may allow (SD-02).
    """

    least: int
    target: int
    most: int
    tolerance: int = 0
    longest: int = 0

    def deviation(self, gap: int) -> int:
        """How many days a gap is off the wanted one, as the planner counts it."""
        off = abs(gap - self.target)
        return off if off > self.tolerance else 0


@dataclass(frozen=True, slots=True)
class Course:
    """The intervals between the sessions of a plan, one fewer than there are sessions.

    The days in `done` belong to sessions that were performed: they stay, planning begins after them. A session in
    `overridden` has a recorded override of its window, so that it may be late (SD-02).
    """

    intervals: tuple[Interval, ...]
    done: tuple[date, ...] = ()
    overridden: frozenset[int] = frozenset()

    @property
    def count(self) -> int:
        return len(self.intervals) + 1

    @property
    def first(self) -> int:
        """The ordinal of the first session to place."""
        return len(self.done) + 1

    @property
    def horizon_days(self) -> int:
        """How many days after the first session any other can be, one override included."""
        longest = max((interval.longest for interval in self.intervals), default=0)
        return sum(interval.most for interval in self.intervals) + longest

    def before(self, ordinal: int) -> Interval | None:
        """The interval between a session and the one before it; none before the first."""
        return self.intervals[ordinal - 1 - 1] if ordinal > 1 else None


@dataclass(frozen=True, slots=True)
class Pick:
    """A time that somebody chose for one session by hand (UTC)."""

    starts_at: datetime
    clinician_id: int


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the patient prefers; an empty set of weekdays means any. `start` is the first possible day.

    `picks` are times chosen by hand; `held` are visits that are booked, which stay if a whole series goes with them.
    On the days `without` the patient cannot come.
    """

    start: date
    weekdays: frozenset[int] = frozenset()
    earliest: time = time.min
    latest: time = time.max
    clinician_id: int | None = None
    picks: Mapping[int, Pick] = field(default_factory=dict)
    held: Mapping[int, Pick] = field(default_factory=dict)
    without: frozenset[date] = frozenset()

    def like(self, day: date) -> bool:
        """Whether the weekday is one of the chosen ones."""
        return not self.weekdays or day.weekday() in self.weekdays


class Why(StrEnum):
    """Why a session is not on its target day as it was wanted, or has no place."""

    PASSED = "passed"
    CLOSED = "closed"
    AWAY = "away"
    WEEKDAY = "weekday"
    FULL = "full"
    TIME = "time"
    CLINICIAN = "clinician"
    WISHES = "wishes"
    STEADY = "steady"
    REST = "rest"
    PICKED = "picked"
    HELD = "held"
    UNWANTED = "unwanted"
    SHUT = "shut"
    ABSENT = "absent"
    WINDOW = "window"
    LATE = "late"
    LAPSED = "lapsed"
    FOLLOWS = "follows"


@dataclass(frozen=True, slots=True)
class Window:
    """The days on which a session may be; for the first session `latest` only ends the search."""

    earliest: date
    target: date
    latest: date


@dataclass(frozen=True, slots=True)
class Placed:
    """One session of a proposal: its place, or the reason when it has none.

    `choices` are other places that leave the rest as it is; without a place they are the nearest ones after the
    window, which need an override.
    """

    ordinal: int
    window: Window | None
    place: Place | None
    gap_days: int | None = None
    why: Why | None = None
    choices: tuple[Place, ...] = ()

    @property
    def adjusted(self) -> bool:
        return self.place is not None and self.why not in (None, Why.HELD)


@dataclass(frozen=True, slots=True)
class Proposal:
    """All sessions of a course that are still to come; it may be booked when every one has a place."""

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


def window_after(previous: date, interval: Interval) -> Window:
    """The days on which the next session may be."""
    days = (interval.least, interval.target, interval.most)
    return Window(*(previous + timedelta(days=each) for each in days))
