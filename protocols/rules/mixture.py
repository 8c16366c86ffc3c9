"""What is in a mixture: products, components, syringes, and the doses that they add up to. mL, mg, mg/mL."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from mesoclinic.rules.arithmetic import MONTHS_PER_YEAR, PERCENT_TO_MG_PER_ML
from protocols.rules.answers import as_date, as_decimal, positive
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.ingredients import Ingredient

ONE_SYRINGE = "1"


@dataclass(frozen=True, slots=True)
class Product:
    """A product as its record states it; the defaults are a complete, valid record (clinical.md 14.2).

    `lot_expiry` is a date or a month (`2027-03`), `unreadable` names dates that could not be read.
    """

    sterile: bool = True
    for_injection: bool = True
    cosmetic: bool = False
    composition_known: bool = True
    lot: str = "LOT"
    lot_expiry: date | None = None
    lot_status: str = "released"
    vehicle: tuple[str, ...] = ("water",)
    cross_linked: str = "no"
    label_concentration: bool = True
    injectable_proof: bool = True
    director_approved: bool = True
    label_allergens: tuple[str, ...] = ()
    container: str = "single_dose"
    opened_on: date | None = None
    open_limit_days: int | None = None
    reused: bool = False
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Component:
    """One product of a mixture; None means not recorded, or not a number above 0."""

    ingredient: str
    volume_ml: Decimal | None
    mg_per_ml: Decimal | None = None
    syringe: str = ONE_SYRINGE
    product: Product = Product()

    @property
    def mg(self) -> Decimal | None:
        """The dose, None while the volume or the concentration is not known."""
        return None if self.volume_ml is None or self.mg_per_ml is None else self.volume_ml * self.mg_per_ml


@dataclass(frozen=True, slots=True)
class Syringe:
    """What is recorded of a syringe besides its content."""

    id: str
    compat_recorded: bool = False
    minutes_since_mixing: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Formulation:
    """Everything planned for one session."""

    components: tuple[Component, ...]
    syringes: tuple[Syringe, ...] = ()
    director_sign_off: frozenset[str] = frozenset()
    anaesthetic_cream: str = "none"
    la_soft_limit_reason: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A component beside its catalogue row; the row is None for an ingredient outside 4.1."""

    component: Component
    row: Ingredient | None

    @property
    def anaesthetic(self) -> bool:
        return self.row is not None and self.row.anaesthetic

    @property
    def active(self) -> str:
        """The substance, the same for aliases."""
        return self.row.active if self.row else self.component.ingredient


def parts_of(formulation: Formulation, catalogue: Catalogue) -> tuple[Part, ...]:
    """The components in an order that does not depend on how they were listed."""
    parts = [
        Part(each, catalogue.row(Ingredient, each.ingredient) if catalogue.has(Ingredient, each.ingredient) else None)
        for each in formulation.components
    ]
    return tuple(sorted(parts, key=lambda part: (part.component.ingredient, part.component.syringe)))


def solution_ml(parts: Iterable[Part]) -> Decimal:
    """The volume without anaesthetics, as far as it is recorded."""
    return sum((part.component.volume_ml or Decimal(0) for part in parts if not part.anaesthetic), Decimal(0))


def by_syringe(parts: Iterable[Part]) -> Mapping[str, tuple[Part, ...]]:
    """Syringe -> what goes into it."""
    found: dict[str, tuple[Part, ...]] = {}
    for part in parts:
        found[part.component.syringe] = (*found.get(part.component.syringe, ()), part)
    return found


def parse_formulation(raw: Mapping[str, object]) -> Formulation:
    """The formulation in the JSON of clinical.md 14.2, its mix already resolved; nothing is ever raised."""
    return Formulation(
        components=tuple(parse_component(each) for each in _mappings(raw.get("components"))),
        syringes=tuple(_syringe(each) for each in _mappings(raw.get("syringes"))),
        director_sign_off=frozenset(_texts(raw.get("director_sign_off"))),
        anaesthetic_cream=str(raw.get("anaesthetic_cream") or "none"),
        la_soft_limit_reason=str(raw.get("la_soft_limit_reason") or "").strip(),
    )


def parse_component(raw: Mapping[str, object]) -> Component:
    """One component; percent is turned into mg/mL."""
    percent = positive(raw.get("percent"))
    product = raw.get("product")
    return Component(
        ingredient=str(raw.get("ingredient") or ""),
        volume_ml=positive(raw.get("volume_ml")),
        mg_per_ml=percent * PERCENT_TO_MG_PER_ML if percent is not None else positive(raw.get("mg_per_ml")),
        syringe=str(raw.get("syringe") or ONE_SYRINGE),
        product=parse_product(product if isinstance(product, Mapping) else {}),
    )


def parse_product(raw: Mapping[str, object]) -> Product:
    """A product record; an absent key takes the complete, valid value, a given one is read strictly."""
    usual = Product()
    expiry, opened = raw.get("lot_expiry"), raw.get("opened_on")
    dates = {"lot_expiry": (expiry, _expiry(expiry)), "opened_on": (opened, as_date(opened))}
    lot = raw.get("lot", usual.lot)
    limit = as_decimal(raw.get("open_limit_days"))
    return Product(
        sterile=_yes(raw, "sterile", usual.sterile),
        for_injection=_yes(raw, "for_injection", usual.for_injection),
        cosmetic=raw.get("cosmetic", "no") != "no",
        composition_known=_yes(raw, "composition_known", usual.composition_known),
        lot=lot.strip() if isinstance(lot, str) else "",
        lot_expiry=dates["lot_expiry"][1],
        lot_status=str(raw.get("lot_status", usual.lot_status)),
        vehicle=tuple(_texts(raw["vehicle"])) if "vehicle" in raw else usual.vehicle,
        cross_linked=str(raw.get("cross_linked", usual.cross_linked) or "unknown"),
        label_concentration=_yes(raw, "label_concentration", usual.label_concentration),
        injectable_proof=_yes(raw, "injectable_proof", usual.injectable_proof),
        director_approved=_yes(raw, "director_approved", usual.director_approved),
        label_allergens=tuple(_texts(raw.get("label_allergens"))),
        container=str(raw.get("container") or usual.container),
        opened_on=dates["opened_on"][1],
        open_limit_days=int(limit) if limit is not None else None,
        reused=raw.get("reused", "no") != "no",
        unreadable=tuple(name for name, (given, read) in dates.items() if given not in (None, "") and read is None),
    )


def _expiry(raw: object) -> date | None:
    """The last day of use: a date, or the last day of a month."""
    day = as_date(raw)
    if day is not None or not isinstance(raw, str):
        return day
    first = as_date(f"{raw}-01")
    if first is None:
        return None
    following = date(first.year + 1, 1, 1) if first.month == MONTHS_PER_YEAR else first.replace(month=first.month + 1)
    return date.fromordinal(following.toordinal() - 1)


def _syringe(raw: Mapping[str, object]) -> Syringe:
    minutes = as_decimal(raw.get("minutes_since_mixing"))
    return Syringe(str(raw.get("id") or ONE_SYRINGE), raw.get("compat_recorded") == "yes", minutes)


def _yes(raw: Mapping[str, object], name: str, usual: bool) -> bool:
    return raw[name] == "yes" if name in raw else usual


def _mappings(raw: object) -> list[Mapping[str, object]]:
    return [each for each in raw if isinstance(each, Mapping)] if isinstance(raw, list | tuple) else []


def _texts(raw: object) -> list[str]:
    return [str(each) for each in raw] if isinstance(raw, list | tuple) else []
