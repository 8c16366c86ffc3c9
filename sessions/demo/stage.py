"""What the stories of the demo share: the clinic, the day in the middle, and visits that take their course."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from mesoclinic.accounts import User
from mesoclinic.sites import Closure, OpeningHours, Site, VisitKind
from patients.models import Patient
from sessions.demo import endings, past, room, visits
from sessions.demo.clinic import Clinic, Team
from sessions.demo.people import Person, register
from sessions.demo.timeline import Timeline
from sessions.models import Booking, Series
from sessions.queries.bookings import COMING

Then = Callable[[Patient, User], None]
CONFIRM_SHARE = 0.7
NUMBING_SHARE = 0.3
LATEST_CALL = timedelta(hours=26)
# What is longer ago is written in one go.
LATELY = timedelta(minutes=75)


@dataclass(slots=True)
class Stage:
    """One clinic around one day; what happens is put on the timeline."""

    timeline: Timeline
    clinic: Clinic
    day: date
    until: datetime
    random: Random

    def at(self, site: Site, on: date, clock: time, deed: Callable[[], None]) -> None:
        """Have something happen at that time of the site's day."""
        self.timeline.at(datetime.combine(on, clock, site.zone), deed)

    def is_past(self, booking: Booking) -> bool:
        """Whether it is so long ago that nobody asks how it went step by step."""
        return booking.starts_at < self.until - LATELY

    def open_day(self, site: Site, days: int) -> date:
        """The day so far from the middle, or the next on which the site is open."""
        on = self.day + timedelta(days=days)
        closed = set(Closure.objects.filter(site=site).values_list("on", flat=True))
        weekdays = set(OpeningHours.objects.filter(site=site).values_list("weekday", flat=True))
        while on in closed or on.weekday() not in weekdays:
            on += timedelta(days=1)
        return on


def works_on(user: User, site: Site, day: date) -> bool:
    """Whether somebody works at the site on that day of the week."""
    return user.hours.filter(site=site, weekday=day.weekday()).exists()


@dataclass(frozen=True, slots=True)
class Twist:
    """What is unusual about one session of a course; `ordinal` 0 is the session of the middle day."""

    kind: str = ""
    ordinal: int = 0


@dataclass(frozen=True, slots=True)
class Talk:
    """A visit without a treatment: when, with whom, how early the patient comes, and for what."""

    days: int
    at: time
    doctor: int = 0
    early: int = 5
    kind: str = VisitKind.CONSULTATION
    booked_days_before: int = 2


def meet(stage: Stage, team: Team, person: Person, talk: Talk, then: Then) -> None:
    """Somebody registers, comes to the visit, and what follows from it follows at its end."""
    on = stage.open_day(team.site, talk.days)

    def come() -> None:
        patient = register(team.desk, team.site, person)
        come_again(stage, team, patient, talk, then)

    stage.at(team.site, min(on, stage.day) - timedelta(days=talk.booked_days_before), time(9, 20), come)


def come_again(stage: Stage, team: Team, patient: Patient, talk: Talk, then: Then) -> None:
    """A known patient is given a visit and comes to it."""
    on = stage.open_day(team.site, talk.days)
    doctor = team.doctors[talk.doctor]
    booking = visits.book_talk(team.desk, patient, team.site, datetime.combine(on, talk.at), doctor, kind=talk.kind)
    start = booking.starts_at

    def arrive() -> None:
        visits.lead(team.desk, booking, Booking.State.ARRIVED)
        stage.timeline.at(start + timedelta(minutes=3), begin)

    def begin() -> None:
        visits.lead(doctor, booking, Booking.State.TREATING)
        stage.timeline.at(start + timedelta(minutes=18), end)

    def end() -> None:
        then(patient, doctor)
        visits.lead(doctor, booking, Booking.State.DONE)

    def be_over() -> None:
        then(patient, doctor)
        past.be_done(doctor, booking)

    if stage.is_past(booking):
        stage.timeline.at(start + timedelta(minutes=18), be_over)
    else:
        confirm(stage, team, booking)
        stage.timeline.at(start - timedelta(minutes=talk.early), arrive)


def confirm(stage: Stage, team: Team, booking: Booking) -> None:
    """Most patients say the day before that they come."""
    if stage.random.random() > CONFIRM_SHARE:
        return

    def say() -> None:
        if _is(booking, Booking.State.BOOKED):
            visits.lead(team.desk, booking, Booking.State.CONFIRMED)

    stage.timeline.at(booking.starts_at - LATEST_CALL, say)


def perform(stage: Stage, team: Team, series: Series, twist: Twist) -> None:
    """Every session of a course that has come by now is performed, as far as its twist lets it."""
    sessions = list(series.sessions.order_by("ordinal"))
    for session in sessions:
        booking = session.bookings.select_related("clinician", "treatment_session", "site").get()
        here = booking.starts_at.astimezone(booking.site.zone).date() == stage.day
        mine = session.ordinal == twist.ordinal or (here and not twist.ordinal)
        Treatment(stage, team, booking, twist.kind if mine else "", session == sessions[-1]).plan()


@dataclass(slots=True)
class Treatment:
    """One session from the arrival to the signature, each step at its minute."""

    stage: Stage
    team: Team
    booking: Booking
    twist: str
    last: bool
    record_id: int = 0

    @property
    def doctor(self) -> User:
        assert self.booking.clinician is not None
        return self.booking.clinician

    @property
    def assistant(self) -> User:
        """The nurse prepares where she works; else the doctor does it alone."""
        nurse, local = self.team.nurse, self.booking.starts_at.astimezone(self.team.site.zone)
        return nurse if works_on(nurse, self.team.site, local.date()) else self.doctor

    def plan(self) -> None:
        """Put the arrival on the timeline; each step calls for the next."""
        if self.twist == "cancelled":
            self._in(-60 * 24 * 4, self.cancel)
        elif self.twist == "no_show":
            self._in(35, self.miss)
        elif self.stage.is_past(self.booking) and self.twist != "unsigned":
            self._in(42, self.be_over)
        else:
            confirm(self.stage, self.team, self.booking)
            self._in(self.stage.random.randint(-9, 1) + (60 if self.twist == "late" else 0), self.arrive)

    def be_over(self) -> None:
        if not _is(self.booking, *COMING):
            return
        fresh = _with_course(self.booking.pk)
        past.perform(self.doctor, self.assistant, fresh, pain=self._pain(), reaction=REACTIONS.get(self.twist))
        self._close()

    def cancel(self) -> None:
        visits.cancel(self.team.desk, self.booking, "The patient is travelling.")

    def miss(self) -> None:
        visits.lead(self.team.desk, self.booking, Booking.State.NO_SHOW)

    def arrive(self) -> None:
        if _is(self.booking, *COMING):
            visits.lead(self.team.desk, self.booking, Booking.State.ARRIVED)
            self._in(2, self.prepare)

    def prepare(self) -> None:
        self.record_id = room.prepare(self.assistant, self.booking).pk
        slow = self.twist == "slow"
        if slow or self.stage.random.random() < NUMBING_SHARE:
            self._in(5, self.numb)
        self._in(14 if slow else 9, self.start)

    def numb(self) -> None:
        visits.lead(self.assistant, self.booking, Booking.State.NUMBING)

    def start(self) -> None:
        room.start(self.doctor, self.record_id)
        self._in(27, self.finish)

    def finish(self) -> None:
        reaction = REACTIONS.get(self.twist)
        room.finish(self.doctor, self.record_id, pain=self._pain(), reaction=reaction)
        if self.twist != "unsigned":
            self._in(42, self.sign)

    def sign(self) -> None:
        room.sign(self.doctor, self.record_id)
        self._close()

    def _pain(self) -> int:
        return self.stage.random.randint(1, 5)

    def _close(self) -> None:
        session = self.booking.treatment_session
        if self.last and session is not None:
            endings.complete(self.doctor, session.series)

    def _in(self, minutes: int, deed: Callable[[], None]) -> None:
        self.stage.timeline.at(self.booking.starts_at + timedelta(minutes=minutes), deed)


REACTIONS = {
    "swelling": ("AE-18", 1, "Slight swelling of the forehead the evening after; cooled, gone the next day."),
    "dizzy": ("AE-15", 2, "Dizzy on standing up, 96/60 mmHg. Lay down, drank; 118/70 after 20 minutes."),
    "pain": ("AE-01", 1, "Stinging at the points for an hour."),
}


def _with_course(booking_id: int) -> Booking:
    related = ("site", "patient", "treatment_session__series__plan_version__release")
    return Booking.objects.select_related(*related).get(pk=booking_id)


def _is(booking: Booking, *states: str) -> bool:
    return Booking.objects.filter(pk=booking.pk, state__in=states).exists()
