"""Whether a signed consent covers a treatment on a date (clinical.md 10.1, SD-08)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from mesoclinic.rules.calendar_math import ONE_DAY, add_months
from mesoclinic.rules.tri import Tri, not_, or_
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.consent import ConsentElement

RENEWAL = "CE-18"
CHOICES = ("CE-15", "CE-16")


class Lack(StrEnum):
    """Why a consent does not cover the treatment, or why nobody can tell."""

    NONE = "none"
    WITHDRAWN = "withdrawn"
    OTHER_PLAN = "other_plan"
    NOT_YET = "not_yet"
    EXPIRED = "expired"
    FORM_CHANGED = "form_changed"
    ELEMENT_MISSING = "element_missing"
    DATE_UNKNOWN = "date_unknown"
    FORM_UNKNOWN = "form_unknown"
    NO_ELEMENTS = "no_elements"


@dataclass(frozen=True, slots=True)
class Given:
    """A consent as it was signed; `elements` are the ids that were acknowledged."""

    plan_version: int
    form: str
    elements: frozenset[str]
    signed_on: date | None
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Validity:
    """YES covers the treatment, NO does not, UNKNOWN was not checked and never counts as a pass."""

    holds: Tri
    lacks: tuple[Lack, ...] = ()
    missing: tuple[str, ...] = ()
    through: date | None = None


def required_elements(catalogue: Catalogue) -> tuple[str, ...]:
    """The elements without which there is no session, in the order of 10.1."""
    return tuple(row.id for row in catalogue.of(ConsentElement) if row.required)


def valid_through(signed_on: date, months: int) -> date:
    """The last day of a consent: the same calendar day; from 29 February through 28 February (SD-08)."""
    reached = add_months(signed_on, months)
    return reached if reached.day == signed_on.day else reached - ONE_DAY


def validity(given: Given | None, *, plan_version: int, form: str, on: date, catalogue: Catalogue) -> Validity:
    """Whether the consent covers this plan version on that date; `form` is the current form, "" when unknown."""
    if given is None:
        return Validity(Tri.NO, (Lack.NONE,))
    required = required_elements(catalogue)
    missing = tuple(element for element in required if element not in given.elements)
    through = _through(given, catalogue)
    stops = _stops(given, plan_version, form, on, through) + ((Lack.ELEMENT_MISSING,) if missing else ())
    gaps = _gaps(given, form, required)
    holds = not_(or_(Tri.YES if stops else Tri.NO, Tri.UNKNOWN if gaps else Tri.NO))
    return Validity(holds, stops + gaps, missing, through)


def _through(given: Given, catalogue: Catalogue) -> date | None:
    if given.signed_on is None or not catalogue.has(ConsentElement, RENEWAL):
        return None
    return valid_through(given.signed_on, int(catalogue.row(ConsentElement, RENEWAL).limit("renew_months")))


def _stops(given: Given, plan_version: int, form: str, on: date, through: date | None) -> tuple[Lack, ...]:
    broken = {
        Lack.WITHDRAWN: given.withdrawn,
        Lack.OTHER_PLAN: given.plan_version != plan_version,
        Lack.NOT_YET: given.signed_on is not None and on < given.signed_on,
        Lack.EXPIRED: through is not None and on > through,
        Lack.FORM_CHANGED: bool(form) and given.form != form,
    }
    return tuple(lack for lack, holds in broken.items() if holds)


def _gaps(given: Given, form: str, required: Collection[str]) -> tuple[Lack, ...]:
    unknown = {
        Lack.DATE_UNKNOWN: given.signed_on is None,
        Lack.FORM_UNKNOWN: not form,
        Lack.NO_ELEMENTS: not required or RENEWAL not in required,
    }
    return tuple(lack for lack, holds in unknown.items() if holds)
