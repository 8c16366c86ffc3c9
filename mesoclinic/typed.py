"""What people type at a desk: names, phone numbers and dates. Lenient to read, strict in what comes out."""

import re
import unicodedata
from datetime import date
from functools import cache

from babel.dates import get_month_names

from mesoclinic.search import normalise

NAME_LENGTH = 200
PHONE_DIGITS = range(5, 16)
_DATE_LENGTH = 40
_LANGUAGES = ("en", "tr", "es", "ar")
# These turn the direction of what follows; a name that holds one can make another text read differently.
_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


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
