"""When each message to a patient is due (clinical.md 9.1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from mesoclinic.rules.calendar_math import ONE_DAY
from mesoclinic.rules.tri import Tri
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.messages import MessageRow, QuietHours

ANCHORED_IN_TIME = frozenset({"session_start", "session_end", "missed_start"})


@dataclass(frozen=True, slots=True)
class Quiet:
    """The clock times between which nothing is sent: from `start` (included) to `end` (excluded), over midnight."""

    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Occasion:
    """What messages are counted from; moments are aware. `response_class` decides about the recall (MSG-09)."""

    zone: ZoneInfo
    starts_at: datetime | None = None
    ended_at: datetime | None = None
    cancelled: bool = False
    missed: bool = False
    last_of_course: bool = False
    assessment_on: date | None = None
    plan_ended_on: date | None = None
    response_class: str = ""
    consent_expires_on: date | None = None
    contact_consent: Tri = Tri.YES
    quiet: Quiet | None = None


def due_times(occasion: Occasion, catalogue: Catalogue) -> Mapping[str, datetime]:
    """Every message with the moment it is due, quiet hours applied; none at all without consent to contact."""
    if occasion.contact_consent is not Tri.YES:
        return MappingProxyType({})
    rows = [row for row in catalogue.of(MessageRow) if APPLIES.get(row.id, _applies)(occasion)]
    found = {row.id: _due(row, occasion, catalogue) for row in rows}
    return MappingProxyType({message: due for message, due in found.items() if due is not None})


def after_quiet_hours(due: datetime, quiet: Quiet, zone: ZoneInfo) -> datetime:
    """The moment itself, or the end of the quiet hours it falls into, in the clinic's zone."""
    local = due.astimezone(zone)
    clock = local.time()
    over_midnight = quiet.start > quiet.end
    if over_midnight and not (clock >= quiet.start or clock < quiet.end):
        return local
    if not over_midnight and not quiet.start <= clock < quiet.end:
        return local
    day = local.date() + ONE_DAY if clock >= quiet.end else local.date()
    return on_the_clock(day, quiet.end, zone)


def on_the_clock(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """That time of that day in the zone; a time that the spring change skips becomes the one an hour later."""
    return datetime.combine(day, clock, zone).astimezone(UTC).astimezone(zone)


def standard_quiet_hours(catalogue: Catalogue) -> Quiet:
    """The quiet hours of the catalogue; a site may set its own."""
    (row,) = catalogue.of(QuietHours)
    return Quiet(time(row.from_hour), time(row.to_hour))


def _due(row: MessageRow, occasion: Occasion, catalogue: Catalogue) -> datetime | None:
    anchor = _anchor(row, occasion, catalogue)
    if anchor is None:
        return None
    zone = occasion.zone
    due = anchor.astimezone(UTC) + timedelta(hours=row.after_hours or 0)
    if row.after_days:
        local = anchor.astimezone(zone)
        due = on_the_clock(local.date() + timedelta(days=row.after_days), local.time(), zone)
    return after_quiet_hours(due, occasion.quiet or standard_quiet_hours(catalogue), zone)


def _anchor(row: MessageRow, occasion: Occasion, catalogue: Catalogue) -> datetime | None:
    if row.anchor in ANCHORED_IN_TIME:
        return occasion.ended_at if row.anchor == "session_end" else occasion.starts_at
    dates = {
        "assessment": occasion.assessment_on,
        "plan_end": occasion.plan_ended_on,
        "consent_expiry": occasion.consent_expires_on,
    }
    day = dates[row.anchor]
    (quiet,) = catalogue.of(QuietHours)
    return None if day is None else on_the_clock(day, time(quiet.date_hour), occasion.zone)


def _applies(occasion: Occasion) -> bool:
    return True


def _before_session(occasion: Occasion) -> bool:
    return not occasion.cancelled


def _last_of_course(occasion: Occasion) -> bool:
    return occasion.last_of_course


def _responder(occasion: Occasion) -> bool:
    return occasion.response_class == "responder"


def _missed(occasion: Occasion) -> bool:
    return occasion.missed


APPLIES = MappingProxyType(
    {
        "MSG-01": _before_session,
        "MSG-02": _before_session,
        "MSG-07a": _last_of_course,
        "MSG-07b": _last_of_course,
        "MSG-09a": _responder,
        "MSG-09b": _responder,
        "MSG-10": _missed,
    }
)
