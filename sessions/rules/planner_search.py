"""The days of a course: the dates of the SD rules while they suit, otherwise the best by the objective, exactly."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping

from mesoclinic.rules.arithmetic import DAYS_PER_WEEK
from sessions.rules.free_time import ClinicTime, Place
from sessions.rules.planner_graph import Cost, Layer, cheapest, tightened
from sessions.rules.planner_offers import Offer, Offers, day_and_minute
from sessions.rules.series_places import Course, Interval


class Search:
    """One start window and the places chosen by hand; every layer holds the days of one session to place."""

    def __init__(self, course: Course, offers: Offers, picked: Mapping[int, Place], span: int) -> None:
        self.course, self.offers, self.picked, self.span = course, offers, picked, span
        self.preferences = offers.preferences
        self.start = self.preferences.start.toordinal()
        self.source = course.done[-1].toordinal() if course.done else self.start
        self.count = course.count - len(course.done)
        self._intervals = [course.before(course.first + step) for step in range(self.count)]
        self._offs = [_deviations(each) for each in self._intervals]
        self._fixed = {ordinal: day_and_minute(self.clinic, place) for ordinal, place in picked.items()}
        self._reached: dict[int, list[Layer]] = {}
        self._rules = self._by_rules()

    @property
    def clinic(self) -> ClinicTime:
        return self.offers.clinic

    def furthest(self) -> int:
        """How many sessions can be placed before one has no day at all."""
        if self._rules or len(self._within(0)) == self.count:
            return self.count
        return len(self._within(self._worst()))

    def ways(self) -> list[list[Layer]]:
        """The days that are best for as many sessions as can be placed; every path through any of them is as good."""
        return [self._rules] if self._rules else self._by_objective()

    def window(self, step: int, previous: int) -> range:
        """The days on which a session may be after the one before it."""
        interval, ordinal = self.interval(step), self.ordinal(step)
        if interval is None:
            day = self._fixed.get(ordinal, (self.start, 0))[0]
            return range(self.start, max(self.start + self.span, day + 1))
        latest = max(interval.most, interval.longest) if ordinal in self.course.overridden else interval.most
        earliest = previous + interval.least
        return range(earliest if step else max(earliest, self.start), previous + latest + 1)

    def ordinal(self, step: int) -> int:
        """The ordinal of the session of a layer."""
        return self.course.first + step

    def interval(self, step: int) -> Interval | None:
        """The interval before the session of a layer; none before the first of the course."""
        return self._intervals[step]

    def target(self, step: int, previous: int) -> int:
        """The day that the session of a layer should be on."""
        interval = self.interval(step)
        return self.start if interval is None else previous + interval.target

    def offer(self, step: int, day: int) -> Offer | None:
        """What a day offers the session of a layer; one chosen by hand takes its own time only."""
        fixed = self._fixed.get(self.ordinal(step))
        if fixed is None:
            return self.offers.on(day)
        return Offer(0, (fixed[1],)) if fixed[0] == day else None

    def minutes(self, step: int, day: int) -> tuple[int, ...]:
        """The times of a day that the session of a layer may take."""
        offer = self.offer(step, day)
        return offer.minutes if offer else ()

    def rank(self, step: int, previous: int, day: int) -> tuple[int, int]:
        """The nearest to the target first; of two equally near, the later (SD-07)."""
        return abs(day - self.target(step, previous)), -day

    def deviation(self, step: int, previous: int, day: int) -> int:
        """How far off the target a day is, tolerance left out."""
        return self._offs[step].get(day - previous, 0)

    def _missed(self, step: int, previous: int, day: int) -> int:
        offer = self.offer(step, day)
        return offer.missed if offer else 0

    def _by_rules(self) -> list[Layer]:
        """The dates of SD-07 and SD-09 if nobody named weekdays and no wish is missed on them; otherwise nothing."""
        layers: list[Layer] = []
        previous = self.source
        for step in range(0 if self.preferences.weekdays else self.count):
            day = next(self._in_order(step, previous), None)
            if day is None or self._missed(step, previous, day):
                return []
            layers.append({previous: [day]})
            previous = day
        return layers

    def _in_order(self, step: int, previous: int) -> Iterator[int]:
        """The days with a free time, in the order of SD-07; the first session takes the first one that suits."""
        days = self.window(step, previous)
        if self.interval(step) is None:
            return (day for day in days if (offer := self.offer(step, day)) and not offer.missed)
        return (day for day in sorted(days, key=lambda day: self.rank(step, previous, day)) if self.offer(step, day))

    def _by_objective(self) -> list[list[Layer]]:
        placeable = self.furthest()
        if not placeable:
            return []
        layers = self._within(self._least_worst(placeable))[:placeable]
        return self._steady(tightened(tightened(layers, self.deviation), self._missed))

    def _steady(self, layers: list[Layer]) -> list[list[Layer]]:
        """For each weekday from which the fewest sessions are off, the days that keep it so."""
        costs = {weekday: self._off(weekday, layers) for weekday in range(DAYS_PER_WEEK)}
        least = min(costs.values())
        return [tightened(layers, _other_than(weekday)) for weekday, cost in costs.items() if cost == least]

    def _off(self, weekday: int, layers: list[Layer]) -> int:
        """How many sessions cannot be on a weekday; the performed ones count, so that the patient keeps theirs."""
        return sum(day.weekday() != weekday for day in self.course.done) + cheapest(layers, _other_than(weekday))

    def _least_worst(self, placeable: int) -> int:
        """The smallest worst deviation with which so many sessions can be placed."""
        levels = self._levels()
        if len(self._within(levels[0])) >= placeable:
            return levels[0]
        return levels[bisect_left(levels, True, key=lambda level: len(self._within(level)) >= placeable)]

    def _worst(self) -> int:
        return self._levels()[-1]

    def _levels(self) -> list[int]:
        """Every deviation that a day of a window may have, none included."""
        return sorted({0, *(off for offs in self._offs for off in offs.values())})

    def _within(self, limit: int) -> list[Layer]:
        """Every day that can be reached when no session may be further off than the limit, up to an empty layer."""
        if limit not in self._reached:
            self._reached[limit] = list(self._layers(limit))
        return self._reached[limit]

    def _layers(self, limit: int) -> Iterator[Layer]:
        days = {self.source}
        for step in range(self.count):
            layer = {day: self._following(step, day, limit) for day in days}
            days = {to for following in layer.values() for to in following}
            if not days:
                return
            yield layer

    def _following(self, step: int, previous: int, limit: int) -> list[int]:
        offs = self._offs[step]
        near = (day for day in self.window(step, previous) if offs.get(day - previous, 0) <= limit)
        return [day for day in near if self.offer(step, day)]


def _deviations(interval: Interval | None) -> dict[int, int]:
    """The deviation of every gap that an interval or an override of it allows."""
    if interval is None:
        return {}
    return {gap: interval.deviation(gap) for gap in range(interval.least, max(interval.most, interval.longest) + 1)}


def _other_than(weekday: int) -> Cost:
    return lambda step, previous, day: int(weekday_of(day) != weekday)


def weekday_of(day: int) -> int:
    """The weekday as `date.weekday()` counts it."""
    return (day - 1) % DAYS_PER_WEEK
