"""What people type at a desk: names, phone numbers and dates. Lenient to read, strict in what comes out."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, time
from functools import cache
from itertools import pairwise

from babel.dates import get_month_names

from mesoclinic.search import normalise

NAME_LENGTH = 200
FULL_NAME_LENGTH = 2 * NAME_LENGTH + 1
EMAIL_LENGTH = 254
PHONE_DIGITS = range(5, 16)
_DATE_LENGTH = 40
_CLOCK = r"(\d{1,2})(?:[:.](\d{2}))?"
_STRETCH = re.compile(rf"\s*{_CLOCK}\s*(?:-|–|—|to)\s*{_CLOCK}\s*")
FULL_MINUTES = 5
_LANGUAGES = ("en", "tr", "es", "ar")
# These turn the direction of what follows; a name that holds one can make another text read differently.
_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def number_in(text: str, *, bits: int = 63) -> int | None:
    """A number as an address or a hidden field carries it; None for what is none or is too long for so many bits."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < len(str(2**bits)) else None


def clean_name(text: str) -> str:
    """One line of text in NFC; raises ValueError for control characters and for more than 200 characters."""
    name = unicodedata.normalize("NFC", " ".join(text.split()))
    if any(unicodedata.category(letter) in {"Cc", "Cs"} or letter in _DIRECTION for letter in name):
        raise ValueError("control characters")
    if len(name) > NAME_LENGTH:
        raise ValueError("too long")
    return name


def parse_date(text: str) -> date | None:
    """26.11.2026, 26/11/2026, 26 11 2026, 2026-11-26, 26 Nov 2026; None when it is no date of the calendar."""
    if len(text) > _DATE_LENGTH:
        return None
    parts = _parts(text)
    if len(parts) != len(("day", "month", "year")):
        return None
    day, month, year = reversed(parts) if len(parts[0]) == len("2026") else parts
    return _date(day, month, year)


def parse_day_and_month(text: str) -> tuple[int, int] | None:
    """The (day, month) of "26 nov" or "26.11."; None when it is neither."""
    if len(text) > _DATE_LENGTH:
        return None
    parts = _parts(text)
    if len(parts) != len(("day", "month")):
        return None
    leap_year = "2000"
    found = _date(parts[0], parts[1], leap_year)
    return (found.day, found.month) if found else None


def parse_hours(text: str) -> tuple[tuple[time, time], ...]:
    """ "9-13, 15:00–19:30" as stretches in order of time; raises ValueError when they overlap or are no hours."""
    parts = [part for part in re.split(r"[,;]", text) if part.strip()]
    found = tuple(sorted(_stretch(part) for part in parts))
    moments = [moment for stretch in found for moment in stretch]
    if any(later <= earlier for earlier, later in pairwise(moments)):
        raise ValueError("hours that overlap or end before they start")
    if any(moment.minute % FULL_MINUTES for moment in moments):
        raise ValueError("not in full five minutes")
    return found


def hours_text(stretches: Iterable[tuple[time, time]]) -> str:
    """The stretches of a day as `parse_hours` reads them."""
    return ", ".join(f"{start:%H:%M}–{end:%H:%M}" for start, end in stretches)


def _stretch(text: str) -> tuple[time, time]:
    match = _STRETCH.fullmatch(text)
    if match is None:
        raise ValueError("no hours")
    hour, minute, end_hour, end_minute = match.groups(default="0")
    return time(int(hour), int(minute)), time(int(end_hour), int(end_minute))


def _parts(text: str) -> list[str]:
    return re.findall(r"\d+|[^\W\d_]+", text)


def _date(day: str, month: str, year: str) -> date | None:
    number = _months().get(normalise(month)) if month.isalpha() else month
    if number is None or len(year) != len("2026"):
        return None
    try:
        return date(int(year), int(number), int(day))
    except ValueError:
        return None


@cache
def _months() -> dict[str, int]:
    return {
        normalise(name.rstrip(".")): number
        for language in _LANGUAGES
        for width in ("wide", "abbreviated")
        for number, name in get_month_names(width, locale=language).items()
    }
