"""Products are recorded as their labels state them; what a plan refers to is never rewritten, only followed."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from django.utils.translation import gettext as _

from mesoclinic import audit, clock
from mesoclinic.access import Can, require
from mesoclinic.accounts import User
from mesoclinic.edits import changed_fields, unique
from mesoclinic.errors import ClinicError, Conflict
from mesoclinic.transactions import atomic
from protocols.models import INJECTED, Product, ProductCode
from protocols.queries import products as queries
from protocols.rules.gs1 import parse_gtin

# These do not say what is in the product: they change in place, whoever uses it.
HOUSEKEEPING = frozenset({"codes", "approved", "storage", "container_ml"})


class Alike(ClinicError):
    """There are products like this one; whoever is sure says that it is another."""

    def __init__(self, found: Sequence[Product]) -> None:
        super().__init__(
            _("A product like this one is recorded already. Use it, or say that this is another."), "another"
        )
        self.found = found


def add_product(actor: User, *, another: bool = False, **facts: object) -> Product:
    """Record a product as its label states it; raises Alike unless it is said to be another."""
    require(actor, Can.APPROVE_CATALOGUE)
    with atomic():
        product = _product(facts)
        _check(product, facts)
        _refuse_alike(product, another)
        _store(product)
        _approve(actor, product, anew=True, wanted=facts["approved"] is True)
        _keep_codes(actor, product, str(facts["codes"]))
        audit.record(actor, "product.added", product)
    return product


def update_product(actor: User, *, product_id: int, version: int, another: bool = False, **facts: object) -> Product:
    """Change a record; a label that a plan refers to stays, and what it says now is the product's next version.

    Returns the product that is current afterwards. Raises StaleRecord for another version of the record.
    """
    require(actor, Can.APPROVE_CATALOGUE)
    with atomic():
        Product.objects.select_for_update().filter(pk=product_id).first()
        saved = queries.product_for(actor, product_id)
        if saved.replaced_at:
            raise Conflict(_("A later version took the place of this product. Change that one."))
        changed = changed_fields(queries.product_facts(saved), version, facts)
        relabelled = set(changed) - HOUSEKEEPING
        product = _product(facts, saved, follows=bool(relabelled) and queries.in_use(saved))
        _check(product, facts)
        if relabelled:
            _refuse_alike(product, another or not _identity(changed), but=saved)
        if product.replaces_id == saved.pk:
            Product.objects.filter(pk=saved.pk).update(active=False, replaced_at=clock.now())
            audit.record(actor, "product.replaced", saved, changed=changed)
        _store(product)
        _approve(actor, product, anew=bool(relabelled), wanted=facts["approved"] is True)
        _keep_codes(actor, product, str(facts["codes"]), before=saved)
        audit.record(actor, "product.changed" if product.pk == saved.pk else "product.added", product, changed=changed)
    return product


def retire_product(actor: User, *, product_id: int, active: bool, reason: str) -> Product:
    """Offer a product no more, or again, for new plans and goods in; signed plans and stock go on."""
    require(actor, Can.APPROVE_CATALOGUE)
    with atomic():
        product = queries.product_for(actor, product_id)
        if not reason.strip():
            raise ClinicError(_("Enter the reason."), "reason")
        if active and product.replaced_at:
            raise Conflict(_("A later version took the place of this product. Use that one."))
        Product.objects.filter(pk=product.pk).update(active=active)
        audit.record(actor, "product.offered" if active else "product.retired", product, reason=reason)
    product.refresh_from_db()
    return product


def remember_code(actor: User, *, gtin: str, product: Product) -> None:
    """A scan of this number finds this product from now on; raises ClinicError when it is known for another."""
    require(actor, Can.MANAGE_STOCK)
    with atomic():
        known = queries.product_of_code(gtin)
        if known is None:
            _add_code(actor, gtin, product)
        elif known.pk != product.pk:
            raise _taken(gtin, known, "product")


def _product(facts: Mapping[str, object], saved: Product | None = None, *, follows: bool = False) -> Product:
    """The row as it will be: a new one, the saved one, or the one that follows it."""
    columns = queries.recorded(facts)
    product = Product(**columns)
    product.for_injection = bool(INJECTED & set(product.routes))
    if saved is None:
        return product
    if follows:
        product.replaces, product.version = saved, saved.version + 1
        return product
    product.pk, product.version, product.replaces, product.active = (
        saved.pk,
        saved.version,
        saved.replaces,
        saved.active,
    )
    product.director_approved_by, product.director_approved_at = saved.director_approved_by, saved.director_approved_at
    return product


def _check(product: Product, facts: Mapping[str, object]) -> None:
    """What a record may not say, whoever writes it."""
    if product.ingredient not in dict(queries.ingredient_choices()):
        raise ClinicError(_("The current catalogue has no such ingredient."), "ingredient")
    if set(product.label_allergens) - dict(queries.allergen_choices()).keys():
        raise ClinicError(_("The current catalogue has no such allergen."), "label_allergens")
    if not product.vehicle or set(product.vehicle) - set(Product.Vehicle.values):
        raise ClinicError(_("Choose what the product is dissolved in."), "vehicle")
    if not product.routes or set(product.routes) - set(Product.Route.values):
        raise ClinicError(_("Choose every route that the label names."), "routes")
    if (product.strength_as == Product.Strength.NOT_STATED) != (product.mg_per_ml is None):
        raise ClinicError(_("Enter the strength, or choose “Not on the label”."), "strength")
    for field in ("mg_per_ml", "container_ml"):
        amount = getattr(product, field)
        if isinstance(amount, Decimal) and amount <= 0:
            raise ClinicError(_("Enter a number above 0."), "strength" if field == "mg_per_ml" else field)
    if product.injectable_proof and not product.authorisation:
        raise ClinicError(
            _("Enter the number of the authorisation or certificate that you have seen."), "authorisation"
        )
    if product.cosmetic and product.for_injection:
        raise ClinicError(_("A cosmetic must not be injected: its label names no route of injection."), "routes")
    if facts["approved"] and not product.composition_known:
        raise ClinicError(_("Record every content of the label before you approve the product."), "approved")


def _identity(changed: Iterable[str]) -> bool:
    """Whether what makes a product this one and no other was changed."""
    return bool({"name", "ingredient", "manufacturer", "strength", "strength_as"} & set(changed))


def _refuse_alike(product: Product, another: bool, but: Product | None = None) -> None:
    found = [each for each in queries.alike(product) if but is None or each.pk != but.pk]
    if found and not another:
        raise Alike(found)


def _store(product: Product) -> None:
    with unique(_("There is a product of this name. Name the strength or the maker as well."), "name"):
        product.save()


def _approve(actor: User, product: Product, *, anew: bool, wanted: bool) -> None:
    """The director's approval holds for the label as it was when it was given."""
    if wanted and (anew or product.director_approved_at is None):
        product.director_approved_by, product.director_approved_at = actor, clock.now()
    elif not wanted:
        product.director_approved_by, product.director_approved_at = None, None
    product.save(update_fields=["director_approved_by", "director_approved_at"])


def _keep_codes(actor: User, product: Product, text: str, before: Product | None = None) -> None:
    """The numbers of the packs, all of them checked; those of the version before lead to this one now."""
    wanted = {parse_gtin(each): each for each in text.replace(",", " ").split()}
    if "" in wanted:
        raise ClinicError(
            _("%(code)s is no GTIN: its length or its check digit is wrong.") % {"code": wanted[""]}, "codes"
        )
    ProductCode.objects.filter(product__in=[each for each in (product, before) if each]).exclude(
        gtin__in=wanted
    ).delete()
    ProductCode.objects.filter(product=before or product).update(product=product)
    for gtin in wanted:
        known = queries.product_of_code(gtin)
        if known is None:
            _add_code(actor, gtin, product)
        elif known.pk != product.pk:
            raise _taken(gtin, known, "codes")


def _add_code(actor: User, gtin: str, product: Product) -> None:
    with unique(_("Somebody has just recorded this code. Open the page again."), "codes"):
        ProductCode.objects.create(gtin=gtin, product=product, by=actor, at=clock.now())
    audit.record(actor, "product.code_added", product)


def _taken(gtin: str, known: Product, field: str) -> ClinicError:
    words = {"code": gtin, "name": known.name}
    return ClinicError(
        _("The code %(code)s is recorded for “%(name)s”. The medical director can change it.") % words, field
    )
