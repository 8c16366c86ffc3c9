"""A calendar file tells the right time to a program that knows no zone but the one in the file."""

from datetime import UTC, date, datetime, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from dateutil.tz import tzical  # type: ignore[import-untyped]  # dateutil ships no types
from icalendar import Calendar

from mesoclinic.sites import Site
from sessions.documents.calendar_files import CANCEL, PUBLISH, Entry, calendar_file

CHANGES = {
    "an hour forward": ("Europe/Madrid", date(2027, 3, 28)),
    "an hour back": ("Europe/Madrid", date(2027, 10, 31)),
    "winter counted as the exception": ("Europe/Dublin", date(2027, 10, 31)),
    "half an hour forward": ("Australia/Lord_Howe", date(2027, 10, 3)),
    "half an hour back": ("Australia/Lord_Howe", date(2027, 4, 4)),
    "at midnight": ("America/Santiago", date(2027, 9, 5)),
    "back for Ramadan": ("Africa/Casablanca", date(2027, 2, 7)),
    "forward after it": ("Africa/Casablanca", date(2027, 3, 14)),
    "never": ("Europe/Istanbul", date(2027, 3, 28)),
}


def entry(starts_at, zone="Europe/Madrid", **over):
    site = Site(name="Clínica, Norte", address="Calle 1\n28001 Madrid", time_zone=zone)
    fields = {"uid": "a@mesoclinic", "sequence": 2, "title": "Visit", "ends_at": starts_at + timedelta(hours=1)}
    return Entry(**(fields | {"starts_at": starts_at, "site": site} | over))


def read(content):
    return Calendar.from_ical(content).events[0]


@pytest.mark.parametrize("kind", CHANGES)
def test_tells_the_time_on_the_day_of_each_kind_of_change(kind, clock):
    name, day = CHANGES[kind]
    zone = ZoneInfo(name)
    midnight = datetime.combine(day, datetime.min.time(), zone).astimezone(UTC)
    moments = [midnight + timedelta(minutes=minutes) for minutes in range(-12 * 60, 36 * 60, 30)]
    # A wall-clock time can only be told the first time it comes.
    moments = [moment for moment in moments if not moment.astimezone(zone).fold]
    text = calendar_file([entry(moment, name) for moment in moments], method=PUBLISH).decode()
    stranger = tzical(StringIO(text.replace("\r\n ", ""))).get(name)
    lines = [line.rpartition(":")[2] for line in text.splitlines() if line.startswith("DTSTART;TZID=")]
    told = [datetime.strptime(line, "%Y%m%dT%H%M%S").replace(tzinfo=stranger) for line in lines]
    assert [each.astimezone(UTC) for each in told] == moments
    offsets = {moment.astimezone(zone).utcoffset() for moment in moments}
    assert len(offsets) == (1 if kind == "never" else 2), "the day was chosen well"


def test_a_cancelled_visit_is_taken_out_by_its_name_and_a_higher_number(clock):
    starts_at = datetime(2026, 12, 4, 9, tzinfo=UTC)
    made = calendar_file([entry(starts_at)], method=PUBLISH)
    gone = calendar_file([entry(starts_at, sequence=3, ends_at=None)], method=CANCEL)
    assert (read(made)["UID"], read(made)["STATUS"]) == ("a@mesoclinic", "CONFIRMED")
    assert (read(gone)["UID"], read(gone)["STATUS"]) == ("a@mesoclinic", "CANCELLED")
    assert read(gone)["SEQUENCE"] > read(made)["SEQUENCE"]
    assert b"METHOD:CANCEL" in gone
    assert all(len(line) <= 75 for line in made.split(b"\r\n"))
    assert read(made)["LOCATION"] == "Clínica, Norte, Calle 1 28001 Madrid"
