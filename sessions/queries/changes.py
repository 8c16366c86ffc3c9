"""What was done to bookings lately: what its doer may still take back, and what the patient must be told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mesoclinic import clock
from mesoclinic.access import Can, may
from mesoclinic.accounts import User
from mesoclinic.actors import Actor
from mesoclinic.errors import OutOfScope
from patients.models import Notice
from sessions.models import Booking, BookingChange
from sessions.queries.bookings import COMING, sites_for

BOOKING, SESSION, SERIES = "booking", "session", "series"
Columns = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class UndoOffer:
    """A change that can still be taken back, and for how long."""

    change: BookingChange
    words: str
    seconds: int


def undo_offer(actor: User) -> UndoOffer | None:
    """The actor's latest change of bookings while it can be undone."""
    change = _undoable(actor).last() if may(actor, Can.BOOK) else None
    return _offer(change) if change else None


def undo_offers(actor: User) -> list[UndoOffer]:
    """Each change of the actor that can still be taken back, the last first."""
    return [_offer(each) for each in _undoable(actor).select_related("patient").reverse()]


def changes_for(actor: Actor) -> QuerySet[BookingChange]:
    """The changes at the actor's sites."""
    return BookingChange.objects.filter(site__in=sites_for(actor)).select_related("site", "by", "notice__message")


def change_for(actor: Actor, change_id: int) -> BookingChange:
    """The change; raises OutOfScope alike for another site's and for none at all."""
    change = changes_for(actor).filter(pk=change_id).first()
    if change is None:
        raise OutOfScope(_("There is no such change at your sites."))
    return change


def undo_window() -> timedelta:
    """How long a change can be taken back, and the patient is not told of it."""
    return timedelta(seconds=settings.UNDO_SECONDS)


def seconds_left(change: BookingChange) -> int:
    """For how long the change can still be undone."""
    return max(0, int((change.at + undo_window() - clock.now()).total_seconds()))


def _undoable(actor: User) -> QuerySet[BookingChange]:
    lately = changes_for(actor).filter(by=actor, at__gt=clock.now() - undo_window(), undone_at=None)
    return lately.exclude(deed=BookingChange.Deed.UNDONE)


def _offer(change: BookingChange) -> UndoOffer:
    return UndoOffer(change, words_of(change), seconds_left(change))


def words_of(change: BookingChange) -> str:
    """What was done, without a name: it stands on pages that disclose nobody."""
    number = len(change.after.get(BOOKING, {}))
    return {
        BookingChange.Deed.BOOKED: ngettext("%(n)d visit booked.", "%(n)d visits booked.", number),
        BookingChange.Deed.MOVED: ngettext("%(n)d visit moved.", "%(n)d visits moved.", number),
        BookingChange.Deed.CANCELLED: ngettext("%(n)d visit cancelled.", "%(n)d visits cancelled.", number),
        BookingChange.Deed.CONFIRMED: ngettext("%(n)d visit confirmed.", "%(n)d visits confirmed.", number),
        BookingChange.Deed.REPLANNED: ngettext("%(n)d visit planned again.", "%(n)d visits planned again.", number),
        BookingChange.Deed.ENDED: ngettext(
            "Course ended, %(n)d visit cancelled.", "Course ended, %(n)d visits cancelled.", number
        ),
        BookingChange.Deed.UNDONE: ngettext("%(n)d visit as before.", "%(n)d visits as before.", number),
    }[BookingChange.Deed(change.deed)] % {"n": number}


def last_change_of(booking: Booking, *, after: int = 0) -> BookingChange | None:
    """The last change that concerned a booking, of those later than `after`."""
    mine = {f"after__{BOOKING}__has_key": str(booking.pk)}
    return BookingChange.objects.filter(pk__gt=after, **mine).select_related("by").last()


def who_did(change: BookingChange) -> str:
    """Who made a change, as a colleague reads it."""
    if change.by_patient:
        return _("the patient")
    return change.by.name if change.by else _("the clinic")


@dataclass(frozen=True, slots=True)
class Page:
    """A page by its name and keys."""

    name: str
    keys: Mapping[str, int]


def place_after(change: BookingChange) -> Page:
    """Where to look at what was undone: the visit or the series that is back, else the plan or the calendar."""
    series = {number: columns for number, columns in change.before.get(SERIES, {}).items() if columns}
    there = [int(number) for number, columns in change.before.get(BOOKING, {}).items() if columns]
    if series:
        return Page("sessions:series", {"series_id": int(next(iter(series)))})
    if there:
        return Page("sessions:booking", {"booking_id": there[0]})
    return Page("sessions:calendar", {})


@dataclass(frozen=True, slots=True)
class VisitNews:
    """What became of one visit since the patient was told last: its time before and now, None for no visit."""

    booking_id: int
    uid: str
    sequence: int
    was: datetime | None
    starts_at: datetime | None
    ends_at: datetime | None
    booking: Booking | None

    @property
    def when(self) -> datetime:
        """What to sort by."""
        found = self.starts_at or self.was
        if found is None:
            raise ValueError(f"visit {self.booking_id} is no news")
        return found


def news_of(notice: Notice) -> list[VisitNews]:
    """What this message has to say, from the rows as they stand now; nothing when all is as the patient knows it."""
    known: dict[int, Columns | None] = {}
    last: dict[int, Columns | None] = {}
    for change in BookingChange.objects.filter(notice=notice):
        for number, columns in change.before.get(BOOKING, {}).items():
            known.setdefault(int(number), columns)
        last |= {int(number): columns for number, columns in change.after.get(BOOKING, {}).items() if columns}
    live = Booking.objects.select_related("site").in_bulk(known)
    found = [_news(number, was or None, last.get(number), live.get(number)) for number, was in known.items()]
    return sorted((each for each in found if each), key=lambda each: each.when)


def standing(booking: Booking) -> VisitNews:
    """A visit as it is, for what tells it without being news."""
    uid, sequence = booking.calendar_uid, booking.calendar_sequence
    return VisitNews(booking.pk, uid, sequence, None, booking.starts_at, booking.ends_at, booking)


def _news(number: int, was: Columns | None, then: Columns | None, live: Booking | None) -> VisitNews | None:
    now = clock.now()
    before = parse_datetime(was["starts_at"]) if was and was["state"] in COMING else None
    coming = live is not None and live.state in COMING and live.starts_at > now
    after = live.starts_at if live is not None and coming else None
    over = live is not None and not coming and live.state != Booking.State.CANCELLED
    if over or after == before or (after is None and (before is None or before <= now)):
        return None
    columns = was or then or {}
    uid = live.calendar_uid if live else columns["calendar_uid"]
    # A visit that is gone altogether must outrank what the patient's calendar may hold of it.
    sequence = live.calendar_sequence if live else max(each["calendar_sequence"] for each in (was, then) if each) + 1
    ends_at = live.ends_at if live is not None and coming else None
    return VisitNews(number, uid, sequence, before, after, ends_at, live)
