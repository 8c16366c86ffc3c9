"""A proposal in words, as the page shows it: each session with its reason, and a line to read aloud."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from patients.models import PlanVersion
from sessions.queries.series import SEEN_FORMAT, Assessment, SeriesPlan, assessments_of, propose_series
from sessions.rules.free_time import Place
from sessions.rules.series_places import Placed, Preferences, Why

RIBBON = 1000
EDGE = 20


@dataclass(frozen=True, slots=True)
class Choice:
    """Another time of a session; `pick` is what the form sends to choose it."""

    starts: datetime
    clinician: str
    room: str
    pick: str


@dataclass(frozen=True, slots=True)
class ShownSession:
    """One row of the list and one dot of the ribbon (x of a thousand)."""

    ordinal: int
    starts: datetime | None
    room: str
    clinician: str
    gap_days: int | None
    reason: str
    adjusted: bool
    choices: Sequence[Choice]
    x: int
    late: bool


@dataclass(frozen=True, slots=True)
class Month:
    """Where a month begins on the ribbon."""

    name: str
    x: int


@dataclass(frozen=True, slots=True)
class Shown:
    """The proposal as the page shows it."""

    sessions: Sequence[ShownSession]
    months: Sequence[Month]
    assessments: Sequence[Assessment]
    seen: str
    complete: bool
    adjusted: int
    minutes: int

    @property
    def placed(self) -> list[ShownSession]:
        return [each for each in self.sessions if each.starts]

    @property
    def first(self) -> datetime | None:
        return self.placed[0].starts if self.placed else None

    @property
    def last(self) -> datetime | None:
        return self.placed[-1].starts if self.placed else None


def shown_proposal(version: PlanVersion, preferences: Preferences, overridden: frozenset[int] = frozenset()) -> Shown:
    """The sessions that these preferences lead to, `overridden` ones perhaps late; writes nothing."""
    plan = propose_series(version, preferences, overridden)
    days = [_local(plan, each.place) for each in plan.proposal.sessions]
    known = [day.date() for day in days if day]
    scale = _Scale(known)
    rows = [row_of(plan, each, scale) for each in plan.proposal.sessions]
    return Shown(
        sessions=rows,
        months=scale.months(),
        assessments=assessments_of(version, [day.date() if day else None for day in days]),
        seen=plan.seen,
        complete=plan.proposal.complete,
        adjusted=plan.proposal.adjusted,
        minutes=plan.visit_type.total_minutes,
    )


class _Scale:
    """Days to places on the ribbon."""

    def __init__(self, days: Sequence[date]) -> None:
        self.first = days[0] if days else None
        self.span = max((days[-1] - days[0]).days, 1) if days else 1

    def __call__(self, day: date) -> int:
        offset = (day - self.first).days if self.first else 0
        return EDGE + offset * (RIBBON - 2 * EDGE) // self.span

    def months(self) -> list[Month]:
        if self.first is None:
            return []
        numbers = range(self.first.year * 12 + self.first.month, self.first.year * 12 + self.first.month + 36)
        firsts = [date(number // 12, number % 12 + 1, 1) for number in numbers]
        shown = [day for day in firsts if (day - self.first).days <= self.span]
        return [Month(_date(day, "MMM"), self(day)) for day in shown]


def row_of(plan: SeriesPlan, placed: Placed, scale: Callable[[date], int]) -> ShownSession:
    """One session of a proposal as it is shown; the scale says where its day is on a ribbon."""
    starts = _local(plan, placed.place)
    place = placed.place
    return ShownSession(
        ordinal=placed.ordinal,
        starts=starts,
        room=place.room.name if place and place.room else "",
        clinician=place.clinician.name if place else "",
        gap_days=placed.gap_days,
        reason=reason_of(plan, placed),
        adjusted=placed.adjusted,
        choices=[choice_of(each, placed.ordinal, plan.clinic.zone) for each in placed.choices],
        x=scale(starts.date()) if starts else 0,
        late=plan.is_late(placed),
    )


def reason_of(plan: SeriesPlan, placed: Placed) -> str:
    """Why a session is not where it was wanted, and that it is still in its window; empty when it is."""
    if placed.why is None or placed.window is None:
        return _("Waits for the session before it.") if placed.why == Why.FOLLOWS else ""
    window = placed.window
    facts = {
        "target": _date(window.target, "EEE d MMM"),
        "first": _date(window.earliest, "d MMM"),
        "last": _date(window.latest, "d MMM"),
        "closure": plan.clinic.closures.get(window.target) or _("closed"),
        "who": next((each.name for each in plan.clinic.workers if each.id == plan.preferences.clinician_id), ""),
    }
    inside = _(" Still inside the window, %(first)s to %(last)s.") % facts if placed.gap_days is not None else ""
    return {
        Why.CLOSED: _("The site is closed on %(target)s: %(closure)s.") % facts + inside,
        Why.PASSED: _("%(target)s has passed.") % facts + inside,
        Why.AWAY: (_("%(who)s is away on %(target)s.") if facts["who"] else _("Nobody works on %(target)s.")) % facts
        + inside,
        Why.WEEKDAY: _("%(target)s is not one of the chosen days.") % facts + inside,
        Why.FULL: _("%(target)s has no free time that fits.") % facts + inside,
        Why.TIME: _("No free time between the chosen hours on %(target)s.") % facts,
        Why.CLINICIAN: _("%(who)s has no free time on %(target)s.") % facts,
        Why.WISHES: _("%(target)s has no free time that fits the wishes as well.") % facts + inside,
        Why.STEADY: _("Keeps the weekday.") + inside,
        Why.REST: _("The rest of the series fits better so than with %(target)s.") % facts + inside,
        Why.PICKED: _("Chosen by hand.") + inside,
        Why.HELD: "",
        Why.UNWANTED: _("The patient cannot come on %(target)s.") % facts + inside,
        Why.SHUT: _("The site is closed from %(first)s to %(last)s.") % facts,
        Why.ABSENT: _("Nobody works from %(first)s to %(last)s.") % facts,
        Why.WINDOW: _("No free time from %(first)s to %(last)s.") % facts,
        Why.LATE: _("The window, %(first)s to %(last)s, ends before the first possible day.") % facts,
        Why.LAPSED: _("More than twice the longest interval lies between: a new consultation is needed (SD-06).")
        % facts,
        Why.FOLLOWS: _("Waits for the session before it."),
    }[placed.why]


def choice_of(place: Place, ordinal: int, zone: ZoneInfo) -> Choice:
    """A place as somebody may choose it for a session, in the site's time."""
    moment = place.starts_at.astimezone(UTC)
    pick = f"{ordinal}:{moment:{SEEN_FORMAT}}-{place.clinician.id}"
    room = place.room.name if place.room else ""
    return Choice(place.starts_at.astimezone(zone), place.clinician.name, room, pick)


def _local(plan: SeriesPlan, place: Place | None) -> datetime | None:
    return place.starts_at.astimezone(plan.clinic.zone) if place else None


def _date(day: date, pattern: str) -> str:
    return format_date(day, pattern, locale=(get_language() or "en").replace("-", "_"))
