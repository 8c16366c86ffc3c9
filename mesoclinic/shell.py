"""What the frame around every staff page shows: the rail, the site, the banner of a draft catalogue."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from mesoclinic.access import Can, may

BANNER = _(
    "Starting values. Not approved for clinical use until the clinic's medical director has reviewed and signed them."
)


@dataclass(frozen=True, slots=True)
class RailItem:
    """One entry of the rail: shown only to those who may use it."""

    url: str
    icon: str
    label: object
    can: Can


RAIL = (
    RailItem("sessions:today", "house", _("Today"), Can.USE_CLINIC),
    RailItem("sessions:calendar", "calendar3", _("Calendar"), Can.VIEW_SCHEDULE),
    RailItem("patients:search", "people", _("Patients"), Can.VIEW_PATIENT),
    RailItem("patients:consultations", "clipboard2-pulse", _("Consults"), Can.WRITE_CONSULTATION),
    RailItem("sessions:board", "kanban", _("Sessions"), Can.VIEW_SCHEDULE),
    RailItem("sessions:messages", "envelope", _("Messages"), Can.VIEW_MESSAGES),
    RailItem("sessions:adverse_events", "exclamation-triangle", _("Events"), Can.SETTLE_SENTINEL_EVENT),
    RailItem("protocols:products", "box-seam", _("Products"), Can.MANAGE_STOCK),
    RailItem("protocols:catalogue", "journal-check", _("Formulary"), Can.VIEW_CATALOGUE),
    RailItem("mesoclinic:site_settings", "gear", _("Settings"), Can.MANAGE_SITE),
)


def context(request: HttpRequest) -> dict[str, object]:
    """The shell's context; patient pages and the sign-in page have no rail."""
    actor = getattr(request, "actor", None)
    if actor is None or not getattr(actor, "is_authenticated", False):
        return {"nav": (), "actor": None, "theme": "light"}
    return {
        "nav": [item for item in RAIL if may(actor, item.can)],
        "actor": actor,
        "theme": actor.theme,
    }
