"""Read the raw values of a vignette: what is not as the format says is named, never guessed (clinical.md 14.2)."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mesoclinic.rules.tri import Tri
from protocols.rules.answers import as_date, as_decimal

DATES, BASE = "dates", "base"
YES_NO: Mapping[object, Tri] = {"yes": Tri.YES, "no": Tri.NO, True: Tri.YES, False: Tri.NO}


class Unreadable(Exception):
    """A case, or the file, is not in the format; the message says where."""


def a_mapping(raw: object, where: str) -> Mapping[str, Any]:
    """An object with named keys."""
    if not isinstance(raw, Mapping):
        raise Unreadable(f"{where} is not an object")
    return raw


def a_text(raw: object, where: str) -> str:
    """A text that is not empty."""
    if not isinstance(raw, str) or not raw:
        raise Unreadable(f"{where} is not a text")
    return raw


def a_date(raw: object, where: str) -> date:
    """A date written YYYY-MM-DD."""
    day = as_date(raw)
    if day is None:
        raise Unreadable(f"{where} is not a date: {raw!r}")
    return day


def maybe_date(raw: object, where: str) -> date | None:
    """A date, or None when there is none."""
    return None if raw is None else a_date(raw, where)


def some_dates(raw: object, where: str) -> tuple[date, ...]:
    """A list of dates, earliest first."""
    return tuple(sorted(a_date(day, where) for day in a_list(raw, where)))


def a_list(raw: object, where: str) -> list[Any]:
    """A list; an absent one is empty."""
    if raw is None:
        return []
    if not isinstance(raw, list):
        raise Unreadable(f"{where} is not a list")
    return raw


def some_texts(raw: object, where: str) -> frozenset[str]:
    """A list of texts."""
    return frozenset(a_text(entry, where) for entry in a_list(raw, where))


def maybe_decimal(raw: object, where: str) -> Decimal | None:
    """A number, or None when there is none."""
    if raw is None:
        return None
    number = as_decimal(raw)
    if number is None:
        raise Unreadable(f"{where} is not a number: {raw!r}")
    return number


def a_decimal(raw: object, where: str) -> Decimal:
    """A number."""
    number = maybe_decimal(raw, where)
    if number is None:
        raise Unreadable(f"{where} is missing")
    return number


def maybe_whole(raw: object, where: str) -> int | None:
    """A whole number, or None when there is none."""
    number = maybe_decimal(raw, where)
    if number is not None and number != number.to_integral_value():
        raise Unreadable(f"{where} is not a whole number: {raw!r}")
    return None if number is None else int(number)


def a_tri(raw: object, where: str, absent: Tri = Tri.UNKNOWN) -> Tri:
    """Yes, no or unknown."""
    if raw is None:
        return absent
    if raw == "unknown":
        return Tri.UNKNOWN
    if not isinstance(raw, str | bool) or raw not in YES_NO:
        raise Unreadable(f"{where} is neither yes nor no: {raw!r}")
    return YES_NO[raw]


def a_zone(raw: object) -> ZoneInfo:
    """A time zone by its name."""
    try:
        return ZoneInfo(a_text(raw, "time_zone"))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Unreadable(f"time_zone is not a time zone: {raw!r}") from error


def a_moment(raw: object, zone: ZoneInfo, where: str) -> datetime:
    """A local date-time written YYYY-MM-DDTHH:MM; one that the clock change skips is read as the later real one."""
    try:
        local = datetime.fromisoformat(a_text(raw, where)).replace(tzinfo=zone)
    except ValueError as error:
        raise Unreadable(f"{where} is not a date-time: {raw!r}") from error
    return local.astimezone(UTC).astimezone(zone)


def maybe_moment(raw: object, zone: ZoneInfo, where: str) -> datetime | None:
    """A local date-time, or None when there is none."""
    return None if raw is None else a_moment(raw, zone, where)


def patient_inputs(raw: object, shared: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs of a patient on its chain of bases; a case's own input replaces the base's, null empties it."""
    chain: list[Mapping[str, Any]] = [a_mapping(raw, "patient")]
    seen: set[str] = set()
    while BASE in chain[-1]:
        name = a_text(chain[-1][BASE], BASE)
        if name in seen or name not in shared:
            raise Unreadable(f"the base {name} is not shared, or leads back to itself")
        seen.add(name)
        chain.append(a_mapping(shared[name], name))
    merged: dict[str, Any] = {}
    for layer in reversed(chain):
        merged = _over(merged, layer)
    return merged


def _over(base: Mapping[str, Any], layer: Mapping[str, Any]) -> dict[str, Any]:
    """An input named plainly also replaces the date that the base counts it from."""
    own = {name: value for name, value in layer.items() if name not in (BASE, DATES)}
    dates = {name: day for name, day in (base.get(DATES) or {}).items() if name not in own}
    if DATES in layer:
        dates = {**dates, **a_mapping(layer[DATES], DATES)} if layer[DATES] is not None else {}
    if "age_years" in own and "date_of_birth" not in own:
        own["date_of_birth"] = None
    return {**base, **own, DATES: dates}


def mixture_inputs(raw: object, shared: Mapping[str, Any]) -> dict[str, Any]:
    """A formulation with the components of its mix first, then its own."""
    formulation = dict(a_mapping(raw, "formulation"))
    components = a_list(formulation.get("components"), "components")
    if formulation.get("mix") is not None:
        name = a_text(formulation["mix"], "mix")
        if name not in shared:
            raise Unreadable(f"the mix {name} is not shared")
        components = a_list(a_mapping(shared[name], name).get("components"), name) + components
    formulation.pop("mix", None)
    return {**formulation, "components": components}
