"""Forms of the people who work here."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from mesoclinic.accounts import Role
from mesoclinic.fields import NameField
from mesoclinic.forms import EditForm
from mesoclinic.sites import Site
from mesoclinic.widgets import ManyChips


class PersonForm(EditForm):
    """Who somebody is, what they do and where; `fixed` names what this person's form does not offer."""

    name = NameField(label=_("Name"), required=True)
    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        widget=forms.TextInput({"inputmode": "email", "autocomplete": "off"}),
        help_text=_("They sign in with it."),
        error_messages={"invalid": _("Enter one e-mail address, for example ana@example.com.")},
    )
    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        choices=Role.choices,
        widget=ManyChips,
        error_messages={"required": _("Choose at least one role.")},
    )
    sites = forms.TypedMultipleChoiceField(label=_("Sites"), coerce=int, required=False, widget=ManyChips)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES, initial="en")

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        saved: Mapping[str, Any],
        version: int,
        sites: Iterable[Site],
        fixed: Iterable[str] = (),
    ) -> None:
        super().__init__(data, saved=saved, version=version)
        self.fields["sites"].choices = [(site.pk, site.name) for site in sites]  # type: ignore[attr-defined]
        for name in fixed:
            del self.fields[name]

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()

    def clean_roles(self) -> list[str]:
        return [role for role in Role.values if role in self.cleaned_data["roles"]]

    def clean_sites(self) -> list[int]:
        return sorted(self.cleaned_data["sites"])
