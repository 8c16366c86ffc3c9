"""The director's decision on a director-only ingredient."""

from django import forms
from django.utils.translation import gettext_lazy as _

from mesoclinic.forms import LONG_TEXT, ClinicForm

GRANT, REFUSE = "grant", "refuse"


class SignOffForm(ClinicForm):
    """Approve or refuse, with a reason."""

    decision = forms.ChoiceField(
        label=_("Decision"),
        choices=[(GRANT, _("Approve for this plan and this mixture")), (REFUSE, _("Refuse"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Approve or refuse.")},
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=LONG_TEXT,
        widget=forms.Textarea({"rows": 3}),
        error_messages={"required": _("Give the reason of your decision.")},
    )
