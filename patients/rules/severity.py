"""Severity: which scales fit, the category they set, and the SALT score (clinical.md 1.2, 1.3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from mesoclinic.rules.arithmetic import round_half_up
from mesoclinic.rules.tri import Tri
from protocols.rules.catalogue import Catalogue
from protocols.rules.facts import Facts, SeverityEntry
from protocols.rules.kinds.diagnosis import SaltBand, SaltRegion, SeverityCategory, SeverityScale, SeverityStage


@dataclass(frozen=True, slots=True)
class Salt:
    """A SALT score (0-100) and its band."""

    score: Decimal
    band: str


def salt(loss_percent: Mapping[str, Decimal], catalogue: Catalogue) -> Salt:
    """The SALT score of the loss (0-100 %) in each region; ValueError when a region is missing or out of range."""
    regions = catalogue.of(SaltRegion)
    scale = catalogue.row(SeverityScale, "salt")
    if set(loss_percent) != {region.id for region in regions}:
        raise ValueError("SALT needs each of its regions once")
    if not all(_in_range(scale, loss) for loss in loss_percent.values()):
        raise ValueError("a region's loss is outside the range of the SALT scale")
    score = sum((region.weight * loss_percent[region.id] for region in regions), start=Decimal(0))
    return Salt(score, salt_band(score, catalogue))


def salt_band(score: Decimal, catalogue: Catalogue) -> str:
    """The band of a SALT score, rounded half up to a whole number first."""
    whole = round_half_up(score)
    return next(band.id for band in catalogue.of(SaltBand) if band.lowest <= whole <= band.highest)


def category(facts: Facts, catalogue: Catalogue) -> str | None:
    """The most severe category of the fitting staged entries; None when no stage fits."""
    found = [_category(entry, facts, catalogue) for entry in facts.severity()]
    ranks = {row.id: row.rank for row in catalogue.of(SeverityCategory)}
    return max((one for one in found if one is not None), key=ranks.__getitem__, default=None)


def has_misfit(facts: Facts, catalogue: Catalogue) -> bool:
    """Whether a recorded scale, stage or score is not allowed for the recorded diagnoses and pattern (SV-06)."""
    return "severity" in facts.invalid or not all(fits(entry, facts, catalogue) for entry in facts.severity())


def has_stage(facts: Facts, catalogue: Catalogue) -> bool:
    """Whether an entry on a staged scale is recorded, right or wrong."""
    return any(_is_staged(entry, catalogue) for entry in facts.severity())


def fits(entry: SeverityEntry, facts: Facts, catalogue: Catalogue) -> bool:
    """Whether a recorded diagnosis allows the scale, and the scale has this stage or score."""
    if not catalogue.has(SeverityScale, entry.scale):
        return False
    scale = catalogue.row(SeverityScale, entry.scale)
    allowed = any(
        facts.includes("dx", fit.diagnosis) is Tri.YES and fit.pattern in ("", facts.get("pattern"))
        for fit in scale.fits
    )
    if scale.measure == "stage":
        return allowed and _stage(entry, catalogue) is not None
    return allowed and entry.score is not None and _in_range(scale, entry.score)


def _category(entry: SeverityEntry, facts: Facts, catalogue: Catalogue) -> str | None:
    stage = _stage(entry, catalogue)
    return stage.category if stage is not None and fits(entry, facts, catalogue) else None


def _stage(entry: SeverityEntry, catalogue: Catalogue) -> SeverityStage | None:
    row_id = f"{entry.scale}-{entry.stage}"
    return catalogue.row(SeverityStage, row_id) if catalogue.has(SeverityStage, row_id) else None


def _is_staged(entry: SeverityEntry, catalogue: Catalogue) -> bool:
    known = catalogue.has(SeverityScale, entry.scale)
    return known and catalogue.row(SeverityScale, entry.scale).measure == "stage"


def _in_range(scale: SeverityScale, score: Decimal) -> bool:
    above = scale.hard_min is None or score >= scale.hard_min
    return above and (scale.hard_max is None or score <= scale.hard_max)
