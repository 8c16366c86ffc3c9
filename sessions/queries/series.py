"""A series as it is planned and as it stands: the proposal before it is booked, windows and gaps afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from mesoclinic import clock
from mesoclinic.actors import Actor
from mesoclinic.sites import Site, VisitType
from patients.models import Consent, PlanVersion
from protocols.queries.catalogue import catalogue_of
from protocols.rules.kinds.schedule import Interval as IntervalRow
from protocols.rules.kinds.schedule import Protocol, ScheduleRule
from sessions.models import Booking, Series, TreatmentSession, WindowOverride
from sessions.queries.board import Step, may_replan, steps_for
from sessions.queries.bookings import GONE
from sessions.queries.planning import NOTHING_MEANWHILE, Meanwhile, clinic_time, closed_at, treatment_type_of
from sessions.queries.window_overrides import overrides_of
from sessions.rules.free_time import ClinicTime, Place
from sessions.rules.planner import plan_series
from sessions.rules.schedule import assessment_dates
from sessions.rules.series_places import Course, Interval, Placed, Preferences, Proposal, Window, window_after

SEARCH_DAYS = 28
SEEN_FORMAT = "%Y%m%d%H%M"
CHOICES = 3
DONE = (TreatmentSession.State.IN_PROGRESS, TreatmentSession.State.PERFORMED)


@dataclass(frozen=True, slots=True)
class SeriesPlan:
    """A proposal with what it was made from."""

    version: PlanVersion
    visit_type: VisitType
    clinic: ClinicTime
    course: Course
    preferences: Preferences
    proposal: Proposal

    @property
    def late(self) -> list[Placed]:
        """The sessions that are placed after their window."""
        return [each for each in self.proposal.placed if self.is_late(each)]

    def is_late(self, placed: Placed) -> bool:
        """Whether a session is placed after its window."""
        if placed.window is None or placed.place is None or self.course.before(placed.ordinal) is None:
            return False
        return self.day(placed.place) > placed.window.latest

    def day(self, place: Place) -> date:
        """The day of a place at the site."""
        return place.starts_at.astimezone(self.clinic.zone).date()

    @property
    def seen(self) -> str:
        """The places as one text: a form carries it, so that booking notices when one of them has gone."""
        return ",".join(place_text(each.place) for each in self.proposal.sessions if each.place)


def propose_series(
    version: PlanVersion, preferences: Preferences, overridden: frozenset[int] = frozenset()
) -> SeriesPlan:
    """Places for every session of a signed plan version, found in the clinic's free time; writes nothing.

    Sessions in `overridden` may be late.
    """
    return propose_course(version, replace(course_of(version), overridden=overridden), preferences)


def propose_course(
    version: PlanVersion,
    course: Course,
    preferences: Preferences,
    *,
    besides: Sequence[int] = (),
    meanwhile: Meanwhile = NOTHING_MEANWHILE,
) -> SeriesPlan:
    """Places for the sessions of a course that are not done; the time of the bookings `besides` counts as free."""
    site = version.plan.site
    visit_type = treatment_type_of(site)
    last = preferences.start + timedelta(days=SEARCH_DAYS + course.horizon_days)
    patient_id = version.plan.patient_id
    clinic = clinic_time(
        site,
        visit_type,
        first=preferences.start,
        last=last,
        patient_id=patient_id,
        besides=besides,
        meanwhile=meanwhile,
    )
    proposal = plan_series(clinic, course, preferences, search_days=SEARCH_DAYS, choices=CHOICES)
    return SeriesPlan(version, visit_type, clinic, course, preferences, proposal)


def course_of(version: PlanVersion) -> Course:
    """The intervals of the plan's protocol, cut or carried on by its last interval to the plan's number of sessions."""
    catalogue = catalogue_of(version.release)
    protocol = catalogue.row(Protocol, version.protocol)
    rows = [catalogue.row(IntervalRow, code) for code in protocol.intervals]
    times_max = int(catalogue.row(ScheduleRule, "SD-02").limit("times_max"))
    intervals = [_interval(row, times_max) for row in rows]
    needed = version.session_count - 1
    return Course(tuple((intervals + intervals[-1:] * needed)[:needed]))


@dataclass(frozen=True, slots=True)
class Assessment:
    """An assessment of the protocol and the day on which it falls as things stand (SD-09)."""

    code: str
    on: date | None


def assessments_of(version: PlanVersion, days: Sequence[date | None]) -> list[Assessment]:
    """When each assessment of the protocol falls, closed days of the site left out; None while nobody can say."""
    protocol = catalogue_of(version.release).row(Protocol, version.protocol)
    dates = assessment_dates(protocol, days, closed_at(version.plan.site))
    return [Assessment(each.code, dates.get(each.code)) for each in protocol.assessments]


@dataclass(frozen=True, slots=True)
class Row:
    """One session of a booked series: when it is, how far from the one before, and until when it may be moved."""

    session: TreatmentSession
    booking: Booking | None
    starts: datetime | None
    gap_days: int | None
    window: Window | None

    @property
    def outside(self) -> bool:
        """Whether it lies outside its window."""
        if self.window is None or self.starts is None:
            return False
        return not self.window.earliest <= self.starts.date() <= self.window.latest


@dataclass(frozen=True, slots=True)
class SeriesPage:
    """A series with its rows and assessments."""

    series: Series
    rows: Sequence[Row]
    assessments: Sequence[Assessment]

    @property
    def done(self) -> int:
        return sum(row.session.state == TreatmentSession.State.PERFORMED for row in self.rows)

    @property
    def open(self) -> int:
        return sum(row.booking is None for row in self.rows)


def series_page(series: Series) -> SeriesPage:
    """The rows of a series with the assessments that follow from them."""
    rows = rows_of(series)
    days = [row.starts.date() if row.starts else None for row in rows]
    return SeriesPage(series, rows, assessments_of(series.plan_version, days))


def rows_of(series: Series) -> list[Row]:
    """Each session with its live booking, gap and window, all derived from the release and the days as they stand."""
    course = course_of(series.plan_version)
    rows: list[Row] = []
    previous: date | None = None
    for place, session in enumerate(series.sessions.all()):
        booking = live_visit(session)
        starts = booking.starts_at.astimezone(series.site.zone) if booking else None
        window = window_after(previous, course.intervals[place - 1]) if place and previous else None
        gap = (starts.date() - previous).days if starts and previous else None
        rows.append(Row(session, booking, starts, gap, window))
        previous = starts.date() if starts else (window.target if window else None)
    return rows


def days_of(session: TreatmentSession, site: Site) -> dict[int, date]:
    """The day of each session of the same course that has a visit, by its place in the course."""
    visits = Booking.objects.filter(treatment_session__series=session.series_id).exclude(state__in=GONE)
    placed = visits.values_list("treatment_session__ordinal", "starts_at")
    return {ordinal: starts.astimezone(site.zone).date() for ordinal, starts in placed}


def window_of(booking: Booking) -> tuple[Window | None, date | None]:
    """The window of a session counted from the one before it, and the day of the one after; none for other visits."""
    session = booking.treatment_session
    if session is None:
        return None, None
    days = days_of(session, booking.site)
    previous, following = days.get(session.ordinal - 1), days.get(session.ordinal + 1)
    if previous is None:
        return None, following
    interval = course_of(session.series.plan_version).intervals[session.ordinal - 1 - 1]
    return window_after(previous, interval), following


@dataclass(frozen=True, slots=True)
class Peek:
    """What the desk wants to know about a visit besides its time."""

    starts: datetime
    ends: datetime
    gap_days: int | None
    consent_signed: bool | None
    steps: Sequence[Step]
    past: bool
    may_replan: bool = False
    override: WindowOverride | None = None


def peek_for(actor: Actor, booking: Booking) -> Peek:
    """Gap to the session before, and whether a consent for the plan is signed (None when it needs none)."""
    zone = booking.site.zone
    starts, ends = booking.starts_at.astimezone(zone), booking.ends_at.astimezone(zone)
    steps = steps_for(actor, booking)
    session = booking.treatment_session
    if session is None:
        return Peek(starts, ends, None, None, steps, booking.ends_at < clock.now())
    before = (
        Booking.objects.filter(treatment_session__series=session.series_id, starts_at__lt=booking.starts_at)
        .exclude(state__in=GONE)
        .order_by("-starts_at")
        .first()
    )
    gap = (starts.date() - before.starts_at.astimezone(zone).date()).days if before else None
    consents = Consent.objects.filter(plan_version=session.series.plan_version_id, kind=Consent.Kind.TREATMENT)
    signed = consents.filter(state=Consent.State.SIGNED).exists()
    override = overrides_of([booking]).get(booking.pk)
    return Peek(starts, ends, gap, signed, steps, booking.ends_at < clock.now(), may_replan(actor, booking), override)


def _interval(row: IntervalRow, times_max: int) -> Interval:
    return Interval(row.min_days, row.target_days, row.max_days, row.tolerance_days, row.max_days * times_max)


def place_text(place: Place) -> str:
    """A place as a form carries it."""
    room = place.room.id if place.room else 0
    return f"{place.starts_at.astimezone(UTC):{SEEN_FORMAT}}-{place.clinician.id}-{room}"


def live_visit(session: TreatmentSession) -> Booking | None:
    """The last visit of a session that was neither cancelled nor missed."""
    return next((each for each in reversed(session.bookings.all()) if each.state not in GONE), None)
