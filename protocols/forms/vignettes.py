"""Choosing the acceptance cases to run against a release."""

from typing import Any

from crispy_forms.layout import Layout
from django import forms
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from mesoclinic.forms import ClinicForm
from mesoclinic.widgets import Chips

OWN, SHIPPED = "own", "shipped"
LARGEST = 1024 * 1024


class VignetteForm(ClinicForm):
    """The clinic's own file of cases, or the one that is shipped."""

    source = forms.ChoiceField(
        label=_("Cases"),
        choices=((OWN, _("Our own file")), (SHIPPED, _("The shipped cases"))),
        initial=OWN,
        widget=Chips,
        error_messages={"required": _("Choose your own file or the shipped cases.")},
    )
    file = forms.FileField(
        label=_("File of cases"),
        required=False,
        help_text=_("JSON in the format mesoclinic-vignettes/1, at most 1 MB. Without real patients."),
        widget=forms.FileInput({"accept": ".json,application/json"}),
        error_messages={"empty": _("This file is empty.")},
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file and file.size > LARGEST:
            raise forms.ValidationError(
                _("This file has %(size)s; at most %(most)s can be run here."),
                params={"size": filesizeformat(file.size), "most": filesizeformat(LARGEST)},
            )
        return file

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if data.get("source") == OWN and not data.get("file") and "file" not in self.errors:
            self.add_error("file", _("Choose a file of cases."))
        return data

    @property
    def helper(self) -> Any:
        helper = super().helper
        helper.layout = Layout("source", "file")
        return helper
