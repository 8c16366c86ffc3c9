"""Where the points, ticks and bands of a chart stand: geometry alone, so that page and paper draw the same picture."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from mesoclinic.rules.arithmetic import PER_CENT
from mesoclinic.rules.calendar_math import add_months, days_between

WIDTH, HEIGHT = 344, 150
LEFT, RIGHT, TOP, BOTTOM = 34, 332, 12, 108
TICK_TOP, TICK_END, EVENT_Y, LABEL_Y = 111, 117, 124, 144
ABOVE, BELOW = 8, 14
STEPS = (1, 2, 5, 10, 20, 50, 100, 200)
MOST_LINES, MOST_MONTHS = 5, 6
# A line needs two points (clinical.md 11.4).
TREND = 2


@dataclass(frozen=True, slots=True)
class Point:
    """A measured value on a day."""

    on: date
    value: Decimal
    label: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be drawn: points, the least and most the axis shows, days of sessions and events, an error band."""

    points: tuple[Point, ...]
    lowest: Decimal | None = None
    highest: Decimal | None = None
    sessions: tuple[date, ...] = ()
    events: tuple[date, ...] = ()
    band_per_cent: Decimal | None = None
    step: bool = False
    threshold: Decimal | None = None
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """One point, its text and where both stand."""

    x: str
    y: str
    text: str
    text_y: str
    last: bool


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis with its text."""

    at: str
    text: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart, ready to be written out; `line` and `band` are empty where there is no trend to draw."""

    marks: tuple[Mark, ...]
    line: str
    band: str
    values: tuple[Tick, ...]
    months: tuple[Tick, ...]
    sessions: tuple[str, ...]
    events: tuple[str, ...]
    threshold: str


def draw(wanted: Wanted) -> Drawing:
    """The geometry of a chart of at least one point."""
    points = sorted(wanted.points, key=lambda point: point.on)
    first, last = _span([point.on for point in points], [*wanted.sessions, *wanted.events])
    axis = _axis(points, wanted)

    def across(on: date) -> Decimal:
        return Decimal(LEFT + 8) + Decimal(RIGHT - LEFT - 16) * days_between(first, on) / days_between(first, last)

    def up(value: Decimal) -> Decimal:
        low, high = axis[0], axis[-1]
        return Decimal(BOTTOM) - Decimal(BOTTOM - TOP) * (value - low) / (high - low)

    places = [(across(point.on), up(point.value)) for point in points]
    trend = len({point.on for point in points}) >= TREND
    return Drawing(
        marks=tuple(_marks(points, places)),
        line=_line(places, step=wanted.step) if trend else "",
        band=_band(points, places, up, axis, wanted.band_per_cent) if trend and wanted.band_per_cent else "",
        values=tuple(Tick(_short(up(each)), _name(each, wanted.labels)) for each in axis),
        months=tuple(
            Tick(_short(across(on)), f"{on:%b %Y}" if on.month == 1 else f"{on:%b}") for on in _months(first, last)
        ),
        sessions=tuple(_short(across(on)) for on in wanted.sessions),
        events=tuple(_short(across(on)) for on in wanted.events),
        threshold=_threshold(wanted.threshold, axis, up),
    )


def _marks(points: Sequence[Point], places: Sequence[tuple[Decimal, Decimal]]) -> Iterator[Mark]:
    for number, (point, (x, y)) in enumerate(zip(points, places, strict=True)):
        text_y = y - ABOVE if y - ABOVE > TOP else y + BELOW
        text = point.label or f"{point.value.normalize():f}"
        yield Mark(_short(x), _short(y), text, _short(text_y), number == len(points) - 1)


def _line(places: Sequence[tuple[Decimal, Decimal]], *, step: bool) -> str:
    found = [places[0]]
    for (_x, y), (later, value) in pairwise(places):
        found += [(later, y), (later, value)] if step else [(later, value)]
    return " ".join(f"{_short(x)},{_short(y)}" for x, y in found)


def _band(
    points: Sequence[Point],
    places: Sequence[tuple[Decimal, Decimal]],
    up: Callable[[Decimal], Decimal],
    axis: Sequence[Decimal],
    per_cent: Decimal,
) -> str:
    """The error on both sides of the line, as one outline."""
    edges: list[tuple[Decimal, Decimal]] = []
    for sign in (1, -1):
        values = [point.value * (PER_CENT + sign * per_cent) / PER_CENT for point in points]
        held = [min(max(value, axis[0]), axis[-1]) for value in values]
        side = [(x, up(value)) for (x, _y), value in zip(places, held, strict=True)]
        edges += side if sign > 0 else side[::-1]
    return " ".join(f"{_short(x)},{_short(y)}" for x, y in edges)


def _span(points: Iterable[date], others: Iterable[date]) -> tuple[date, date]:
    days = sorted([*points, *others])
    return (days[0], days[-1]) if days[-1] > days[0] else (days[0] - timedelta(days=15), days[0] + timedelta(days=15))


def _axis(points: Sequence[Point], wanted: Wanted) -> list[Decimal]:
    """Round values from below the least to above the most, few enough to be read."""
    values = [point.value for point in points]
    if wanted.band_per_cent:
        values += [
            value * (PER_CENT + sign * wanted.band_per_cent) / PER_CENT for value in list(values) for sign in (1, -1)
        ]
    low = min(values) if wanted.lowest is None else wanted.lowest
    high = max(values) if wanted.highest is None else wanted.highest
    low, high = min(low, *values), max(high, *values)
    step = next((Decimal(each) for each in STEPS if (high - low) / each < MOST_LINES), Decimal(STEPS[-1]))
    start = low // step * step
    if start > low:
        start -= step
    found = [start]
    while found[-1] < high or len(found) < TREND:
        found.append(found[-1] + step)
    return found


def _months(first: date, last: date) -> list[date]:
    """The first days of months inside the span, thinned out so that their names do not touch."""
    on, found = add_months(first.replace(day=1), 1), []
    while on <= last:
        found.append(on)
        on = add_months(on, 1)
    return found[:: max(1, -(-len(found) // MOST_MONTHS))]


def _threshold(value: Decimal | None, axis: Sequence[Decimal], up: Callable[[Decimal], Decimal]) -> str:
    """Where the line stands; nothing when the axis does not reach it."""
    return _short(up(value)) if value is not None and axis[0] <= value <= axis[-1] else ""


def _name(value: Decimal, labels: Sequence[str]) -> str:
    """The word of a stage where an axis has words; between them nothing."""
    if not labels:
        return f"{value.normalize():f}".replace("-", "−")
    place = int(value)
    return labels[place] if 0 <= place < len(labels) else ""


def _short(value: Decimal) -> str:
    return f"{value:.1f}"
