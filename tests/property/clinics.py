"""Clinics for the planner: any zone, any week, anything taken, and around every kind of clock change."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from sessions.rules.free_time import ClinicTime, Length, Thing, Worker

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
def taken(draw, first: date, zone: ZoneInfo) -> dict[tuple[str, int], frozenset[int]]:
    """Up to a dozen visits of anybody anywhere, as five-minute slots."""
    kinds = [("clinician", 1), ("clinician", 2), ("room", 1), ("room", 2), ("device", 1), ("device", 2), ("patient", 7)]
    busy: dict[tuple[str, int], set[int]] = {}
    for _ in range(draw(st.integers(0, 12))):
        day = first + timedelta(days=draw(st.integers(0, 21)))
        begins = datetime.combine(day, time(draw(st.sampled_from([0, 1, 2, 3, 9, 10, 14, 15]))), zone)
        slot = int(begins.timestamp()) // (SLOT * 60) + draw(st.integers(0, 11))
        busy.setdefault(draw(st.sampled_from(kinds)), set()).update(range(slot, slot + draw(st.integers(1, 24))))
    return {key: frozenset(slots) for key, slots in busy.items()}
