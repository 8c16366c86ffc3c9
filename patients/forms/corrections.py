"""The forms that correct one answer of a signed consultation, or void it."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _

from mesoclinic.forms import ClinicForm
from patients.forms.consultation import ConsultationForm, initial_of
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.inputs import Input

LONGEST_REASON = 2000
GROUPS = {"severity": "severity__", "allergies": "allergy__"}


def _reason(label: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        widget=forms.Textarea({"rows": 2}),
        validators=[MaxLengthValidator(LONGEST_REASON)],
        error_messages={"required": _("Enter the reason.")},
    )


class AnswerForm(ConsultationForm):
    """The one question of the consultation's form that is corrected, as it stands, and why."""

    def __init__(
        self,
        data: Any = None,
        *,
        catalogue: Catalogue,
        today: date,
        row: Input,
        name: str,
        entry: Mapping[str, Any] | None,
    ) -> None:
        stands = initial_of({name: entry}, catalogue) if entry else {}
        super().__init__(data, catalogue=catalogue, today=today, initial=stands)
        self.row, self.entry = row, entry
        group = GROUPS.get(row.type)
        names = {row.id, row.stored_as, f"{row.id}__observed_on"}
        kept = [each for each in self.fields if (each.startswith(group) if group else each in names)]
        self.fields = {each: self.fields[each] for each in kept} | {"reason": _reason(_("Why it is corrected"))}
        self.inputs = {row.id: row}

    def right(self) -> dict[str, Any] | None:
        """The entry of the sheet that is right; None is no answer."""
        _key, value = self._stored(self.row, self.cleaned_data)
        dated = f"{self.row.id}__observed_on"
        seen = self.entry.get("observed_on", "") if self.entry else self.today.isoformat()
        observed = self.cleaned_data.get(dated) or "" if dated in self.fields else seen
        if value in (None, ""):
            return None
        # Allergies that were asked for and are none are known to be none; no grade at all is no answer.
        if value == [] and not (self.row.type == "allergies" and self.entry):
            return None
        return {"value": value, "observed_on": observed}


class VoidForm(ClinicForm):
    """Why the consultation is not this patient's."""

    reason = _reason(_("Why it is void"))
