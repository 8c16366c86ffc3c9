"""Words of the catalogue and stock pages."""

from collections.abc import Mapping
from datetime import date, timedelta

from django import template
from django.utils.translation import gettext as _

from protocols.models import Lot

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
def expiry_level(lot: Lot, today: date) -> str:
    """`bad` once it has expired, `warn` in the last thirty days, else nothing."""
    if lot.expires_on < today:
        return "bad"
    return "warn" if lot.expires_on <= today + SOON else ""


def _spoken(name: str) -> str:
    return str(name).replace("_", " ")
