"""Local anaesthetic of a day: each dose as a share of its limit, added up exactly (clinical.md 5.4)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from mesoclinic.rules.arithmetic import RATIO_STEP, round_to
from mesoclinic.rules.tri import Tri, at_least, one_of, or_
from protocols.rules.catalogue import Catalogue
from protocols.rules.facts import Facts
from protocols.rules.kinds.formulation import AnaestheticLimit, FormulationRule
from protocols.rules.mixture import Part

HARD, SOFT = "FX-10", "FX-10s"


@dataclass(frozen=True, slots=True)
class Load:
    """The sum of dose/limit, exact; None while the weight or a concentration is not known.

    While a volume is not known the sum is not `complete`: it can only grow, so that it stops but never passes.
    """

    ratio: Fraction | None
    plain_lidocaine_mg: Decimal | None
    soft_limit_mg: Decimal | None
    complete: bool = True

    @property
    def shown(self) -> Decimal | None:
        """The ratio with three decimals, halves up; None while it is not complete."""
        if self.ratio is None or not self.complete:
            return None
        return round_to(Decimal(self.ratio.numerator) / Decimal(self.ratio.denominator), RATIO_STEP)


def load_of(parts: Iterable[Part], facts: Facts, catalogue: Catalogue) -> Load:
    """What the anaesthetics of a formulation add up to for this body weight."""
    weight = facts.fresh("weight_kg")
    anaesthetics = [part for part in parts if part.anaesthetic]
    if not anaesthetics:
        return Load(Fraction(0), None, None)
    if not isinstance(weight, Decimal) or any(part.component.mg_per_ml is None for part in anaesthetics):
        return Load(None, None, None)
    complete = all(part.component.volume_ml is not None for part in anaesthetics)
    shares = [_share(part, weight, catalogue) for part in anaesthetics]
    return Load(sum(shares, Fraction(0)), *_plain(anaesthetics, weight, catalogue), complete)


def too_much(load: Load, catalogue: Catalogue) -> bool:
    """Whether the sum is above the limit; reaching it exactly is allowed."""
    return load.ratio is not None and load.ratio > Fraction(catalogue.row(FormulationRule, HARD).limit("ratio"))


def above_soft_limit(load: Load) -> bool:
    """Whether plain lidocaine is above its soft limit."""
    mg, limit = load.plain_lidocaine_mg, load.soft_limit_mg
    return mg is not None and limit is not None and mg > limit


def sensitive(facts: Facts, catalogue: Catalogue) -> bool:
    """Whether the soft limit is a hard one: age, liver or heart make anaesthetics stronger."""
    age = catalogue.row(FormulationRule, SOFT).limit("age")
    liver = one_of(facts.get("hepatic_impairment"), ("mild", "moderate", "severe"))
    heart = facts.includes("cardiac", "heart_failure")
    return or_(at_least(facts.get("age_years"), age), liver, heart) is Tri.YES


def _share(part: Part, weight: Decimal, catalogue: Catalogue) -> Fraction:
    limit = catalogue.row(AnaestheticLimit, part.component.ingredient)
    return Fraction(part.component.mg or 0) / Fraction(min(limit.mg_per_kg * weight, limit.max_mg))


def _plain(parts: Sequence[Part], weight: Decimal, catalogue: Catalogue) -> tuple[Decimal | None, Decimal | None]:
    ingredient = catalogue.row(FormulationRule, SOFT).one_of[0]
    doses = [part.component.mg or Decimal(0) for part in parts if part.component.ingredient == ingredient]
    limit = catalogue.row(AnaestheticLimit, ingredient)
    if not doses or limit.soft_mg_per_kg is None or limit.soft_max_mg is None:
        return None, None
    return sum(doses, Decimal(0)), min(limit.soft_mg_per_kg * weight, limit.soft_max_mg)
