"""A clinic of size, day after day from its first to its last; what a day needs in memory does not grow with it."""

from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from random import Random
from typing import Any

from mesoclinic import jobs
from mesoclinic.sites import VisitKind
from patients.models import Notice, Patient, PatientSite, PlanVersion
from sessions.demo.scale.batch import Batch, Values
from sessions.demo.scale.care import RECIPES, Care, Planned
from sessions.demo.scale.diary import QUARTERS, Diary, Slot
from sessions.demo.scale.people import People
from sessions.demo.scale.place import DOCTORS, NAME, Place, days_of, make_place
from sessions.demo.scale.visits import Visits
from sessions.demo.timeline import Timeline, own_clock
from sessions.models import Booking, LotUse
from sessions.queries.series import course_of

YEAR, AHEAD_SHARE = 365, 12
KNOWN_BEFORE, TALKS = 0.4, 0.2
COURSE_SHARE, NOT_KEPT, CANCELLED = 0.65, 0.04, 0.02
# How much of a doctor's day courses may take, and all visits together.
BUSY, FULL = 0.8, 0.92
EVENING, MORNING = time(21), time(7, 30)
AT_ONCE = 1000
OTHER_KINDS = (VisitKind.ASSESSMENT, VisitKind.ASSESSMENT, VisitKind.OTHER)
# SQLite compares with no more at once.
LOOKED_UP = 900
COLUMNS = tuple(each.attname for each in Patient._meta.concrete_fields if not each.primary_key)
UNSAID = {each.attname: each.get_default() for each in Patient._meta.concrete_fields}
Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Size:
    """How large a clinic is to be, and which one of that size."""

    patients: int
    appointments: int
    years: int
    seed: int


class TooMuch(ValueError):
    """So many appointments do not fit into these years; the text says how many do."""


def seed_scale(size: Size, *, until: datetime, tell: Tell) -> None:
    """Make the clinic as it stands at `until`: years before it, and a twelfth of them ahead of it.

    `tell` hears of each step how many patients and appointments there are. Every step is a transaction of its own,
    so that one that is stopped leaves a database to be thrown away.
    """
    with own_clock() as timeline, jobs.unqueued():
        span = timedelta(days=size.years * YEAR)
        first = (until - span * (AHEAD_SHARE - 1) / AHEAD_SHARE).date()
        place = make_place(timeline, first, (until + span / AHEAD_SHARE).date())
        days = days_of(place, first, (until + span / AHEAD_SHARE).date())
        _fits(size, days)
        Years(size, place, timeline, until, days, tell).live()


def _fits(size: Size, days: list[date]) -> None:
    most = int(len(days) * len(DOCTORS) * QUARTERS * FULL)
    if size.appointments > most:
        raise TooMuch(f"Into {size.years} years fit {most:,} appointments with {len(DOCTORS)} doctors at {NAME}.")


@dataclass(slots=True)
class Years:
    """The years of one clinic; `live` goes through their days in order."""

    size: Size
    place: Place
    timeline: Timeline
    until: datetime
    days: list[date]
    tell: Tell
    luck: Random = field(init=False)
    people: People = field(init=False)
    diary: Diary = field(init=False)
    batch: Batch = field(default_factory=Batch)
    care: Care = field(init=False)
    visits: Visits = field(init=False)
    _indexes: "array[int]" = field(default_factory=lambda: array("q"))
    _keys: "array[int]" = field(default_factory=lambda: array("q"))
    _ahead: dict[date, int] = field(default_factory=dict)
    _placed: int = 0
    _begun: int = 0
    _talks: int = 0
    _newest: int = -1

    def __post_init__(self) -> None:
        self.luck = Random(self.size.seed)
        self.people = People(self.size.seed, self.until.date())
        self.diary = Diary(self.days, len(self.place.doctors))
        self.care = Care(self.place, self.batch)
        self.visits = Visits(self.place, self.batch, self.until, self.luck)
        known = set(Patient.objects.values_list("record_number", flat=True))
        self._indexes.extend(self.people.numbers(self.size.patients, known))

    def live(self) -> None:
        """Every day in its turn."""
        weights = [self._weight(day) for day in self.days]
        whole, so_far = sum(weights), 0.0
        past = sum(self._is_past(day) for day in self.days)
        for number, (day, weight) in enumerate(zip(self.days, weights, strict=True), start=1):
            so_far += weight
            if not self.batch.rows[Booking]:
                self._register(day, min(1.0, KNOWN_BEFORE + (1 - KNOWN_BEFORE) * number / past))
            self._fill(day, round(self.size.appointments * so_far / whole), self.size.appointments * weight / whole)
            self.diary.forget(day)
            ends = number == len(self.days) or self.days[number].month != day.month
            if ends or len(self.batch.rows[Booking]) >= AT_ONCE:
                self._save(day)

    def _weight(self, day: date) -> float:
        """Ahead fewer and fewer visits are booked yet."""
        left = (day - self.until.date()).days / (self.days[-1] - self.until.date()).days
        return 1.0 if left <= 0 else 1 - 0.7 * left

    def _is_past(self, day: date) -> bool:
        return day <= self.until.date()

    def _register(self, day: date, share: float) -> None:
        wanted = self.size.patients if day >= self.until.date() else int(self.size.patients * share)
        while len(self._keys) < wanted:
            self.timeline.set(min(datetime.combine(day, MORNING, self.place.site.zone), self.until))
            self._register_some(day, min(wanted, len(self._keys) + AT_ONCE))
            self.tell(len(self._keys), self._begun)

    def _register_some(self, day: date, wanted: int) -> None:
        at = min(datetime.combine(day, MORNING, self.place.site.zone), self.until)
        batch, numbers = Batch(), []
        for index in self._indexes[len(self._keys) : wanted]:
            numbers.append(self.people.record_number(index))
            batch.add_plain(Patient, partial(_columns, {**UNSAID, **self.people[index], "registered_at": at}))
        batch.then(Patient, lambda: self._link(batch, numbers, at))
        batch.save()

    def _link(self, batch: Batch, numbers: list[str], at: datetime) -> None:
        """Those who were just registered are found again by their record numbers, and belong to the site."""
        found: dict[str, int] = {}
        for first in range(0, len(numbers), LOOKED_UP):
            some = Patient.objects.filter(record_number__in=numbers[first : first + LOOKED_UP])
            found |= dict(some.values_list("record_number", "pk"))
        for number in numbers:
            self._keys.append(found[number])
            batch.add_plain(PatientSite, partial(_values, found[number], self.place.site.pk, at))

    def _fill(self, day: date, wanted: int, of_day: float) -> None:
        """First consultations, from which courses follow, and then other visits until the day has enough."""
        self._begun += self._ahead.pop(day, 0)
        talks = round(wanted * TALKS)
        while self._talks < talks and self._placed < self.size.appointments and self._talk(day, of_day):
            self._talks += 1
        tries = 0
        while self._begun < wanted and self._placed < self.size.appointments and tries < QUARTERS * len(DOCTORS):
            tries += 1
            self._other(day)

    def _talk(self, day: date, of_day: float) -> bool:
        """The next of the registered comes for the first time; whoever has been here comes for something else."""
        share = self._talks / max(self.size.appointments * TALKS, 1)
        number = min(int(self.size.patients * share), len(self._keys) - 1)
        slot = self.diary.emptiest(day, self.luck.randrange(QUARTERS))
        if slot is None:
            return False
        if number <= self._newest:
            self._other(day)
            return True
        self._newest = number
        patient, at = self._patient(number), self.visits.starts_at(slot)
        self._take(slot, number)
        lost = self._lost()
        if lost or at + timedelta(minutes=30) > self.until:
            self.visits.book(slot, VisitKind.CONSULTATION, patient, self._called(at), lost=lost)
            return True
        seen = self.care.consult(patient, self.place.doctors[slot.lane], at, self.luck)
        consultation = seen.consultation
        self.visits.book(slot, VisitKind.CONSULTATION, patient, self._called(at), consultation=consultation)
        if seen.suitable and self.luck.random() < COURSE_SHARE:
            protocol, sessions = self.luck.choice(RECIPES)
            slots = self._course(number, slot, protocol, sessions, of_day)
            planned = self.care.plan(seen, protocol, sessions) if slots else None
            if planned is not None:
                self._begin(planned, slots, number)
        return True

    def _course(self, patient: int, slot: Slot, protocol: str, sessions: int, of_day: float) -> list[Slot]:
        """A slot for every session, as long as no more appointments come of it than were asked for."""
        left = self.size.appointments - self._placed - (self.size.appointments * TALKS - self._talks)
        if left < sessions:
            return []
        version = PlanVersion(release=self.place.release, protocol=protocol, session_count=sessions)
        most = max(1, round(BUSY * of_day / len(self.place.doctors)))
        quarter = self.luck.randrange(QUARTERS)
        return self.diary.course(patient, slot.lane, quarter, slot.on, course_of(version).intervals, most)

    def _begin(self, planned: Planned, slots: list[Slot], patient: int) -> None:
        for slot in slots:
            self.diary.take(slot, patient)
            self._ahead[slot.on] = self._ahead.get(slot.on, 0) + 1
        self._placed += len(slots)
        lost = self.luck.randrange(1, len(slots) + 1) if self.luck.random() < CANCELLED * 5 else None
        self.visits.book_series(planned, slots, lost)

    def _other(self, day: date) -> None:
        """Somebody who is known comes for something else."""
        slot = self.diary.emptiest(day, self.luck.randrange(QUARTERS))
        number = self.luck.randrange(len(self._keys))
        if slot is None or number in self.diary.expected[day]:
            return
        self._take(slot, number)
        at = self.visits.starts_at(slot)
        self.visits.book(
            slot, self.luck.choice(OTHER_KINDS), self._patient(number), self._called(at), lost=self._lost()
        )

    def _take(self, slot: Slot, patient: int) -> None:
        self.diary.take(slot, patient)
        self._placed, self._begun = self._placed + 1, self._begun + 1

    def _lost(self) -> str:
        chance = self.luck.random()
        if chance < CANCELLED:
            return Booking.State.CANCELLED
        return Booking.State.NO_SHOW if chance < CANCELLED + NOT_KEPT else ""

    def _called(self, at: datetime) -> datetime:
        """Some days before, and not later than now."""
        return min(at - timedelta(days=self.luck.randrange(1, 20)), self.until)

    def _patient(self, number: int) -> Patient:
        return Patient(pk=self._keys[number], **self.people[self._indexes[number]])

    def _save(self, day: date) -> None:
        self.timeline.set(min(datetime.combine(day, EVENING, self.place.site.zone), self.until))
        self.batch.then(Notice, self.visits.flush_messages)
        self.batch.then(LotUse, self.visits.stock.settle)
        self.batch.save()
        self.tell(len(self._keys), self._begun)


def _columns(person: dict[str, Any]) -> Values:
    return tuple(person[name] for name in COLUMNS)


def _values(*values: object) -> Values:
    return values
