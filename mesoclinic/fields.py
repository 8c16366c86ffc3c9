"""What people type at a desk, as form fields: names, days, times of the day, hours of work."""

from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _

from mesoclinic.typed import NAME_LENGTH, clean_name, hours_text, parse_date, parse_hours

FIRST_YEAR, LAST_YEAR = 2000, 2100


class NameField(forms.CharField):
    """One line of a name, any script; never shortened, never re-cased."""

    def __init__(self, *, length: int = NAME_LENGTH, required: bool = False, **options: Any) -> None:
        super().__init__(required=required, widget=forms.TextInput({"autocomplete": "off"}), **options)
        self.validators.append(MaxLengthValidator(length, _("Use up to %(limit_value)d letters.")))

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        try:
            return clean_name(text)
        except ValueError as problem:
            raise forms.ValidationError(_("Use up to 200 letters, without control characters.")) from problem


class DayField(forms.CharField):
    """A day as people type it: 26.11.2026, 26 Nov 2026, or as the browser's picker sends it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=forms.DateInput({"type": "date"}), **options)

    def to_python(self, value: Any) -> Any:
        text = value.isoformat() if isinstance(value, date) else (super().to_python(value) or "")
        if not text:
            return None
        found = parse_date(text)
        if found is None or not FIRST_YEAR <= found.year < LAST_YEAR:
            raise forms.ValidationError(_("Enter a day, for example 26 11 2026."))
        return found

    def prepare_value(self, value: Any) -> Any:
        return value.isoformat() if isinstance(value, date) else value


class ClockField(forms.TimeField):
    """A time of the day, in wall-clock time of the site."""

    def __init__(self, **options: Any) -> None:
        words = _("Enter a time, for example 14:30.")
        # A browser's own time field follows the browser's language, which may count to twelve.
        shown = {"inputmode": "numeric", "autocomplete": "off", "placeholder": "14:30"}
        super().__init__(
            widget=forms.TimeInput(shown, format="%H:%M"),
            input_formats=["%H:%M", "%H.%M", "%H%M", "%H:%M:%S"],
            error_messages={"invalid": words, "required": words},
            **options,
        )


class HoursField(forms.CharField):
    """The stretches of one day, "09:00–13:00, 15:00–19:00"; empty is a day off. Cleans to the same text, tidied."""

    def __init__(self, **options: Any) -> None:
        shown = {"autocomplete": "off", "placeholder": _("Closed")}
        super().__init__(required=False, max_length=80, widget=forms.TextInput(shown), **options)

    def to_python(self, value: Any) -> str:
        try:
            return hours_text(parse_hours(super().to_python(value) or ""))
        except ValueError as problem:
            raise forms.ValidationError(
                _("Enter hours in full five minutes, one after the other, for example 09:00–13:00, 15:00–19:00.")
            ) from problem


class AmountField(forms.DecimalField):
    """A number typed with point or comma, whatever the language of the page."""

    def __init__(self, **options: Any) -> None:
        shown = {"inputmode": "decimal", "autocomplete": "off"}
        super().__init__(localize=True, widget=forms.TextInput(shown), **options)

    def to_python(self, value: Any) -> Any:
        return super().to_python(value.replace(",", ".") if isinstance(value, str) else value)
