"""Products, and the lots of an actor's sites."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from mesoclinic import clock
from mesoclinic.accounts import User
from mesoclinic.audit import AuditEvent
from mesoclinic.errors import OutOfScope
from mesoclinic.search import normalise
from mesoclinic.sites import Site
from protocols.models import Lot, OpenedVial, Product, ProductCode
from protocols.queries.catalogue import NoCatalogue, current_catalogue
from protocols.queries.products import product_of_code
from protocols.rules.gs1 import Scan, parse_scan
from protocols.rules.kinds.formulation import FormulationRule

# What the lot's page tells of its history; movements are told beside it.
TOLD = ("lot.released", "lot.quarantined", "lot.recalled", "lot.vial_opened", "lot.vial_discarded")


def products_for(actor: User) -> QuerySet[Product]:
    """All products with the lots of the actor's sites: those that are offered, and those whose stock is not used up."""
    lots = lots_for(actor)
    held = lots.filter(product=OuterRef("pk"), on_hand_ml__gt=0)
    found = Product.objects.filter(Q(active=True) | Exists(held))
    return found.prefetch_related(Prefetch("lots", queryset=lots, to_attr="own_lots"))


def today_at(site: Site) -> date:
    """The calendar day at the site."""
    return clock.now().astimezone(site.zone).date()


def other_expiry(number: str) -> str:
    """What is wrong when one lot number comes with two days."""
    return _("Lot %(number)s is recorded with another expiry date.") % {"number": number}


def lots_by_number(site: Site, products: Iterable[Product]) -> Mapping[tuple[int, str], Lot]:
    """The lots of these products at the site, by product and number."""
    return {(lot.product_id, lot.number): lot for lot in Lot.objects.filter(site=site, product__in=set(products))}


def products_by_word() -> Mapping[str, Product]:
    """The products that are offered, by their normalised name and by each code of their packs."""
    offered = list(Product.objects.filter(active=True))
    codes = {
        code.gtin: code.product for code in ProductCode.objects.filter(product__active=True).select_related("product")
    }
    return {normalise(product.name): product for product in offered} | codes


@dataclass(frozen=True, slots=True)
class Read:
    """What a scanned code says, beside the product that its number was recorded for."""

    scan: Scan
    product: Product | None


def read_code(text: str) -> Read:
    """A code as a scanner typed it."""
    scan = parse_scan(text, today=clock.now().date())
    return Read(scan, product_of_code(scan.gtin) if scan.gtin else None)


@dataclass(frozen=True, slots=True)
class Opened:
    """A vial that is in use, and the last day on which it may be."""

    vial: OpenedVial
    until: date | None
    over: bool


def opened_vials(lot: Lot) -> list[Opened]:
    """The opened vials of a lot that were not thrown away; `until` is None while no catalogue says for how long."""
    days, today = _open_days(lot.product), today_at(lot.site)
    found = []
    for vial in lot.opened_vials.filter(discarded_at=None).order_by("opened_on", "pk"):
        until = min(vial.opened_on + timedelta(days=days), lot.expires_on) if days is not None else None
        found.append(Opened(vial, until, over=until is not None and until < today))
    return found


def history_of(lot: Lot) -> QuerySet[AuditEvent]:
    """Who released, withheld, opened or threw away, when and why, newest first."""
    found = AuditEvent.objects.filter(object_kind=Lot._meta.label_lower, object_id=str(lot.pk), action__in=TOLD)
    return found.order_by("-number")


def _open_days(product: Product) -> int | None:
    if product.open_limit_days is not None:
        return product.open_limit_days
    try:
        return int(current_catalogue().row(FormulationRule, "FX-07").limit("open_days"))
    except NoCatalogue:
        return None


def lots_for(actor: User) -> QuerySet[Lot]:
    """The lots at the actor's sites."""
    return Lot.objects.filter(site__in=actor.sites.all()).select_related("product", "site")


def lot_for(actor: User, lot_id: int) -> Lot:
    """One lot; raises OutOfScope for another site's and for none at all alike."""
    found = lots_for(actor).filter(pk=lot_id).first()
    if found is None:
        raise OutOfScope(_("There is no such lot at your sites."))
    return found


def usable_lots(products: Iterable[int], site: Site, on: date) -> dict[int, list[Lot]]:
    """By product: released lots with stock that are in date, those that expire first before the others."""
    found: dict[int, list[Lot]] = {product: [] for product in products}
    lots = Lot.objects.filter(
        product__in=list(found), site=site, state=Lot.State.RELEASED, expires_on__gte=on, on_hand_ml__gt=0
    )
    for lot in lots.order_by("expires_on", "number"):
        found[lot.product_id].append(lot)
    return found
