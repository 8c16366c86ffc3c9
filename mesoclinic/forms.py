"""ClinicForm: refusals of a service land beside the field, and the status tells what happened."""

from crispy_forms.helper import FormHelper
from django import forms
from django.utils.translation import gettext_lazy as _

from mesoclinic.errors import ClinicError

LONG_TEXT = 20_000


class ClinicForm(forms.Form):
    """A plain form that answers 200 when shown, 422 when wrong, 409 when somebody was first."""

    refused: int = 0

    @property
    def helper(self) -> FormHelper:
        helper = FormHelper()
        helper.form_tag = False
        helper.disable_csrf = True
        return helper

    def refuse(self, error: ClinicError) -> None:
        """Show a service's refusal beside its field, or above the form when the form has no such field."""
        self.refused = error.status
        self.add_error(error.field if error.field in self.fields else None, error.message)

    @property
    def status(self) -> int:
        """The HTTP status that this form's page answers with."""
        if self.refused:
            return self.refused
        return 422 if self.is_bound and self.errors else 200


class VersionedForm(ClinicForm):
    """A form that edits a row: it carries the version that its user saw."""

    version = forms.IntegerField(
        widget=forms.HiddenInput,
        min_value=0,
        max_value=2**31 - 1,
        error_messages={"required": _("Open the page again.")},
    )
