"""Clinics for the planner: any zone, any week, anything taken, around every clock change; and what fits, told anew."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import product
from math import ceil
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from sessions.rules.free_time import ClinicTime, Length, Place, Taken, Thing, Wish, Worker

ANYTIME = Wish()
SLOT = 5
STEP = 30
# A few days before the clocks change by an hour, by half an hour and at midnight; 29 February; where they never do.
STARTS = tuple(
    (ZoneInfo(zone), date.fromisoformat(day))
    for zone, day in (
        ("Europe/Madrid", "2026-03-27"),
        ("Europe/Madrid", "2026-10-23"),
        ("America/New_York", "2026-03-06"),
        ("America/New_York", "2026-10-30"),
        ("Australia/Lord_Howe", "2026-04-03"),
        ("Australia/Lord_Howe", "2026-10-02"),
        ("America/Santiago", "2026-04-03"),
        ("America/Santiago", "2026-09-04"),
        ("Europe/Madrid", "2028-02-25"),
        ("Asia/Tokyo", "2026-06-08"),
    )
)
# Nobody works at night, but no rule of time may break there either.
NIGHTS = (((time(0), time(4)),), ((time(1), time(2, 30)),), ((time(1, 30), time(3, 15)),))
DAYS = ((), ((time(9), time(11)),), ((time(9, 15), time(10, 30)), (time(14), time(15, 30))))
ANY = (*DAYS, *NIGHTS, ((time(23), time(23, 59)),))
PEOPLE = st.integers(1, 2)


def weeks(stretches) -> st.SearchStrategy:
    return st.fixed_dictionaries({day: st.sampled_from(stretches) for day in range(7)})


@st.composite
def clinics(draw, stretches=ANY) -> ClinicTime:
    """A clinic some days before or in a week that matters, with things taken in the weeks from then on."""
    zone, first = draw(st.sampled_from(STARTS))
    workers = tuple(
        Worker(number, f"Dr {number}", draw(weeks(stretches)), draw(absences(first)))
        for number in range(1, draw(PEOPLE) + 1)
    )
    rooms = tuple(Thing(number, f"Room {number}") for number in range(1, draw(PEOPLE) + 1))
    devices = tuple(Thing(number, f"Device {number}") for number in range(1, draw(PEOPLE) + 1))
    opened = draw(weeks(stretches))
    return ClinicTime(
        zone=zone,
        now=datetime.combine(first, time(draw(st.sampled_from([0, 10]))), zone).astimezone(UTC),
        opening=opened,
        closures={first + timedelta(days=off): "closed" for off in draw(st.frozensets(st.integers(0, 42), max_size=8))},
        workers=workers,
        rooms=rooms,
        devices=devices,
        length=Length(draw(st.sampled_from([0, 15])), draw(st.sampled_from([15, 30])), draw(st.sampled_from([0, 20]))),
        needs_room=draw(st.booleans()),
        needs_device=draw(st.booleans()),
        patient_id=draw(st.sampled_from([None, 7])),
        busy=draw(taken(first, zone)),
        slot_minutes=SLOT,
        step_minutes=STEP,
    )


def first_day(clinic: ClinicTime) -> date:
    """The day on which such a clinic begins."""
    return clinic.now.astimezone(clinic.zone).date()


@st.composite
def absences(draw, first: date) -> tuple[tuple[date, date], ...]:
    starts = draw(st.lists(st.integers(-5, 30), max_size=2))
    return tuple(
        (first + timedelta(days=start), first + timedelta(days=start + draw(st.integers(0, 6)))) for start in starts
    )


@st.composite
def taken(draw, first: date, zone: ZoneInfo) -> dict[tuple[str, int], Taken]:
    """Up to a dozen visits of anybody anywhere, as five-minute slots."""
    kinds = [("clinician", 1), ("clinician", 2), ("room", 1), ("room", 2), ("device", 1), ("device", 2), ("patient", 7)]
    busy: dict[tuple[str, int], set[int]] = {}
    for _ in range(draw(st.integers(0, 12))):
        day = first + timedelta(days=draw(st.integers(0, 21)))
        begins = datetime.combine(day, time(draw(st.sampled_from([0, 1, 2, 3, 9, 10, 14, 15]))), zone)
        slot = int(begins.timestamp()) // (SLOT * 60) + draw(st.integers(0, 11))
        busy.setdefault(draw(st.sampled_from(kinds)), set()).update(range(slot, slot + draw(st.integers(1, 24))))
    return {key: Taken.of(slots) for key, slots in busy.items()}


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
    """Whether no slot that the stretch touches is taken."""
    taken, seconds = numbers(clinic, kind, number), SLOT * 60
    touched = range(int(starts_at.timestamp() // seconds), ceil(ends_at.timestamp() / seconds))
    return not any(slot in taken for slot in touched)


def numbers(clinic: ClinicTime, kind: str, number: int) -> frozenset[int]:
    """The taken slots of a person or a thing."""
    taken = clinic.busy.get((kind, number), Taken(0, b""))
    return _numbers(taken)


@cache
def _numbers(taken: Taken) -> frozenset[int]:
    return frozenset(taken.first + place for place, byte in enumerate(taken.slots) if byte)


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
