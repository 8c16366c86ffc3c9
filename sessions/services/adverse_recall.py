"""A lot is taken out of use in the whole clinic by one press."""

from django.utils.translation import gettext as _

from mesoclinic import access, audit, news
from mesoclinic.access import Can
from mesoclinic.accounts import User
from mesoclinic.errors import ClinicError, Conflict
from mesoclinic.transactions import atomic
from protocols.models import Lot
from protocols.queries.stock import lot_for
from sessions.queries.adverse_recall import same_lot


def withhold_everywhere(actor: User, *, lot_id: int, reason: str) -> list[Lot]:
    """Quarantine a lot at every site, also where the actor does not work; what was prepared with it is flagged."""
    access.require(actor, Can.MANAGE_STOCK)
    with atomic():
        lot = lot_for(actor, lot_id)
        if not reason.strip():
            raise ClinicError(_("Enter the reason."), "reason")
        released = list(same_lot(lot).filter(state=Lot.State.RELEASED).select_for_update(of=("self",)))
        if not released:
            raise Conflict(_("This lot is not released anywhere."))
        for each in released:
            Lot.objects.filter(pk=each.pk).update(state=Lot.State.QUARANTINED)
            audit.record(
                actor, "lot.quarantined", each, site_id=each.site_id, reason=reason.strip(), changed=("state",)
            )
            news.announce("lot.withheld", actor=actor, lot_id=each.pk)
    return released
