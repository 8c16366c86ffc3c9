"""Approving rows of a release."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mesoclinic.forms import ClinicForm


class ApproveForm(ClinicForm):
    """One kind of rows, or all, with the reason."""

    kind = forms.ChoiceField(label=_("Rows to approve"))
    reason = forms.CharField(label=_("Reason"), max_length=500)

    def __init__(self, data: Any = None, *, kinds: list[str]) -> None:
        super().__init__(data)
        choices = [("", _("All rows")), *((kind, kind.replace("_", " ")) for kind in kinds)]
        self.fields["kind"] = forms.ChoiceField(label=_("Rows to approve"), choices=choices, required=False)
