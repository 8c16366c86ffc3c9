"""What a hand scanner types: GS1 element strings of DataMatrix and QR codes, and GS1 Digital Links."""

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import cycle
from urllib.parse import parse_qsl, unquote, urlsplit

from mesoclinic.rules.arithmetic import (
    CHECK_MODULUS,
    GTIN_LENGTHS,
    GTIN_WEIGHTS,
    HALF_A_CENTURY,
    PAIR,
    YEARS_PER_CENTURY,
)

SEPARATOR = "\x1d"
# What keyboards and set-ups of scanners make of the separator, which many programs swallow.
_SPELLED = re.compile(r"␝|<GS>|\{GS\}|\[GS\]|<FNC1>|\\x1d|\\u001d|\^\]", re.IGNORECASE)
_SYMBOLOGY = re.compile(r"\](?:d2|Q3|C1|e0|J1)", re.IGNORECASE)
_BRACKETED = re.compile(r"\((\d{2,4})\)")
_KEYS = re.compile(r"\d{2,4}")
# Element strings whose length the first two digits fix (General Specifications, figure 7.8.5-2), key and value.
_FIXED = re.compile(
    r"(?:(00)(\d{18})|(0[123])(\d{14})|(1[1-9])(\d{6})|(20)(\d{2})|(3[1-6]\d{2})(\d{6})|(41\d)(\d{13}))"
)
_VARIABLE = re.compile(r"(10|2[12]|30|37|9\d|2[345]\d|4[02]\d|71\d|39\d{2}|43\d{2}|7[02]\d{2}|8[012]\d{2})")
_TEXT = re.compile(r"""[!"%&'()*+,\-./0-9:;<=>?A-Z_a-z]{1,20}""")
_COUNT = re.compile(r"\d{1,8}")
_DATE = re.compile(r"(\d{2})(\d{2})(\d{2})")
_SWALLOWED = re.compile(r"17(\d{6})")
GTIN, LOT, EXPIRY, SERIAL, COUNTS = "01", "10", "17", "21", ("30", "37")


@dataclass(frozen=True, slots=True)
class Scan:
    """What a code says; `problem` names what is wrong with it, and then nothing of it may be used."""

    gtin: str = ""
    lot: str = ""
    expires_on: date | None = None
    serial: str = ""
    count: int | None = None
    problem: str = ""


class _Unreadable(Exception):
    """The code cannot be read, and why: empty, no_code, check_digit, date, text, count, twice, separator."""


def parse_gtin(text: str) -> str:
    """The fourteen digits of a trade item's number, empty when its length or its check digit is wrong."""
    number = text.strip()
    if not (number.isascii() and number.isdigit()) or len(number) not in GTIN_LENGTHS or not int(number):
        return ""
    *body, check = (int(digit) for digit in number)
    total = sum(digit * weight for digit, weight in zip(reversed(body), cycle(GTIN_WEIGHTS), strict=False))
    return number.zfill(max(GTIN_LENGTHS)) if (total + check) % CHECK_MODULUS == 0 else ""


def parse_scan(text: str, *, today: date) -> Scan:
    """GTIN, lot, expiry, serial and count of a code; `today` tells which century two digits of a year mean."""
    try:
        return _scan(dict(_once(_elements(text))), today)
    except _Unreadable as why:
        return Scan(problem=str(why))


def parse_expiry(text: str, *, today: date) -> date | None:
    """YYMMDD as a day, day 00 as the last one of the month; None when there is no such day."""
    match = _DATE.fullmatch(text) if text.isascii() else None
    if match is None:
        return None
    short, month, day = (int(part) for part in match.groups())
    try:
        first = date(_full_year(short, today), month, 1)
        return first.replace(day=day or monthrange(first.year, month)[1])
    except ValueError:
        return None


def _scan(said: dict[str, str], today: date) -> Scan:
    gtin, lot, serial = said.get(GTIN, ""), said.get(LOT, ""), said.get(SERIAL, "")
    if GTIN in said and not parse_gtin(gtin):
        raise _Unreadable("check_digit")
    if any(key in said and not _TEXT.fullmatch(said[key]) for key in (LOT, SERIAL)):
        raise _Unreadable("separator" if EXPIRY not in said and _swallows(lot, today) else "text")
    if EXPIRY not in said and _swallows(lot, today):
        raise _Unreadable("separator")
    if not {GTIN, LOT, EXPIRY} & said.keys():
        raise _Unreadable("no_code")
    return Scan(parse_gtin(gtin), lot, _expiry(said.get(EXPIRY), today), serial, _count(said))


def _expiry(text: str | None, today: date) -> date | None:
    if text is None:
        return None
    found = parse_expiry(text, today=today)
    if found is None:
        raise _Unreadable("date")
    return found


def _count(said: dict[str, str]) -> int | None:
    found = {said[key] for key in COUNTS if key in said}
    if not found:
        return None
    if len(found) > 1 or not all(_COUNT.fullmatch(each) and each.isascii() for each in found):
        raise _Unreadable("count")
    return int(found.pop())


def _swallows(lot: str, today: date) -> bool:
    """A separator that got lost leaves the expiry date inside the lot number."""
    return any(parse_expiry(match.group(1), today=today) for match in _SWALLOWED.finditer(lot))


def _once(elements: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    seen: dict[str, str] = {}
    for key, value in elements:
        if seen.setdefault(key, value) != value:
            raise _Unreadable("twice")
        yield key, value


def _elements(text: str) -> Iterator[tuple[str, str]]:
    code = _SPELLED.sub(SEPARATOR, text.strip(" \t\r\n"))
    code = _SYMBOLOGY.sub("", code, count=1) if code.startswith("]") else code
    if not code.strip(SEPARATOR):
        raise _Unreadable("empty")
    if code.lower().startswith(("http://", "https://")):
        return _linked(code)
    if parse_gtin(code):
        return iter([(GTIN, code)])  # an ordinary bar code: the number alone
    return _bracketed(code) if code.startswith("(") else _plain(code)


def _bracketed(code: str) -> Iterator[tuple[str, str]]:
    """(01)…(17)…(10)…: brackets that name no key belong to the value."""
    _before, *rest = _BRACKETED.split(code.replace(SEPARATOR, ""))
    if not rest:
        raise _Unreadable("no_code")
    yield from ((key, value.strip()) for key, value in zip(rest[::PAIR], rest[1::PAIR], strict=True))


def _plain(code: str) -> Iterator[tuple[str, str]]:
    for run in filter(None, code.split(SEPARATOR)):
        rest = run
        while rest:
            key, value, rest = _next(rest)
            yield key, value


def _next(rest: str) -> tuple[str, str, str]:
    """Key, value, what follows: a value of no fixed length goes on to the separator."""
    fixed = _FIXED.match(rest)
    if fixed and rest.isascii():
        key, value = (part for part in fixed.groups() if part is not None)
        return key, value, rest[fixed.end() :]
    free = _VARIABLE.match(rest)
    if free is None:
        raise _Unreadable("no_code")
    return free.group(), rest[free.end() :], ""


def _linked(code: str) -> Iterator[tuple[str, str]]:
    """A Digital Link: pairs of key and value in the path from 01 on, the rest in the query."""
    try:
        address = urlsplit(code)
    except ValueError as problem:
        raise _Unreadable("no_code") from problem
    steps = [unquote(step) for step in address.path.split("/")]
    if GTIN not in steps:
        raise _Unreadable("no_code")
    pairs = steps[steps.index(GTIN) :]
    yield from zip(pairs[::PAIR], pairs[1::PAIR], strict=False)
    yield from ((key, value) for key, value in parse_qsl(address.query) if _KEYS.fullmatch(key))


def _full_year(short: int, today: date) -> int:
    """The year in the hundred around today that ends in these digits (General Specifications, section 7.12)."""
    century = today.year - today.year % YEARS_PER_CENTURY
    ahead = short - today.year % YEARS_PER_CENTURY
    if ahead > HALF_A_CENTURY:
        return century - YEARS_PER_CENTURY + short
    return century + short + (YEARS_PER_CENTURY if ahead <= -HALF_A_CENTURY else 0)
