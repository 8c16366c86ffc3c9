"""The objective of the planner as a model of an independent constraint solver (OR-Tools CP-SAT)."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ortools.sat.python import cp_model

from protocols.rules.kinds.schedule import Interval as IntervalRow
from sessions.rules.free_time import ClinicTime, Length, Taken, Thing, Worker
from sessions.rules.series_places import Course, Interval, Preferences
from tests.builders.facts import shipped
from tests.property.clinics import SLOT
from tests.property.series_cases import Cost, Time, Times, cost_of, off

SPAN, SESSIONS, CLINICIANS, ROOMS, STEP = 7, 12, 5, 4, 60
COURSES = (
    ("weekly",) * 7 + ("fortnightly",) * 4,
    ("weekly",) * 11,
    ("weekly",) * 3 + ("fortnightly",) * 8,
    ("weekly",) * 3 + ("fortnightly",) * 2 + ("four_weekly",) * 6,
    ("three_weekly",) * 11,
)
# Days before Christmas, Easter, and each change of the clocks; where half an hour is changed, and where nothing is.
BEFORE = (
    ("Europe/Madrid", date(2026, 12, 10)),
    ("Europe/Madrid", date(2026, 3, 9)),
    ("Europe/London", date(2027, 10, 11)),
    ("America/New_York", date(2026, 2, 23)),
    ("Australia/Lord_Howe", date(2026, 9, 14)),
    ("America/Santiago", date(2026, 8, 24)),
    ("Europe/Istanbul", date(2028, 2, 14)),
)
MORNING, AFTERNOON = (time(9), time(13)), (time(15), time(19))
HOURS = ((MORNING, AFTERNOON), (MORNING, AFTERNOON), (MORNING,), (AFTERNOON,), ())


@dataclass(frozen=True)
class Instance:
    """A course of 12 sessions in a busy clinic of 5 clinicians."""

    clinic: ClinicTime
    course: Course
    preferences: Preferences


def instance(seed: int) -> Instance:
    """The instance of a number, the same wherever it is made."""
    dice = random.Random(seed)
    zone, near = dice.choice(BEFORE)
    start = near + timedelta(days=dice.randrange(14))
    rows = [shipped().row(IntervalRow, each) for each in dice.choice(COURSES)]
    intervals = [Interval(row.min_days, row.target_days, row.max_days, row.tolerance_days) for row in rows]
    earliest, latest = dice.choice([(time.min, time.max), (time.min, time(12)), (time(15), time.max)])
    weekdays = frozenset(dice.sample(range(5), dice.choice([1, 1, 2])))
    wishes = Preferences(start, weekdays, earliest, latest, dice.choice([None, 1, 2]))
    return Instance(clinic(dice, ZoneInfo(zone), start), Course(tuple(intervals)), wishes)


def clinic(dice: random.Random, zone: ZoneInfo, start: date) -> ClinicTime:
    """Five clinicians with hours and holidays of their own, four rooms, closed days in holiday weeks, much taken."""
    week = dict.fromkeys(range(5), (MORNING, AFTERNOON)) | {5: (MORNING,)}
    holidays = {start + timedelta(days=dice.randrange(200)) for _ in range(dice.choice([10, 30]))}
    first = start + timedelta(days=dice.randrange(10, 100))
    holidays |= {first + timedelta(days=more) for more in range(dice.choice([0, 5, 9]))}
    return ClinicTime(
        zone=zone,
        now=datetime.combine(start, time(), zone).astimezone(UTC),
        opening=week,
        closures=dict.fromkeys(holidays, "holiday"),
        workers=tuple(worker(dice, number, start) for number in range(1, CLINICIANS + 1)),
        rooms=tuple(Thing(number, f"Room {number}") for number in range(1, ROOMS + 1)),
        devices=(),
        length=Length(15, 30, 15),
        needs_room=True,
        needs_device=False,
        patient_id=7,
        busy=taken(dice, zone, start),
        slot_minutes=SLOT,
        step_minutes=STEP,
    )


def worker(dice: random.Random, number: int, start: date) -> Worker:
    """Some days of the week, and a fortnight away."""
    week = {day: dice.choice(HOURS) for day in range(6)}
    away = start + timedelta(days=dice.randrange(150))
    return Worker(number, f"Dr {number}", week, ((away, away + timedelta(days=13)),))


def taken(dice: random.Random, zone: ZoneInfo, start: date) -> dict[tuple[str, int], Taken]:
    """Most hours of everybody and every room."""
    things = [("clinician", each) for each in range(1, CLINICIANS + 1)] + [
        ("room", each) for each in range(1, ROOMS + 1)
    ]
    return {thing: Taken.of(slots(dice, zone, start)) for thing in things}


def slots(dice: random.Random, zone: ZoneInfo, start: date) -> Iterator[int]:
    fullness = dice.choice([0.3, 0.6, 0.8, 0.93])
    for more in range(420):
        day = start + timedelta(days=more)
        for hour in (9, 10, 11, 12, 15, 16, 17, 18):
            if dice.random() < fullness:
                first = int(datetime.combine(day, time(hour), zone).timestamp()) // (SLOT * 60)
                yield from range(first, first + 60 // SLOT)


class Model:
    """One boolean for each legal time of each session; the terms of the objective as numbers."""

    def __init__(self, case: Instance) -> None:
        self.case, self.times = case, Times(case.clinic, case.preferences)
        self.model = cp_model.CpModel()
        self.options = [self._options(ordinal) for ordinal in range(1, SESSIONS + 1)]
        self.days = [self._sum(session, lambda each: each.day.toordinal()) for session in self.options]
        self.terms = [*self._deviations(), self._missed(), self._off_weekday(), self._off_minutes(), self._start()]

    def best(self) -> Cost | None:
        """The least cost, term after term; None when no legal series is there."""
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        for term in self.terms:
            self.model.minimize(term)
            status = solver.solve(self.model)
            if status == cp_model.INFEASIBLE:
                return None
            assert status == cp_model.OPTIMAL
            value = round(solver.objective_value)
            self.model.add(term == value)
            self._hint(solver)
        chosen = [next(each for each, taken in session if solver.value(taken)) for session in self.options]
        return cost_of(self.case.course, chosen)

    def _options(self, ordinal: int) -> list[tuple[Time, cp_model.IntVar]]:
        days = self._reachable(ordinal)
        times = [each for day in days for each in self.times.on(day)]
        found = [(each, self.model.new_bool_var(f"{ordinal} {each.day} {each.minute}")) for each in times]
        self.model.add_exactly_one(taken for _, taken in found)
        return found

    def _reachable(self, ordinal: int) -> list[date]:
        """Every day that some choice of the sessions before allows."""
        before = self.case.course.intervals[: ordinal - 1]
        first = self.case.preferences.start + timedelta(days=sum(each.least for each in before))
        last = self.case.preferences.start + timedelta(days=SPAN - 1 + sum(each.most for each in before))
        return [first + timedelta(days=more) for more in range((last - first).days + 1)]

    def _sum(self, session, value):
        return sum(value(each) * taken for each, taken in session)

    def _deviations(self):
        offs = []
        for place, interval in enumerate(self.case.course.intervals):
            gap = self.model.new_int_var(interval.least, interval.most, f"gap {place}")
            counted = self.model.new_int_var(0, interval.most, f"off {place}")
            self.model.add(gap == self.days[place + 1] - self.days[place])
            pairs = [(each, off(interval, each)) for each in range(interval.least, interval.most + 1)]
            self.model.add_allowed_assignments([gap, counted], pairs)
            offs.append(counted)
        worst = self.model.new_int_var(0, max(each.most for each in self.case.course.intervals), "worst")
        self.model.add_max_equality(worst, offs)
        return worst, sum(offs)

    def _missed(self):
        return sum(self._sum(session, lambda each: each.missed) for session in self.options)

    def _off_weekday(self):
        usual = [self.model.new_bool_var(f"usual weekday {weekday}") for weekday in range(7)]
        self.model.add_exactly_one(usual)
        off_it = []
        for session in self.options:
            counted = self.model.new_bool_var("off weekday")
            for weekday, holds in enumerate(usual):
                on_it = sum(taken for each, taken in session if each.day.weekday() == weekday)
                self.model.add(counted + on_it >= 1).only_enforce_if(holds)
            off_it.append(counted)
        return sum(off_it)

    def _off_minutes(self):
        usual = self.model.new_int_var(0, 24 * 60, "usual minute")
        off_it = []
        for session in self.options:
            counted = self.model.new_int_var(0, 24 * 60, "off minute")
            minute = self._sum(session, lambda each: each.minute)
            self.model.add(counted >= minute - usual)
            self.model.add(counted >= usual - minute)
            off_it.append(counted)
        return sum(off_it)

    def _start(self):
        zero = self.case.preferences.start.toordinal()
        return self._sum(self.options[0], lambda each: (each.day.toordinal() - zero) * 24 * 60 + each.minute)

    def _hint(self, solver: cp_model.CpSolver) -> None:
        self.model.clear_hints()
        for session in self.options:
            for _, taken in session:
                self.model.add_hint(taken, solver.value(taken))
