"""A product as its label states it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Column, Fieldset, Layout, Row
from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from mesoclinic.fields import AmountField, NameField
from mesoclinic.forms import ClinicForm, EditForm
from mesoclinic.widgets import Chips, ManyChips
from protocols.models import Product
from protocols.queries.products import Choices
from protocols.rules.gs1 import parse_gtin

MOST_STRENGTH, MOST_CONTAINER_ML = Decimal(100_000), Decimal(10_000)
LONGEST_OPEN = 365
LINKED = ((None, _("Does not apply, or not stated")), (False, _("Not cross-linked")), (True, _("Cross-linked")))


class ProductForm(EditForm):
    """Everything of a label that the safety checks read, and what finds and keeps the product."""

    name = NameField(
        label=_("Name"),
        length=120,
        required=True,
        help_text=_("With its strength, as everybody will read it."),
        error_messages={"required": _("Name the product.")},
    )
    ingredient = forms.ChoiceField(label=_("Ingredient"), error_messages={"required": _("Choose the ingredient.")})
    manufacturer = NameField(
        label=_("Manufacturer"),
        length=120,
        required=True,
        error_messages={"required": _("Name the manufacturer.")},
    )
    strength = AmountField(
        label=_("Strength"), required=False, max_digits=12, decimal_places=5, max_value=MOST_STRENGTH
    )
    strength_as = forms.ChoiceField(label=_("in"), choices=Product.Strength.choices)
    vehicle = forms.MultipleChoiceField(
        label=_("Vehicle"),
        choices=Product.Vehicle.choices,
        widget=ManyChips,
        error_messages={"required": _("Choose what the product is dissolved in.")},
    )
    excipients = forms.CharField(
        label=_("Excipients and preservatives"),
        required=False,
        max_length=500,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("Every other content, in the words of the label."),
    )
    label_allergens = forms.MultipleChoiceField(
        label=_("Allergens among the contents"),
        required=False,
        widget=ManyChips,
        help_text=_("Tick each one that the label lists."),
    )
    composition_known = forms.BooleanField(
        label=_("Every content of the label is recorded here"),
        required=False,
        help_text=_("Without it the product is refused in every mixture."),
    )
    cross_linked = forms.TypedChoiceField(
        label=_("Hyaluronic acid"),
        choices=[(str(value), words) for value, words in LINKED],
        coerce=lambda text: {"True": True, "False": False}.get(text),
        required=False,
        empty_value=None,
    )
    container = forms.ChoiceField(
        label=_("Container"),
        choices=Product.Container.choices,
        widget=Chips,
        error_messages={"required": _("Choose single dose or multi-dose.")},
    )
    container_ml = AmountField(
        label=_("One container holds, in mL"),
        required=False,
        max_digits=9,
        decimal_places=3,
        max_value=MOST_CONTAINER_ML,
        help_text=_("Deliveries are counted in containers then."),
    )
    open_limit_days = forms.IntegerField(
        label=_("Once opened, good for days"),
        required=False,
        min_value=0,
        max_value=LONGEST_OPEN,
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off"}),
        help_text=_("For multi-dose vials; empty when the label is silent."),
    )
    routes = forms.MultipleChoiceField(
        label=_("Authorised routes"),
        choices=Product.Route.choices,
        widget=ManyChips,
        error_messages={"required": _("Choose every route that the label names.")},
    )
    sterile = forms.BooleanField(label=_("The label says sterile"), required=False)
    cosmetic = forms.BooleanField(label=_("Sold as a cosmetic"), required=False)
    injectable_proof = forms.BooleanField(
        label=_("I have seen its authorisation or CE certificate for injection"), required=False
    )
    authorisation = NameField(label=_("Number of the authorisation or certificate"), length=120)
    storage = NameField(label=_("Storage"), length=200, help_text=_("For example 2 to 8 °C, away from light."))
    codes = forms.CharField(
        label=_("GTIN on the packs"),
        required=False,
        max_length=300,
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off"}),
        help_text=_("8, 12, 13 or 14 digits; several by comma. A scan finds the product by them."),
    )
    approved = forms.BooleanField(
        label=_("I approve this product for use in mesotherapy"),
        required=False,
        help_text=_("Ingredients whose strength only the label states are refused without it."),
    )
    another = forms.BooleanField(label=_("This is another product than those listed"), required=False)

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        saved: Mapping[str, Any],
        version: int,
        ingredients: Choices,
        allergens: Choices,
    ) -> None:
        super().__init__(data, saved=saved, version=version)
        self._offer("ingredient", [("", _("Choose the ingredient")), *_with(ingredients, [saved.get("ingredient")])])
        self._offer("label_allergens", _with(allergens, saved.get("label_allergens", ())))

    def _offer(self, name: str, choices: list[Any]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def clean_vehicle(self) -> list[str]:
        return [each for each in Product.Vehicle.values if each in self.cleaned_data["vehicle"]]

    def clean_routes(self) -> list[str]:
        return [each for each in Product.Route.values if each in self.cleaned_data["routes"]]

    def clean_label_allergens(self) -> list[str]:
        return sorted(self.cleaned_data["label_allergens"])

    def clean_excipients(self) -> str:
        return " ".join(self.cleaned_data["excipients"].split())

    def clean_codes(self) -> str:
        found = self.cleaned_data["codes"].replace(",", " ").replace(";", " ").split()
        for text in found:
            if not parse_gtin(text):
                words = _("%(code)s is no GTIN: its length or its check digit is wrong.")
                raise forms.ValidationError(words, params={"code": text})
        return ", ".join(sorted({parse_gtin(text) for text in found}))

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        stated = data.get("strength_as") != Product.Strength.NOT_STATED
        if "strength" not in self.errors and stated != (data.get("strength") is not None):
            self.add_error("strength", _("Enter the strength, or choose “Not on the label”."))
        return data

    @property
    def helper(self) -> FormHelper:
        helper = super().helper
        helper.layout = Layout(
            "version",
            Fieldset(
                _("Product"),
                "name",
                Row(Column("ingredient"), Column("manufacturer")),
                Row(Column("strength"), Column("strength_as"), Column("cross_linked")),
            ),
            Fieldset(_("Contents"), "vehicle", "excipients", "label_allergens", "composition_known"),
            Fieldset(
                _("Container and storage"),
                "container",
                Row(Column("container_ml"), Column("open_limit_days")),
                Row(Column("storage"), Column("codes")),
            ),
            Fieldset(
                _("Authorised use"), "routes", "sterile", "cosmetic", "injectable_proof", "authorisation", "approved"
            ),
        )
        return helper


class RetireForm(ClinicForm):
    """Why a product is offered no more, or again; which of the two is what the page asked for."""

    active = forms.TypedChoiceField(
        choices=(("yes", "yes"), ("no", "no")), coerce=lambda text: text == "yes", widget=forms.HiddenInput
    )
    reason = forms.CharField(label=_("Reason"), max_length=500, error_messages={"required": _("Enter the reason.")})


def _with(choices: Choices, saved: Any) -> list[tuple[str, str]]:
    """The choices, and what a record says that the current release does not have any more."""
    known = {code for code, _name in choices}
    return [*choices, *((code, code) for code in saved if code and code not in known)]
