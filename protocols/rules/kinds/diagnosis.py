"""Row kinds: diagnoses, severity scales and signs of scarring."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal

from protocols.rules.rows import Contradictions, Ref, RowBase, kind, rising

DiagnosisId = Annotated[str, Ref("diagnosis")]
Category = Literal["minimal", "mild", "moderate", "upper_moderate", "advanced"]


@kind("diagnosis")
@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis(RowBase):
    """A diagnosis with its codes; `primary_scarring` are the members of SCAR (clinical.md 1.1)."""

    name: str
    scarring: Literal["no", "yes", "late", "unknown"]
    primary_scarring: bool
    eligible: bool
    icd10: str
    icd10_cm: str
    snomed_ct: str
    icd11: str = ""
    scale: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A diagnosis a scale is for; with `pattern`, only when that pattern is recorded."""

    diagnosis: DiagnosisId
    pattern: str = ""


@kind("severity_scale")
@dataclass(frozen=True, slots=True, kw_only=True)
class SeverityScale(RowBase):
    """A scale and the diagnoses it fits (clinical.md 1.3); staged scales set the category, scored ones never do."""

    name: str
    measure: Literal["stage", "score"]
    fits: tuple[Fit, ...]
    unit: str = ""
    hard_min: Decimal | None = None
    hard_max: Decimal | None = None


@kind("severity_stage")
@dataclass(frozen=True, slots=True, kw_only=True)
class SeverityStage(RowBase):
    """A stage of a scale in plain words with its category (clinical.md 1.2)."""

    scale: Annotated[str, Ref("severity_scale")]
    stage: str
    descriptor: str
    category: Category


@kind("severity_category")
@dataclass(frozen=True, slots=True, kw_only=True)
class SeverityCategory(RowBase):
    """A category; the higher `rank` is the more severe."""

    rank: int
    name: str


@kind("salt_region")
@dataclass(frozen=True, slots=True, kw_only=True)
class SaltRegion(RowBase):
    """A scalp region and its weight in the SALT score."""

    name: str
    weight: Decimal


@kind("salt_band")
@dataclass(frozen=True, slots=True, kw_only=True)
class SaltBand(RowBase):
    """A band of whole SALT scores, both ends included."""

    name: str
    lowest: int
    highest: int

    def contradictions(self) -> Contradictions:
        return rising(lowest=self.lowest, highest=self.highest)


@kind("scarring_sign")
@dataclass(frozen=True, slots=True, kw_only=True)
class ScarringSign(RowBase):
    """A sign that must set scarring_status to suspected (clinical.md 1.1)."""

    text: str
