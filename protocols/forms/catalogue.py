"""Loading a release and deciding on its rows."""

from collections.abc import Iterable
from typing import Any

from crispy_forms.layout import Layout
from django import forms
from django.utils.translation import gettext_lazy as _

from mesoclinic.forms import ClinicForm
from mesoclinic.widgets import Chips
from protocols.models import RowDecision

DECISIONS = ((RowDecision.Decision.APPROVED, _("Approve")), (RowDecision.Decision.RETIRED, _("Retire")))
ALL, TICKED = "all", "ticked"


class LoadForm(ClinicForm):
    """One of the releases that were shipped with this product and are not loaded."""

    version = forms.ChoiceField(label=_("Release"))

    def __init__(self, data: Any = None, *, versions: Iterable[str]) -> None:
        super().__init__(data)
        self.fields["version"] = forms.ChoiceField(label=_("Release"), choices=[(each, each) for each in versions])


class DecideForm(ClinicForm):
    """Approve or retire rows, all that are shown or those that are ticked, with the reason."""

    decision = forms.ChoiceField(
        label=_("Decision"),
        choices=DECISIONS,
        widget=Chips,
        error_messages={"required": _("Choose to approve or to retire.")},
    )
    scope = forms.ChoiceField(
        label=_("Rows"), widget=Chips, error_messages={"required": _("Choose all rows or the ticked ones.")}
    )
    rows = forms.TypedMultipleChoiceField(coerce=int, required=False, widget=forms.MultipleHiddenInput)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea({"rows": 2}),
        error_messages={"required": _("Enter the reason for this decision.")},
    )

    def __init__(self, data: Any = None, *, numbers: Iterable[int], by_row: bool) -> None:
        super().__init__(data)
        found = list(numbers)
        scopes: list[tuple[str, Any]] = [(ALL, _("All %(count)d rows") % {"count": len(found)})]
        if by_row:
            scopes.append((TICKED, _("The ticked rows")))
        self.fields["scope"].choices = scopes  # type: ignore[attr-defined]
        self.fields["rows"].choices = [(number, str(number)) for number in found]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if data.get("scope") == TICKED and not data.get("rows"):
            self.add_error("scope", _("Tick at least one row."))
        return data

    @property
    def ticked(self) -> set[str]:
        """The rows whose boxes are ticked, as they were sent."""
        return set(self["rows"].value() or ())

    @property
    def helper(self) -> Any:
        helper = super().helper
        helper.layout = Layout("decision", "scope", "reason")
        return helper
