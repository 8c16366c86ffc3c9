"""Products and stock: a lot's amount on hand and the movement that changed it are written together."""

from datetime import date
from decimal import Decimal

from django.db.models import F
from django.utils.translation import gettext as _

from mesoclinic import access, audit, clock, news
from mesoclinic.access import Can
from mesoclinic.accounts import User
from mesoclinic.errors import ClinicError, Conflict, OutOfScope
from mesoclinic.sites import Site
from mesoclinic.transactions import atomic
from protocols.models import Lot, Movement, Product
from protocols.queries.stock import lot_for


class NotEnough(Conflict):
    """The lot holds less than was asked for."""


def receive_lot(
    actor: User, *, site: Site, product: Product, number: str, expires_on: date, quantity_ml: Decimal, key: str
) -> Lot:
    """Book goods in: a new lot, or more of a known one. Quantity in mL, more than 0; `key` counts once."""
    access.require(actor, Can.MANAGE_STOCK)
    with atomic():
        if not actor.sites.filter(pk=site.pk).exists():
            raise OutOfScope(_("There is no such site among yours."))
        if quantity_ml <= 0:
            raise ClinicError(_("The quantity must be more than 0 mL."), "quantity_ml")
        lot, new = Lot.objects.get_or_create(
            product=product, site=site, number=number.strip(), defaults={"expires_on": expires_on}
        )
        if not new and lot.expires_on != expires_on:
            raise ClinicError(
                _("Lot %(number)s is recorded with another expiry date.") % {"number": lot.number}, "expires_on"
            )
        move(actor, lot=lot, quantity_ml=quantity_ml, reason="received", key=key)
        audit.record(actor, "lot.received", lot)
    return lot


def move(actor: User, *, lot: Lot, quantity_ml: Decimal, reason: str, key: str) -> Movement:
    """Change a lot's stock by a signed quantity in mL; call it inside the service that is responsible.

    A key that was used before returns its movement and changes nothing. Raises NotEnough below zero.
    """
    with atomic():
        held = Lot.objects.select_for_update().get(pk=lot.pk)
        known = Movement.objects.filter(key=key).first()
        if known is not None:
            return known
        if held.on_hand_ml + quantity_ml < 0:
            raise NotEnough(
                _("Lot %(number)s holds %(rest)s mL only.") % {"number": held.number, "rest": held.on_hand_ml}
            )
        Lot.objects.filter(pk=lot.pk).update(on_hand_ml=F("on_hand_ml") + quantity_ml)
        return Movement.objects.create(
            lot=lot, quantity_ml=quantity_ml, reason=reason, key=key, by=actor, at=clock.now()
        )


def set_lot_state(actor: User, *, lot_id: int, state: str, reason: str) -> Lot:
    """Release, quarantine or recall a lot; what was prepared with a withheld lot is flagged by whoever listens."""
    access.require(actor, Can.MANAGE_STOCK)
    with atomic():
        lot = lot_for(actor, lot_id)
        if state not in Lot.State.values:
            raise ClinicError(_("Choose released, quarantined or recalled."), "state")
        if not reason.strip():
            raise ClinicError(_("Enter the reason."), "reason")
        Lot.objects.filter(pk=lot.pk).update(state=state)
        audit.record(actor, f"lot.{state}", lot, reason=reason, changed=("state",))
        if state != Lot.State.RELEASED:
            news.announce("lot.withheld", actor=actor, lot_id=lot.pk)
    return Lot.objects.get(pk=lot.pk)
