"""The time of day of each session: as near to one usual time as the days allow, then as early as can be."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sessions.rules.planner_graph import Layer, cheapest, tightened

Minutes = Callable[[int, int], Sequence[int]]
"""The minutes that a session may begin at, sorted, by layer and day."""

Rank = Callable[[int, int, int], tuple[int, int]]
"""What decides between days that are equally good, by layer, day before and day."""


@dataclass(frozen=True, slots=True)
class _Usual:
    """One way through the days with one usual time."""

    layers: Sequence[Layer]
    minutes: Minutes
    minute: int

    def off(self, step: int, previous: int, day: int) -> int:
        """How far from the usual time the session has to be."""
        return abs(self.nearest(step, day) - self.minute)

    def nearest(self, step: int, day: int) -> int:
        """The minute that is nearest to the usual one, of two the earlier."""
        minutes = self.minutes(step, day)
        place = bisect_left(minutes, self.minute)
        return min(minutes[max(place - 1, 0) : place + 1], key=lambda minute: abs(minute - self.minute))

    def times(self, rank: Rank) -> list[tuple[int, int]]:
        """The earliest start at the least cost, then the nearest days to their targets."""
        layers = tightened(self.layers, self.off)
        (starts,) = layers[0].values()
        days = [min(starts)]
        for step in range(1, len(layers)):
            days.append(min(layers[step][days[-1]], key=lambda day: rank(step, days[-1], day)))
        return [(day, self.nearest(step, day)) for step, day in enumerate(days)]


def steadiest(ways: Sequence[Sequence[Layer]], minutes: Minutes, rank: Rank) -> list[tuple[int, int]]:
    """A day and a minute for each session: least minutes away from one usual time, then the earliest start."""
    options = [(cheapest(each.layers, each.off), each) for layers in ways for each in _usual_times(layers, minutes)]
    least = min(cost for cost, _ in options)
    return min((usual.times(rank) for cost, usual in options if cost == least), key=lambda times: times[0])


def _usual_times(layers: Sequence[Layer], minutes: Minutes) -> Iterator[_Usual]:
    """Distances are least where the usual time is the time of one of the sessions, so that no other need be tried."""
    days = ((step, day) for step, layer in enumerate(layers) for found in layer.values() for day in found)
    for minute in sorted({minute for step, day in days for minute in minutes(step, day)}):
        yield _Usual(layers, minutes, minute)
