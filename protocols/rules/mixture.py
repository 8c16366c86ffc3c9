"""What is in a mixture: products, components, syringes, and the doses that they add up to. mL, mg, mg/mL."""

from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal

from mesoclinic.rules.arithmetic import LARGEST_EXPONENT, PERCENT_TO_MG_PER_ML
from protocols.rules.answers import as_date, as_decimal, positive
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.ingredients import Ingredient

ONE_SYRINGE = "1"


@dataclass(frozen=True, slots=True)
class Product:
    """A product as its record states it; the defaults are a complete, valid record (clinical.md 14.2).

    `lot_expiry` is a date or a month (`2027-03`), `unreadable` names dates and limits that could not be read.
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
    unreadable: bool = False


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
    parts = [_part(each, catalogue) for each in formulation.components]
    return tuple(sorted(parts, key=lambda part: _order(part.component)))


def _order(component: Component) -> tuple[str, ...]:
    amounts = ("" if each is None else f"{each:f}" for each in (component.volume_ml, component.mg_per_ml))
    record = (str(getattr(component.product, each.name)) for each in fields(component.product))
    return (component.ingredient, component.syringe, *amounts, *record)


def _part(component: Component, catalogue: Catalogue) -> Part:
    """An amount that is not above 0 counts as not recorded, wherever it comes from."""
    volume, strength = positive(component.volume_ml), positive(component.mg_per_ml)
    known = catalogue.has(Ingredient, component.ingredient)
    return Part(
        replace(component, volume_ml=volume, mg_per_ml=strength),
        catalogue.row(Ingredient, component.ingredient) if known else None,
    )


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
        la_soft_limit_reason=_text(raw.get("la_soft_limit_reason")),
    )


def parse_component(raw: Mapping[str, object]) -> Component:
    """One component; percent is turned into mg/mL."""
    return Component(
        ingredient=str(raw.get("ingredient") or ""),
        volume_ml=positive(raw.get("volume_ml")),
        mg_per_ml=_strength(raw),
        syringe=str(raw.get("syringe") or ONE_SYRINGE),
        product=_product(raw.get("product")),
    )


def parse_product(raw: Mapping[str, object]) -> Product:
    """A product record; an absent key takes the complete, valid value, a given one is read strictly."""
    usual = Product()
    expiry, opened = _expiry(raw.get("lot_expiry")), as_date(raw.get("opened_on"))
    limit = _days(raw.get("open_limit_days"))
    said = {"lot_expiry": expiry, "opened_on": opened, "open_limit_days": limit}
    return Product(
        sterile=_yes(raw, "sterile", usual.sterile),
        for_injection=_yes(raw, "for_injection", usual.for_injection),
        cosmetic=raw.get("cosmetic", "no") != "no",
        # A label that cannot be read leaves open what else is in there.
        composition_known=_yes(raw, "composition_known", usual.composition_known) and _is_list(raw, "label_allergens"),
        lot=_text(raw.get("lot", usual.lot)),
        lot_expiry=expiry,
        lot_status=str(raw.get("lot_status", usual.lot_status)),
        vehicle=tuple(_texts(raw["vehicle"])) if "vehicle" in raw else usual.vehicle,
        cross_linked=str(raw.get("cross_linked", usual.cross_linked) or "unknown"),
        label_concentration=_yes(raw, "label_concentration", usual.label_concentration),
        injectable_proof=_yes(raw, "injectable_proof", usual.injectable_proof),
        director_approved=_yes(raw, "director_approved", usual.director_approved),
        label_allergens=tuple(_texts(raw.get("label_allergens"))),
        container=str(raw.get("container") or usual.container),
        opened_on=opened,
        open_limit_days=limit,
        reused=raw.get("reused", "no") != "no",
        unreadable=tuple(name for name, read in said.items() if raw.get(name) not in (None, "") and read is None),
    )


def _product(raw: object) -> Product:
    if raw is None:
        return Product()
    return parse_product(raw) if isinstance(raw, Mapping) else Product(composition_known=False)


def _strength(raw: Mapping[str, object]) -> Decimal | None:
    """mg/mL from a percentage or as it stands; one of the two that cannot be read, or differs, is not made good."""
    said = [(raw.get("percent"), PERCENT_TO_MG_PER_ML), (raw.get("mg_per_ml"), Decimal(1))]
    given = [(positive(value), factor) for value, factor in said if value not in (None, "")]
    strengths = {None if number is None else number * factor for number, factor in given}
    return strengths.pop() if len(strengths) == 1 else None


def _expiry(raw: object) -> date | None:
    """The last day of use: a date, or the last day of a month."""
    day = as_date(raw)
    if day is not None or not isinstance(raw, str):
        return day
    first = as_date(f"{raw}-01")
    return None if first is None else first.replace(day=monthrange(first.year, first.month)[1])


def _days(raw: object) -> int | None:
    """Whole days, none being fewer than 0 or more than anybody counts."""
    number = as_decimal(raw)
    if number is None or number < 0 or number.adjusted() > LARGEST_EXPONENT:
        return None
    return int(number)


def _syringe(raw: Mapping[str, object]) -> Syringe:
    given, minutes = raw.get("minutes_since_mixing"), as_decimal(raw.get("minutes_since_mixing"))
    unreadable = given not in (None, "") and (minutes is None or minutes < 0)
    return Syringe(str(raw.get("id") or ONE_SYRINGE), raw.get("compat_recorded") == "yes", minutes, unreadable)


def _yes(raw: Mapping[str, object], name: str, usual: bool) -> bool:
    return raw[name] == "yes" if name in raw else usual


def _is_list(raw: Mapping[str, object], name: str) -> bool:
    return raw.get(name) is None or isinstance(raw[name], list | tuple)


def _mappings(raw: object) -> list[Mapping[str, object]]:
    """Each entry; one that is no table is kept as an empty one, since something is there."""
    return [each if isinstance(each, Mapping) else {} for each in raw] if isinstance(raw, list | tuple) else []


def _text(raw: object) -> str:
    return raw.strip() if isinstance(raw, str) else ""


def _texts(raw: object) -> list[str]:
    return [str(each) for each in raw] if isinstance(raw, list | tuple) else []
