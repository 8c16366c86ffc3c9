"""Whom one meets in the demo clinic, and what happens to each of them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from itertools import chain

from mesoclinic import clock
from mesoclinic.accounts import User
from mesoclinic.sites import VisitKind
from patients.models import Patient, PlanVersion
from patients.services.consents import ask_first
from patients.services.plans import revise_plan
from sessions.demo import care, consents, endings, ledger, visits
from sessions.demo.clinic import Team
from sessions.demo.people import IN_ISTANBUL, IN_MADRID, MISTYPED, MUTE, SINGLE_NAME, Person, people, register
from sessions.demo.stage import Stage, Talk, Then, Twist, come_again, meet, perform, works_on
from sessions.demo.timeline import Deed
from sessions.models import Series

LEAD_DAYS = 5
LONG_AGO = -390
OTHER_DAYS = (-3, -2, -1, 1, 2, 3)
HOURS = ((time(9, 15), time(9, 45), time(11, 45), time(12, 30), time(13)), (time(15, 30), time(16, 30), time(18, 15)))


NOTHING_UNUSUAL = Twist()


@dataclass(frozen=True, slots=True)
class Course:
    """A course: how many days from the middle day its first session is, when, with whom, and what is unusual."""

    first: int
    at: time
    doctor: int = 0
    protocol: str = "P1"
    sessions: int = 0
    twist: Twist = NOTHING_UNUSUAL
    paper: bool = False
    mail: str = ""
    revised: bool = False
    withdraws_on: int | None = None


# The middle day is busy: at ten past eleven there is somebody in each state.
TODAY = (
    Course(-21, time(9, 15), 0, "P1", 6, Twist("unsigned")),
    Course(-14, time(9, 30), 0, "P5", 4),
    Course(-7, time(10, 15), 0, "P8", 6),
    Course(-14, time(10, 30), 1, "P1", 6),
    Course(-21, time(11), 0, "P5", 6, paper=True),
    Course(-7, time(11), 1, "P1", 8, Twist("slow"), paper=True),
    Course(0, time(12), 1, "P1", 6, paper=True, mail=MUTE),
    Course(-14, time(13), 0, "P8", 8),
    Course(-7, time(15, 30), 1, "P5", 4, mail=MISTYPED),
    Course(-21, time(16), 0, "P1", 4),
    Course(0, time(17, 15), 1, "P8", 6),
    Course(-14, time(18), 1, "P1", 6, Twist("late")),
)
UNUSUAL = (
    Course(-24, time(9, 15), 0, "P1", 4),
    Course(-10, time(9, 45), 0, "P5", 4, Twist("dizzy", 2)),
    Course(-13, time(15, 30), 1, "P1", 6, Twist("swelling", 2)),
    Course(-16, time(12, 30), 0, "P1", 6, Twist("cancelled", 4)),
    Course(-15, time(16, 30), 1, "P8", 5, Twist("no_show", 3)),
    Course(-17, time(13), 0, "P1", 6, withdraws_on=-4),
    Course(3, time(11, 45), 0, "P5", 4, revised=True),
)
USUAL = (("P1", 6), ("P8", 5), ("P1", 8), ("P5", 4), ("P8", 6))
IN_TURKEY = (
    Course(-21, time(10), 0, "P1", 6),
    Course(-14, time(11), 0, "P5", 4),
    Course(-7, time(13, 15), 0, "P8", 6),
    Course(0, time(15, 30), 0, "P1", 6),
    Course(-18, time(9, 45), 0, "P8", 5),
    Course(-9, time(11, 45), 0, "P1", 6),
    Course(2, time(16), 0, "P1", 6),
)
COMING = (
    Talk(0, time(11, 30), 0, early=24),
    Talk(0, time(15), 0),
    Talk(0, time(16, 45), 1),
    Talk(1, time(10), 0, booked_days_before=4),
    Talk(1, time(17), 1, booked_days_before=1),
    Talk(2, time(12), 0, booked_days_before=3),
    Talk(5, time(9, 30), 0, booked_days_before=6),
    Talk(8, time(18), 1, booked_days_before=2),
    Talk(13, time(10, 30), 0, booked_days_before=5),
)


def cast(stage: Stage) -> None:
    """Put everybody's story on the timeline."""
    madrid, istanbul = stage.clinic.madrid, stage.clinic.istanbul
    here = chain((SINGLE_NAME,), people(stage.random, stage.day, IN_MADRID, "madrid.example.test"))
    there = people(stage.random, stage.day, IN_ISTANBUL, "istanbul.example.test")
    for row in (*TODAY, *UNUSUAL, *_others(stage)):
        course(stage, madrid, next(here), row)
    for row in IN_TURKEY:
        course(stage, istanbul, next(there), row)
    _before_a_course(stage, madrid, here)
    _before_a_course(stage, istanbul, there, few=True)
    _long_ago(stage, madrid, next(here))
    for talk in COMING:
        meet(stage, madrid, next(here), talk, _signed_plan)
    for talk in (Talk(1, time(12)), Talk(6, time(10, 30))):
        meet(stage, istanbul, next(there), talk, _signed_plan)
    _meetings(stage, madrid)
    _papers(stage)


def course(stage: Stage, team: Team, person: Person, row: Course) -> None:
    """From the first visit to the last session that has come by now."""
    if row.mail:
        person = replace(person, email=f"{_plain(person)}@{row.mail}")
    on = stage.open_day(team.site, row.first)

    def decide(patient: Patient, doctor: User) -> None:
        version = _plan_for(patient, doctor, row)
        if row.revised:
            revise_plan(doctor, plan_id=version.plan_id)
            version = care.sign(doctor, version.plan)
        consents.signed(doctor, version, paper=row.paper)
        _later(stage, 20, lambda: book(version))

    def book(version: PlanVersion) -> None:
        series = visits.book_course(team.desk, version, on, row.at, team.doctors[row.doctor])
        perform(stage, team, series, row.twist)
        if row.withdraws_on is not None:
            day = stage.open_day(team.site, row.withdraws_on)
            stage.at(team.site, day, time(12, 10), lambda: _withdraw(team, version))

    meet(stage, team, person, Talk(row.first - LEAD_DAYS, _talk_time(row), row.doctor), decide)


def _others(stage: Stage) -> Iterator[Course]:
    """Ordinary courses that fill the other days of the week."""
    for number in range(10):
        weeks, doctor = stage.random.choice((3, 2, 2, 1, 1, 0)), number % 2
        first = OTHER_DAYS[number % len(OTHER_DAYS)] - 7 * weeks
        protocol, sessions = stage.random.choice(USUAL)
        yield Course(first, stage.random.choice(HOURS[doctor]), doctor, protocol, sessions)


def _before_a_course(stage: Stage, team: Team, folk: Iterator[Person], *, few: bool = False) -> None:
    """Those who are not treated yet, or will not be."""
    wishes: list[tuple[Talk, Then]] = [
        (Talk(-2, time(10), 0), _draft_plan),
        (Talk(-6, time(11), 0), _signed_plan),
        (Talk(-4, time(10, 30), 0), _signed_and_offered),
    ]
    if not few:
        wishes += [
            (Talk(-1, time(17, 30), 1), _draft_plan),
            (Talk(-3, time(12), 0), _signed_plan),
            (Talk(-8, time(16), 1), _signed_plan),
            (Talk(-10, time(9), 0), _refused),
            (Talk(-9, time(15), 0), _stopped),
            (Talk(-5, time(15, 30), 0), _not_now),
            (Talk(-11, time(19), 1), _pregnant),
            (Talk(-2, time(13, 30), 0), _begun),
            (Talk(-7, time(18, 30), 1), _asks_first),
        ]
    for talk, then in wishes:
        meet(stage, team, next(folk), talk, then)
    for days in (-1, -6):
        person = next(folk)
        stage.at(team.site, stage.open_day(team.site, days), time(13, 5), partial(_register, team, person))


def _long_ago(stage: Stage, team: Team, person: Person) -> None:
    """A course of last year, whose consent is over; the patient comes back today for photographs."""
    row = Course(LONG_AGO, time(10, 30), 0, "P1", 4)
    kept: list[PlanVersion] = []

    def decide(patient: Patient, doctor: User) -> None:
        version = _plan_for(patient, doctor, row)
        consents.signed(doctor, version, paper=False)
        kept.append(version)
        on = stage.open_day(team.site, row.first)
        _later(stage, 20, lambda: perform(stage, team, _book(team, version, on, row), NOTHING_UNUSUAL))

    def come_back() -> None:
        endings.expire(team.doctors[0], kept[0])
        patient = kept[0].plan.patient
        talk = Talk(0, time(10, 45), 0, early=-240, kind=VisitKind.ASSESSMENT)
        come_again(stage, team, patient, talk, lambda patient, doctor: None)

    meet(stage, team, person, Talk(LONG_AGO - LEAD_DAYS, time(10)), decide)
    stage.at(team.site, stage.open_day(team.site, -9), time(11, 40), come_back)


def _book(team: Team, version: PlanVersion, on: date, row: Course) -> Series:
    return visits.book_course(team.desk, version, on, row.at, team.doctors[row.doctor])


def _plan_for(patient: Patient, doctor: User, row: Course) -> PlanVersion:
    over = {"antiplatelet": "single"} if patient.pk % 9 == 0 else {}
    seen = care.consult(doctor, patient, **over)
    return care.sign(doctor, care.plan(doctor, seen, row.protocol, row.sessions))


def _draft_plan(patient: Patient, doctor: User) -> None:
    care.plan(doctor, care.consult(doctor, patient), "P5")


def _signed_plan(patient: Patient, doctor: User) -> None:
    care.sign(doctor, care.plan(doctor, care.consult(doctor, patient), "P1"))


def _signed_and_offered(patient: Patient, doctor: User) -> None:
    consents.offered(doctor, care.sign(doctor, care.plan(doctor, care.consult(doctor, patient), "P5")))


def _asks_first(patient: Patient, doctor: User) -> None:
    version = care.sign(doctor, care.plan(doctor, care.consult(doctor, patient), "P8"))
    ask_first(doctor, consent_id=consents.shown(doctor, version).pk)


def _refused(patient: Patient, doctor: User) -> None:
    consents.refused(doctor, care.sign(doctor, care.plan(doctor, care.consult(doctor, patient), "P1")))


def _stopped(patient: Patient, doctor: User) -> None:
    version = care.sign(doctor, care.plan(doctor, care.consult(doctor, patient), "P8"))
    endings.stop_plan(doctor, version, "The patient prefers tablets.")


def _not_now(patient: Patient, doctor: User) -> None:
    care.consult(doctor, patient, scalp_infection="bacterial")


def _pregnant(patient: Patient, doctor: User) -> None:
    care.consult(doctor, patient, bp_sys="176", bp_dia="104")


def _begun(patient: Patient, doctor: User) -> None:
    care.leave_draft(doctor, patient)


def _withdraw(team: Team, version: PlanVersion) -> None:
    consents.withdrawn(team.desk, version)
    endings.stop_plan(team.doctors[0], version, "The patient withdrew the consent.")


def _register(team: Team, person: Person) -> None:
    register(team.desk, team.site, person)


def _meetings(stage: Stage, team: Team) -> None:
    """The doctors meet once a week, on the first day after the middle one on which all of them work."""
    after = (stage.day + timedelta(days=more) for more in range(1, 8))
    first = next(on for on in after if all(works_on(doctor, team.site, on) for doctor in team.doctors))

    def plan() -> None:
        for week in (-3, -2, -1, 0, 1, 3):
            on = first + timedelta(days=7 * week)
            if stage.open_day(team.site, (on - stage.day).days) == on:
                for doctor in team.doctors:
                    visits.block(team.desk, doctor, team.site, datetime.combine(on, time(13)), "Case meeting")

    stage.at(team.site, stage.day - timedelta(days=33), time(9), plan)


def _papers(stage: Stage) -> None:
    for days in range(-30, 1):
        on = stage.day + timedelta(days=days)
        stage.at(stage.clinic.madrid.site, on, time(18, 30), lambda: ledger.hand_over_papers(clock.now()))


def _later(stage: Stage, minutes: int, deed: Deed) -> None:
    stage.timeline.at(clock.now() + timedelta(minutes=minutes), deed)


def _talk_time(row: Course) -> time:
    return time(row.at.hour, 0)


def _plain(person: Person) -> str:
    return "".join(each for each in person.phone if each.isdigit())
