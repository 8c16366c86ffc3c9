"""Row kinds: candidacy rules, ingredient-scope exclusions and the patient's wording of a verdict."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal

from protocols.rules.kinds.ingredients import IngredientId
from protocols.rules.rows import Ref, RowBase, kind

InputName = Annotated[str, Ref("input")]
Outcome = Literal["contraindicated", "refer", "defer", "caution", "proceed", "missing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A named number of a rule; how it is compared is the rule's condition."""

    name: str
    value: Decimal
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limited(RowBase):
    """A row whose condition reads numbers by name."""

    limits: tuple[Limit, ...] = ()

    def limit(self, name: str) -> Decimal:
        """The number of that name; KeyError when the row has none."""
        for limit in self.limits:
            if limit.name == name:
                return limit.value
        raise KeyError(f"{self.id} has no limit {name}")


@kind("candidacy_rule")
@dataclass(frozen=True, slots=True, kw_only=True)
class CandidacyRule(Limited):
    """What a treatment-scope rule says when its condition holds (clinical.md 3.1 to 3.9)."""

    topic: str
    inputs: tuple[InputName, ...]
    condition: str
    outcome: Outcome
    temporary: bool = False
    reason: str
    action: str = ""
    reassess: str = ""


@kind("exclusion_rule")
@dataclass(frozen=True, slots=True, kw_only=True)
class ExclusionRule(Limited):
    """Which ingredients a fact about the patient excludes, or only warns of (clinical.md 3.10).

    `also_excludes` applies under the narrower condition that the rule's wording states.
    """

    inputs: tuple[InputName, ...]
    condition: str
    excludes: tuple[IngredientId, ...] = ()
    also_excludes: tuple[IngredientId, ...] = ()
    excludes_creams: tuple[Literal["lidocaine", "lidocaine_prilocaine"], ...] = ()
    warning_only: bool = False
    reason: str
    action: str = ""


@kind("verdict_wording")
@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictWording(RowBase):
    """What the patient reads for a verdict (clinical.md 3.11)."""

    text: str
