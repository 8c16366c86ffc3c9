"""Fields of the consultation: numbers and dates as people type them, kept as text that every rule reads alike."""

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mesoclinic.typed import parse_date
from protocols.rules.answers import counted
from protocols.rules.kinds.diagnosis import SeverityScale
from protocols.rules.kinds.inputs import ExaminationItem, FagaCriterion, Input

NUMBER_LENGTH = 20


class NumberField(forms.CharField):
    """A number typed with point or comma, within the hard range of its input."""

    def __init__(self, row: Input | ExaminationItem | FagaCriterion | SeverityScale, **options: Any) -> None:
        widget = forms.TextInput({"inputmode": "decimal", "autocomplete": "off", "maxlength": NUMBER_LENGTH})
        super().__init__(required=False, max_length=NUMBER_LENGTH, widget=widget, **options)
        self.row = row

    def to_python(self, value: Any) -> Any:
        text = (super().to_python(value) or "").replace(",", ".")
        if not text:
            return None
        try:
            number = Decimal(text)
        except InvalidOperation as problem:
            raise forms.ValidationError(self._range()) from problem
        low, high = self.row.hard_min, self.row.hard_max
        if not number.is_finite() or (low is not None and number < low) or (high is not None and number > high):
            raise forms.ValidationError(self._range())
        if getattr(self.row, "type", "") == "whole" and number != number.to_integral_value():
            raise forms.ValidationError(_("Enter a whole number."))
        return str(number)

    def validate(self, value: Any) -> None:
        """Nothing is left to check once the text is a number in range."""

    def run_validators(self, value: Any) -> None:
        """The length was limited by the browser; what is a number in range is short enough."""

    def _range(self) -> str:
        unit = f" {self.row.unit}" if self.row.unit else ""
        if self.row.hard_min is None or self.row.hard_max is None:
            return str(_("Enter a number."))
        return str(_("Enter a number from %(low)s to %(high)s%(unit)s.")) % {
            "low": self.row.hard_min,
            "high": self.row.hard_max,
            "unit": unit,
        }


class DayField(forms.CharField):
    """A date as people type it, kept as ISO text; not in the future, and near enough for what is counted from it."""

    def __init__(self, today: date, *, counts: Input | None = None, **options: Any) -> None:
        super().__init__(required=False, max_length=40, widget=forms.TextInput({"autocomplete": "off"}), **options)
        self.today, self.counts = today, counts

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        day = parse_date(text)
        if day is None:
            raise forms.ValidationError(_("Enter a date with day, month and year, for example 14 3 2026."))
        if day > self.today:
            raise forms.ValidationError(_("This date must not be in the future."))
        if self.counts is not None and not counted(self.counts, day, self.today).valid:
            raise forms.ValidationError(_("This date is too long ago. Check the year."))
        return day.isoformat()
