"""Products as they are recorded, what the record may say, and which products are alike."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from mesoclinic.accounts import User
from mesoclinic.errors import OutOfScope
from mesoclinic.rules.arithmetic import PERCENT_TO_MG_PER_ML
from mesoclinic.search import normalise
from mesoclinic.templatetags.components import plain
from protocols.models import Product, ProductCode
from protocols.queries.catalogue import NoCatalogue, current_catalogue
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.ingredients import Allergen, Ingredient

Choices = list[tuple[str, str]]
SAID_ALIKE = ("ingredient", "mg_per_ml", "container_ml")
AS_THEY_STAND = (
    "name",
    "ingredient",
    "manufacturer",
    "strength_as",
    "vehicle",
    "excipients",
    "label_allergens",
    "composition_known",
    "cross_linked",
    "container",
    "container_ml",
    "open_limit_days",
    "routes",
    "sterile",
    "cosmetic",
    "injectable_proof",
    "authorisation",
    "storage",
)


def product_for(actor: User, product_id: int) -> Product:
    """One product, whether it is in use or retired; products belong to no site. Raises OutOfScope."""
    found = Product.objects.select_related("director_approved_by", "replaces").filter(pk=product_id).first()
    if found is None:
        raise OutOfScope(_("There is no such product."))
    return found


def product_facts(product: Product) -> dict[str, object]:
    """What the form of a product shows, by the names of its fields."""
    facts = {name: _shown(getattr(product, name)) for name in AS_THEY_STAND}
    if product.mg_per_ml is None:
        facts["strength_as"] = Product.Strength.NOT_STATED.value
    codes = product.codes.values_list("gtin", flat=True)
    approved = product.director_approved_at is not None
    return facts | {"strength": strength_of(product), "codes": ", ".join(codes), "approved": approved}


def strength_of(product: Product) -> Decimal | None:
    """The strength in the unit of the label, None when the label does not state it."""
    if product.mg_per_ml is None:
        return None
    percent = product.strength_as == Product.Strength.PERCENT
    said = plain(product.mg_per_ml / PERCENT_TO_MG_PER_ML if percent else product.mg_per_ml)
    return Decimal(said)


def recorded(facts: Mapping[str, object]) -> dict[str, object]:
    """The columns of a product out of the fields of its form: strength in mg/mL, and whether it may be injected."""
    columns = {name: facts[name] for name in AS_THEY_STAND}
    strength, unit = facts["strength"], facts["strength_as"]
    factor = PERCENT_TO_MG_PER_ML if unit == Product.Strength.PERCENT else Decimal(1)
    return columns | {"mg_per_ml": strength * factor if isinstance(strength, Decimal) else None}


def in_use(product: Product) -> bool:
    """Whether anything outside of products and stock refers to it, a plan above all; this floor need not know what."""
    own = Product._meta.app_label
    for link in Product._meta.get_fields(include_hidden=True):
        above = link.related_model if link.auto_created and not link.concrete else None
        if above is None or isinstance(above, str) or above._meta.app_label == own:
            continue
        if above._base_manager.filter(**{link.field.name: product.pk}).exists():  # type: ignore[union-attr]
            return True
    return False


def alike(product: Product) -> list[Product]:
    """Other current or retired products of the same name, or of the same maker, ingredient, strength and size."""
    others = Product.objects.filter(replaced_at=None).exclude(pk__in=[each for each in (product.pk,) if each])
    return [each for each in others if _same_name(each, product) or _same_label(each, product)]


def product_of_code(gtin: str) -> Product | None:
    """The product that a pack's number was recorded for."""
    code = ProductCode.objects.select_related("product").filter(gtin=gtin).first()
    return code.product if code else None


def retired() -> QuerySet[Product]:
    """Products that are not offered any more, without those that a later version replaced."""
    return Product.objects.filter(active=False, replaced_at=None)


def ingredient_choices() -> Choices:
    """The ingredients of the current release; none before the first."""
    catalogue = _catalogue()
    return _by_name((row.id, row.name) for row in catalogue.of(Ingredient)) if catalogue else []


def allergen_choices() -> Choices:
    """The allergens of the current release that a label can list."""
    catalogue = _catalogue()
    return _by_name((row.id, row.name) for row in catalogue.of(Allergen) if row.on_labels) if catalogue else []


def names_of(codes: Iterable[str], choices: Iterable[tuple[str, object]]) -> list[str]:
    """The names of these codes; one that the current release has not stays as it is."""
    known = dict(choices)
    return [str(known.get(code, code)) for code in codes]


def _catalogue() -> Catalogue | None:
    try:
        return current_catalogue()
    except NoCatalogue:
        return None


def _by_name(rows: Iterable[tuple[str, str]]) -> Choices:
    named = ((code, name[:1].upper() + name[1:]) for code, name in rows)
    return sorted(named, key=lambda pair: normalise(pair[1]))


def _shown(value: object) -> object:
    return plain(value) if isinstance(value, Decimal) else value


def _same_name(one: Product, other: Product) -> bool:
    return normalise(one.name) == normalise(other.name)


def _same_label(one: Product, other: Product) -> bool:
    maker = normalise(one.manufacturer) == normalise(other.manufacturer)
    return maker and all(getattr(one, name) == getattr(other, name) for name in SAID_ALIKE)
