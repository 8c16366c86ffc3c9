"""What a treatment record says was given, in words and mL, and what the plan asked for in each zone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mesoclinic.rules.arithmetic import MICROLITRES_PER_ML
from patients.models import Component, PlanVersion
from patients.queries.plans import technique_of
from protocols.models import Product
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.ingredients import Ingredient
from protocols.rules.kinds.technique import Zone
from protocols.rules.technique import check_technique
from sessions.models import LotUse, TreatmentRecord


@dataclass(frozen=True, slots=True)
class Injected:
    """What went into one zone from one syringe."""

    zone: str
    syringe: str
    volume_ml: Decimal


@dataclass(frozen=True, slots=True)
class Reconciled:
    """One syringe: drawn up = injected + left over + discarded, in mL."""

    syringe: str
    drawn_ml: Decimal
    injected_ml: Decimal
    left_over_ml: Decimal
    discarded_ml: Decimal


@dataclass(frozen=True, slots=True)
class Dose:
    """What was given of an ingredient; None where its strength is not recorded."""

    name: str
    unit: str
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class Delivered:
    """Volumes by zone, what became of each syringe, and doses."""

    rows: Sequence[Injected]
    syringes: Sequence[Reconciled]
    doses: Sequence[Dose]

    @property
    def volume_ml(self) -> Decimal:
        """All that was injected."""
        return sum((row.volume_ml for row in self.rows), start=Decimal(0))


@dataclass(frozen=True, slots=True)
class PlannedZone:
    """A zone of the plan with its area; points and mL where the plan is made by area."""

    name: str
    area_cm2: Decimal
    points: int | None
    volume_ml: Decimal | None


@dataclass(frozen=True, slots=True)
class PlannedPart:
    """A product of the plan with its dose in mg, None where the strength is not known; `numbs`: an anaesthetic."""

    product: Product
    volume_ml: Decimal
    mg: Decimal | None
    numbs: bool


def delivered_of(record: TreatmentRecord, uses: Sequence[LotUse], catalogue: Catalogue) -> Delivered | None:
    """What is recorded as given; None while nothing is."""
    if not record.volumes:
        return None
    rows = [
        Injected(zone_name(catalogue, row["zone"]), str(row["syringe"]), _ml(row["volume_ul"])) for row in record.zones
    ]
    doses = record.volumes.get("doses", {})
    return Delivered(
        rows,
        [_reconciled(rest, uses, rows) for rest in record.volumes.get("rest", [])],
        [_dose(catalogue, name, amount) for name, amount in doses.items()],
    )


def planned_zones(version: PlanVersion, catalogue: Catalogue) -> list[PlannedZone]:
    """What a plan version asks for, zone by zone."""
    points = check_technique(technique_of(version), catalogue=catalogue).points_by_zone
    return [_planned(version, row, points.get(row["zone"]), catalogue) for row in version.zones]


def planned_parts(components: Iterable[Component], catalogue: Catalogue) -> list[PlannedPart]:
    """What a plan version puts into the syringes."""
    return [_part(each, catalogue) for each in components]


def drawn_ml(uses: Sequence[LotUse], syringe: str) -> Decimal:
    """What a syringe holds."""
    return sum((use.volume_ml for use in uses if use.syringe == syringe), start=Decimal(0))


def zone_name(catalogue: Catalogue, zone: str) -> str:
    """A zone in words."""
    return catalogue.row(Zone, zone).name if catalogue.has(Zone, zone) else zone


def _planned(version: PlanVersion, row: Mapping[str, str], points: int | None, catalogue: Catalogue) -> PlannedZone:
    each = version.ml_per_point
    volume = points * each if points is not None and each is not None else None
    return PlannedZone(zone_name(catalogue, row["zone"]), Decimal(row["area_cm2"]), points, volume)


def _part(part: Component, catalogue: Catalogue) -> PlannedPart:
    known = catalogue.has(Ingredient, part.ingredient)
    mg = None if part.mg_per_ml is None else part.mg_per_ml * part.volume_ml
    numbs = known and catalogue.row(Ingredient, part.ingredient).anaesthetic
    return PlannedPart(part.product, part.volume_ml, mg, numbs)


def _reconciled(rest: Mapping[str, Any], uses: Sequence[LotUse], rows: Sequence[Injected]) -> Reconciled:
    syringe = str(rest["syringe"])
    return Reconciled(
        syringe,
        drawn_ml(uses, syringe),
        sum((row.volume_ml for row in rows if row.syringe == syringe), start=Decimal(0)),
        _ml(rest["left_over_ul"]),
        _ml(rest["discarded_ul"]),
    )


def _dose(catalogue: Catalogue, stored: str, amount: str | None) -> Dose:
    code, _space, unit = stored.partition(" ")
    name = catalogue.row(Ingredient, code).name if catalogue.has(Ingredient, code) else code
    return Dose(name, unit, None if amount is None else Decimal(amount))


def _ml(microlitres: int) -> Decimal:
    return Decimal(microlitres) / MICROLITRES_PER_ML
