"""Goods in, and withholding a lot."""

from decimal import Decimal
from secrets import token_urlsafe
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from mesoclinic.forms import ClinicForm
from mesoclinic.sites import Site
from mesoclinic.typed import parse_date
from protocols.models import Lot, Product

MOST_ML = Decimal(100_000)


class ReceiveForm(ClinicForm):
    """A delivery of one lot."""

    site = forms.ModelChoiceField(label=_("Site"), queryset=Site.objects.none())
    product = forms.ModelChoiceField(label=_("Product"), queryset=Product.objects.filter(active=True))
    number = forms.CharField(label=_("Lot number"), max_length=60, widget=forms.TextInput({"autocomplete": "off"}))
    expires_on = forms.CharField(
        label=_("Expires on"), max_length=40, help_text=_("The last day of the month when the label names a month.")
    )
    quantity_ml = forms.DecimalField(
        label=_("Quantity in mL"),
        max_digits=9,
        decimal_places=3,
        max_value=MOST_ML,
        localize=True,
        widget=forms.TextInput({"inputmode": "decimal"}),
    )
    key = forms.CharField(max_length=60, widget=forms.HiddenInput, initial=token_urlsafe)

    def __init__(self, data: Any = None, *, sites: QuerySet[Site]) -> None:
        super().__init__(data)
        own = self.fields["site"]
        own.queryset = sites  # type: ignore[attr-defined]
        own.initial = sites.first()

    def clean_expires_on(self) -> Any:
        found = parse_date(self.cleaned_data["expires_on"])
        if found is None:
            raise forms.ValidationError(_("Enter the expiry date with day, month and year, for example 31 10 2027."))
        return found


class StateForm(ClinicForm):
    """Release, quarantine or recall."""

    state = forms.ChoiceField(label=_("State"), choices=Lot.State.choices)
    reason = forms.CharField(label=_("Reason"), max_length=300)
