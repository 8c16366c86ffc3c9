"""Who somebody is and how to reach them: the forms that add and correct a patient."""

from typing import Any, cast

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Column, Fieldset, Layout, Row
from django import forms
from django.conf import settings
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from mesoclinic.fields import NameField
from mesoclinic.forms import ClinicForm, EditForm
from mesoclinic.search import digits
from mesoclinic.sites import Site
from mesoclinic.typed import EMAIL_LENGTH, PHONE_DIGITS
from patients.forms.birth_date import BirthDateField
from patients.models import Patient, Sex
from patients.queries.people import PERSON

_off = {"autocomplete": "off"}


class PersonForm(ClinicForm):
    """The fields of a person; keys equal those of the registration services."""

    given_name = NameField(label=_("Given name"))
    family_name = NameField(label=_("Family name"))
    birth_date = BirthDateField(label=_("Birth date"), help_text=_("Day, month, year, for example 14 3 1992."))
    sex_at_birth = forms.ChoiceField(
        label=_("Sex at birth"), required=False, choices=[("", _("Not recorded")), *Sex.choices]
    )
    gender = NameField(label=_("Gender, if different"), length=80)
    phone = forms.CharField(
        label=_("Phone"), required=False, max_length=40, widget=forms.TextInput(_off | {"inputmode": "tel"})
    )
    email = forms.EmailField(
        label=_("E-mail"),
        required=False,
        max_length=EMAIL_LENGTH,
        help_text=_("Leave empty when there is none: papers are printed instead."),
        widget=forms.TextInput(_off | {"inputmode": "email"}),
        error_messages={"invalid": _("Enter one e-mail address, for example ana@example.com.")},
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES, initial="en")
    contact_by_email = forms.BooleanField(label=_("The clinic may write e-mails"), required=False)
    contact_by_phone = forms.BooleanField(label=_("The clinic may call"), required=False)
    contact_by_sms = forms.BooleanField(label=_("The clinic may send text messages"), required=False)

    def clean_phone(self) -> str:
        phone = " ".join(self.cleaned_data["phone"].split())
        if phone and len(digits(phone)) not in PHONE_DIGITS:
            raise forms.ValidationError(_("A phone number has 5 to 15 digits, for example +34 612 345 678."))
        return phone

    def clean(self) -> dict[str, Any]:
        names = ("given_name", "family_name")
        if not any(self.cleaned_data.get(name) or name in self.errors for name in names):
            self.add_error("given_name", _("Enter a given name or a family name. One of the two is enough."))
        return self.cleaned_data

    @property
    def helper(self) -> FormHelper:
        helper = super().helper
        helper.layout = Layout(*self._before(), *_LAYOUT)
        return helper

    def _before(self) -> list[Any]:
        return []


_LAYOUT = (
    Fieldset(
        _("Person"),
        Row(Column("given_name"), Column("family_name")),
        Row(Column("birth_date"), Column("sex_at_birth"), Column("gender")),
    ),
    Fieldset(
        _("Contact"),
        Row(Column("phone"), Column("email"), Column("language")),
        Row(Column("contact_by_email"), Column("contact_by_phone"), Column("contact_by_sms")),
    ),
)


class RegistrationForm(PersonForm):
    """A new patient of one of the actor's sites."""

    site = forms.ModelChoiceField(
        label=_("Site"),
        queryset=Site.objects.none(),
        empty_label=None,
        error_messages={
            "required": _("Choose a site. If none is offered, the medical director can add you to one."),
            "invalid_choice": _("Choose one of your sites."),
        },
    )
    add_anyway = forms.BooleanField(label=_("I compared them. This is another person."), required=False)

    def __init__(self, data: QueryDict | None = None, *, sites: QuerySet[Site], name: str = "") -> None:
        super().__init__(data, initial={"site": sites.first(), "family_name": name})
        self.several_sites = sites.count() > 1
        field = cast("forms.ModelChoiceField[Site]", self.fields["site"])
        field.queryset = sites
        if not self.several_sites:
            field.widget = forms.HiddenInput()

    def _before(self) -> list[Any]:
        return ["site"]


class LinkForm(RegistrationForm):
    """The typed person, and the record of another site that is to be opened here."""

    patient_id = forms.IntegerField(min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)


class CorrectionForm(PersonForm, EditForm):
    """A patient's details, for the version that the user saw."""

    def __init__(self, data: QueryDict | None = None, *, patient: Patient) -> None:
        super().__init__(data, saved=saved_details(patient), version=patient.version)

    def _before(self) -> list[Any]:
        return ["version"]


def saved_details(patient: Patient) -> dict[str, Any]:
    """What the form edits, as it is saved."""
    return {name: getattr(patient, name) for name in PERSON}
