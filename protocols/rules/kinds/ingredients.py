"""Row kinds: ingredients and allergen classes."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal

from protocols.rules.rows import Contradictions, Ref, RowBase, kind, rising

IngredientId = Annotated[str, Ref("ingredient")]


@kind("ingredient")
@dataclass(frozen=True, slots=True, kw_only=True)
class Ingredient(RowBase):
    """An ingredient: what it is for, its start limits in a session, its safety notes (clinical.md 4.1, 4.2).

    `active` is shared by aliases of one substance. `label_only` means that 4.1 states no concentration of its own.
    """

    name: str
    group: str
    role: str
    active: str
    anaesthetic: bool
    separate_syringe: bool
    doctor_prescribes: bool
    permitted: Literal["allowed", "director_only", "not_for_injection"]
    permitted_note: str
    label_only: bool
    concentration: str
    typical_use: str
    limit_note: str
    max_percent: Decimal | None = None
    max_session_mg: Decimal | None = None
    max_session_ml: Decimal | None = None
    evidence: Literal["E0", "E1", "E2", "E3", "E4", "EN", "anaesthesia"]
    evidence_note: str
    cautions: str
    allergen_keys: str
    interactions: str
    mixing: str
    storage: str

    def contradictions(self) -> Contradictions:
        for limit in ("max_percent", "max_session_mg", "max_session_ml"):
            yield from rising(zero=0, **{limit: getattr(self, limit)})


@kind("allergen")
@dataclass(frozen=True, slots=True, kw_only=True)
class Allergen(RowBase):
    """A class of allergen, what it excludes and whether a product's label may list it (clinical.md 4.3)."""

    name: str
    group: Literal["substance", "anaesthetic", "material", "unidentified"]
    excludes: tuple[IngredientId, ...] = ()
    excludes_creams: tuple[Literal["lidocaine", "lidocaine_prilocaine"], ...] = ()

    @property
    def on_labels(self) -> bool:
        """Whether the class names a content that a label can list."""
        return self.group in ("substance", "anaesthetic")
