"""The map of a session: its points beside the volumes typed by zone, and what each syringe still allows."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from mesoclinic.rules.arithmetic import MICROMETRES_PER_MM
from sessions.rules.totals import Given

Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class MapPoint:
    """One point as it is sent: its own key, where in fractions of the view's drawing, how deep, how much."""

    key: str
    view: str
    zone: str
    x: Decimal
    y: Decimal
    technique: str
    volume_ul: int
    depth_um: int
    syringe: str
    drawing_version: int = 1

    @property
    def depth_mm(self) -> Decimal:
        """The depth as the plan and the techniques give it."""
        return Decimal(self.depth_um) / MICROMETRES_PER_MM


@dataclass(frozen=True, slots=True)
class Changes:
    """What a save does to the points that are stored: set anew, taken out, put back; `clashes` fit neither."""

    new: tuple[MapPoint, ...]
    out: frozenset[str]
    back: frozenset[str]
    clashes: frozenset[str]


def summed(points: Iterable[MapPoint]) -> tuple[Given, ...]:
    """The points of each zone and syringe as one volume with its count, in the order in which zones were begun."""
    volumes: defaultdict[Place, int] = defaultdict(int)
    counts: defaultdict[Place, int] = defaultdict(int)
    for point in points:
        volumes[point.zone, point.syringe] += point.volume_ul
        counts[point.zone, point.syringe] += 1
    return tuple(Given(zone, syringe, volume, counts[zone, syringe]) for (zone, syringe), volume in volumes.items())


def with_map(given: Sequence[Given], points: Iterable[MapPoint]) -> tuple[Given, ...]:
    """The volumes as typed, with counts from the map, and the map's own where nothing was typed."""
    mapped = {(each.zone, each.syringe): each for each in summed(points)}
    kept = {(each.zone, each.syringe): each for each in given}
    filled = {place: _counted(each, mapped[place]) if place in mapped else each for place, each in kept.items()}
    return tuple((filled | {place: each for place, each in mapped.items() if place not in kept}).values())


def differing(given: Iterable[Given], points: Iterable[MapPoint]) -> tuple[tuple[Given, Given], ...]:
    """Zones with points whose typed volume is not the sum of them: as typed, and as the map has it."""
    mapped = {(each.zone, each.syringe): each for each in summed(points)}
    pairs = ((each, mapped.get((each.zone, each.syringe))) for each in given)
    return tuple((typed, on_map) for typed, on_map in pairs if on_map and typed.volume_ul != on_map.volume_ul)


def changes(sent: Sequence[MapPoint], present: Mapping[str, MapPoint], taken_out: Mapping[str, MapPoint]) -> Changes:
    """What makes the stored points those that were sent; sending the same once more changes nothing."""
    stored = {**present, **taken_out}
    keys = [point.key for point in sent]
    twice = {key for key, times in Counter(keys).items() if times > 1}
    other = {point.key for point in sent if point.key in stored and stored[point.key] != point}
    return Changes(
        new=tuple(point for point in sent if point.key not in stored),
        out=frozenset(present.keys() - set(keys)),
        back=frozenset(taken_out.keys() & set(keys)),
        clashes=frozenset(twice | other),
    )


def _counted(typed: Given, on_map: Given) -> Given:
    return Given(typed.zone, typed.syringe, typed.volume_ul, on_map.points)
