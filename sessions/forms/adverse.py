"""Forms of adverse events; each that changes one carries the version that its user saw."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from mesoclinic.accounts import User
from mesoclinic.fields import ClockField, DayField
from mesoclinic.forms import LONG_TEXT, ClinicForm, VersionedForm
from mesoclinic.rules.tri import Tri
from mesoclinic.widgets import TRI_CHOICES, TriState
from protocols.models import Lot
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.adverse_events import AdverseEventGrade, AdverseEventType, TriageAnswer
from sessions.models import AdverseEvent, Causality, EventOutcome, Seriousness, TreatmentRecord
from sessions.rules.adverse_told import Call, Report

ASKED = {"required": _("Enter the reason.")}
DAY = {"required": _("Enter a day, for example 26 11 2026.")}
LARGEST_ID = 2**63 - 1


def _words(rows: int = 3, **options: Any) -> forms.CharField:
    return forms.CharField(max_length=LONG_TEXT, widget=forms.Textarea({"rows": rows}), **options)


class _Judged(ClinicForm):
    """Kind, grade and what is thought of it, as the catalogue words them."""

    code = forms.ChoiceField(label=_("Kind of event"), error_messages={"required": _("Choose the kind of event.")})
    grade = forms.TypedChoiceField(coerce=int, label=_("Grade"), error_messages={"required": _("Choose the grade.")})
    causality = forms.ChoiceField(
        label=_("Caused by the treatment"), required=False, choices=[("", _("Not stated")), *Causality.choices]
    )
    seriousness = forms.ChoiceField(
        label=_("Seriousness"), required=False, choices=[("", _("Not stated")), *Seriousness.choices]
    )
    action = _words(2, label=_("Action taken"), required=False)
    lots = forms.TypedMultipleChoiceField(
        coerce=int, label=_("Related lots"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def offer(self, catalogue: Catalogue, lots: Iterable[Lot]) -> None:
        """What can be chosen."""
        kinds = [(row.id, f"{row.id} {row.name}") for row in catalogue.of(AdverseEventType)]
        grades = [(str(row.grade), f"{row.grade}: {row.meaning}") for row in catalogue.of(AdverseEventGrade)]
        named = [(lot.pk, f"{lot.product.name}, {lot.number}") for lot in lots]
        for name, choices in (("code", [("", "—"), *kinds]), ("grade", [("", "—"), *grades]), ("lots", named)):
            cast(forms.ChoiceField, self.fields[name]).choices = choices


class RecordEventForm(_Judged):
    """An adverse event as it is told."""

    on = DayField(label=_("Began on"), error_messages=DAY)
    at = ClockField(label=_("at"))
    record_id = forms.TypedChoiceField(coerce=int, empty_value=None, required=False, label=_("After which session"))
    place = forms.CharField(label=_("Where on the scalp or body"), required=False, max_length=200)
    description = _words(label=_("What happened"), error_messages={"required": _("Say what happened.")})
    reporter = forms.ChoiceField(label=_("Reported by"), choices=AdverseEvent.Reporter.choices)

    field_order = (
        "code",
        "grade",
        "on",
        "at",
        "record_id",
        "place",
        "description",
        "action",
        "lots",
        "causality",
        "seriousness",
        "reporter",
    )

    def __init__(
        self,
        data: Any = None,
        *,
        catalogue: Catalogue,
        lots: Iterable[Lot],
        records: Iterable[TreatmentRecord],
        zone: ZoneInfo,
        **options: Any,
    ) -> None:
        super().__init__(data, **options)
        self.zone = zone
        self.offer(catalogue, lots)
        sessions = [(each.pk, _session(each, zone)) for each in records]
        cast(forms.ChoiceField, self.fields["record_id"]).choices = [("", now_("No session")), *sessions]

    def report(self) -> Report:
        """What the service takes."""
        told = {name: value for name, value in self.cleaned_data.items() if name not in ("on", "at")}
        began = datetime.combine(self.cleaned_data["on"], self.cleaned_data["at"], self.zone)
        return Report(onset_at=began, **told | {"lots": tuple(told["lots"])})


class ActForm(VersionedForm):
    """A step in the life of an adverse event."""

    def meet(self, version: int) -> None:
        """Carry the saved version, so that the next press is a decision taken with what is saved in view."""
        data = cast(QueryDict, self.data).copy()
        data["version"] = str(version)
        self.data = data


class AssessForm(_Judged, ActForm):
    """What it is and how grave, as judged now."""

    reason = _words(2, label=_("Why"), error_messages=ASKED)

    def __init__(self, data: Any = None, *, catalogue: Catalogue, lots: Iterable[Lot], **options: Any) -> None:
        super().__init__(data, **options)
        self.offer(catalogue, lots)


class FollowForm(ActForm):
    """What somebody is to do about it, and until when."""

    text = forms.CharField(
        label=_("What is to be done"), max_length=300, error_messages={"required": _("Say what is to be done.")}
    )
    owner = forms.ModelChoiceField(
        label=_("By whom"), queryset=User.objects.none(), error_messages={"required": _("Choose somebody.")}
    )
    on = DayField(label=_("Until"), error_messages=DAY)
    at = ClockField(label=_("at"))

    def __init__(self, data: Any = None, *, staff: QuerySet[User], zone: ZoneInfo, **options: Any) -> None:
        super().__init__(data, **options)
        self.zone = zone
        self.fields["owner"].queryset = staff  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """`due_at`, as the service takes it."""
        data = dict(self.cleaned_data)
        on, at = data.pop("on", None), data.pop("at", None)
        return data | ({"due_at": datetime.combine(on, at, self.zone)} if on and at is not None else {})


class CloseForm(ActForm):
    """What came of it."""

    outcome = forms.ChoiceField(
        label=_("Outcome"),
        choices=EventOutcome.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what came of it.")},
    )
    resolved_on = DayField(label=_("Over since"), required=False)
    reason = _words(2, label=_("What this rests on"), error_messages=ASKED)


class ReasonForm(ActForm):
    """A step that needs its reason and nothing else."""

    reason = _words(2, label=_("Reason"), error_messages=ASKED)


class ReportForm(ActForm):
    """The press of the button that makes the report."""


class WithholdForm(ClinicForm):
    """Why a lot is taken out of use everywhere."""

    reason = _words(2, label=_("Reason"), error_messages=ASKED)


class TriageForm(ClinicForm):
    """Every sign of 8.4: yes, no, or not asked."""

    temperature_c = forms.DecimalField(
        label=_("Temperature, °C"), required=False, min_value=30, max_value=45, decimal_places=1
    )
    text = _words(2, label=_("What the patient says"), required=False)
    event_id = forms.TypedChoiceField(coerce=int, empty_value=None, required=False, label=_("About"))

    def __init__(
        self, data: Any = None, *, catalogue: Catalogue, events: Iterable[tuple[int, str]], **options: Any
    ) -> None:
        super().__init__(data, **options)
        self.rows = sorted(catalogue.of(TriageAnswer), key=lambda row: row.rank)
        for row in self.rows:
            for sign in row.signs:
                self.fields[sign.id] = forms.ChoiceField(
                    label=sign.text[:1].upper() + sign.text[1:],
                    choices=TRI_CHOICES,
                    required=False,
                    widget=TriState(),
                )
        cast(forms.ChoiceField, self.fields["event_id"]).choices = [("", now_("Something new")), *events]

    @property
    def groups(self) -> list[tuple[TriageAnswer, list[forms.BoundField]]]:
        """The signs by the answer they lead to, the most urgent first."""
        return [(row, [self[sign.id] for sign in row.signs]) for row in self.rows]

    def call(self) -> Call:
        """What the service takes."""
        return Call(
            signs=self.signs(),
            temperature_c=self.cleaned_data.get("temperature_c"),
            text=self.cleaned_data.get("text") or "",
            event_id=self.cleaned_data.get("event_id"),
        )

    def signs(self) -> Mapping[str, Tri]:
        """sign -> what was said of it; without an answer nobody knows."""
        names = [sign.id for row in self.rows for sign in row.signs]
        return {name: Tri(self.cleaned_data.get(name) or Tri.UNKNOWN.value) for name in names}


def _session(record: TreatmentRecord, zone: ZoneInfo) -> str:
    began = record.started_at.astimezone(zone) if record.started_at else None
    when = f"{began.day} {began:%b %Y, %H:%M}" if began else ""
    return now_("Session %(number)d, %(when)s") % {"number": record.session.ordinal, "when": when}
