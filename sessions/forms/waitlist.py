"""When somebody who waits could come."""

from datetime import time
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mesoclinic.fields import ClockField
from mesoclinic.forms import ClinicForm
from mesoclinic.sites import Weekday
from mesoclinic.widgets import ManyChips


class WaitForm(ClinicForm):
    """Weekdays and a stretch of the day; all of it may be left open."""

    weekdays = forms.TypedMultipleChoiceField(
        label=_("Weekdays"),
        coerce=int,
        choices=Weekday.choices,
        required=False,
        widget=ManyChips,
        help_text=_("None chosen: any day."),
    )
    earliest = ClockField(label=_("Not before"), required=False)
    latest = ClockField(label=_("Not after"), required=False)

    def clean(self) -> dict[str, Any]:
        self.cleaned_data["earliest"] = self.cleaned_data.get("earliest") or time.min
        self.cleaned_data["latest"] = self.cleaned_data.get("latest") or time.max
        return self.cleaned_data
