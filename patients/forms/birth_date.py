"""A birth date in three boxes; the first box also takes the whole date, as people paste it."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mesoclinic.typed import parse_date

_BOXES = (("day", _("Day")), ("month", _("Month")), ("year", _("Year")))


class BirthDateBoxes(forms.MultiWidget):
    """Day, month and year; what was typed stays as it was typed."""

    template_name = "widgets/birth_date.html"
    use_fieldset = True

    def __init__(self) -> None:
        boxes: dict[str, forms.Widget | type[forms.Widget]] = {
            name: forms.TextInput({"class": f"form-control {name}", "autocomplete": "off", "maxlength": 40})
            for name, _label in _BOXES
        }
        super().__init__(boxes)

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        for (_name, label), box in zip(_BOXES, context["widget"]["subwidgets"], strict=True):
            box["label"] = label
        return context

    def first_id(self, auto_id: str) -> str:
        """The id of the first box, for links to this field."""
        return f"{auto_id}_0"

    def decompress(self, value: Any) -> list[Any]:
        return [value.day, value.month, value.year] if isinstance(value, date) else [value, None, None]

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> list[str]:
        boxes = [text or "" for text in super().value_from_datadict(data, files, name)]
        return boxes if any(boxes) else [data.get(name, ""), "", ""]

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return name not in data and super().value_omitted_from_data(data, files, name)


class BirthDateField(forms.Field):
    """A date of the calendar out of the boxes; its range is the service's to judge."""

    widget = BirthDateBoxes
    default_error_messages = {
        "required": _("Enter the birth date, for example 14 3 1992."),
        "invalid": _("Enter the birth date with day, month and full year, for example 14 3 1992."),
    }

    def to_python(self, value: Any) -> date | None:
        text = " ".join(value).strip() if isinstance(value, list) else str(value or "").strip()
        if not text:
            return None
        found = parse_date(text)
        if found is None:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(data) != initial)
        except forms.ValidationError:
            return True
