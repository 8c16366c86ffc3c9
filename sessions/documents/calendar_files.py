"""Visits as calendar files: one name for ever, a number that rises with each change, and the site's zone."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from email.utils import parseaddr
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext as _
from icalendar import Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard, vCalAddress, vText

from mesoclinic import clock
from mesoclinic.sites import Site
from mesoclinic.transport import Attachment
from sessions.models import Booking
from sessions.queries.changes import VisitNews

PUBLISH, CANCEL = "PUBLISH", "CANCEL"
MAKER = "-//mesoclinic//visits//EN"
A_YEAR, A_MINUTE = timedelta(days=366), timedelta(minutes=1)
MINUTES_A_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Entry:
    """One visit in a calendar file."""

    uid: str
    sequence: int
    title: str
    starts_at: datetime
    ends_at: datetime | None
    site: Site


def files_for(site: Site, found: Sequence[VisitNews]) -> tuple[Attachment, ...]:
    """The files that go with a letter about visits: those that take place, and those that do not."""
    title = _("Visit at %(site)s") % {"site": " ".join(site.name.split())}
    coming = [_entry(each, title, site, each.starts_at, each.ends_at) for each in found if each.starts_at]
    gone = [_entry(each, title, site, each.was, None) for each in found if not each.starts_at and each.was]
    files = (("visit.ics", PUBLISH, coming), ("cancelled.ics", CANCEL, gone))
    return tuple(
        Attachment(name, f"text/calendar; method={method}", calendar_file(entries, method=method))
        for name, method, entries in files
        if entries
    )


def feed_file(bookings: Iterable[Booking], *, name: str, kinds: bool) -> bytes:
    """A clinician's visits as anybody may see them over a shoulder: no patient, and no more than asked."""
    entries = [
        Entry(
            uid=booking.calendar_uid,
            sequence=booking.calendar_sequence,
            title=str(booking.get_kind_display()) if kinds else _("Booked"),
            starts_at=booking.starts_at,
            ends_at=booking.ends_at,
            site=booking.site,
        )
        for booking in bookings
    ]
    return calendar_file(entries, method=PUBLISH, name=name)


def calendar_file(entries: Sequence[Entry], *, method: str, name: str = "") -> bytes:
    """A file as RFC 5545 and 5546 ask for it; every zone in it comes with its changes."""
    calendar = Calendar()
    calendar.add("prodid", MAKER)
    calendar.add("version", "2.0")
    calendar.add("method", method)
    if name:
        calendar.calendar_name = name
    for entry in entries:
        calendar.add_component(_event(entry, method))
    for zone, days in _days(entries).items():
        calendar.subcomponents.insert(0, _zone(zone, min(days), max(days)))
    return bytes(calendar.to_ical())


def _entry(news: VisitNews, title: str, site: Site, starts_at: datetime | None, ends_at: datetime | None) -> Entry:
    if starts_at is None:
        raise ValueError(f"visit {news.booking_id} has no time")
    return Entry(news.uid, news.sequence, title, starts_at, ends_at, news.booking.site if news.booking else site)


def _event(entry: Entry, method: str) -> Event:
    site, event = entry.site, Event()
    event.add("uid", entry.uid)
    event.add("sequence", entry.sequence)
    event.add("dtstamp", clock.now())
    event.add("dtstart", entry.starts_at.astimezone(site.zone))
    if entry.ends_at is not None:
        event.add("dtend", entry.ends_at.astimezone(site.zone))
    event.add("summary", entry.title)
    event.add("location", ", ".join(part for part in (site.name, " ".join(site.address.split())) if part))
    event.add("status", "CANCELLED" if method == CANCEL else "CONFIRMED")
    event.add("organizer", _organizer(site))
    return event


def _organizer(site: Site) -> vCalAddress:
    organizer = vCalAddress(f"mailto:{parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}")
    organizer.params["cn"] = vText(" ".join(site.name.split()))
    return organizer


def _days(entries: Sequence[Entry]) -> dict[ZoneInfo, list[date]]:
    found: dict[ZoneInfo, list[date]] = {}
    for entry in entries:
        found.setdefault(entry.site.zone, []).append(entry.starts_at.astimezone(entry.site.zone).date())
    return found


def _zone(zone: ZoneInfo, first: date, last: date) -> Timezone:
    """The zone for a year around these days, each change on the clock that it ends.

    The library's own zones lose changes that follow each other within weeks, and leap forward an hour late.
    """
    made = Timezone()
    made.add("tzid", zone.key)
    start, end = (datetime.combine(day, time(), UTC) for day in (first - A_YEAR, last + A_YEAR))
    made.add_component(_observance(zone, start, start.astimezone(zone).utcoffset()))
    for change in _changes(zone, start, end):
        made.add_component(_observance(zone, change, (change - A_MINUTE).astimezone(zone).utcoffset()))
    return made


def _observance(zone: ZoneInfo, since: datetime, offset: timedelta | None) -> TimezoneDaylight | TimezoneStandard:
    """What the clocks show from a moment on, until which they had been so far from UTC."""
    local = since.astimezone(zone)
    if offset is None:
        raise ValueError(f"{zone.key} has no offset")
    made = TimezoneDaylight() if local.dst() else TimezoneStandard()
    made.add("dtstart", since.replace(tzinfo=None) + offset)
    made.add("tzoffsetfrom", offset)
    made.add("tzoffsetto", local.utcoffset())
    made.add("tzname", local.tzname())
    return made


def _changes(zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[datetime]:
    """The minutes (UTC) from which the clocks of a zone show another offset."""
    for day in range((end - start).days):
        before, after = start + timedelta(days=day), start + timedelta(days=day + 1)
        if before.astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset():
            minutes = range(1, MINUTES_A_DAY + 1)
            yield next(
                before + minute * A_MINUTE
                for minute in minutes
                if (before + minute * A_MINUTE).astimezone(zone).utcoffset() != before.astimezone(zone).utcoffset()
            )
