"""Products, and the lots of an actor's sites."""

from datetime import date

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _

from mesoclinic.accounts import User
from mesoclinic.errors import OutOfScope
from mesoclinic.sites import Site
from protocols.models import Lot, Product


def products_for(actor: User) -> QuerySet[Product]:
    """All active products with the lots of the actor's sites."""
    lots = lots_for(actor)
    return Product.objects.filter(active=True).prefetch_related(Prefetch("lots", queryset=lots, to_attr="own_lots"))


def lots_for(actor: User) -> QuerySet[Lot]:
    """The lots at the actor's sites."""
    return Lot.objects.filter(site__in=actor.sites.all()).select_related("product", "site")


def lot_for(actor: User, lot_id: int) -> Lot:
    """One lot; raises OutOfScope for another site's and for none at all alike."""
    found = lots_for(actor).filter(pk=lot_id).first()
    if found is None:
        raise OutOfScope(_("There is no such lot at your sites."))
    return found


def usable_lots(product: Product, site: Site, on: date) -> QuerySet[Lot]:
    """Released lots with stock that are in date, those that expire first before the others."""
    return Lot.objects.filter(
        product=product, site=site, state=Lot.State.RELEASED, expires_on__gte=on, on_hand_ml__gt=0
    ).order_by("expires_on", "number")
