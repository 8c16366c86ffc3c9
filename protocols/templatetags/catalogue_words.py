"""Words of the catalogue and stock pages."""

from collections.abc import Mapping
from datetime import timedelta

from django import template
from django.utils.translation import gettext as _

from protocols.models import Lot, Movement
from protocols.queries.stock import today_at

register = template.Library()
SOON = timedelta(days=30)


@register.filter
def words(value: object) -> str:
    """A value of a row as it is read: lists by comma, tables by semicolon, nothing as a word."""
    if value is None or value == "" or value == []:
        return _("Not stated")
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, Mapping):
        return "; ".join(f"{_spoken(name)}: {words(each)}" for name, each in value.items())
    if isinstance(value, list):
        separator = " | " if any(isinstance(each, Mapping) for each in value) else ", "
        return separator.join(words(each) for each in value)
    return str(value)


@register.filter
def spoken(name: str) -> str:
    """The name of a kind or a field with its first letter large: `formulation_rule` as "Formulation rule"."""
    text = _spoken(name)
    return text[:1].upper() + text[1:]


@register.filter
def expiry_level(lot: Lot) -> str:
    """`bad` once the lot has expired at its site, `warn` in the last thirty days, else nothing."""
    today = today_at(lot.site)
    if lot.expires_on < today:
        return "bad"
    return "warn" if lot.expires_on <= today + SOON else ""


@register.filter
def movement_words(movement: Movement) -> str:
    """Why stock came or went."""
    known = {"received": _("Received"), "counted": _("Counted"), "treatment": _("Drawn up")}
    return known.get(movement.reason.partition(":")[0], movement.reason)


@register.filter
def deed_words(action: str) -> str:
    """What was done to a lot."""
    known = {
        "lot.released": _("Released"),
        "lot.quarantined": _("Quarantined"),
        "lot.recalled": _("Recalled"),
        "lot.vial_opened": _("Vial opened"),
        "lot.vial_discarded": _("Vial thrown away"),
    }
    return known.get(action, action)


def _spoken(name: str) -> str:
    return str(name).replace("_", " ")
