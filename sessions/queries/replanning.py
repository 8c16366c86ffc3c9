"""The rest of a course planned anew: what was performed stays, and each session ahead is seen before and after."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from django.utils.translation import gettext as _

from mesoclinic import clock
from mesoclinic.errors import ClinicError
from patients.models import PlanVersion
from sessions.models import Booking, Series, TreatmentRecord, TreatmentSession
from sessions.queries.bookings import MOVABLE
from sessions.queries.planning import NOTHING_MEANWHILE, Meanwhile
from sessions.queries.series import DONE, SeriesPlan, course_of, live_visit, propose_course
from sessions.queries.window_overrides import overrides_of
from sessions.rules.series_places import Course, Pick, Placed, Preferences

ANY_TIME = (f"{time.min:%H:%M}", f"{time.max:%H:%M}")


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the rest is planned from. `visit_id` is the visit for which the patient cannot come.

    With `keep` the other visits stay while they are inside their windows. Sessions in `overridden` may be late, for
    the `reason`.
    """

    preferences: Preferences
    visit_id: int | None = None
    keep: bool = True
    same_day: bool = False
    overridden: frozenset[int] = frozenset()
    reason: str = ""
    meanwhile: Meanwhile = NOTHING_MEANWHILE


class Fate(StrEnum):
    """What becomes of a session ahead."""

    KEPT = "kept"
    MOVED = "moved"
    BOOKED = "booked"
    FREED = "freed"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Ahead:
    """A session that was not performed and its visit, which is `over` when nobody came."""

    session: TreatmentSession
    visit: Booking | None = None
    over: bool = False

    @property
    def coming(self) -> Booking | None:
        return None if self.over else self.visit


@dataclass(frozen=True, slots=True)
class Change:
    """A session ahead with what becomes of it; `placed.ordinal` is its place in the order of the course."""

    ahead: Ahead
    placed: Placed
    fate: Fate

    @property
    def starts_at(self) -> datetime | None:
        """When the session is afterwards."""
        if self.placed.place:
            return self.placed.place.starts_at
        return self.ahead.coming.starts_at if self.fate == Fate.KEPT and self.ahead.coming else None


@dataclass(frozen=True, slots=True)
class Rest:
    """What is left of a series, and the proposal for it."""

    series: Series
    done: Sequence[tuple[TreatmentSession, date]]
    plan: SeriesPlan
    changes: Sequence[Change]
    allowed: frozenset[int]

    @property
    def seen(self) -> str:
        """Visits before and places after as one text: confirming notices when either has changed."""
        return f"{self.before}|{self.plan.seen}"

    @property
    def before(self) -> str:
        visits = [(each.ahead.session.pk, each.ahead.visit) for each in self.changes]
        return ",".join(f"{pk}:{visit.pk}.{visit.version}" if visit else f"{pk}:" for pk, visit in visits)

    @property
    def visits(self) -> list[Booking]:
        return [each.ahead.visit for each in self.changes if each.ahead.visit]

    @property
    def late(self) -> list[Change]:
        """What is placed after its window by an override that is not recorded yet."""
        late = (each for each in self.changes if self.plan.is_late(each.placed))
        return [each for each in late if each.placed.ordinal not in self.allowed]

    def of(self, *fates: Fate) -> list[Change]:
        """The changes of these kinds."""
        return [each for each in self.changes if each.fate in fates]

    @property
    def changed(self) -> bool:
        """Whether confirming would do anything."""
        return any(each.fate in (Fate.MOVED, Fate.BOOKED, Fate.FREED) or each.ahead.over for each in self.changes)


def rest_of(series: Series, wishes: Wishes) -> Rest:
    """Places for every session that was not performed; writes nothing. Raises ClinicError when nothing is left."""
    done, ahead = _parted(series, wishes)
    days = [(session, _day_of(session, series)) for session in done]
    course = replace(
        _course(series.plan_version, len(days) + len(ahead)),
        done=tuple(sorted(day for _session, day in days)),
    )
    held = _held(ahead, course.first, wishes)
    recorded = _recorded(ahead, course.first) & held.keys()
    course = replace(course, overridden=wishes.overridden | recorded)
    preferences = replace(
        wishes.preferences,
        start=max(wishes.preferences.start, clock.now().astimezone(series.site.zone).date()),
        held=held,
        without=_without(series, wishes),
    )
    besides = [each.visit.pk for each in ahead if each.visit]
    plan = propose_course(series.plan_version, course, preferences, besides=besides, meanwhile=wishes.meanwhile)
    changes = list(_changes(ahead, plan, wishes))
    allowed = frozenset(
        each.placed.ordinal for each in changes if each.placed.ordinal in recorded and each.fate == Fate.KEPT
    )
    return Rest(series, days, plan, changes, allowed)


def _parted(series: Series, wishes: Wishes) -> tuple[list[TreatmentSession], list[Ahead]]:
    if series.state != Series.State.OPEN:
        raise ClinicError(_("This course is not open any more. Nothing is left to plan."))
    now = clock.now()
    done: list[TreatmentSession] = []
    ahead: list[Ahead] = []
    for session in series.sessions.all():
        visit = live_visit(session)
        if session.state == TreatmentSession.State.ABANDONED:
            continue
        if session.state in DONE or _is_here(session, visit, wishes):
            done.append(session)
        elif visit is None or visit.state not in MOVABLE:
            ahead.append(Ahead(session))
        else:
            ahead.append(Ahead(session, visit, visit.starts_at < now))
    if not ahead:
        raise ClinicError(_("Every session of this course was performed. Nothing is left to plan."))
    return done, ahead


def _is_here(session: TreatmentSession, visit: Booking | None, wishes: Wishes) -> bool:
    """Whether the patient has arrived for a session, or may still come for it at this very hour."""
    if visit is None or session.state != TreatmentSession.State.BOOKED:
        return False
    running = visit.starts_at <= clock.now() < visit.ends_at and visit.pk != wishes.visit_id
    return visit.state not in MOVABLE or running


def _course(version: PlanVersion, count: int) -> Course:
    return Course(course_of(version).intervals[: count - 1])


def _day_of(session: TreatmentSession, series: Series) -> date:
    visit = live_visit(session)
    records = TreatmentRecord.objects.filter(session=session).exclude(state=TreatmentRecord.State.VOIDED)
    at = visit.starts_at if visit else records.values_list("started_at", flat=True).first()
    if at is None:
        words = {"number": session.ordinal}
        raise ClinicError(_("Nobody recorded when session %(number)d took place, so the rest has no windows.") % words)
    return at.astimezone(series.site.zone).date()


def _recorded(ahead: Sequence[Ahead], first: int) -> frozenset[int]:
    """The places in the course of visits that are where an override lets them be."""
    decided = overrides_of(each.visit for each in ahead if each.visit)
    return frozenset(place for place, each in enumerate(ahead, start=first) if each.visit and each.visit.pk in decided)


def _held(ahead: Sequence[Ahead], first: int, wishes: Wishes) -> dict[int, Pick]:
    if not wishes.keep:
        return {}
    return {
        place: Pick(each.coming.starts_at, each.coming.clinician_id)
        for place, each in enumerate(ahead, start=first)
        if each.coming and each.coming.clinician_id and each.coming.pk != wishes.visit_id
    }


def _without(series: Series, wishes: Wishes) -> frozenset[date]:
    """The day of the visit for which the patient cannot or did not come, unless another hour of it would do."""
    visit = visit_in(series, wishes.visit_id)
    if visit is None or wishes.same_day:
        return frozenset()
    return frozenset({visit.starts_at.astimezone(series.site.zone).date()})


def visit_in(series: Series, visit_id: int | None) -> Booking | None:
    """The visit of that number, whatever became of it; None when it belongs to another series."""
    visits = (visit for session in series.sessions.all() for visit in session.bookings.all())
    return next((visit for visit in visits if visit.pk == visit_id), None)


def _changes(ahead: Sequence[Ahead], plan: SeriesPlan, wishes: Wishes) -> Iterator[Change]:
    last = plan.course.done[-1] if plan.course.done else None
    for each, placed in zip(ahead, plan.proposal.sessions, strict=True):
        fate = _fate(each, placed)
        if fate == Fate.FREED and _may_wait(each, placed, plan, wishes, last):
            fate = Fate.KEPT
        change = Change(each, placed, fate)
        last = change.starts_at.astimezone(plan.clinic.zone).date() if change.starts_at else last
        yield change


def _fate(ahead: Ahead, placed: Placed) -> Fate:
    visit, place = ahead.coming, placed.place
    if place is None:
        return Fate.FREED if visit else Fate.OPEN
    if visit is None:
        return Fate.BOOKED
    same = (visit.starts_at, visit.clinician_id) == (place.starts_at, place.clinician.id)
    return Fate.KEPT if same else Fate.MOVED


def _may_wait(ahead: Ahead, placed: Placed, plan: SeriesPlan, wishes: Wishes, last: date | None) -> bool:
    """Whether a visit may stay though a session before it has no date: never too soon after the last (SD-01)."""
    visit = ahead.coming
    if visit is None or visit.pk == wishes.visit_id or placed.window is not None:
        return False
    interval = plan.course.before(placed.ordinal)
    day = visit.starts_at.astimezone(plan.clinic.zone).date()
    return interval is None or last is None or day >= last + timedelta(days=interval.least)


def wishes_of(series: Series) -> dict[str, object]:
    """What the patient preferred when the series was booked."""
    kept = {name: series.preferences.get(name) for name in ("weekdays", "earliest", "latest", "clinician")}
    return {name: value for name, value in kept.items() if value and value not in ANY_TIME}


def first_day(series: Series, visit: Booking | None) -> date:
    """From when on a new date is looked for: today, and for a visit of today or before, tomorrow."""
    zone = series.site.zone
    today = clock.now().astimezone(zone).date()
    missed = visit is not None and visit.starts_at.astimezone(zone).date() <= today
    return today + timedelta(days=int(missed))
