"""Row kinds: the rules of a formulation, what they need to know, and the limits of anaesthetics (4.4, 5.4)."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal

from protocols.rules.kinds.candidacy import InputName, Limited
from protocols.rules.kinds.ingredients import IngredientId
from protocols.rules.kinds.inputs import Condition
from protocols.rules.rows import Contradictions, Ref, RowBase, kind, positive, rising


@kind("formulation_rule")
@dataclass(frozen=True, slots=True, kw_only=True)
class FormulationRule(Limited):
    """What a rule of the mixture says when its condition holds.

    Rules of incompatibility name two groups of ingredients; `vehicles` are those that FX-02 forbids and FX-08 knows.
    `reads` and `inputs` name what of the mixture and of the patient the rule looks at.
    """

    condition: str
    result: Literal["block", "warn", "missing"]
    reason: str
    action: str
    one_of: tuple[IngredientId, ...] = ()
    with_any_of: tuple[IngredientId, ...] = ()
    vehicles: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    inputs: tuple[InputName, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NeededInput:
    """An input that must be known, always or when the condition holds."""

    input: Annotated[str, Ref("input")]
    when: Condition | None = None


@kind("formulation_need")
@dataclass(frozen=True, slots=True, kw_only=True)
class FormulationNeed(RowBase):
    """What must be known before a formulation with one of these ingredients can be judged (FX-00)."""

    ingredients: tuple[IngredientId, ...]
    inputs: tuple[NeededInput, ...] = ()
    concentration: bool = False


@kind("anaesthetic_limit")
@dataclass(frozen=True, slots=True, kw_only=True)
class AnaestheticLimit(RowBase):
    """The most mg of an anaesthetic in a day: by body weight and absolute; the soft limit warns (5.4)."""

    ingredient: IngredientId
    mg_per_kg: Decimal
    max_mg: Decimal
    soft_mg_per_kg: Decimal | None = None
    soft_max_mg: Decimal | None = None

    def contradictions(self) -> Contradictions:
        yield from positive(mg_per_kg=self.mg_per_kg, max_mg=self.max_mg)
        yield from rising(soft_mg_per_kg=self.soft_mg_per_kg, mg_per_kg=self.mg_per_kg)
        yield from rising(soft_max_mg=self.soft_max_mg, max_mg=self.max_mg)
