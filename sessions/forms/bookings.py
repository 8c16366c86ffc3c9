"""Forms of single bookings, of the calendar's view and of states."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from mesoclinic.accounts import User
from mesoclinic.fields import ClockField, DayField
from mesoclinic.forms import ClinicForm, VersionedForm
from mesoclinic.sites import Room, Site, VisitKind, VisitType
from patients.models import Patient
from sessions.models import Booking

KEY = {"required": _("The form has lost its number. Open the page again.")}
LARGEST_ID = 2**63 - 1


class CalendarForm(ClinicForm):
    """What part of the calendar is wanted; all of it may be left out."""

    on = DayField(label=_("Day"), required=False)
    view = forms.ChoiceField(
        label=_("View"), required=False, choices=[("week", _("Week")), ("day", _("Day")), ("list", _("List"))]
    )
    by = forms.ChoiceField(
        label=_("Columns"), required=False, choices=[("clinician", _("Clinicians")), ("room", _("Rooms"))]
    )
    site = forms.IntegerField(required=False, min_value=1, max_value=LARGEST_ID)

    def clean_view(self) -> str:
        return self.cleaned_data["view"] or "week"

    def clean_by(self) -> str:
        return self.cleaned_data["by"] or "clinician"


class TimeForm(ClinicForm):
    """Day, time, clinician and room of a visit at one site."""

    on = DayField(label=_("Day"), error_messages={"required": _("Enter a day, for example 26 11 2026.")})
    at = ClockField(label=_("Time"))
    clinician = forms.ModelChoiceField(
        label=_("Clinician"), queryset=User.objects.none(), required=False, empty_label=_("Whoever is free")
    )
    room = forms.ModelChoiceField(
        label=_("Room"), queryset=Room.objects.none(), required=False, empty_label=_("Any free room")
    )

    def _offer(self, clinicians: QuerySet[User], rooms: QuerySet[Room]) -> None:
        self.fields["clinician"].queryset = clinicians  # type: ignore[attr-defined]
        self.fields["room"].queryset = rooms  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """`starts_at` in wall-clock time, as the services take it."""
        data = dict(self.cleaned_data)
        if data.get("on") and data.get("at") is not None:
            data["starts_at"] = datetime.combine(data["on"], data["at"])
        data.pop("on", None)
        data.pop("at", None)
        return data

    def add_error(self, field: Any, error: Any) -> None:
        super().add_error("at" if field == "starts_at" else field, error)

    def refuse(self, error: Any) -> None:
        if error.field == "starts_at":
            error.field = "at"
        super().refuse(error)


class BookVisitForm(TimeForm):
    """One visit of a patient, or blocked time; the key of each shown form keeps a double click from booking twice."""

    key = forms.CharField(max_length=64, widget=forms.HiddenInput, error_messages=KEY)
    patient = forms.ModelChoiceField(
        label=_("Patient"),
        queryset=Patient.objects.none(),
        required=False,
        widget=forms.HiddenInput,
        error_messages={"invalid_choice": _("Choose a patient of your sites.")},
    )
    visit_type = forms.ModelChoiceField(
        label=_("Visit"),
        queryset=VisitType.objects.none(),
        empty_label=None,
        error_messages={"required": _("Choose what the visit is for.")},
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=300)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        site: Site,
        patients: QuerySet[Patient],
        clinicians: QuerySet[User],
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=initial)
        self._offer(clinicians, Room.objects.filter(site=site, active=True))
        types = VisitType.objects.filter(site=site, active=True).exclude(kind=VisitKind.TREATMENT)
        self.fields["visit_type"].queryset = types  # type: ignore[attr-defined]
        self.fields["patient"].queryset = patients  # type: ignore[attr-defined]
        self.order_fields(["visit_type", "on", "at", "clinician", "room", "note", "key", "patient"])


class MoveForm(TimeForm, VersionedForm):
    """Another time for a booking that the user has seen in this version."""

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        booking: Booking,
        clinicians: QuerySet[User],
        initial: dict[str, Any] | None = None,
    ) -> None:
        local = booking.starts_at.astimezone(booking.site.zone)
        shown = {
            "on": local.date(),
            "at": local.time().replace(tzinfo=None),
            "clinician": booking.clinician_id,
            "version": booking.version,
        }
        super().__init__(data, initial=shown | dict(initial or {}))
        rooms = Room.objects.filter(site=booking.site, active=True)
        self._offer(clinicians, rooms)


class CancelForm(VersionedForm):
    """A cancellation, with the reason when there is one."""

    reason = forms.CharField(label=_("Reason, if given"), required=False, max_length=300)


class StateForm(VersionedForm):
    """One tap on the board."""

    state = forms.ChoiceField(choices=Booking.State.choices)
