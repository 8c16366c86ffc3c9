"""Which messages a page shows."""

from django import forms
from django.utils.translation import gettext_lazy as _

from mesoclinic.forms import ClinicForm
from sessions.queries.messages import FILTERS


class LedgerFilter(ClinicForm):
    """State and patient, as links name them."""

    state = forms.ChoiceField(
        choices=[(each.key, each.label) for each in FILTERS],
        required=False,
        error_messages={"invalid_choice": _("There is no such list of messages.")},
    )
    patient = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=2**63 - 1,
        error_messages={"invalid": _("There is no such patient."), "max_value": _("There is no such patient.")},
    )
