"""A clinic with nothing booked: one doctor, weekdays from nine to eleven, visits of half an hour, in Madrid."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from sessions.rules.free_time import ClinicTime, Length, Worker

MADRID = ZoneInfo("Europe/Madrid")
MONDAY = date(2026, 3, 2)
HOURS = {day: ((time(9), time(11)),) for day in range(5)}
CLINIC = ClinicTime(
    zone=MADRID,
    now=datetime(2026, 3, 1, 12, tzinfo=UTC),
    opening=HOURS,
    closures={},
    workers=(Worker(1, "Dr 1", HOURS, ()),),
    rooms=(),
    devices=(),
    length=Length(0, 30, 0),
    needs_room=False,
    needs_device=False,
    patient_id=None,
    busy={},
    slot_minutes=5,
    step_minutes=30,
)
