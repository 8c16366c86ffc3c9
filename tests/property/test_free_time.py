"""A place is offered exactly when everything that the visit needs is there, across both clock changes."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from itertools import islice, pairwise

from hypothesis import given
from hypothesis import strategies as st

from sessions.rules.free_time import (
    Blocked,
    ClinicTime,
    OpenTime,
    Place,
    Taken,
    Wish,
    Worker,
    broken_by,
    free_places,
    place_at,
)
from tests.property.clinics import ANYTIME, NIGHTS, SLOT, clinics, first_day, fits, legal, numbers, starts_of

WISHES = st.builds(
    Wish,
    earliest=st.sampled_from([time.min, time(1, 30), time(9, 30), time(14)]),
    latest=st.sampled_from([time.max, time(2), time(10), time(23)]),
    clinician_id=st.sampled_from([None, 1, 2]),
    room_id=st.sampled_from([None, 1]),
)
OFFSETS = st.integers(0, 12)


def clock_change(clinic: ClinicTime) -> datetime:
    """The first change of the clocks within a fortnight, else the day after."""
    hours = [clinic.now + timedelta(hours=hour) for hour in range(14 * 24)]
    changed = (
        later
        for earlier, later in pairwise(hours)
        if earlier.astimezone(clinic.zone).utcoffset() != later.astimezone(clinic.zone).utcoffset()
    )
    return next(changed, clinic.now + timedelta(days=1))


@given(clinic=clinics(), later=OFFSETS, wish=WISHES)
def test_exactly_the_times_that_fit_are_offered_earliest_first(clinic, later, wish):
    day = first_day(clinic) + timedelta(days=later)
    found = list(free_places(clinic, day, wish))
    assert [place.starts_at for place in found] == [
        moment for moment in starts_of(clinic, day, wish) if fits(clinic, moment, wish)
    ]
    assert all(legal(clinic, place) for place in found)
    assert all(earlier.starts_at < other.starts_at for earlier, other in pairwise(found))


@given(clinic=clinics(), later=OFFSETS)
def test_the_order_of_people_rooms_and_devices_changes_no_time(clinic, later):
    day = first_day(clinic) + timedelta(days=later)
    turned = replace(
        clinic,
        workers=clinic.workers[::-1],
        rooms=clinic.rooms[::-1],
        devices=clinic.devices[::-1],
        busy=dict(reversed(clinic.busy.items())),
    )
    assert [place.starts_at for place in free_places(turned, day, ANYTIME)] == [
        place.starts_at for place in free_places(clinic, day, ANYTIME)
    ]


@given(clinic=clinics(), minutes=st.integers(0, 13 * 24 * 60))
def test_a_time_chosen_by_hand_is_judged_like_any_other(clinic, minutes):
    moment = clinic.now + timedelta(minutes=minutes)
    assert isinstance(place_at(clinic, moment, ANYTIME), Place) == fits(clinic, moment, ANYTIME)


@given(clinic=clinics(NIGHTS), minutes=st.integers(-90, 90))
def test_no_place_leaves_its_hours_while_the_clocks_change(clinic, minutes):
    worker = replace(clinic.workers[0], week=clinic.opening, absences=())
    empty = replace(clinic, workers=(worker,), closures={}, busy={}, needs_device=False)
    moment = clock_change(empty) + timedelta(minutes=minutes)
    assert isinstance(place_at(empty, moment, ANYTIME), Place) == fits(empty, moment, ANYTIME)


@given(clinic=clinics(), later=OFFSETS)
def test_taking_more_never_frees_a_time(clinic, later):
    day = first_day(clinic) + timedelta(days=later)
    before = {place.starts_at for place in free_places(clinic, day, ANYTIME)}
    for place in list(free_places(clinic, day, ANYTIME))[:1]:
        seconds = SLOT * 60
        slots = range(int(place.starts_at.timestamp()) // seconds, -(-int(place.ends_at.timestamp()) // seconds))
        key = ("clinician", place.clinician.id)
        fuller = replace(clinic, busy={**clinic.busy, key: Taken.of({*numbers(clinic, *key), *slots})})
        assert {each.starts_at for each in free_places(fuller, day, ANYTIME)} <= before


def spans(place: Place) -> tuple[tuple[datetime, datetime], Worker, tuple[datetime, datetime]]:
    return (place.starts_at, place.ends_at), place.clinician, (place.clinician_from, place.clinician_to)


@given(clinics(), OFFSETS)
def test_a_visit_breaks_only_when_its_site_closes_or_its_clinician_goes(clinic, offset):
    day = first_day(clinic) + timedelta(days=offset)
    times = OpenTime(clinic.zone, clinic.opening, clinic.closures)
    for place in islice(free_places(clinic, day, ANYTIME), 3):
        visit, worker, work = spans(place)
        assert broken_by(times, visit, worker, work) is None
        closed = replace(times, closures={**clinic.closures, day: "Works"})
        assert broken_by(closed, visit, worker, work) is Blocked.CLOSED_DAY
        assert broken_by(replace(times, opening={}), visit, worker, work) is Blocked.CLOSED_DAY
        later = replace(times, opening={day.weekday(): ((time(23, 59), time.max),)})
        assert broken_by(later, visit, worker, work) is Blocked.CLOSED_HOUR
        away = replace(worker, absences=((day, day),))
        assert broken_by(times, visit, away, work) is Blocked.ABSENT
        assert broken_by(times, visit, replace(worker, week={}), work) is Blocked.NOT_WORKING
        assert broken_by(times, visit, None, work) is Blocked.NOT_WORKING
