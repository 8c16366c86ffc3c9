"""The forms of photographs: to take a view, to skip it, and to set a photograph aside."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mesoclinic.forms import ClinicForm
from mesoclinic.uploads import MOST_MB
from patients.models import PhotoView


class TakePhotoForm(ClinicForm):
    """A photograph of one view; what the file really is, the service judges."""

    view = forms.ChoiceField(choices=PhotoView.choices, widget=forms.HiddenInput)
    photograph = forms.FileField(
        label=_("Photograph"),
        allow_empty_file=True,
        help_text=_("JPEG or PNG, up to %(most)d MB.") % {"most": MOST_MB},
        widget=forms.FileInput({"accept": "image/jpeg,image/png", "capture": "environment"}),
        error_messages={
            "required": _("Take the photograph, or choose its file."),
            "invalid": _("Choose the file again."),
        },
    )

    def given(self) -> dict[str, Any]:
        return {"view": self.cleaned_data["view"], "content": self.cleaned_data["photograph"].read()}


class SkipViewForm(ClinicForm):
    """Why one view is not taken this time."""

    view = forms.ChoiceField(choices=PhotoView.choices, widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Why it is skipped"),
        max_length=300,
        widget=forms.TextInput({"autocomplete": "off"}),
        error_messages={"required": _("Enter why this view is skipped.")},
    )


class SetPhotoAsideForm(ClinicForm):
    """Why a photograph is wrong here."""

    reason = forms.CharField(
        label=_("Why it does not belong here"),
        max_length=300,
        error_messages={"required": _("Enter why it does not belong here.")},
    )
