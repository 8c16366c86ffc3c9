"""Where a visit fits: opening hours, closures, working hours, absences and what is taken already. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo

from mesoclinic.rules.arithmetic import MINUTES_PER_HOUR

Hours = tuple[tuple[time, time], ...]
Week = Mapping[int, Hours]
T = TypeVar("T", "Worker", "Thing")


class Blocked(StrEnum):
    """Why a visit does not fit at a time."""

    CLOSED_DAY = "closed_day"
    CLOSED_HOUR = "closed_hour"
    PAST = "past"
    ABSENT = "absent"
    NOT_WORKING = "not_working"
    CLINICIAN_TAKEN = "clinician_taken"
    ROOM_TAKEN = "room_taken"
    DEVICE_TAKEN = "device_taken"
    PATIENT_TAKEN = "patient_taken"


@dataclass(frozen=True, slots=True)
class Worker:
    """A clinician: weekly hours at this site in wall-clock time, and absences (first and last day)."""

    id: int
    name: str
    week: Week
    absences: tuple[tuple[date, date], ...] = ()

    def is_away(self, day: date) -> bool:
        return any(first <= day <= last for first, last in self.absences)


@dataclass(frozen=True, slots=True)
class Thing:
    """A room or a device."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What is taken of a person or a thing: a byte for each slot from the first on (UTC since 1970), 1 where it is."""

    first: int
    slots: bytes

    @classmethod
    def of(cls, numbers: Iterable[int]) -> "Taken":
        """The same from the numbers of the taken slots."""
        known = set(numbers)
        first = min(known, default=0)
        return cls(first, bytes(map(known.__contains__, range(first, max(known, default=first - 1) + 1))))

    def any_in(self, span: range) -> bool:
        """Whether one of the slots is taken."""
        return self.slots.find(1, max(span.start - self.first, 0), max(span.stop - self.first, 0)) >= 0

    def within(self, span: range) -> bytes:
        """A byte for each slot of the span."""
        start, stop = span.start - self.first, span.stop - self.first
        known = self.slots[max(start, 0) : max(stop, 0)]
        return (bytes(min(max(-start, 0), len(span))) + known).ljust(len(span), b"\0")


@dataclass(frozen=True, slots=True)
class Length:
    """Minutes of preparation, of the clinician's time and of observation; the room is needed for all three."""

    preparation: int
    clinician: int
    observation: int

    @property
    def total(self) -> timedelta:
        return timedelta(minutes=self.preparation + self.clinician + self.observation)


@dataclass(frozen=True, slots=True)
class ClinicTime:
    """What is open, who works, and what is taken, in slots of `slot_minutes`."""

    zone: ZoneInfo
    now: datetime
    opening: Week
    closures: Mapping[date, str]
    workers: tuple[Worker, ...]
    rooms: tuple[Thing, ...]
    devices: tuple[Thing, ...]
    length: Length
    needs_room: bool
    needs_device: bool
    patient_id: int | None
    busy: Mapping[tuple[str, int], Taken]
    slot_minutes: int
    step_minutes: int


@dataclass(frozen=True, slots=True)
class OpenTime:
    """When a site is open: weekly hours in wall-clock time, and closures with their reasons."""

    zone: ZoneInfo
    opening: Week
    closures: Mapping[date, str]


@dataclass(frozen=True, slots=True)
class Place:
    """A time at which everything that the visit needs is free (UTC)."""

    starts_at: datetime
    ends_at: datetime
    clinician_from: datetime
    clinician_to: datetime
    clinician: Worker
    room: Thing | None
    device: Thing | None


@dataclass(frozen=True, slots=True)
class Wish:
    """What is preferred: a stretch of the day in wall-clock time, a clinician, a room; None leaves it open."""

    earliest: time = field(default=time.min)
    latest: time = field(default=time.max)
    clinician_id: int | None = None
    room_id: int | None = None


def is_open(clinic: ClinicTime | OpenTime, day: date) -> bool:
    """Whether the site opens at all that day."""
    return day not in clinic.closures and bool(clinic.opening.get(day.weekday()))


def free_places(clinic: ClinicTime, day: date, wish: Wish) -> Iterator[Place]:
    """Every time of the day at which the visit fits, earliest first, in steps of `step_minutes`."""
    for starts_at in _starts(clinic, day):
        if wish.earliest <= starts_at.astimezone(clinic.zone).time() <= wish.latest:
            found = place_at(clinic, starts_at, wish)
            if isinstance(found, Place):
                yield found


def nearest_places(clinic: ClinicTime, starts_at: datetime, wish: Wish, *, days: int, count: int) -> list[Place]:
    """So many legal places that are nearest to a time, looked for from its day on."""
    found: list[Place] = []
    day = starts_at.astimezone(clinic.zone).date()
    for more in range(days):
        found += free_places(clinic, day + timedelta(days=more), wish)
        if len(found) >= count:
            break
    return sorted(found, key=lambda place: abs(place.starts_at - starts_at))[:count]


def place_at(clinic: ClinicTime, starts_at: datetime, wish: Wish) -> Place | Blocked:
    """The visit at exactly this time, or why it does not fit."""
    ends_at = starts_at + clinic.length.total
    if reason := _closed(clinic, starts_at, ends_at):
        return reason
    if clinic.patient_id is not None and _taken(clinic, "patient", clinic.patient_id, starts_at, ends_at):
        return Blocked.PATIENT_TAKEN
    works_from, works_to = clinician_time(clinic.length, starts_at)
    worker = _worker(clinic, works_from, works_to, wish)
    if isinstance(worker, Blocked):
        return worker
    room = _first_free(clinic, "room", _wished(clinic.rooms, wish.room_id), starts_at, ends_at)
    if clinic.needs_room and room is None:
        return Blocked.ROOM_TAKEN
    device = _first_free(clinic, "device", clinic.devices, works_from, works_to)
    if clinic.needs_device and device is None:
        return Blocked.DEVICE_TAKEN
    return place_of(clinic, starts_at, worker, room if clinic.needs_room else None, device)


def place_of(
    clinic: ClinicTime, starts_at: datetime, worker: Worker, room: Thing | None, device: Thing | None
) -> Place:
    """The place with this clinician, room and device, whether it is free or not."""
    works_from, works_to = clinician_time(clinic.length, starts_at)
    device = device if clinic.needs_device else None
    return Place(starts_at, starts_at + clinic.length.total, works_from, works_to, worker, room, device)


def clinician_time(length: Length, starts_at: datetime) -> tuple[datetime, datetime]:
    """From when to when the clinician is needed in a visit."""
    works_from = starts_at + timedelta(minutes=length.preparation)
    return works_from, works_from + timedelta(minutes=length.clinician)


def broken_by(
    times: OpenTime, visit: tuple[datetime, datetime], worker: Worker | None, work: tuple[datetime, datetime]
) -> Blocked | None:
    """What a booked visit no longer fits into, and its clinician's part of it; None while it still fits."""
    if reason := _shut(times, *visit):
        return reason
    local, end = (moment.astimezone(times.zone) for moment in work)
    if worker is not None and worker.is_away(local.date()):
        return Blocked.ABSENT
    return None if worker is not None and _within(worker.week, local, end) else Blocked.NOT_WORKING


def _starts(clinic: ClinicTime, day: date) -> Iterator[datetime]:
    for opens, closes in clinic.opening.get(day.weekday(), ()):
        minute, end = _minute(opens), _minute(closes)
        while minute < end:
            hour, rest = divmod(minute, MINUTES_PER_HOUR)
            yield from _real(datetime.combine(day, time(hour, rest), clinic.zone))
            minute += clinic.step_minutes


def _real(local: datetime) -> Iterator[datetime]:
    # A wall-clock time that the spring change skips does not come back as itself.
    moment = local.astimezone(UTC)
    if moment.astimezone(local.tzinfo).replace(tzinfo=None) == local.replace(tzinfo=None):
        yield moment


def _closed(clinic: ClinicTime, starts_at: datetime, ends_at: datetime) -> Blocked | None:
    return Blocked.PAST if starts_at < clinic.now else _shut(clinic, starts_at, ends_at)


def _shut(clinic: ClinicTime | OpenTime, starts_at: datetime, ends_at: datetime) -> Blocked | None:
    local, end = starts_at.astimezone(clinic.zone), ends_at.astimezone(clinic.zone)
    if not is_open(clinic, local.date()):
        return Blocked.CLOSED_DAY
    return None if _within(clinic.opening, local, end) else Blocked.CLOSED_HOUR


def _within(week: Week, starts: datetime, ends: datetime) -> bool:
    if starts.date() != ends.date():
        return False
    stretches = week.get(starts.weekday(), ())
    return any(first <= starts.time() and ends.time() <= last and _ended(ends, last) for first, last in stretches)


def _ended(ends: datetime, last: time) -> bool:
    # In autumn an hour comes round twice: the hours of the day end the first time.
    return ends.timestamp() <= datetime.combine(ends.date(), last, ends.tzinfo).timestamp()


def _worker(clinic: ClinicTime, starts_at: datetime, ends_at: datetime, wish: Wish) -> Worker | Blocked:
    reason = Blocked.NOT_WORKING
    local, end = starts_at.astimezone(clinic.zone), ends_at.astimezone(clinic.zone)
    for worker in _wished(clinic.workers, wish.clinician_id):
        if worker.is_away(local.date()):
            reason = Blocked.ABSENT
        elif _within(worker.week, local, end):
            if not _taken(clinic, "clinician", worker.id, starts_at, ends_at):
                return worker
            reason = Blocked.CLINICIAN_TAKEN
    return reason


def _wished(options: tuple[T, ...], wanted: int | None) -> tuple[T, ...]:
    return options if wanted is None else tuple(each for each in options if each.id == wanted)


def _first_free(
    clinic: ClinicTime, kind: str, things: tuple[Thing, ...], starts_at: datetime, ends_at: datetime
) -> Thing | None:
    return next((each for each in things if not _taken(clinic, kind, each.id, starts_at, ends_at)), None)


def _taken(clinic: ClinicTime, kind: str, number: int, starts_at: datetime, ends_at: datetime) -> bool:
    busy = clinic.busy.get((kind, number))
    if busy is None:
        return False
    slot = timedelta(minutes=clinic.slot_minutes).total_seconds()
    span = range(int(starts_at.timestamp() // slot), -int(-ends_at.timestamp() // slot))
    return busy.any_in(span)


def _minute(moment: time) -> int:
    return moment.hour * MINUTES_PER_HOUR + moment.minute
