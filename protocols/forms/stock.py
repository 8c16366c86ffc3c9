"""Goods in, and what happens to a lot: withheld, counted, opened."""

import re
from calendar import monthrange
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from secrets import token_urlsafe
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Column, Layout, Row
from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from mesoclinic.fields import LAST_YEAR, AmountField, DayField, NameField
from mesoclinic.forms import ClinicForm
from mesoclinic.sites import Site
from mesoclinic.typed import parse_date
from protocols.models import Lot, Product
from protocols.rules.gs1 import parse_gtin

MOST_ML = Decimal(100_000)
MOST_CONTAINERS = 10_000
LONGEST_SCAN = 500
NUMBER, DOCUMENT = 60, 80
_MONTH_FIRST = re.compile(r"\s*(\d{1,2})\s*[./ -]\s*(\d{4})\s*", re.ASCII)
_YEAR_FIRST = re.compile(r"\s*(\d{4})\s*[./ -]\s*(\d{1,2})\s*", re.ASCII)
PROBLEMS = {
    "empty": _("Nothing was read. Scan again."),
    "no_code": _("This is no GS1 code with a product, a lot or an expiry date. Type them instead."),
    "check_digit": _("The check digit of the product code is wrong. Scan again, or type it."),
    "date": _("The expiry date in the code is no day of the calendar. Type what the label says."),
    "text": _("The lot in the code is too long or has letters that GS1 does not allow. Type what the label says."),
    "count": _("The count in the code cannot be read. Type what the label says."),
    "twice": _("The code says two different things. Scan one code at a time."),
    "separator": _(
        "The scanner leaves out the separator after the lot number. Set it up to send GS or brackets, "
        "or type what the label says."
    ),
}


class ScanForm(ClinicForm):
    """What a hand scanner types; it fills the form beside it and books nothing."""

    scan = forms.CharField(
        label=_("Scan a code"),
        required=False,
        max_length=LONGEST_SCAN,
        strip=False,
        help_text=_("DataMatrix, QR or bar code. It fills in the form; nothing is booked yet."),
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false", "data-behaviour": "scan"}),
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, auto_id="scan_%s")

    def refuse_code(self, problem: str) -> None:
        """Say why nothing could be read."""
        self.add_error("scan", PROBLEMS[problem])


class ArrivalForm(ClinicForm):
    """One lot that came: its number, its expiry, and how much, in containers or in mL."""

    number = NameField(label=_("Lot number"), length=NUMBER, required=True)
    expires_on = forms.CharField(
        label=_("Expires on"),
        max_length=40,
        help_text=_("Day or month as on the label, for example 31 10 2027 or 10/2027."),
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    containers = forms.IntegerField(
        label=_("Containers"),
        required=False,
        min_value=1,
        max_value=MOST_CONTAINERS,
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off"}),
    )
    quantity_ml = AmountField(
        label=_("or quantity in mL"), required=False, max_digits=9, decimal_places=3, max_value=MOST_ML
    )
    document = NameField(label=_("Supplier document number"), length=DOCUMENT)

    def product_meant(self) -> Product | None:
        """The product that came, when it is known already."""
        return self.cleaned_data.get("product")

    def clean_expires_on(self) -> date:
        text = self.cleaned_data["expires_on"]
        found = parse_date(text) or _end_of_month(text)
        if found is None or found.year >= LAST_YEAR:
            raise forms.ValidationError(_("Enter the expiry date with day, month and year, for example 31 10 2027."))
        return found

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if {"containers", "quantity_ml"} & self.errors.keys():
            return data
        count, said = data.pop("containers", None), data.get("quantity_ml")
        product = self.product_meant()
        counted = count * product.container_ml if count and product and product.container_ml else None
        if count is None and said is None:
            self.add_error("containers", _("Enter how many containers came, or how many mL."))
        elif count is not None and said is None and product is not None and counted is None:
            words = _("The record does not say what one container holds. Enter the quantity in mL.")
            self.add_error("quantity_ml", words)
        elif counted is not None and said is not None and counted != said:
            self.add_error("quantity_ml", _("Containers and mL do not agree. Enter one of the two."))
        elif counted is not None and counted > MOST_ML:
            self.add_error("containers", _("This is more than can be received at once."))
        elif counted is not None:
            data["quantity_ml"] = counted
        return data


class ReceiveForm(ArrivalForm):
    """A delivery of one lot."""

    site = forms.ModelChoiceField(label=_("Site"), queryset=Site.objects.none())
    product = forms.ModelChoiceField(
        label=_("Product"), queryset=Product.objects.filter(active=True), empty_label=_("Choose the product")
    )
    gtin = forms.CharField(max_length=14, required=False, widget=forms.HiddenInput)
    key = forms.CharField(max_length=60, widget=forms.HiddenInput, initial=token_urlsafe)
    field_order = ("site", "product")

    def __init__(self, data: Any = None, *, sites: QuerySet[Site], scanned: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial=dict(scanned or {}))
        own = self.fields["site"]
        own.queryset = sites  # type: ignore[attr-defined]
        own.initial = sites.first()

    def clean_gtin(self) -> str:
        text = self.cleaned_data["gtin"]
        if text and not parse_gtin(text):
            raise forms.ValidationError(_("Scan the code again."))
        return parse_gtin(text)

    @property
    def helper(self) -> FormHelper:
        helper = super().helper
        helper.layout = Layout(
            "key",
            "gtin",
            "site",
            "product",
            Row(Column("number"), Column("expires_on")),
            Row(Column("containers"), Column("quantity_ml")),
            "document",
        )
        return helper


class StateForm(ClinicForm):
    """Release, quarantine or recall."""

    state = forms.ChoiceField(label=_("State"), choices=Lot.State.choices)
    reason = forms.CharField(label=_("Reason"), max_length=300)


class CountForm(ClinicForm):
    """What was counted, for the stock that the page showed."""

    counted_ml = AmountField(
        label=_("Counted, in mL"), min_value=Decimal(0), max_value=MOST_ML, max_digits=9, decimal_places=3
    )
    note = forms.CharField(label=_("Reason"), max_length=300)
    seen_ml = forms.DecimalField(max_digits=12, decimal_places=3, widget=forms.HiddenInput)
    key = forms.CharField(max_length=60, widget=forms.HiddenInput, initial=token_urlsafe)

    def __init__(self, data: Any = None, *, lot: Lot) -> None:
        super().__init__(data, auto_id="count_%s", initial={"seen_ml": str(lot.on_hand_ml)})


class VialForm(ClinicForm):
    """The day on which a multi-dose vial was opened."""

    opened_on = DayField(label=_("Opened on"))

    def __init__(self, data: Any = None, *, today: date) -> None:
        super().__init__(data, auto_id="vial_%s", initial={"opened_on": today})


def _end_of_month(text: str) -> date | None:
    """The last day of a month that a label names without a day."""
    match = _MONTH_FIRST.fullmatch(text)
    if match:
        month, year = int(match[1]), int(match[2])
    elif match := _YEAR_FIRST.fullmatch(text):
        year, month = int(match[1]), int(match[2])
    else:
        return None
    try:
        first = date(year, month, 1)
    except ValueError:
        return None
    return first.replace(day=monthrange(year, month)[1])
