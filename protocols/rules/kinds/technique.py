"""Row kinds: injection techniques, zones of the scalp and the rules of technique (clinical.md 5)."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal

from protocols.rules.kinds.candidacy import Limited
from protocols.rules.rows import Contradictions, Ref, RowBase, kind, positive, rising


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """From, usually and up to, both ends allowed."""

    low: Decimal
    usual: Decimal
    high: Decimal

    def contradictions(self) -> Contradictions:
        return rising(low=self.low, usual=self.usual, high=self.high)


@kind("technique")
@dataclass(frozen=True, slots=True, kw_only=True)
class Technique(RowBase):
    """How the needle goes in: depth in mm, spacing in cm, mL per point or per cm2 (clinical.md 5.1, 5.5)."""

    name: str
    depth_mm: Range
    depth_note: str
    angle: str
    spacing_cm: Range
    ml_per_point: Range | None = None
    ml_per_cm2: Decimal | None = None
    needle: str
    use: str
    points_soft: int | None = None
    points_hard: int | None = None

    def contradictions(self) -> Contradictions:
        yield from positive(ml_per_cm2=self.ml_per_cm2, points_soft=self.points_soft)
        yield from rising(points_soft=self.points_soft, points_hard=self.points_hard)


@kind("zone")
@dataclass(frozen=True, slots=True, kw_only=True)
class Zone(RowBase):
    """A zone of the scalp with its usual area in cm2, or a name for the sum of others (clinical.md 5.2)."""

    name: str
    area_cm2: Decimal | None = None
    parts: tuple[Annotated[str, Ref("zone")], ...] = ()
    share: Decimal | None = None

    def contradictions(self) -> Contradictions:
        return positive(area_cm2=self.area_cm2, share=self.share)


@kind("technique_rule")
@dataclass(frozen=True, slots=True, kw_only=True)
class TechniqueRule(Limited):
    """What a rule of technique says when its condition holds (clinical.md 5.1, 5.5)."""

    condition: str
    result: Literal["block", "warn"]
    reason: str
    action: str
