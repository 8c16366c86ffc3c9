"""The form of the rest of a course: the wishes of a series, what stays, and windows that somebody overrides."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from sessions.forms.bookings import KEY, LARGEST_ID
from sessions.forms.series import SEEN, SeriesForm, picks_in, picks_text
from sessions.queries.replanning import Wishes
from sessions.rules.series_places import Pick


class ReplanForm(SeriesForm):
    """Wishes for the rest of a series; the dates are found from them and come back as `seen` when confirmed."""

    keep = forms.BooleanField(label=_("Keep visits that stay in their window"), required=False)
    same_day = forms.BooleanField(label=_("The same day is possible"), required=False)
    visit = forms.IntegerField(required=False, min_value=1, max_value=LARGEST_ID, widget=forms.HiddenInput)

    reason = forms.CharField(
        label=_("Reason for a date outside the window"), required=False, max_length=300, strip=True
    )
    beyond = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    beyonds = forms.CharField(required=False, max_length=2000, widget=forms.HiddenInput)

    def __init__(self, *args: Any, may_override: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["start"].label = _("New dates from")
        if not may_override:
            for name in ("reason", "beyond", "beyonds"):
                del self.fields[name]

    def clean_beyonds(self) -> dict[int, Pick]:
        """Times outside the window, as `picks` are read."""
        return picks_in(f"{self.cleaned_data['beyonds']} {self.cleaned_data.get('beyond', '')}")

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if beyonds := data.get("beyonds"):
            data["picks"] = data.get("picks", {}) | beyonds
            if not data.get("reason"):
                self.add_error("reason", _("Enter the reason for a date outside the window."))
        return data

    @property
    def late_picks(self) -> str:
        """The times outside the window as the next form carries them."""
        return picks_text(self.cleaned_data.get("beyonds", {}) if self.is_bound else {})

    @property
    def wishes(self) -> Wishes:
        """What was asked, for the planner; call it on a valid form only."""
        data = self.cleaned_data
        return Wishes(
            self.preferences,
            visit_id=data["visit"],
            keep=data["keep"],
            same_day=data["same_day"],
            overridden=frozenset(data.get("beyonds", {})),
            reason=data.get("reason", ""),
        )


class BookRestForm(ReplanForm):
    """The same, with what was shown and the number of the form."""

    seen = forms.CharField(max_length=8000, widget=forms.HiddenInput, error_messages=SEEN)
    key = forms.CharField(max_length=64, widget=forms.HiddenInput, error_messages=KEY)
