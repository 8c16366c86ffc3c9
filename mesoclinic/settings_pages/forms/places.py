"""Forms of a site, its hours and its closures."""

from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import available_timezones

from babel import Locale
from crispy_forms.helper import FormHelper
from crispy_forms.layout import Column, Div, Fieldset, Layout, Row
from django import forms
from django.http import QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from mesoclinic.accounts import User
from mesoclinic.edits import version_of
from mesoclinic.fields import ClockField, DayField, HoursField, NameField
from mesoclinic.forms import ClinicForm, EditForm
from mesoclinic.search import digits
from mesoclinic.settings_pages.queries import day_name
from mesoclinic.sites import Weekday
from mesoclinic.typed import PHONE_DIGITS

ISO_CODE = 2
REASON = 200
MOST_LINK_HOURS = 24 * 14


class SiteForm(EditForm):
    """What a site is called, where it is and how it is reached."""

    name = NameField(label=_("Name"), length=120, required=True)
    address = forms.CharField(
        label=_("Address"),
        required=False,
        max_length=500,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("As it stands on papers for patients."),
    )
    phone = forms.CharField(
        label=_("Phone"),
        required=False,
        max_length=40,
        widget=forms.TextInput({"inputmode": "tel", "autocomplete": "off"}),
    )
    emergency_number = forms.CharField(
        label=_("Emergency number"),
        max_length=40,
        widget=forms.TextInput({"inputmode": "tel", "autocomplete": "off"}),
        help_text=_("What patients are told to call in an emergency."),
    )
    time_zone = forms.ChoiceField(label=_("Time zone"))
    country = forms.ChoiceField(label=_("Country"), help_text=_("Decides which public holidays are offered."))
    on_call = forms.TypedChoiceField(label=_("On call"), required=False, coerce=int, empty_value=None)
    quiet_from = ClockField(label=_("No messages from"), initial="21:00")
    quiet_to = ClockField(label=_("until"), initial="08:00")
    link_hours = forms.IntegerField(
        label=_("Patients move or cancel a visit by link until so many hours before"),
        initial=24,
        min_value=0,
        max_value=MOST_LINK_HOURS,
        help_text=_("Later the page asks them to call."),
    )
    approver_differs = forms.BooleanField(
        label=_("Whoever loads a catalogue release does not approve it"),
        required=False,
        initial=True,
        help_text=_("The catalogue is one for all sites: this holds as long as one of them asks for it."),
    )

    def __init__(
        self, data: QueryDict | None = None, *, saved: Mapping[str, Any], version: int, staff: Iterable[User] = ()
    ) -> None:
        super().__init__(data, saved=saved, version=version)
        zones = {zone for zone in available_timezones() if "/" in zone} | {str(saved.get("time_zone") or "UTC")}
        self._offer("time_zone", [(zone, zone.replace("_", " ")) for zone in sorted(zones)])
        self._offer("country", _countries(str(saved.get("country") or "")))
        self._offer("on_call", [("", _("Nobody yet")), *((user.pk, user.name) for user in staff)])

    @property
    def helper(self) -> FormHelper:
        helper = super().helper
        helper.layout = Layout(
            "version",
            Fieldset(_("Site"), "name", "address", Row(Column("time_zone"), Column("country"))),
            Fieldset(_("Reach"), Row(Column("phone"), Column("emergency_number"), Column("on_call"))),
            Fieldset(_("Quiet hours"), Row(Column("quiet_from"), Column("quiet_to"))),
            Fieldset(_("Patient link"), "link_hours"),
            Fieldset(_("Catalogue"), "approver_differs"),
        )
        return helper

    def clean_phone(self) -> str:
        phone = " ".join(self.cleaned_data["phone"].split())
        if phone and len(digits(phone)) not in PHONE_DIGITS:
            raise forms.ValidationError(_("A phone number has 5 to 15 digits, for example +34 612 345 678."))
        return phone

    def clean_emergency_number(self) -> str:
        number = " ".join(self.cleaned_data["emergency_number"].split())
        if not digits(number):
            raise forms.ValidationError(_("Enter a number to call, for example 112."))
        return number

    def clean_address(self) -> str:
        return "\n".join(line.strip() for line in self.cleaned_data["address"].splitlines() if line.strip())

    def _offer(self, name: str, choices: list[tuple[Any, Any]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]


class WeekForm(EditForm):
    """The hours of each weekday; an empty one is a day off."""

    def __init__(self, data: QueryDict | None = None, *, saved: Mapping[str, Any]) -> None:
        super().__init__(data, saved=saved, version=version_of(saved))
        for weekday in Weekday:
            self.fields[day_name(weekday)] = HoursField(label=weekday.label)

    @property
    def helper(self) -> FormHelper:
        helper = super().helper
        helper.layout = Layout("version", Div(*map(day_name, Weekday.values), css_class="week"))
        return helper

    @property
    def week(self) -> dict[str, str]:
        """The cleaned text of each weekday."""
        return {day_name(weekday): self.cleaned_data[day_name(weekday)] for weekday in Weekday}


class DaysForm(ClinicForm):
    """From the first day to the last, with the reason."""

    first_on = DayField(label=_("First day"), error_messages={"required": _("Enter the first day.")})
    last_on = DayField(label=_("Last day"), required=False, help_text=_("Leave empty for one day."))


class ClosureForm(DaysForm):
    """Days on which a site is closed."""

    reason = NameField(label=_("Reason"), length=REASON, required=True)


class AbsenceForm(DaysForm):
    """Days on which somebody is away."""

    reason = NameField(label=_("Reason"), length=REASON, help_text=_("Colleagues at these sites can read it."))


def _countries(saved: str) -> list[tuple[str, str]]:
    names = Locale.parse(get_language() or "en", sep="-").territories
    found = {code: name for code, name in names.items() if len(code) == ISO_CODE and code.isalpha()}
    if saved:
        found.setdefault(saved, saved)
    return sorted(found.items(), key=lambda each: each[1])
