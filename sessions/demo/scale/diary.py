"""Which doctor has which quarter of an hour free, day after day; a course is placed whole or not at all."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sessions.rules.series_places import Interval

QUARTERS = 46
WEEK = 7
FIRST_SESSION_DAYS = 5


@dataclass(frozen=True, slots=True)
class Slot:
    """A quarter of an hour of one doctor on one day."""

    on: date
    lane: int
    quarter: int


@dataclass(slots=True)
class Diary:
    """The open days with what is taken: one bit for each doctor and quarter, and who comes on which day."""

    days: Sequence[date]
    lanes: int
    taken: dict[date, list[int]] = field(init=False)
    expected: dict[date, set[int]] = field(init=False)

    def __post_init__(self) -> None:
        self.taken = {day: [0] * self.lanes for day in self.days}
        self.expected = {day: set() for day in self.days}

    def load(self, day: date, lane: int) -> int:
        """How many quarters of a doctor are taken."""
        return self.taken[day][lane].bit_count()

    def free(self, day: date, lane: int, near: int) -> Slot | None:
        """The free quarter of a doctor's day nearest to one."""
        for quarter in _around(near):
            if not self.taken[day][lane] >> quarter & 1:
                return Slot(day, lane, quarter)
        return None

    def emptiest(self, day: date, near: int) -> Slot | None:
        """A free quarter with the doctor who has the most of them."""
        lane = min(range(self.lanes), key=lambda each: (self.load(day, each), each))
        return self.free(day, lane, near)

    def take(self, slot: Slot, patient: int) -> None:
        """Give the slot to somebody, who comes once on that day."""
        self.taken[slot.on][slot.lane] |= 1 << slot.quarter
        self.expected[slot.on].add(patient)

    def forget(self, before: date) -> None:
        """Nobody asks any more who came on earlier days."""
        for day in [each for each in self.expected if each < before]:
            del self.expected[day]

    def course(
        self, patient: int, lane: int, quarter: int, after: date, intervals: Sequence[Interval], most: int
    ) -> list[Slot]:
        """A slot for each session inside its window, on days with fewer than `most`; none when one has no place."""
        places: list[Slot] = []
        earliest, wanted = after + timedelta(days=1), after + timedelta(days=FIRST_SESSION_DAYS)
        latest = after + timedelta(days=FIRST_SESSION_DAYS + WEEK)
        for interval in (*intervals, None):
            slot = self._in_window(patient, lane, quarter, earliest, wanted, latest, most)
            if slot is None:
                return []
            places.append(slot)
            if interval is not None:
                earliest, wanted, latest = (
                    slot.on + timedelta(days=days) for days in (interval.least, interval.target, interval.most)
                )
        return places

    def _in_window(
        self, patient: int, lane: int, quarter: int, earliest: date, wanted: date, latest: date, most: int
    ) -> Slot | None:
        offsets = sorted(
            range((earliest - wanted).days, (latest - wanted).days + 1), key=lambda days: (abs(days), days)
        )
        for days in offsets:
            day = wanted + timedelta(days=days)
            here = self.expected.get(day)
            if here is not None and patient not in here and self.load(day, lane) < most:
                return self.free(day, lane, quarter)
        return None


def open_days(first: date, last: date, closed: frozenset[date], weekdays: frozenset[int]) -> list[date]:
    """The days from first to last on which the site is open."""
    span = (first + timedelta(days=more) for more in range((last - first).days + 1))
    return [day for day in span if day not in closed and day.weekday() in weekdays]


def _around(near: int) -> Iterator[int]:
    yield near
    for distance in range(1, QUARTERS):
        yield from (quarter for quarter in (near + distance, near - distance) if 0 <= quarter < QUARTERS)
