"""When a session may take place, and the dates of a whole course (clinical.md 6, 6.2)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType

from mesoclinic.rules.arithmetic import DAYS_PER_WEEK
from mesoclinic.rules.calendar_math import days_between
from mesoclinic.rules.finding import Finding, Level
from mesoclinic.rules.tri import Tri, and_, at_least, known, more, not_, or_
from patients.rules.consent import valid_through
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.schedule import Interval, Protocol, ScheduleRule


class Result(StrEnum):
    """Whether a date may be booked."""

    BLOCKED = "blocked"
    OK_WITH_WARNINGS = "ok_with_warnings"
    OK = "ok"


@dataclass(frozen=True, slots=True)
class Closed:
    """The days on which the clinic is closed; weekdays as `date.weekday()` counts them."""

    weekdays: frozenset[int] = frozenset()
    dates: frozenset[date] = frozenset()

    def is_open(self, day: date) -> bool:
        """Whether the clinic opens that day."""
        return day.weekday() not in self.weekdays and day not in self.dates

    def next_open(self, day: date) -> date | None:
        """The day itself or the first open one after it; None when no weekday is open."""
        # Each closed date can spoil one open weekday, so that one week more than there are closed dates is enough.
        span = DAYS_PER_WEEK * (len(self.dates) + 1)
        return next((later for later in _days(day, span) if self.is_open(later)), None)

    def nearest_open(self, target: date, earliest: date, latest: date) -> date | None:
        """The open day nearest to the target inside the bounds, of two equally near the later (SD-07)."""
        days = [day for day in _days(earliest, days_between(earliest, latest) + 1) if self.is_open(day)]
        return min(days, key=lambda day: (abs(days_between(target, day)), -day.toordinal()), default=None)


@dataclass(frozen=True, slots=True)
class CourseState:
    """A course as it stands on the evaluated date: plan it from `start`, or from the last session done.

    `planned_count` is the plan's number of sessions if it differs from the protocol's. `unresolved_grade` is the
    highest grade of the adverse events that are not resolved, None when there is none.
    """

    protocol: str
    evaluated_on: date
    done: tuple[date, ...] = ()
    start: date | None = None
    requested_on: date | None = None
    closed: Closed = field(default_factory=Closed)
    unresolved_grade: int | None = None
    sentinel_open: Tri = Tri.NO
    assessments_recorded: frozenset[str] = frozenset()
    consent_on: date | None = None
    consent_form_current: Tri = Tri.UNKNOWN
    planned_count: int | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """The days on which the next session may take place without a finding."""

    earliest: date
    target: date
    latest: date


@dataclass(frozen=True, slots=True)
class Schedule:
    """What may be booked. When nothing blocks: every session (done, requested, planned) and every assessment."""

    result: Result
    findings: tuple[Finding, ...]
    window: Window | None = None
    sessions: tuple[date, ...] = ()
    assessments: Mapping[str, date] = field(default_factory=lambda: MappingProxyType({}))


def plan_course(state: CourseState, catalogue: Catalogue) -> Schedule:
    """The findings on the requested date and, unless one blocks, all dates of the course."""
    case = _Case(state, catalogue)
    findings = [_finding(row, case) for row in catalogue.of(ScheduleRule) if _fires(row, case)]
    dates = None if _without_window(findings) else case.all_dates()
    if dates is None and not _without_window(findings):
        findings.append(_finding(catalogue.row(ScheduleRule, "SD-07"), case))
    window = case.window_after(len(state.done)) if state.done and case.has_session(len(state.done) + 1) else None
    if dates is None or any(finding.level is Level.BLOCK for finding in findings):
        return Schedule(Result.BLOCKED, tuple(findings), window)
    result = Result.OK_WITH_WARNINGS if findings else Result.OK
    return Schedule(result, tuple(findings), window, dates, assessment_dates(case.protocol, dates, state.closed))


def interval_before(ordinal: int, protocol: Protocol, catalogue: Catalogue) -> Interval:
    """The interval between a session (from 2 on) and the one before it; after the last one it repeats."""
    following = ordinal - 1
    name = protocol.intervals[min(following, len(protocol.intervals)) - 1]
    return catalogue.row(Interval, name)


def window_of(ordinal: int, previous: date, protocol: Protocol, catalogue: Catalogue) -> Window:
    """The window of a session (from 2 on) when the one before it took place, or is placed, on `previous`."""
    interval = interval_before(ordinal, protocol, catalogue)
    bounds = (interval.min_days, interval.target_days, interval.max_days)
    return Window(*(previous + timedelta(days=days) for days in bounds))


def last_safe_date(ordinal: int, previous: date, protocol: Protocol, catalogue: Catalogue) -> date:
    """The last day that keeps the window of a session (MSG-10: the end of its SD window)."""
    return window_of(ordinal, previous, protocol, catalogue).latest


def assessment_dates(protocol: Protocol, sessions: Sequence[date | None], closed: Closed) -> Mapping[str, date]:
    """Each assessment as many days after its session as the protocol says, on an open day (SD-09, SD-07).

    An assessment has no date while its session has none.
    """
    dates: dict[str, date] = {}
    for assessment in protocol.assessments if sessions else ():
        place = _anchor(protocol, assessment.day, len(sessions))
        day = sessions[place]
        after = timedelta(days=assessment.day - protocol.target_days[place])
        moved = None if day is None else closed.next_open(day + after)
        if moved is not None:
            dates[assessment.code] = moved
    return MappingProxyType(dates)


def consent_lapsed(evaluated_on: date, signed_on: date | None, form_current: Tri, rule: ScheduleRule) -> Tri:
    """Whether a consent is too old or its form has changed; unknown while neither is known (SD-08)."""
    old = Tri.UNKNOWN
    if signed_on is not None:
        old = known(evaluated_on > valid_through(signed_on, int(rule.limit("months"))))
    return or_(old, not_(form_current))


def too_many_in_a_year(dates: Iterable[date], sessions: int, year_days: int) -> bool:
    """Whether any stretch of so many days holds more than so many sessions."""
    days = sorted(dates)
    return any(sum(0 <= days_between(first, day) < year_days for day in days) > sessions for first in days)


@dataclass(frozen=True, slots=True)
class _Case:
    state: CourseState
    catalogue: Catalogue

    @property
    def protocol(self) -> Protocol:
        return self.catalogue.row(Protocol, self.state.protocol)

    @property
    def planned_count(self) -> int:
        return self.state.planned_count or self.protocol.sessions

    def has_session(self, ordinal: int) -> bool:
        """Maintenance has no last session; a year's limit holds instead."""
        return self.protocol.maintenance or ordinal <= self.planned_count

    def window_after(self, done: int) -> Window:
        return window_of(done + 1, self.state.done[-1], self.protocol, self.catalogue)

    def recorded(self) -> Mapping[str, str]:
        """What the rules read of the course, as it is kept beside a finding; only what is known."""
        state = self.state
        gap = days_between(state.done[-1], state.requested_on) if state.done and state.requested_on else None
        known_values = {
            "evaluated_on": state.evaluated_on,
            "start": state.start,
            "last_session_on": state.done[-1] if state.done else None,
            "requested_on": state.requested_on,
            "gap_days": gap,
            "sessions_done": len(state.done),
            "planned_count": None if self.protocol.maintenance else self.planned_count,
            "unresolved_ae_grade": state.unresolved_grade,
            "sentinel_open": state.sentinel_open.value,
            "assessments_overdue": ", ".join(self.overdue()) or None,
            "consent_on": state.consent_on,
            "consent_form_current": state.consent_form_current.value,
        }
        return {name: str(value) for name, value in known_values.items() if value is not None}

    def overdue(self) -> tuple[str, ...]:
        """The assessments that are too far back without a record (SD-03).

        An assessment of a session that was not given yet cannot be overdue.
        """
        state = self.state
        latest = state.evaluated_on - timedelta(days=int(self._row("SD-03").limit("overdue_days")))
        dates = assessment_dates(self.protocol, state.done, state.closed)
        given = {
            each.code
            for each in self.protocol.assessments
            if state.done and _anchor(self.protocol, each.day, self.planned_count) < len(state.done)
        }
        return tuple(code for code, day in dates.items() if code in given - state.assessments_recorded and day < latest)

    def gap(self) -> int | None:
        """Days from the last session done to the requested one; None when the gap rules do not apply."""
        state = self.state
        if not state.done or state.requested_on is None or _sd_04(self, self._row("SD-04")) is Tri.YES:
            return None
        return days_between(state.done[-1], state.requested_on)

    def interval(self) -> Interval:
        return interval_before(len(self.state.done) + 1, self.protocol, self.catalogue)

    def all_dates(self) -> tuple[date, ...] | None:
        """Sessions done, the requested one, and the rest planned from it; None when an open day is lacking."""
        placed = list(self.state.done)
        first = self._first_to_place()
        if first is not None:
            day = self._placed(first, placed)
            if day is None:
                return None
            placed.append(day)
        while placed and len(placed) < self.planned_count:
            window = window_of(len(placed) + 1, placed[-1], self.protocol, self.catalogue)
            day = self.state.closed.nearest_open(window.target, window.earliest, window.latest)
            if day is None:
                return None
            placed.append(day)
        return tuple(placed)

    def _first_to_place(self) -> date | None:
        if self.state.requested_on is not None:
            return self.state.requested_on
        return None if self.state.done else self.state.start

    def _placed(self, day: date, before: Sequence[date]) -> date | None:
        if self.state.closed.is_open(day):
            return day
        if not before:
            return self.state.closed.next_open(day)
        window = window_of(len(before) + 1, before[-1], self.protocol, self.catalogue)
        earliest = max(window.earliest, min(day, self.state.evaluated_on))
        # A date asked for outside the window has no open day in it to move to: it is planned by hand.
        return self.state.closed.nearest_open(day, earliest, window.latest) if day <= window.latest else None

    def _row(self, rule: str) -> ScheduleRule:
        return self.catalogue.row(ScheduleRule, rule)


def _sd_01(case: _Case, row: ScheduleRule) -> Tri:
    return not_(at_least(case.gap(), case.interval().min_days))


def _sd_02(case: _Case, row: ScheduleRule) -> Tri:
    longest = case.interval().max_days
    return and_(more(case.gap(), longest), not_(more(case.gap(), longest * row.limit("times_max"))))


def _sd_06(case: _Case, row: ScheduleRule) -> Tri:
    return more(case.gap(), case.interval().max_days * row.limit("times_max"))


def _sd_03(case: _Case, row: ScheduleRule) -> Tri:
    return known(bool(case.overdue()))


def _sd_04(case: _Case, row: ScheduleRule) -> Tri:
    state = case.state
    if state.requested_on is None:
        return Tri.NO
    if not case.protocol.maintenance:
        return known(len(state.done) + 1 > case.planned_count)
    limit, year = int(row.limit("sessions_a_year")), int(row.limit("year_days"))
    return known(too_many_in_a_year((*state.done, state.requested_on), limit, year))


def _sd_05(case: _Case, row: ScheduleRule) -> Tri:
    grave = case.state.unresolved_grade is not None and case.state.unresolved_grade >= row.limit("grade")
    # A sentinel event that is suspected and not excluded counts as one (clinical.md 8.3).
    return or_(known(grave), known(case.state.sentinel_open is not Tri.NO))


def _sd_08(case: _Case, row: ScheduleRule) -> Tri:
    return consent_lapsed(case.state.evaluated_on, case.state.consent_on, case.state.consent_form_current, row)


CONDITIONS: Mapping[str, Callable[[_Case, ScheduleRule], Tri]] = MappingProxyType(
    {
        "SD-01": _sd_01,
        "SD-02": _sd_02,
        "SD-03": _sd_03,
        "SD-04": _sd_04,
        "SD-05": _sd_05,
        "SD-06": _sd_06,
        "SD-08": _sd_08,
    }
)
PLANNING = frozenset({"SD-07", "SD-09"})
# A date outside every window cannot be moved inside one, so that SD-07 has nothing to say about it.
WITHOUT_WINDOW = frozenset({"SD-01", "SD-04", "SD-06"})


def _fires(row: ScheduleRule, case: _Case) -> bool:
    return row.id not in PLANNING and CONDITIONS[row.id](case, row) is Tri.YES


def _without_window(findings: Iterable[Finding]) -> bool:
    return any(finding.rule in WITHOUT_WINDOW for finding in findings)


def _finding(row: ScheduleRule, case: _Case) -> Finding:
    recorded = case.recorded()
    return Finding(
        rule=row.id,
        version=row.version,
        level=Level(row.result),
        inputs=tuple((name, recorded[name]) for name in row.inputs if name in recorded),
        reason=row.reason,
        action=row.action,
        sources=row.sources,
        strength=row.strength,
    )


def _anchor(protocol: Protocol, day: int, sessions: int) -> int:
    """The place of the last session whose target day is not after the assessment's."""
    return max(place for place, target in enumerate(protocol.target_days[:sessions]) if target <= day)


def _days(first: date, count: int) -> Iterable[date]:
    return (first + timedelta(days=offset) for offset in range(count))
