"""The personal aftercare sheet: what holds from when to when after the sessions of a course (clinical.md 9)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType

from mesoclinic.rules.tri import Tri
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.aftercare import Aftercare, TimedLine

Stop = datetime | date | None


@dataclass(frozen=True, slots=True)
class SessionDone:
    """What the sheet needs to know of a session; `ended_at` is aware, elapsed hours count from it."""

    ended_at: datetime
    techniques: frozenset[str] = frozenset()
    ingredients: frozenset[str] = frozenset()
    bl_rule_fired: Tri = Tri.NO
    thin_or_bald_area: Tri = Tri.UNKNOWN
    uses_topicals: Tri = Tri.UNKNOWN
    skin_broken: Tri = Tri.UNKNOWN
    scalp_reaction_grade: int | None = None
    fainted: Tri = Tri.UNKNOWN
    director_relaxation: Tri = Tri.UNKNOWN


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is shown with an instruction for part of its time."""

    text: str
    start: datetime
    stop: datetime | None


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction of the sheet; `stop` is a moment, the day of the next assessment, or None for no end."""

    id: str
    version: int
    text: str
    start: datetime
    stop: Stop
    lines: tuple[Line, ...] = ()


def sheet(
    sessions: tuple[SessionDone, ...],
    catalogue: Catalogue,
    *,
    next_assessment_on: date | None = None,
    nsaid_contraindicated: Tri = Tri.UNKNOWN,
) -> tuple[Instruction, ...]:
    """The instructions after the last of these sessions (in order), the longest winning where sessions overlap.

    Moments keep the zone of `ended_at` but are exact elapsed hours. Without a session the sheet is empty.
    """
    merged = [_merged(row, sessions, next_assessment_on, nsaid_contraindicated) for row in catalogue.of(Aftercare)]
    return tuple(instruction for instruction in merged if instruction is not None)


def after(moment: datetime, hours: int) -> datetime:
    """The moment so many elapsed hours later, in the same zone (over a clock change the shown hour moves)."""
    zone = moment.tzinfo
    return (moment.astimezone(UTC) + timedelta(hours=hours)).astimezone(zone)


def _merged(
    row: Aftercare, sessions: tuple[SessionDone, ...], next_assessment_on: date | None, nsaid_contraindicated: Tri
) -> Instruction | None:
    bringing = [session for session in sessions if CONDITIONS[row.id](session, row)]
    if not bringing:
        return None
    last = bringing[-1]
    stop = _latest_stop(row, bringing, next_assessment_on)
    carried_over = last is not sessions[-1]
    if carried_over and not (isinstance(stop, datetime) and _later(stop, sessions[-1].ended_at)):
        return None
    lines = tuple(_line(line, last) for line in row.lines if _shown(line, nsaid_contraindicated))
    return Instruction(row.id, row.version, row.text, after(last.ended_at, row.start_hours), stop, lines)


def _later(moment: datetime, other: datetime) -> bool:
    # Two moments of one zone compare by the clock on the wall, which runs twice through an hour in autumn.
    return moment.timestamp() > other.timestamp()


def _latest_stop(row: Aftercare, bringing: Iterable[SessionDone], next_assessment_on: date | None) -> Stop:
    if row.stop_at == "next_assessment":
        return next_assessment_on
    stops: list[datetime] = []
    for session in bringing:
        hours = stop_hours(row, session)
        if hours is None:
            return None
        stops.append(after(session.ended_at, hours))
    return max(stops, key=datetime.timestamp)


def stop_hours(row: Aftercare, session: SessionDone) -> int | None:
    """Hours after the session at which the instruction ends; None when it does not end."""
    longer = LONGER.get(row.id)
    return row.longer_stop_hours if longer is not None and longer(session, row) else row.stop_hours


def _line(line: TimedLine, session: SessionDone) -> Line:
    stop = None if line.stop_hours is None else after(session.ended_at, line.stop_hours)
    return Line(line.text, after(session.ended_at, line.start_hours), stop)


def _shown(line: TimedLine, nsaid_contraindicated: Tri) -> bool:
    return line.unless == "" or nsaid_contraindicated is not Tri.YES


def _always(session: SessionDone, row: Aftercare) -> bool:
    return True


def _thin_or_bald(session: SessionDone, row: Aftercare) -> bool:
    return session.thin_or_bald_area is Tri.YES


def _topicals_on_whole_skin(session: SessionDone, row: Aftercare) -> bool:
    return session.uses_topicals is Tri.YES and session.skin_broken is Tri.NO


def _ingredient(session: SessionDone, row: Aftercare) -> bool:
    return not session.ingredients.isdisjoint(row.ingredients)


def _ingredient_or_faint(session: SessionDone, row: Aftercare) -> bool:
    return _ingredient(session, row) or session.fainted is Tri.YES


def _relaxed(session: SessionDone, row: Aftercare) -> bool:
    return _ingredient(session, row) and session.director_relaxation is Tri.YES


def _wheals_or_bleeding(session: SessionDone, row: Aftercare) -> bool:
    """A technique that is not recorded may have been one of the deeper ones: the longer time is the safe one."""
    deep = not session.techniques.isdisjoint(row.techniques)
    return deep or not session.techniques or session.bl_rule_fired is not Tri.NO


def _strong_reaction(session: SessionDone, row: Aftercare) -> bool:
    return session.scalp_reaction_grade is not None and session.scalp_reaction_grade >= row.limit("grade")


Condition = Callable[[SessionDone, Aftercare], bool]
CONDITIONS: Mapping[str, Condition] = MappingProxyType(
    {
        "AC-01a": _always,
        "AC-01b": _always,
        "AC-01c": _always,
        "AC-02a": _always,
        "AC-02b": _thin_or_bald,
        "AC-03": _always,
        "AC-04": _always,
        "AC-05a": _always,
        "AC-05b": _always,
        "AC-06": _always,
        "AC-07": _always,
        "AC-08": _always,
        "AC-09": _always,
        "AC-10": _topicals_on_whole_skin,
        "AC-11": _always,
        "AC-12": _ingredient_or_faint,
        "AC-13": _ingredient,
        "AC-14": _relaxed,
        "AC-15": _always,
        "AC-16": _ingredient,
        "AC-17": _always,
    }
)
LONGER: Mapping[str, Condition] = MappingProxyType({"AC-01a": _wheals_or_bleeding, "AC-06": _strong_reaction})
