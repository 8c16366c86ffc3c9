"""A place is offered exactly when everything that the visit needs is there, across both clock changes."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise, product

from hypothesis import given
from hypothesis import strategies as st

from sessions.rules.free_time import (
    Blocked,
    ClinicTime,
    OpenTime,
    Place,
    Wish,
    Worker,
    broken_by,
    free_places,
    place_at,
)
from tests.property.clinics import NIGHTS, SLOT, clinics, first_day

ANYTIME = Wish()
WISHES = st.builds(
    Wish,
    earliest=st.sampled_from([time.min, time(1, 30), time(9, 30), time(14)]),
    latest=st.sampled_from([time.max, time(2), time(10), time(23)]),
    clinician_id=st.sampled_from([None, 1, 2]),
    room_id=st.sampled_from([None, 1]),
)
OFFSETS = st.integers(0, 12)


def hours_of(week, day: date) -> tuple[tuple[time, time], ...]:
    return week.get(day.weekday(), ())


def open_all_along(week, starts_at: datetime, ends_at: datetime, zone) -> bool:
    """Whether a visit begins and ends in one stretch of that day on the wall, before that ends for the first time."""
    begins, ends = starts_at.astimezone(zone), ends_at.astimezone(zone)
    if begins.date() != ends.date():
        return False
    return any(
        opens <= begins.time()
        and ends.time() <= closes
        and ends_at.timestamp() <= datetime.combine(begins.date(), closes, zone).timestamp()
        for opens, closes in hours_of(week, begins.date())
    )


def free(clinic: ClinicTime, kind: str, number: int, starts_at: datetime, ends_at: datetime) -> bool:
    slots = clinic.busy.get((kind, number), frozenset())
    seconds = SLOT * 60
    return not any(
        slot * seconds < ends_at.timestamp() and starts_at.timestamp() < (slot + 1) * seconds for slot in slots
    )


def works(clinic: ClinicTime, worker: Worker, starts_at: datetime, ends_at: datetime) -> bool:
    day = starts_at.astimezone(clinic.zone).date()
    away = any(first <= day <= last for first, last in worker.absences)
    return not away and open_all_along(worker.week, starts_at, ends_at, clinic.zone)


def fits(clinic: ClinicTime, starts_at: datetime, wish: Wish) -> bool:
    """Told anew from the parts: any clinician, room and device that are all free will do."""
    ends_at = starts_at + clinic.length.total
    begins = starts_at + timedelta(minutes=clinic.length.preparation)
    ends = begins + timedelta(minutes=clinic.length.clinician)
    day = starts_at.astimezone(clinic.zone).date()
    if starts_at < clinic.now or day in clinic.closures:
        return False
    if not open_all_along(clinic.opening, starts_at, ends_at, clinic.zone):
        return False
    if clinic.patient_id is not None and not free(clinic, "patient", clinic.patient_id, starts_at, ends_at):
        return False
    workers = [each for each in clinic.workers if wish.clinician_id in (None, each.id)]
    rooms = [each for each in clinic.rooms if wish.room_id in (None, each.id)] if clinic.needs_room else [None]
    devices = clinic.devices if clinic.needs_device else [None]
    return any(
        works(clinic, worker, begins, ends)
        and free(clinic, "clinician", worker.id, begins, ends)
        and (room is None or free(clinic, "room", room.id, starts_at, ends_at))
        and (device is None or free(clinic, "device", device.id, begins, ends))
        for worker, room, device in product(workers, rooms, devices)
    )


def starts_of(clinic: ClinicTime, day: date, wish: Wish) -> Iterator[datetime]:
    """Each step of each stretch that exists on the wall, the first time it comes round."""
    for opens, closes in hours_of(clinic.opening, day):
        wall = datetime.combine(day, opens)
        while wall.date() == day and wall.time() < closes:
            moment = wall.replace(tzinfo=clinic.zone).astimezone(UTC)
            if (
                moment.astimezone(clinic.zone).replace(tzinfo=None) == wall
                and wish.earliest <= wall.time() <= wish.latest
            ):
                yield moment
            wall += timedelta(minutes=clinic.step_minutes)


def legal(clinic: ClinicTime, place: Place) -> bool:
    """Whether exactly this place, with these people and things, may be booked."""
    only = replace(
        clinic,
        workers=tuple(each for each in clinic.workers if each.id == place.clinician.id),
        rooms=(place.room,) if place.room else (),
        devices=(place.device,) if place.device else (),
    )
    whole = place.ends_at - place.starts_at == clinic.length.total
    parts = place.starts_at <= place.clinician_from <= place.clinician_to <= place.ends_at
    things = (place.room is not None) == clinic.needs_room and (place.device is not None) == clinic.needs_device
    return whole and parts and things and fits(only, place.starts_at, ANYTIME)


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
        fuller = replace(clinic, busy={**clinic.busy, key: clinic.busy.get(key, frozenset()) | frozenset(slots)})
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
