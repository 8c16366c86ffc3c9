"""The form of a whole series: what the patient prefers, what was shown, and times chosen by hand."""

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from mesoclinic.accounts import User
from mesoclinic.fields import ClockField, DayField
from mesoclinic.forms import ClinicForm, VersionedForm
from mesoclinic.sites import Weekday
from mesoclinic.widgets import ManyChips
from sessions.forms.bookings import KEY
from sessions.rules.series_places import Pick, Preferences

SEEN = {"required": _("Open the page again to see the dates.")}
MOST_PICKS = 60
PICK_FORMAT = "%Y%m%d%H%M"


class SeriesForm(ClinicForm):
    """Preferences; the dates are found from them and come back as `seen` when they are booked."""

    start = DayField(label=_("First session from"), error_messages={"required": _("Enter the first possible day.")})
    weekdays = forms.TypedMultipleChoiceField(
        label=_("Days"), choices=Weekday.choices, coerce=int, required=False, widget=ManyChips
    )
    earliest = ClockField(label=_("Not before"), required=False)
    latest = ClockField(label=_("Starts at the latest"), required=False)
    clinician = forms.ModelChoiceField(
        label=_("Clinician"), queryset=User.objects.none(), required=False, empty_label=_("Whoever is free")
    )
    pick = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    picks = forms.CharField(required=False, max_length=2000, widget=forms.HiddenInput)
    reason = forms.CharField(label=_("Reason for a date outside the window"), required=False, max_length=300)
    beyond = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    beyonds = forms.CharField(required=False, max_length=2000, widget=forms.HiddenInput)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        clinicians: QuerySet[User],
        may_override: bool,
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=initial)
        if not may_override:
            for name in ("reason", "beyond", "beyonds"):
                del self.fields[name]
        self.fields["clinician"].queryset = clinicians  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        earliest, latest = self.cleaned_data.get("earliest"), self.cleaned_data.get("latest")
        if earliest and latest and latest < earliest:
            self.add_error("latest", _("Enter a time after “Not before”."))
        if late := self.cleaned_data.get("beyonds"):
            self.cleaned_data["picks"] = self.cleaned_data.get("picks", {}) | late
            if not self.cleaned_data.get("reason"):
                self.add_error("reason", _("Enter the reason for a date outside the window."))
        return self.cleaned_data

    def clean_picks(self) -> dict[int, Pick]:
        """Times chosen by hand, `session:minute-clinician` each; the last choice for a session counts."""
        return picks_in(f"{self.cleaned_data['picks']} {self.cleaned_data.get('pick', '')}")

    def clean_beyonds(self) -> dict[int, Pick]:
        """Times after the window, read as `picks` are."""
        return picks_in(f"{self.cleaned_data['beyonds']} {self.cleaned_data.get('beyond', '')}")

    @property
    def late_ordinals(self) -> frozenset[int]:
        """The sessions for which somebody chose a time after the window."""
        return frozenset(self.cleaned_data.get("beyonds", {})) if self.is_bound else frozenset()

    @property
    def late_picked(self) -> str:
        """Those times as the next form carries them."""
        return picks_text(self.cleaned_data.get("beyonds", {}) if self.is_bound else {})

    @property
    def preferences(self) -> Preferences:
        """What was asked, for the planner; call it on a valid form only."""
        data = self.cleaned_data
        clinician = data["clinician"]
        return Preferences(
            start=data["start"],
            weekdays=frozenset(data["weekdays"]),
            earliest=data["earliest"] or time.min,
            latest=data["latest"] or time.max,
            clinician_id=clinician.pk if clinician else None,
            picks=data["picks"],
        )

    @property
    def picked(self) -> str:
        """The times chosen by hand as the next form carries them."""
        return picks_text(self.cleaned_data.get("picks", {}) if self.is_bound else {})


class BookSeriesForm(SeriesForm):
    """The same, with the places that were shown and the number of the form."""

    seen = forms.CharField(max_length=4000, widget=forms.HiddenInput, error_messages=SEEN)
    key = forms.CharField(max_length=64, widget=forms.HiddenInput, error_messages=KEY)


class EndForm(VersionedForm):
    """Why a course ends before its time."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        help_text=_("For example: the patient prefers tablets."),
        error_messages={"required": _("Enter the reason.")},
    )


def picks_in(text: str) -> dict[int, Pick]:
    """Times chosen by hand out of a form's text; raises ValidationError for anything that was not shown."""
    try:
        return dict(_pick(each) for each in text.split()[:MOST_PICKS])
    except (ValueError, OverflowError) as problem:
        raise forms.ValidationError(_("Choose one of the times shown.")) from problem


def picks_text(picks: Mapping[int, Pick]) -> str:
    """The same as a form carries them."""
    return " ".join(f"{ordinal}:{pick.starts_at:{PICK_FORMAT}}-{pick.clinician_id}" for ordinal, pick in picks.items())


def _pick(text: str) -> tuple[int, Pick]:
    ordinal, _colon, rest = text.partition(":")
    moment, _dash, clinician = rest.partition("-")
    if not ordinal.isascii() or not clinician.isascii() or len(ordinal) > 3 or len(clinician) > 18:
        raise ValueError(text)
    return int(ordinal), Pick(datetime.strptime(moment, PICK_FORMAT).replace(tzinfo=UTC), int(clinician))
