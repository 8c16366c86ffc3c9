"""The planner is exact, keeps every hard rule, and without wishes it plans the dates of the SD rules."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from protocols.rules.kinds.schedule import Interval as IntervalRow
from protocols.rules.kinds.schedule import Protocol
from sessions.rules.free_time import ClinicTime, Length, Thing, Wish, Worker, free_places
from sessions.rules.planner import plan_series
from sessions.rules.planner_days import free_minutes
from sessions.rules.schedule import Closed, CourseState, plan_course
from sessions.rules.series_places import Course, Interval, Pick, Preferences, Why
from tests.builders.facts import shipped
from tests.property.clinics import DAYS, clinics, first_day, legal
from tests.property.series_cases import Times, cost_of, every_series, placeable, series_of, window

SPAN = 4
SHORT = (Interval(2, 3, 5, 1, 10), Interval(1, 2, 3, 0, 6), Interval(3, 7, 8, 1, 16))
WEEKDAYS = st.frozensets(st.integers(0, 6), max_size=3)
HOURS = ((time.min, time.max), (time(9, 30), time.max), (time.min, time(10)), (time(14), time(15)))


@st.composite
def asked(draw, weekdays=WEEKDAYS) -> tuple[ClinicTime, Course, Preferences]:
    """A short course, perhaps begun, in any clinic, with any wishes."""
    clinic = draw(clinics(DAYS))
    start = first_day(clinic) + timedelta(days=draw(st.integers(0, 6)))
    intervals = tuple(draw(st.lists(st.sampled_from(SHORT), min_size=1, max_size=2)))
    done = (start - timedelta(days=draw(st.integers(0, 6))),) if draw(st.booleans()) else ()
    earliest, latest = draw(st.sampled_from(HOURS))
    wishes = Preferences(start, draw(weekdays), earliest, latest, draw(st.sampled_from([None, 1, 2])))
    return clinic, Course(intervals, done, draw(st.frozensets(st.integers(2, 3), max_size=1))), wishes


def planned(clinic, course, wishes):
    return plan_series(clinic, course, wishes, search_days=SPAN, choices=3)


def local_day(clinic, place) -> date:
    return place.starts_at.astimezone(clinic.zone).date()


@given(clinic=clinics(), later=st.integers(0, 12), clinician=st.sampled_from([None, 1, 2]))
def test_a_day_seen_at_once_has_the_times_of_one_seen_step_by_step(clinic, later, clinician):
    day = first_day(clinic) + timedelta(days=later)
    found = free_minutes(clinic, day, clinician)

    def walls(wish):
        local = (place.starts_at.astimezone(clinic.zone) for place in free_places(clinic, day, wish))
        return [moment.hour * 60 + moment.minute for moment in local]

    assert list(found) == walls(Wish())
    assert [minute for minute, liked in found.items() if liked] == walls(Wish(clinician_id=clinician))


@given(case=asked(weekdays=WEEKDAYS.filter(bool)))
def test_no_other_series_is_better(case):
    clinic, course, wishes = case
    times = Times(clinic, wishes)
    best = min((cost_of(course, each) for each in every_series(course, times, SPAN)), default=None)
    found = planned(clinic, course, wishes)
    assert found.complete == (best is not None)
    if best is not None:
        assert cost_of(course, series_of(found, times)) == best


@given(case=asked())
def test_every_hard_rule_is_kept_and_no_session_is_lost(case):
    clinic, course, wishes = case
    found = planned(clinic, course, wishes)
    assert found == planned(clinic, course, wishes)
    assert [each.ordinal for each in found.sessions] == list(range(len(course.done) + 1, course.count + 1))
    previous = course.done[-1] if course.done else None
    for each in found.placed:
        day = local_day(clinic, each.place)
        assert legal(clinic, each.place)
        assert day in window(course, wishes, each.ordinal, previous, SPAN)
        assert each.gap_days == ((day - previous).days if previous else None)
        previous = day
    assert all(day < first_day(clinic) + timedelta(days=6) for day in course.done)


@settings(max_examples=20)
@given(case=asked())
def test_a_session_without_a_place_says_why_and_what_an_override_would_allow(case):
    clinic, course, wishes = case
    found = planned(clinic, course, wishes)
    assume(not found.complete)
    reached = len(found.placed)
    assert all(each.place is None for each in found.sessions[reached:])
    assert found.sessions[reached].why in {Why.SHUT, Why.ABSENT, Why.WINDOW, Why.LATE, Why.LAPSED}
    assert {each.why for each in found.sessions[reached + 1 :]} <= {Why.FOLLOWS}
    assert reached == placeable(course, Times(clinic, wishes), SPAN)
    first = found.sessions[reached]
    for place in first.choices:
        assert legal(clinic, place)
        assert local_day(clinic, place) > first.window.latest or first.ordinal in course.overridden


@given(case=asked())
def test_another_choice_for_one_session_leaves_the_rest_legal(case):
    clinic, course, wishes = case
    found = planned(clinic, course, wishes)
    days = [*course.done[-1:], *(local_day(clinic, each.place) for each in found.placed)]
    begun = len(days) - len(found.placed)
    for number, each in enumerate(found.placed):
        assert len(each.choices) <= 3
        for place in each.choices:
            day = local_day(clinic, place)
            moved = [*days[: begun + number], day, *days[begun + number + 1 :]]
            assert legal(clinic, place)
            assert place.ends_at <= each.place.starts_at or each.place.ends_at <= place.starts_at
            for place_in_course, (before, after) in enumerate(pairwise(moved), start=len(course.done[:-1]) + 2):
                assert after in window(course, wishes, place_in_course, before, SPAN)
            if len(course.done) == 0 and number == 0:
                assert day in window(course, wishes, 1, None, SPAN)


@given(case=asked(), data=st.data())
def test_a_time_chosen_by_hand_stays_when_the_series_goes_with_it(case, data):
    clinic, course, wishes = case
    found = planned(clinic, course, wishes)
    assume(found.complete)
    choices = [(each.ordinal, place) for each in found.sessions for place in each.choices]
    assume(choices)
    ordinal, place = data.draw(st.sampled_from(choices))
    again = planned(clinic, course, replace(wishes, picks={ordinal: Pick(place.starts_at, place.clinician.id)}))
    chosen = again.sessions[ordinal - course.first]
    assert again.complete
    assert (chosen.place.starts_at, chosen.place.clinician, chosen.why) == (
        place.starts_at,
        place.clinician,
        Why.PICKED,
    )


@given(
    protocol=st.sampled_from([each for each in shipped().of(Protocol) if not each.maintenance]),
    start=st.dates(date(2026, 1, 1), date(2031, 12, 31)),
    shut=st.frozensets(st.integers(0, 200), max_size=25),
    weekdays=st.frozensets(st.integers(0, 6), max_size=4),
)
def test_without_wishes_the_dates_are_those_of_the_schedule_rules(protocol, start, shut, weekdays):
    closed = Closed(weekdays, frozenset(start + timedelta(days=each) for each in shut))
    expected = plan_course(CourseState(protocol.id, start, start=start, closed=closed), shipped()).sessions
    assume(expected)
    rows = [shipped().row(IntervalRow, each) for each in protocol.intervals]
    course = Course(
        tuple(Interval(each.min_days, each.target_days, each.max_days, each.tolerance_days) for each in rows)
    )
    found = plan_series(open_clinic(start, closed), course, Preferences(start), search_days=28, choices=3)
    assert tuple(local_day(open_clinic(start, closed), each.place) for each in found.sessions) == expected


def test_the_worst_deviation_counts_before_the_sum_of_all():
    """Twice two days off, in all four, is better than once three."""
    start, opened = date(2026, 1, 5), {0, 2, 7, 14}
    closed = Closed(dates=frozenset(start + timedelta(days=each) for each in set(range(20)) - opened))
    wishes = Preferences(start, weekdays=frozenset(range(7)))
    course = Course((Interval(2, 5, 8), Interval(2, 5, 8)))
    found = plan_series(open_clinic(start, closed), course, wishes, search_days=1, choices=0)
    assert [(local_day(open_clinic(start, closed), each.place) - start).days for each in found.sessions] == [0, 7, 14]


def open_clinic(start: date, closed: Closed, zone: str = "Europe/Madrid") -> ClinicTime:
    """Nothing is taken; open every day that is not closed."""
    week = {day: ((time(9), time(11)),) for day in range(7) if day not in closed.weekdays}
    return ClinicTime(
        zone=ZoneInfo(zone),
        now=datetime.combine(start, time(), UTC) - timedelta(days=1),
        opening=week,
        closures=dict.fromkeys(closed.dates, "closed"),
        workers=(Worker(1, "Dr 1", week),),
        rooms=(Thing(1, "Room 1"),),
        devices=(),
        length=Length(15, 30, 15),
        needs_room=True,
        needs_device=False,
        patient_id=7,
        busy={},
        slot_minutes=5,
        step_minutes=15,
    )
