"""What was really given in a session, from its points and its syringes (clinical.md 5.3)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from mesoclinic.rules.arithmetic import MICROLITRES_PER_ML


@dataclass(frozen=True, slots=True)
class Point:
    """One injection: where, how much (microlitres), from which syringe."""

    zone: str
    volume_ul: int
    syringe: str = "1"


@dataclass(frozen=True, slots=True)
class Given:
    """What went into one zone from one syringe, in microlitres, through so many points (0: not counted)."""

    zone: str
    syringe: str
    volume_ul: int
    points: int = 0


@dataclass(frozen=True, slots=True)
class Rest:
    """What of a syringe was not injected, in microlitres: left over, or discarded during the session."""

    syringe: str
    left_over_ul: int
    discarded_ul: int


@dataclass(frozen=True, slots=True)
class Mixed:
    """One component as drawn up: its volume in mL and its amount in `unit` (mg, or units; never added up)."""

    ingredient: str
    syringe: str
    volume_ml: Decimal
    amount: Decimal | None = None
    unit: str = "mg"


@dataclass(frozen=True, slots=True)
class Totals:
    """Points and mL by zone, mL injected and left over by syringe, dose given by ingredient and unit.

    An ingredient with an unknown amount, or from a syringe of unknown volume, has no dose (None).
    """

    points: int
    volume_ml: Decimal
    points_by_zone: Mapping[str, int]
    ml_by_zone: Mapping[str, Decimal]
    injected_ml: Mapping[str, Decimal]
    left_over_ml: Mapping[str, Decimal]
    doses: Mapping[tuple[str, str], Decimal | None]


def totals(points: Iterable[Point], mixed: Iterable[Mixed]) -> Totals:
    """The sums of a session; a negative rest means that more is recorded as injected than was drawn up."""
    given, components = tuple(points), tuple(mixed)
    injected = _sums((point.syringe, point.volume_ul) for point in given)
    drawn: defaultdict[str, Decimal] = defaultdict(Decimal)
    for component in components:
        drawn[component.syringe] += component.volume_ml
    by_zone: defaultdict[str, int] = defaultdict(int)
    for point in given:
        by_zone[point.zone] += 1
    return Totals(
        points=len(given),
        volume_ml=sum(injected.values(), start=Decimal(0)),
        points_by_zone=MappingProxyType(dict(by_zone)),
        ml_by_zone=_sums((point.zone, point.volume_ul) for point in given),
        injected_ml=injected,
        left_over_ml=MappingProxyType({name: drawn[name] - injected.get(name, Decimal(0)) for name in drawn}),
        doses=_doses(components, injected, drawn),
    )


def delivered(amount: Decimal, injected_ml: Decimal, total_ml: Decimal) -> Decimal:
    """The part of a component's amount that reached the patient: amount × injected ÷ mixed volume."""
    return amount * injected_ml / total_ml


def _sums(volumes: Iterable[tuple[str, int]]) -> Mapping[str, Decimal]:
    found: defaultdict[str, Decimal] = defaultdict(Decimal)
    for name, microlitres in volumes:
        found[name] += Decimal(microlitres) / MICROLITRES_PER_ML
    return MappingProxyType(dict(found))


def _doses(
    components: Iterable[Mixed], injected: Mapping[str, Decimal], drawn: Mapping[str, Decimal]
) -> Mapping[tuple[str, str], Decimal | None]:
    doses: dict[tuple[str, str], Decimal | None] = {}
    for component in components:
        key = (component.ingredient, component.unit)
        before = doses.get(key, Decimal(0))
        total = drawn[component.syringe]
        if component.amount is None or before is None or not total:
            doses[key] = None
        else:
            doses[key] = before + delivered(component.amount, injected.get(component.syringe, Decimal(0)), total)
    return MappingProxyType(doses)
