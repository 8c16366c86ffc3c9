"""When a visit fits, a whole day at a time: the same times as free_places, one bit for each slot of the day."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta

from mesoclinic.rules.arithmetic import BINARY, MINUTES_PER_HOUR, SECONDS_PER_MINUTE
from sessions.rules.free_time import ClinicTime, Hours, Thing, Wish, Worker, free_places, is_open

DIGITS = bytes.maketrans(b"\0\1", b"01")


def free_minutes(clinic: ClinicTime, day: date, clinician_id: int | None = None) -> Mapping[int, bool]:
    """Each wall-clock minute at which the visit fits, and whether the wished clinician is free then."""
    if not is_open(clinic, day):
        return {}
    if _is_even(clinic, day):
        return _Day(clinic, day).minutes(clinician_id)
    anybody = [minute_of(place.starts_at.astimezone(clinic.zone).time()) for place in free_places(clinic, day, Wish())]
    wished = free_places(clinic, day, Wish(clinician_id=clinician_id))
    liked = {minute_of(place.starts_at.astimezone(clinic.zone).time()) for place in wished}
    return {minute: minute in liked for minute in anybody}


def minute_of(moment: time) -> int:
    """The minutes since midnight on the wall."""
    return moment.hour * MINUTES_PER_HOUR + moment.minute


def _is_even(clinic: ClinicTime, day: date) -> bool:
    """Whether the clocks stay that day and every time of it falls on the edge of a slot."""
    midnight = datetime.combine(day, time(), clinic.zone)
    after = datetime.combine(day + timedelta(days=1), time(), clinic.zone)
    steps = [clinic.step_minutes, *(minute_of(opens) for opens, _ in clinic.opening[day.weekday()])]
    edges = [int(midnight.timestamp()) // SECONDS_PER_MINUTE, *steps]
    return midnight.utcoffset() == after.utcoffset() and all(each % clinic.slot_minutes == 0 for each in edges)


class _Day:
    """One even day: bit k of a number is the time k slots after midnight."""

    def __init__(self, clinic: ClinicTime, day: date) -> None:
        self.clinic, self.day = clinic, day
        self.opening = clinic.opening[day.weekday()]
        midnight = datetime.combine(day, time(), clinic.zone)
        self.midnight = int(midnight.timestamp()) // (clinic.slot_minutes * SECONDS_PER_MINUTE)
        bounds = [minute_of(each) for hours in self.opening for each in hours]
        self.open_slots = range(min(bounds) // clinic.slot_minutes, -(-max(bounds) // clinic.slot_minutes))
        self.past = -(-(clinic.now - midnight).total_seconds() // SECONDS_PER_MINUTE)

    def minutes(self, clinician_id: int | None) -> Mapping[int, bool]:
        """The minutes at which everything is free; true where the wished clinician is."""
        workers = {worker.id: self._worker(worker) for worker in self.clinic.workers}
        common = self._open() & self._patient() & self._rooms() & self._devices()
        fits = common & _any(workers.values())
        liked = fits if clinician_id is None else common & workers.get(clinician_id, 0)
        slot = self.clinic.slot_minutes
        return {each: bool(liked >> each // slot & 1) for each in self._steps() if fits >> each // slot & 1}

    def _steps(self) -> list[int]:
        bounds = [(minute_of(opens), minute_of(closes)) for opens, closes in self.opening]
        steps = (minute for opens, closes in bounds for minute in range(opens, closes, self.clinic.step_minutes))
        return [minute for minute in steps if minute >= self.past]

    def _open(self) -> int:
        return self._within(self.opening, 0, self._total)

    @property
    def _total(self) -> int:
        return int(self.clinic.length.total.total_seconds()) // SECONDS_PER_MINUTE

    def _patient(self) -> int:
        patient = self.clinic.patient_id
        return -1 if patient is None else self._free("patient", patient, 0, self._total)

    def _worker(self, worker: Worker) -> int:
        if worker.is_away(self.day):
            return 0
        before, works = self.clinic.length.preparation, self.clinic.length.clinician
        hours = self._within(worker.week.get(self.day.weekday(), ()), before, works)
        return hours and hours & self._free("clinician", worker.id, before, works)

    def _rooms(self) -> int:
        return self._things("room", self.clinic.rooms, 0, self._total) if self.clinic.needs_room else -1

    def _devices(self) -> int:
        before, works = self.clinic.length.preparation, self.clinic.length.clinician
        return self._things("device", self.clinic.devices, before, works) if self.clinic.needs_device else -1

    def _things(self, kind: str, things: Iterable[Thing], before: int, minutes: int) -> int:
        return _any(self._free(kind, each.id, before, minutes) for each in things)

    def _within(self, hours: Hours, before: int, minutes: int) -> int:
        """The times at which so many minutes, begun so much later, lie inside one stretch of the hours."""
        slot, found = self.clinic.slot_minutes, 0
        for opens, closes in hours:
            first = max(0, -(-(minute_of(opens) - before) // slot))
            last = (minute_of(closes) - before - minutes) // slot
            found |= (1 << last + 1) - (1 << first) if last >= first else 0
        return found

    def _free(self, kind: str, number: int, before: int, minutes: int) -> int:
        """The times at which nothing is taken for so many minutes, begun so much later."""
        taken = self.clinic.busy.get((kind, number))
        if taken is None:
            return -1
        span = range(self.midnight + self.open_slots.start, self.midnight + self.open_slots.stop)
        busy = int(taken.within(span)[::-1].translate(DIGITS), base=BINARY) << self.open_slots.start
        slot = self.clinic.slot_minutes
        starts, ends = before // slot, -(-(before + minutes) // slot)
        return ~_spread(busy >> starts, ends - starts)


def _spread(busy: int, slots: int) -> int:
    """The bits from which one of the next so many is taken."""
    covered = 1 if slots else 0
    while 0 < covered < slots:
        step = min(covered, slots - covered)
        busy |= busy >> step
        covered += step
    return busy if slots else 0


def _any(numbers: Iterable[int]) -> int:
    found = 0
    for number in numbers:
        found |= number
    return found
