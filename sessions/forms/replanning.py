"""The form of the rest of a course: the wishes of a series, what stays, and windows that somebody overrides."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from sessions.forms.bookings import KEY, LARGEST_ID
from sessions.forms.series import SEEN, SeriesForm
from sessions.queries.replanning import Wishes


class ReplanForm(SeriesForm):
    """Wishes for the rest of a series; the dates are found from them and come back as `seen` when confirmed."""

    keep = forms.BooleanField(label=_("Keep visits that stay in their window"), required=False)
    same_day = forms.BooleanField(label=_("The same day is possible"), required=False)
    visit = forms.IntegerField(required=False, min_value=1, max_value=LARGEST_ID, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["start"].label = _("New dates from")

    @property
    def wishes(self) -> Wishes:
        """What was asked, for the planner; call it on a valid form only."""
        data = self.cleaned_data
        return Wishes(
            self.preferences,
            visit_id=data["visit"],
            keep=data["keep"],
            same_day=data["same_day"],
            overridden=self.late_ordinals,
            reason=data.get("reason", ""),
        )


class BookRestForm(ReplanForm):
    """The same, with what was shown and the number of the form."""

    seen = forms.CharField(max_length=8000, widget=forms.HiddenInput, error_messages=SEEN)
    key = forms.CharField(max_length=64, widget=forms.HiddenInput, error_messages=KEY)
