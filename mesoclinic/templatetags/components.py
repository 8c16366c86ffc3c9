"""Tags of the component library: blocks with a slot, icons, quantities and dates that read alike everywhere."""

from datetime import date, datetime
from decimal import Decimal

from babel.dates import format_date, format_time
from django import template
from django.forms import BoundField, RadioSelect
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import localize
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from mesoclinic import clock

register = template.Library()

Number = int | float | Decimal
NARROW_GAP = "\N{NO-BREAK SPACE}"


@register.simple_block_tag
def card(content: str, heading: str = "", tone: str = "", aside: str = "", id: str = "", level: int = 2) -> str:
    """A surface with a heading: `{% card heading="Plan" tone="warn" %} … {% endcard %}`."""
    context = {"body": content, "heading": heading, "tone": tone, "aside": aside, "id": id, "level": level}
    return render_to_string("components/card.html", context)


@register.simple_block_tag
def dialog(content: str, id: str, heading: str) -> str:
    """A modal that a button with `data-opens="id"` shows; it stands in the page as a plain section without scripts."""
    return render_to_string("components/dialog.html", {"body": content, "id": id, "heading": heading})


@register.simple_block_tag
def nothing_here(content: str, text: str, icon: str = "") -> str:
    """One sentence about what will be here; the slot holds the action that makes the first one."""
    return render_to_string("components/empty.html", {"body": content, "text": text, "icon": icon})


@register.simple_tag
def icon(name: str, size: str = "", flip: bool = False) -> SafeString:
    """A drawing of the sprite, silent to screen readers; `size` is "", "s" or "xs"; `flip` mirrors it in RTL."""
    classes = " ".join(["i", *([f"i-{size}"] if size else []), *(["i-flip"] if flip else [])])
    address = static("vendor/icons.svg")
    return format_html('<svg class="{}" aria-hidden="true"><use href="{}#{}"></use></svg>', classes, address, name)


@register.simple_tag
def qty(value: Number | None, unit: str) -> SafeString:
    """Number and unit that no right-to-left line can swap; trailing zeros, which would suggest precision, go."""
    if value is None:
        return SafeString("")
    return format_html('<bdi dir="ltr">{}{}{}</bdi>', localize(plain(value)), NARROW_GAP, unit)


@register.simple_tag
def machine(value: Number | str) -> str:
    """A number for attributes, SVG and JSON: a point, no grouping, in every language."""
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def plain(value: Number) -> Number:
    """1.50 as 1.5 and 100 as 100; floats as they are."""
    if not isinstance(value, Decimal):
        return value
    return value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize()


@register.filter
def staff_date(value: date | datetime | None) -> str:
    """`Thu 26 Nov 2026`, in the reader's language and the active zone."""
    return _formatted(value, "EEE d MMM y")


@register.filter
def staff_day(value: date | datetime | None) -> str:
    """`Thu 26 Nov`, with the year only when it is not the running one."""
    here = _local(value)
    same_year = here is not None and here.year == timezone.localtime(clock.now()).year
    return _formatted(value, "EEE d MMM" if same_year else "EEE d MMM y")


@register.filter
def staff_when(value: datetime | None) -> str:
    """`Thu 26 Nov 2026, 14:30`."""
    return f"{staff_date(value)}, {clock_time(value)}" if value else ""


@register.filter
def birth_date(value: date | None) -> str:
    """`14 Mar 1992`."""
    return _formatted(value, "d MMM y")


@register.filter
def patient_date(value: date | datetime | None) -> str:
    """`Thursday 26 November 2026`."""
    return _formatted(value, "EEEE d MMMM y")


@register.filter
def patient_when(value: datetime | None) -> str:
    """`Thursday 26 November 2026, 14:30`."""
    return f"{patient_date(value)}, {clock_time(value)}" if value else ""


@register.filter
def clock_time(value: datetime | None) -> str:
    """`14:30`: the 24-hour clock, in the active zone."""
    here = _local(value)
    return format_time(here, "HH:mm", locale=_locale()) if isinstance(here, datetime) else ""


@register.filter
def times(count: int | None) -> range:
    """A count as something to loop over: none is no times."""
    return range(count or 0)


@register.filter
def initials(name: str) -> str:
    """`EA` of `Dr Elif Aydın` and of `AYDIN, Elif`: first letters of the first and last name, without a title."""
    family, comma, given = str(name).partition(",")
    words = [
        word
        for word in (f"{given} {family}" if comma else family).split()
        if word.rstrip(".").lower() not in {"dr", "prof"}
    ]
    return "".join(word[0] for word in (words[:1] + words[1:][-1:]) if word).upper()


@register.filter
def error_target(field: BoundField) -> str:
    """The id of the control that an error link focuses: the first one where a field has several."""
    widget, whole = field.field.widget, str(field.auto_id)
    if hasattr(widget, "first_id"):
        return str(widget.first_id(whole))
    return f"{whole}_0" if isinstance(widget, RadioSelect) else str(field.id_for_label or whole)


def _formatted(value: date | datetime | None, pattern: str) -> str:
    here = _local(value)
    return format_date(here, pattern, locale=_locale()) if here is not None else ""


def _local(value: date | datetime | None) -> date | datetime | None:
    if isinstance(value, datetime) and timezone.is_aware(value):
        return timezone.localtime(value)
    return value


def _locale() -> str:
    return (get_language() or "en").replace("-", "_")
