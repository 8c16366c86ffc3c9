"""What the clinic does with an intake: ask for it, and decide on its answers."""

from django import forms
from django.utils.translation import gettext_lazy as _

from mesoclinic.forms import ClinicForm
from patients.queries.intake import Seen

_AGAIN = {"required": _("Open the page again.")}
LINK_ACTIONS = ("send", "show", "revoke")
_LARGEST = 2**31 - 1


class LinkForm(ClinicForm):
    """Send, show or take back."""

    action = forms.CharField(required=False)

    def clean(self) -> None:
        super().clean()
        # Three buttons: no field stands on the page that a message could lead to.
        if self.cleaned_data.get("action") not in LINK_ACTIONS:
            raise forms.ValidationError(_AGAIN["required"])


class ManyFields(forms.Field):
    """Names of fields; the service knows which there are."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: object) -> list[str]:
        return [str(each) for each in value] if isinstance(value, list) else []


class DecideForm(ClinicForm):
    """Which answers, what becomes of them, and what the clinician had in view."""

    action = forms.ChoiceField(choices=[(each, each) for each in ("take", "leave")], error_messages=_AGAIN)
    field = ManyFields(error_messages={"required": _("Choose an answer.")})
    draft = forms.IntegerField(min_value=0, max_value=2**63 - 1, error_messages=_AGAIN)
    version = forms.IntegerField(min_value=0, max_value=_LARGEST, error_messages=_AGAIN)
    sheet = forms.IntegerField(min_value=0, max_value=_LARGEST, error_messages=_AGAIN)

    def seen(self) -> Seen:
        """What stood on the page when it was decided."""
        return Seen(**{name: self.cleaned_data[name] for name in ("draft", "version", "sheet")})
