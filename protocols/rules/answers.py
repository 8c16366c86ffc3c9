"""Read one raw answer by its row of the input dictionary: a value, nothing, or something unusable."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from mesoclinic.rules.arithmetic import LARGEST_EXPONENT
from mesoclinic.rules.calendar_math import completed_months, completed_years, days_between
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.diagnosis import Diagnosis
from protocols.rules.kinds.ingredients import Allergen
from protocols.rules.kinds.inputs import Input


@dataclass(frozen=True, slots=True)
class SeverityEntry:
    """A recorded scale with its stage, or its score."""

    scale: str
    stage: str = ""
    score: Decimal | None = None

    def __str__(self) -> str:
        return f"{self.scale} {self.stage if self.score is None else self.score}"


@dataclass(frozen=True, slots=True)
class Allergy:
    """An allergen class and what happened; an unreadable reaction is empty, so that the class still counts."""

    allergen: str
    reaction: str = ""

    def __str__(self) -> str:
        return f"{self.allergen}: {self.reaction}"


Value = str | int | Decimal | date | tuple[str, ...] | tuple[SeverityEntry, ...] | tuple[Allergy, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """A value or None; not valid when something was given that cannot be used (its good entries may remain)."""

    value: Value | None
    valid: bool = True


MISSING = Answer(None)
INVALID = Answer(None, valid=False)
COUNTING: Mapping[str, Callable[[date, date], int]] = {
    "years": completed_years,
    "months": completed_months,
    "days": days_between,
}


def read(row: Input, raw: object, catalogue: Catalogue) -> Answer:
    """The answer in a raw value; an empty one, or `unknown`, is missing (2.1)."""
    if raw is None or raw == "" or raw == "unknown":
        return MISSING
    return _READERS[row.type](row, raw, catalogue)


def counted(row: Input, start: object, evaluated_on: date) -> Answer:
    """The whole years, months or days from a date to the evaluated date; invalid outside the hard range."""
    day = as_date(start)
    if day is None:
        return INVALID
    return _within(row, Decimal(COUNTING[row.counted](day, evaluated_on)))


def as_date(raw: object) -> date | None:
    """A date or its ISO text; None when it is neither."""
    if type(raw) is date:
        return raw
    try:
        return date.fromisoformat(raw) if isinstance(raw, str) else None
    except ValueError:
        return None


def _within(row: Input, number: Decimal) -> Answer:
    below = row.hard_min is not None and number < row.hard_min
    above = row.hard_max is not None and number > row.hard_max
    if below or above:
        return INVALID
    if row.type != "whole":
        return Answer(number)
    return Answer(int(number)) if number == number.to_integral_value() else INVALID


def _number(row: Input, raw: object, _: Catalogue) -> Answer:
    number = as_decimal(raw)
    return INVALID if number is None else _within(row, number)


def as_decimal(raw: object) -> Decimal | None:
    """A finite number from a number or its text; None when it is neither."""
    if isinstance(raw, bool) or not isinstance(raw, int | float | str | Decimal):
        return None
    try:
        number = Decimal(str(raw) if isinstance(raw, float) else raw)
    except (InvalidOperation, ValueError):
        return None
    return number if number.is_finite() else None


def measured(raw: object) -> Decimal | None:
    """A number; None when it is none, or so large or small that no instrument has shown it."""
    number = as_decimal(raw)
    return number if number is not None and (not number or abs(number.adjusted()) <= LARGEST_EXPONENT) else None


def positive(raw: object) -> Decimal | None:
    """A measured amount above 0, else None."""
    number = measured(raw)
    return number if number is not None and number > 0 else None


def _choice(row: Input, raw: object, _: Catalogue) -> Answer:
    return Answer(raw) if isinstance(raw, str) and raw in row.values else INVALID


def _yes_no(_: Input, raw: object, __: Catalogue) -> Answer:
    return Answer(raw) if isinstance(raw, str) and raw in ("yes", "no") else INVALID


def _day(_: Input, raw: object, __: Catalogue) -> Answer:
    day = as_date(raw)
    return INVALID if day is None else Answer(day)


def _choices(row: Input, raw: object, _: Catalogue) -> Answer:
    return _chosen(raw, row.values, row.alone)


def _diagnoses(_: Input, raw: object, catalogue: Catalogue) -> Answer:
    return _chosen(raw, tuple(row.id for row in catalogue.of(Diagnosis)), "")


def _chosen(raw: object, allowed: tuple[str, ...], alone: str) -> Answer:
    """The allowed entries; an empty list is missing, an entry that must stand alone is dropped beside others."""
    if not isinstance(raw, list | tuple):
        return INVALID
    if not raw:
        return MISSING
    good = tuple(dict.fromkeys(entry for entry in raw if isinstance(entry, str) and entry in allowed))
    valid = all(isinstance(entry, str) and entry in allowed for entry in raw)
    if alone in good and (len(good) > 1 or not valid):
        good, valid = tuple(entry for entry in good if entry != alone), False
    return Answer(good or None, valid)


def _severity(_: Input, raw: object, __: Catalogue) -> Answer:
    if not isinstance(raw, list | tuple):
        return INVALID
    entries = [_severity_entry(entry) for entry in raw]
    good = tuple(entry for entry in entries if entry is not None)
    return Answer(good or None, len(good) == len(entries))


def _severity_entry(raw: object) -> SeverityEntry | None:
    if not isinstance(raw, Mapping) or not isinstance(raw.get("scale"), str):
        return None
    stage, score = raw.get("stage"), as_decimal(raw.get("score"))
    if type(stage) is int:
        stage = str(stage)
    if isinstance(stage, str) and stage and raw.get("score") is None:
        return SeverityEntry(raw["scale"], stage)
    return SeverityEntry(raw["scale"], score=score)


def _allergies(row: Input, raw: object, catalogue: Catalogue) -> Answer:
    if not isinstance(raw, list | tuple):
        return INVALID
    entries = [_allergy(row, entry, catalogue) for entry in raw]
    good = tuple(entry for entry in entries if entry is not None)
    return Answer(good, len(good) == len(entries) and all(entry.reaction for entry in good))


def _allergy(row: Input, raw: object, catalogue: Catalogue) -> Allergy | None:
    if not isinstance(raw, Mapping):
        return None
    allergen, reaction = raw.get("class"), raw.get("reaction")
    if not isinstance(allergen, str) or not catalogue.has(Allergen, allergen):
        return None
    return Allergy(allergen, reaction if isinstance(reaction, str) and reaction in row.reactions else "")


_READERS: Mapping[str, Callable[[Input, object, Catalogue], Answer]] = {
    "choice": _choice,
    "yes_no": _yes_no,
    "whole": _number,
    "decimal": _number,
    "date": _day,
    "choices": _choices,
    "diagnoses": _diagnoses,
    "severity": _severity,
    "allergies": _allergies,
}
