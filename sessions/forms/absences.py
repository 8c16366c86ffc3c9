"""Who is away and when, and what the desk decided for each visit that this concerns."""

from collections.abc import Mapping
from datetime import date, time, timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from mesoclinic.accounts import User
from mesoclinic.fields import ClockField, DayField, NameField
from mesoclinic.forms import ClinicForm
from mesoclinic.typed import number_in
from sessions.forms.series import picks_in
from sessions.queries.absences import CANCEL, LEAVE, Away, Line, Order
from sessions.rules.series_places import Pick

MOST_DAYS = 31
REASON = 200
CHOICE, SHOWN, SEEN, VERSION = "choice-", "shown-", "seen-", "version-"


class AwayForm(ClinicForm):
    """Days, or hours of one day; for each visit `choice-<number>` with what was `shown-<number>` before."""

    clinician = forms.ModelChoiceField(
        label=_("Who is away"),
        queryset=User.objects.none(),
        empty_label=None,
        error_messages={
            "required": _("Choose who is away."),
            "invalid_choice": _("Choose somebody who sees patients at your sites."),
        },
    )
    first_on = DayField(label=_("First day"), error_messages={"required": _("Enter the first day.")})
    last_on = DayField(label=_("Last day"), required=False, help_text=_("Leave empty for one day."))
    earliest = ClockField(label=_("From"), required=False, help_text=_("Leave both times empty for whole days."))
    latest = ClockField(label=_("Until"), required=False)
    reason = NameField(label=_("Reason"), length=REASON, help_text=_("Colleagues at these sites can read it."))

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        people: QuerySet[User],
        today: date,
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=initial)
        self.today = today
        self.fields["clinician"].queryset = people  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        first, last = data.get("first_on"), data.get("last_on") or data.get("first_on")
        if first and first < self.today:
            self.add_error("first_on", _("Enter today or a later day."))
        elif first and last and last < first:
            self.add_error("last_on", _("The last day must not be before the first."))
        elif first and last and last >= first + timedelta(days=MOST_DAYS):
            self.add_error("last_on", _("Enter up to 31 days at once."))
        self._clean_hours(first, last)
        self.picks = self._picks()
        return data

    def _clean_hours(self, first: date | None, last: date | None) -> None:
        earliest, latest = self.cleaned_data.get("earliest"), self.cleaned_data.get("latest")
        if (earliest or latest) and first != last:
            self.add_error("earliest", _("Times go with one day only."))
        elif (earliest or time.min) >= (latest or time.max):
            self.add_error("latest", _("Enter a time after “From”."))

    def _picks(self) -> dict[int, dict[int, Pick]]:
        texts = {number: text for number, text in self.choices.items() if text not in ("", LEAVE, CANCEL)}
        try:
            return {number: picks_in(text) for number, text in texts.items()}
        except forms.ValidationError as problem:
            self.add_error(None, problem)
            return {}

    @property
    def away(self) -> Away:
        """What was said; call it on a valid form only."""
        data = self.cleaned_data
        return Away(
            user=data["clinician"],
            first_on=data["first_on"],
            last_on=data["last_on"] or data["first_on"],
            earliest=data["earliest"] or time.min,
            latest=data["latest"] or time.max,
            reason=data["reason"],
        )

    @property
    def choices(self) -> dict[int, str]:
        """By number of the visit what is chosen for it; empty is what is proposed."""
        return self._texts(CHOICE)

    @property
    def changed(self) -> bool:
        """Whether something was chosen since the lines were shown, so that they have to be shown again."""
        return self.choices != self._texts(SHOWN)

    def orders(self, lines: list[Line]) -> list[Order]:
        """What to do for each line that is not left out, as it was shown."""
        seen, versions = self._texts(SEEN), self._texts(VERSION)
        return [
            Order(pk, number_in(versions[pk]) or 0, seen.get(pk, ""), self.picks.get(pk, {}))
            for pk, refused in ((each.booking.pk, each.refusal) for each in lines if not each.stays)
            if pk in versions and (seen.get(pk) or not refused)
        ]

    def _texts(self, prefix: str) -> dict[int, str]:
        named = {name: number_in(name.removeprefix(prefix)) for name in self.data if name.startswith(prefix)}
        return {number: str(self.data[name]) for name, number in named.items() if number}


class ClearForm(AwayForm):
    """The same with the number of the form."""

    key = forms.CharField(
        max_length=40, widget=forms.HiddenInput, error_messages={"required": _("Open the page again.")}
    )
