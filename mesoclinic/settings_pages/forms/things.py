"""Forms of rooms, devices and visit types."""

from decimal import Decimal
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Column, Layout, Row
from django import forms
from django.utils.translation import gettext_lazy as _

from mesoclinic.fields import NameField
from mesoclinic.forms import EditForm
from mesoclinic.sites import VisitKind
from mesoclinic.typed import FULL_MINUTES
from mesoclinic.widgets import ManyChips

LONGEST_PART = 480
MOST_MONEY = Decimal(1_000_000)


class MinutesField(forms.IntegerField):
    """Minutes in fives, as the calendar counts."""

    def __init__(self, *, least: int = 0, **options: Any) -> None:
        words = _("Enter minutes in fives, %(least)d to %(most)d.") % {"least": least, "most": LONGEST_PART}
        super().__init__(
            min_value=least,
            max_value=LONGEST_PART,
            step_size=FULL_MINUTES,
            widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off"}),
            error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value", "step_size"), words),
            **options,
        )


class RoomForm(EditForm):
    """A room and what fits into it."""

    name = NameField(label=_("Name"), length=80, required=True)
    visit_kinds = forms.MultipleChoiceField(
        label=_("Visits that fit here"),
        choices=VisitKind.choices,
        widget=ManyChips,
        error_messages={"required": _("Choose at least one kind of visit.")},
    )
    active = forms.BooleanField(label=_("In use"), required=False, initial=True)

    def clean_visit_kinds(self) -> list[str]:
        return [kind for kind in VisitKind.values if kind in self.cleaned_data["visit_kinds"]]


class DeviceForm(EditForm):
    """A device that one visit can use at a time."""

    name = NameField(label=_("Name"), length=80, required=True)
    kind = NameField(
        label=_("Kind"), length=40, required=True, help_text=_("Visit types ask for a kind, for example trichoscope.")
    )
    active = forms.BooleanField(label=_("In use"), required=False, initial=True)


class VisitTypeForm(EditForm):
    """How long a visit takes, what it needs and what it costs."""

    name = NameField(label=_("Name"), length=80, required=True)
    preparation_minutes = MinutesField(label=_("Preparation, minutes"), initial=0)
    clinician_minutes = MinutesField(label=_("With the clinician, minutes"), least=FULL_MINUTES, initial=30)
    observation_minutes = MinutesField(label=_("Observation, minutes"), initial=0)
    needs_room = forms.BooleanField(label=_("Needs a room"), required=False, initial=True)
    device_kind = NameField(label=_("Needs a device of this kind"), length=40)
    price = forms.DecimalField(
        label=_("Price"),
        required=False,
        min_value=0,
        max_value=MOST_MONEY,
        decimal_places=2,
        localize=True,
        widget=forms.TextInput({"inputmode": "decimal", "autocomplete": "off"}),
    )
    currency = forms.RegexField(
        r"^[A-Z]{3}$",
        label=_("Currency"),
        initial="EUR",
        max_length=3,
        error_messages={"invalid": _("Enter three capital letters, for example EUR.")},
    )
    active = forms.BooleanField(label=_("In use"), required=False, initial=True)

    @property
    def helper(self) -> FormHelper:
        helper = super().helper
        minutes = [Column(f"{part}_minutes") for part in ("preparation", "clinician", "observation")]
        kind = [Column("kind")] if "kind" in self.fields else []
        helper.layout = Layout(
            "version",
            Row(*kind, Column("name")),
            Row(*minutes),
            Row(Column("device_kind"), Column("price"), Column("currency")),
            "needs_room",
            "active",
        )
        return helper


class NewVisitTypeForm(VisitTypeForm):
    """A visit type's kind is chosen once: its bookings are of that kind."""

    kind = forms.ChoiceField(label=_("Kind"), choices=VisitKind.choices)
