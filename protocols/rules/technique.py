"""Technique: points, volumes and limits of a plan on the scalp (clinical.md 5). Decimals; mm, cm, mL."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from mesoclinic.rules.arithmetic import SPACING_STEP_CM, VOLUME_KEPT_ML, ceiling, floor, round_to
from mesoclinic.rules.finding import Finding, Level
from protocols.rules.answers import as_decimal, measured, positive
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.formulation import FormulationRule
from protocols.rules.kinds.schedule import Protocol
from protocols.rules.kinds.technique import Range, Technique, TechniqueRule

FIXED, BY_AREA = "fixed", "by_area"
NEEDED = "FX-00"
_ASKED = {
    "technique": "the technique",
    "volume_mode": "whether the volume is fixed or follows the area",
    "zones": "the zone to treat",
    "area_cm2": "the area of a zone",
    "ml_per_point": "the volume per point",
    "volume_ml": "the volume of the session",
    "spacing_cm": "the spacing between points",
}


@dataclass(frozen=True, slots=True)
class ZoneArea:
    """A zone with the area that is treated there; None when nobody measured it."""

    zone: str
    area_cm2: Decimal | None


@dataclass(frozen=True, slots=True)
class TechniquePlan:
    """How a formulation is to be injected; None means not recorded."""

    technique: str
    zones: tuple[ZoneArea, ...] = ()
    spacing_cm: Decimal | None = None
    ml_per_point: Decimal | None = None
    depth_mm: Decimal | None = None
    protocol: str = ""
    volume_mode: str = BY_AREA
    volume_ml: Decimal | None = None


@dataclass(frozen=True, slots=True)
class TechniqueResult:
    """What follows from a plan. `points`, `volume_ml` and `implied_spacing_cm` are None where they do not apply."""

    findings: tuple[Finding, ...]
    points: int | None
    volume_ml: Decimal | None
    implied_spacing_cm: Decimal | None
    points_by_zone: Mapping[str, int]


def parse_plan(raw: Mapping[str, object]) -> TechniquePlan:
    """The plan in the JSON of clinical.md 14.2; what cannot be read counts as not recorded."""
    zones = raw.get("zones")
    return TechniquePlan(
        technique=str(raw.get("technique") or ""),
        zones=tuple(_zone(zone) for zone in zones) if isinstance(zones, list) else (),
        spacing_cm=measured(raw.get("spacing_cm")),
        ml_per_point=measured(raw.get("ml_per_point")),
        depth_mm=as_decimal(raw.get("depth_mm")),
        protocol=str(raw.get("protocol") or ""),
        volume_mode=str(raw.get("volume_mode") or BY_AREA),
        volume_ml=measured(raw.get("volume_ml")),
    )


def check_technique(plan: TechniquePlan, *, catalogue: Catalogue) -> TechniqueResult:
    """Every reason this plan may not be injected so, every input that is missing, and the arithmetic (5.3)."""
    technique = catalogue.row(Technique, plan.technique) if catalogue.has(Technique, plan.technique) else None
    gaps = tuple(_missing(name, catalogue) for name in (_gaps(plan, technique) if technique else ("technique",)))
    known = _Points(None, None, plan.volume_ml if plan.volume_mode == FIXED else None, {})
    if technique and not gaps:
        known = _fixed(plan, technique) if plan.volume_mode == FIXED else _by_area(plan, technique)
    fired = [rule for rule in catalogue.of(TechniqueRule) if _fires(rule, plan, technique, known, catalogue)]
    findings = tuple(_finding(rule, plan, known) for rule in fired)
    return TechniqueResult((*findings, *gaps), known.points, known.volume_ml, known.spacing_cm, known.by_zone)


def _missing(name: str, catalogue: Catalogue) -> Finding:
    """An input without which nothing can be said."""
    row = catalogue.row(FormulationRule, NEEDED)
    return Finding(
        rule=row.id,
        version=row.version,
        level=Level.MISSING,
        about=name,
        reason=f"{_ASKED[name]} is not recorded",
        action=row.action,
        sources=row.sources,
        strength=row.strength,
    )


@dataclass(frozen=True, slots=True)
class _Points:
    points: int | None
    spacing_cm: Decimal | None
    volume_ml: Decimal | None
    by_zone: Mapping[str, int]


def _by_area(plan: TechniquePlan, technique: Technique) -> _Points:
    if technique.ml_per_cm2 is not None:
        return _Points(None, None, _area(plan) * technique.ml_per_cm2, {})
    spacing, per_point = plan.spacing_cm or Decimal(0), plan.ml_per_point or Decimal(0)
    if spacing <= 0:
        return _Points(None, None, None, {})
    by_zone: dict[str, int] = {}
    for zone in plan.zones:
        count = ceiling((zone.area_cm2 or Decimal(0)) / (spacing * spacing))
        by_zone[zone.zone] = by_zone.get(zone.zone, 0) + count
    points = sum(by_zone.values())
    return _Points(points, None, round_to(points * per_point, VOLUME_KEPT_ML), by_zone)


def _fixed(plan: TechniquePlan, technique: Technique) -> _Points:
    volume = plan.volume_ml or Decimal(0)
    if technique.ml_per_cm2 is not None:
        return _Points(None, None, volume, {})
    per_point = plan.ml_per_point or Decimal(0)
    if per_point <= 0:
        return _Points(None, None, volume, {})
    points = max(floor(volume / per_point), 0)
    implied = round_to((_area(plan) / points).sqrt(), SPACING_STEP_CM) if points else None
    return _Points(points, implied, volume, {})


def _gaps(plan: TechniquePlan, technique: Technique) -> Iterable[str]:
    per_point = technique.ml_per_cm2 is None
    if plan.volume_mode not in (FIXED, BY_AREA):
        yield "volume_mode"
    if not plan.zones:
        yield "zones"
    elif any(zone.area_cm2 is None or zone.area_cm2 <= 0 for zone in plan.zones):
        yield "area_cm2"
    if per_point and plan.ml_per_point is None:
        yield "ml_per_point"
    if plan.volume_mode == FIXED and (plan.volume_ml is None or (plan.volume_ml <= 0 and not per_point)):
        yield "volume_ml"
    if plan.volume_mode != FIXED and per_point and plan.spacing_cm is None:
        yield "spacing_cm"


def _fires(
    row: TechniqueRule, plan: TechniquePlan, technique: Technique | None, known: _Points, catalogue: Catalogue
) -> bool:
    """Whether a rule fires on what is known; while the technique is not, only the depth can decide."""
    if row.id == "T-01":
        return plan.depth_mm is not None and plan.depth_mm > row.limit("depth")
    if technique is None:
        return False
    match row.id:
        case "T-02":
            return _outside(plan.ml_per_point, technique.ml_per_point)
        case "T-03":
            return _spaced_wrong(plan, technique, known)
        case "T-04":
            return _not_of_protocol(plan, catalogue)
        case "T-05":
            return _more(known.points, technique.points_hard)
        case "T-05s":
            return _more(known.points, technique.points_soft)
    raise KeyError(f"{row.id} has no condition")


def _more(points: int | None, limit: int | None) -> bool:
    return points is not None and limit is not None and points > limit


def _spaced_wrong(plan: TechniquePlan, technique: Technique, known: _Points) -> bool:
    """The spacing as recorded, or as it follows from a fixed volume; a technique without points has only the first."""
    if plan.volume_mode != FIXED or technique.ml_per_cm2 is not None:
        return _outside(plan.spacing_cm, technique.spacing_cm)
    return known.points == 0 or _outside(known.spacing_cm, technique.spacing_cm)


def _not_of_protocol(plan: TechniquePlan, catalogue: Catalogue) -> bool:
    if not plan.protocol or not catalogue.has(Protocol, plan.protocol):
        return bool(plan.protocol)
    allowed = catalogue.row(Protocol, plan.protocol).techniques
    return bool(allowed) and plan.technique not in allowed


def _outside(value: Decimal | None, allowed: Range | None) -> bool:
    return value is not None and allowed is not None and not allowed.low <= value <= allowed.high


def _finding(rule: TechniqueRule, plan: TechniquePlan, known: _Points) -> Finding:
    recorded = {
        "technique": plan.technique,
        "depth_mm": plan.depth_mm,
        "ml_per_point": plan.ml_per_point,
        "spacing_cm": plan.spacing_cm,
        "protocol": plan.protocol,
        "points": known.points,
        "volume_ml": known.volume_ml,
        "implied_spacing_cm": known.spacing_cm,
    }
    return Finding(
        rule=rule.id,
        version=rule.version,
        level=Level(rule.result),
        inputs=tuple((name, str(value)) for name, value in recorded.items() if value not in (None, "")),
        reason=rule.reason,
        action=rule.action,
        sources=rule.sources,
        strength=rule.strength,
    )


def _area(plan: TechniquePlan) -> Decimal:
    return sum((zone.area_cm2 or Decimal(0) for zone in plan.zones), Decimal(0))


def _zone(raw: object) -> ZoneArea:
    if not isinstance(raw, Mapping):
        return ZoneArea("", None)
    return ZoneArea(str(raw.get("zone") or ""), positive(raw.get("area_cm2")))
