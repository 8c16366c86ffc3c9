"""Products and stock: a lot's amount on hand and the movement that changed it are written together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import F
from django.utils.translation import gettext as _

from mesoclinic import access, audit, clock, news
from mesoclinic.access import Can
from mesoclinic.accounts import User
from mesoclinic.errors import ClinicError, Conflict, OutOfScope
from mesoclinic.sites import Site
from mesoclinic.templatetags.components import birth_date
from mesoclinic.transactions import atomic
from protocols.models import Lot, Movement, OpenedVial, Product
from protocols.queries.stock import lot_for, other_expiry, today_at
from protocols.services.products import remember_code


class NotEnough(Conflict):
    """The lot holds less than was asked for."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One line of a delivery; `line` is where it stands in the supplier's list."""

    line: int
    product: Product
    number: str
    expires_on: date
    quantity_ml: Decimal
    document: str = ""


def receive_lot(
    actor: User,
    *,
    site: Site,
    product: Product,
    number: str,
    expires_on: date,
    quantity_ml: Decimal,
    key: str,
    document: str = "",
    gtin: str = "",
) -> Lot:
    """Book goods in: a new lot, or more of a known one. Quantity in mL, more than 0; `key` counts once.

    `gtin` is the code that was scanned: from now on it finds this product.
    """
    access.require(actor, Can.MANAGE_STOCK)
    with atomic():
        if not actor.sites.filter(pk=site.pk).exists():
            raise OutOfScope(_("There is no such site among yours."))
        if quantity_ml <= 0:
            raise ClinicError(_("The quantity must be more than 0 mL."), "quantity_ml")
        if expires_on < today_at(site):
            raise ClinicError(_("Expired %(day)s. Do not receive it.") % {"day": birth_date(expires_on)}, "expires_on")
        lot, new = Lot.objects.get_or_create(
            product=product, site=site, number=number.strip(), defaults={"expires_on": expires_on}
        )
        if not new and lot.expires_on != expires_on:
            raise ClinicError(other_expiry(lot.number), "expires_on")
        if gtin:
            remember_code(actor, gtin=gtin, product=product)
        move(actor, lot=lot, quantity_ml=quantity_ml, reason="received", key=key, document=document)
        audit.record(actor, "lot.received", lot, reason=document)
    return Lot.objects.get(pk=lot.pk)


def receive_delivery(actor: User, *, site: Site, arrivals: Sequence[Arrival], key: str) -> int:
    """Book every line of a delivery or none; raises ClinicError naming the line. `key` counts once."""
    access.require(actor, Can.MANAGE_STOCK)
    with atomic():
        if not arrivals:
            raise ClinicError(_("The delivery has no lines."))
        for each in arrivals:
            try:
                receive_lot(
                    actor,
                    site=site,
                    product=each.product,
                    number=each.number,
                    expires_on=each.expires_on,
                    quantity_ml=each.quantity_ml,
                    document=each.document,
                    key=f"{key}:{each.line}",
                )
            except ClinicError as error:
                words = {"line": each.line, "why": error.message}
                raise ClinicError(_("Line %(line)d: %(why)s Nothing was booked.") % words) from error
        audit.record(
            actor, "delivery.received", site_id=site.pk, reason=_("%(count)d lines") % {"count": len(arrivals)}
        )
    return len(arrivals)


def count_lot(actor: User, *, lot_id: int, counted_ml: Decimal, seen_ml: Decimal, note: str, key: str) -> Lot:
    """Set a lot to what was counted, by a movement with the reason; raises Conflict when it moved meanwhile."""
    access.require(actor, Can.MANAGE_STOCK)
    with atomic():
        lot = lot_for(actor, lot_id)
        held = Lot.objects.select_for_update().get(pk=lot.pk)
        if not note.strip():
            raise ClinicError(_("Enter the reason."), "note")
        if counted_ml < 0:
            raise ClinicError(_("Enter 0 or more."), "counted_ml")
        if Movement.objects.filter(key=key).exists():
            return held
        if held.on_hand_ml != seen_ml:
            raise Conflict(_("The stock changed while you counted. Count again."), "counted_ml")
        change = counted_ml - held.on_hand_ml
        if change:
            move(actor, lot=lot, quantity_ml=change, reason="counted", key=key, note=note)
        audit.record(actor, "lot.counted", lot, reason=note)
    return Lot.objects.get(pk=lot.pk)


def open_vial(actor: User, *, lot_id: int, opened_on: date) -> OpenedVial:
    """Record that a multi-dose vial was opened; how long it may be used is checked before each session."""
    access.require(actor, Can.MANAGE_STOCK)
    with atomic():
        lot = lot_for(actor, lot_id)
        if lot.product.container != Product.Container.MULTI_DOSE:
            raise ClinicError(_("A single-dose container is used at once and never kept open."), "opened_on")
        if not opened_on <= min(today_at(lot.site), lot.expires_on):
            raise ClinicError(_("The day of opening is today or earlier, and not after the expiry."), "opened_on")
        vial = OpenedVial.objects.create(lot=lot, opened_on=opened_on)
        audit.record(actor, "lot.vial_opened", lot)
    return vial


def discard_vial(actor: User, *, lot_id: int, vial_id: int) -> None:
    """Record that an opened vial was thrown away; doing it twice changes nothing."""
    access.require(actor, Can.MANAGE_STOCK)
    with atomic():
        lot = lot_for(actor, lot_id)
        if not lot.opened_vials.filter(pk=vial_id).exists():
            raise OutOfScope(_("There is no such vial of this lot."))
        gone = OpenedVial.objects.filter(pk=vial_id, lot=lot, discarded_at=None).update(discarded_at=clock.now())
        if gone:
            audit.record(actor, "lot.vial_discarded", lot)


def move(
    actor: User, *, lot: Lot, quantity_ml: Decimal, reason: str, key: str, document: str = "", note: str = ""
) -> Movement:
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
            lot=lot,
            quantity_ml=quantity_ml,
            reason=reason,
            document=document,
            note=note,
            key=key,
            by=actor,
            at=clock.now(),
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
