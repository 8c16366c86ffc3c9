"""Forms of the treatment room; each carries the version of the record that its user saw."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from mesoclinic.forms import LONG_TEXT, ClinicForm, VersionedForm
from mesoclinic.rules.arithmetic import MICROLITRES_PER_ML
from mesoclinic.rules.tri import Tri
from mesoclinic.typed import parse_date
from patients.forms.consultation import ConsultationForm, initial_of
from protocols.rules.catalogue import Catalogue
from protocols.rules.facts import from_sheet, holds
from protocols.rules.kinds.adverse_events import AdverseEventGrade, AdverseEventType
from protocols.rules.kinds.inputs import Input
from protocols.rules.kinds.session_day import SessionStep
from protocols.rules.kinds.technique import Technique, Zone
from sessions.queries.room import BLEEDING, WORDS
from sessions.rules.totals import Given, Rest

VERSION_MAX = 2**31 - 1
# Asked anew at each session because they change between two; everything else is asked in a consultation.
KEY_INPUTS = (
    "pregnancy_status",
    "breastfeeding",
    "scalp_infection",
    "days_since_resolved",
    "scalp_inflammation",
    "scalp_wound",
    "suspicious_lesion",
    "herpes",
    "days_since_healed",
    "anticoagulant",
    "antiplatelet",
    "otc_bleeding_supplements",
    "isotretinoin",
    "days_since_isotretinoin",
    "prior_meso_reaction",
    "allergies_reviewed",
    "allergies",
)
# What the system knows by itself.
DERIVED = frozenset({"rescreen_on", "consent_on", "consent_form_current"})
REST = "rest"


class AnyDayField(forms.CharField):
    """A date as people type it, past or future, kept as ISO text."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, max_length=40, widget=forms.TextInput({"autocomplete": "off"}), **options)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        day = parse_date(text) if text else None
        if text and day is None:
            raise forms.ValidationError(_("Enter a date with day, month and year, for example 31 3 2027."))
        return day.isoformat() if day else None


class MillilitreField(forms.CharField):
    """mL with point or comma, in whole microlitres, 0 or more; cleaned to Decimal mL or None."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput({"inputmode": "decimal", "autocomplete": "off", "maxlength": 9})
        super().__init__(required=False, max_length=20, widget=widget, **options)

    def to_python(self, value: Any) -> Any:
        text = (super().to_python(value) or "").replace(",", ".")
        try:
            number = Decimal(text) if text else None
        except InvalidOperation as problem:
            raise forms.ValidationError(_("Enter a volume in mL, for example 1.5 or 0.125.")) from problem
        if number is not None and not _is_volume(number):
            raise forms.ValidationError(_("Enter a volume in mL, for example 1.5 or 0.125."))
        return number

    def run_validators(self, value: Any) -> None:
        """A number in range is short enough."""


class RescreenForm(ConsultationForm):
    """Anything new since the last visit, shown as it is known, and the questions of the day, never filled in."""

    def __init__(
        self, data: Any = None, *, catalogue: Catalogue, today: date, known: Mapping[str, Any], **options: Any
    ) -> None:
        facts = from_sheet(known, evaluated_on=today, catalogue=catalogue)
        rows = {row.id: row for row in catalogue.of(Input)}
        day = [row.id for row in rows.values() if row.on_day and row.id not in DERIVED]
        changes = [name for name in KEY_INPUTS if name in rows and holds(rows[name].when, facts) is not Tri.NO]
        shown = initial_of({name: known[name] for name in known if name not in day}, catalogue)
        ClinicForm.__init__(self, data, initial=shown, label_suffix="", auto_id="rescreen_%s", **options)
        self.catalogue, self.today = catalogue, today
        self.placed: dict[str, list[str]] = defaultdict(list)
        self.day_rows, self.change_rows = [rows[name] for name in day], [rows[name] for name in changes]
        self.inputs = {row.id: row for row in (*self.change_rows, *self.day_rows)}
        for row in self.inputs.values():
            self._ask(row)
        self.fields["version"] = forms.IntegerField(widget=forms.HiddenInput, max_value=VERSION_MAX)
        self.fields["confirmed"] = forms.BooleanField(
            label=_("I asked every question. What is not changed above is confirmed unchanged."),
            error_messages={"required": _("Ask every question, then confirm.")},
        )

    def changes(self) -> Iterator[forms.BoundField]:
        """What may have changed, allergies last as they take most room."""
        return self._fields_of(self.change_rows)

    def today_questions(self) -> Iterator[forms.BoundField]:
        """What is asked of this day only."""
        return self._fields_of(self.day_rows)

    @property
    def asked(self) -> set[str]:
        """Names of facts that this form answers, each under the name that a sheet keeps."""
        return {row.stored_as or row.id for row in self.inputs.values()}

    def _ask(self, row: Input) -> None:
        if row.type == "date":
            self._place(row.id, row.id, AnyDayField(label=row.question, help_text=row.help))
            return
        before = set(self.fields)
        super()._ask(row)
        self.placed[row.id] = [name for name in self.fields if name not in before]

    def _fields_of(self, rows: Iterable[Input]) -> Iterator[forms.BoundField]:
        return (self[name] for row in rows for name in self.placed[row.id])


class ChecklistForm(VersionedForm):
    """One step of the checklist; `rest` answers what is left open."""

    def __init__(self, data: Any = None, *, step: SessionStep, answers: Mapping[str, str], **options: Any) -> None:
        super().__init__(data, auto_id=f"check_{step.id}_%s", label_suffix="", **options)
        self.step, self.answers = step, answers
        for item in step.items:
            self.fields[item.id] = forms.ChoiceField(
                label=item.text[:1].upper() + item.text[1:],
                choices=list(WORDS.items()),
                required=False,
                widget=forms.RadioSelect,
            )
            self.initial.setdefault(item.id, answers.get(item.id))

    @property
    def action(self) -> str:
        """What the form posts as its action."""
        return f"checklist-{self.step.id}"

    @property
    def items(self) -> list[forms.BoundField]:
        """The items as fields."""
        return [self[item.id] for item in self.step.items]

    @property
    def left(self) -> int:
        """How many items have no answer yet."""
        return sum(item.id not in self.answers for item in self.step.items)

    def given(self) -> dict[str, str]:
        """item -> answer, of what was answered."""
        names = [item.id for item in self.step.items]
        answers = {name: self.cleaned_data.get(name) or "" for name in names}
        if self.data.get(REST) == "done":
            answers = {name: answer or "done" for name, answer in answers.items()}
        return {name: answer for name, answer in answers.items() if answer}


class CautionsForm(VersionedForm):
    """The cautions that the doctor has read."""

    rules = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple, required=False, label=_("Cautions"))

    def __init__(self, data: Any = None, *, rules: Iterable[tuple[str, str]], **options: Any) -> None:
        super().__init__(data, auto_id="cautions_%s", label_suffix="", **options)
        field = self.fields["rules"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = list(rules)


class LotForm(VersionedForm):
    """Which lot goes into which syringe, in mL."""

    lot_id = forms.TypedChoiceField(coerce=int, label=_("Lot"), error_messages={"required": _("Choose the lot.")})
    syringe = forms.CharField(max_length=8, widget=forms.HiddenInput)
    volume_ml = MillilitreField(label=_("Drawn up, mL"))
    key = forms.CharField(max_length=40, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, lots: Iterable[tuple[int, str]], place: str, **options: Any) -> None:
        super().__init__(data, auto_id=f"lot_{place}_%s", label_suffix="", **options)
        self.action = f"lot-{place}"
        self.initial.setdefault("key", uuid4().hex)
        field = self.fields["lot_id"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = list(lots)

    def clean_volume_ml(self) -> Decimal:
        """A volume is needed."""
        volume: Decimal | None = self.cleaned_data.get("volume_ml")
        if not volume:
            raise forms.ValidationError(_("Enter a volume in mL, for example 1.5 or 0.125."))
        return volume


class ReactionForm(VersionedForm):
    """An unwanted reaction with its grade."""

    code = forms.ChoiceField(label=_("Reaction"), error_messages={"required": _("Choose the reaction.")})
    grade = forms.TypedChoiceField(coerce=int, label=_("Grade"), error_messages={"required": _("Choose the grade.")})
    description = forms.CharField(
        label=_("What happened"), required=False, max_length=LONG_TEXT, widget=forms.Textarea({"rows": 2})
    )

    def __init__(self, data: Any = None, *, catalogue: Catalogue, **options: Any) -> None:
        super().__init__(data, auto_id="reaction_%s", label_suffix="", **options)
        kinds = [(row.id, f"{row.id} {row.name}") for row in catalogue.of(AdverseEventType)]
        grades = [(str(row.grade), f"{row.grade}: {row.meaning}") for row in catalogue.of(AdverseEventGrade)]
        for name, choices in (("code", kinds), ("grade", grades)):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", "—"), *choices]


class DeliveryForm(VersionedForm):
    """What was injected where, what is left of each syringe, and how the patient took it."""

    technique = forms.ChoiceField(label=_("Technique"))
    depth_mm = forms.DecimalField(label=_("Depth, mm"), min_value=0, max_value=20, max_digits=4, decimal_places=2)
    pain = forms.IntegerField(label=_("Pain, 0 to 10"), min_value=0, max_value=10)
    bleeding = forms.ChoiceField(label=_("Bleeding"), choices=list(BLEEDING.items()), widget=forms.RadioSelect)
    none_observed = forms.BooleanField(label=_("Looked for reactions: none observed"), required=False)
    deviations = forms.CharField(
        label=_("Differences from the plan"), required=False, max_length=LONG_TEXT, widget=forms.Textarea({"rows": 2})
    )

    def __init__(
        self,
        data: Any = None,
        *,
        zones: Iterable[tuple[Zone, bool]],
        syringes: Iterable[str],
        techniques: Iterable[Technique],
        **options: Any,
    ) -> None:
        super().__init__(data, auto_id="delivery_%s", label_suffix="", **options)
        field = self.fields["technique"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(row.id, row.name) for row in techniques]
        self.zones, self.syringes = list(zones), list(syringes)
        for zone, _planned in self.zones:
            for syringe in self.syringes:
                self.fields[f"zone_{zone.id}_{syringe}"] = MillilitreField(label=_labelled(zone.name, self, syringe))
        for syringe in self.syringes:
            self.fields[f"left_over_{syringe}"] = MillilitreField(label=_labelled(_("Left over"), self, syringe))
            self.fields[f"discarded_{syringe}"] = MillilitreField(label=_labelled(_("Discarded"), self, syringe))

    def planned(self) -> list[tuple[str, list[forms.BoundField]]]:
        """Zones of the plan, each with a volume for every syringe."""
        return [self._row(zone) for zone, planned in self.zones if planned]

    def others(self) -> list[tuple[str, list[forms.BoundField]]]:
        """All other zones, each with a volume for every syringe."""
        return [self._row(zone) for zone, planned in self.zones if not planned]

    def rests(self) -> list[tuple[str, forms.BoundField, forms.BoundField]]:
        """What is left of each syringe: left over, discarded."""
        return [(name, self[f"left_over_{name}"], self[f"discarded_{name}"]) for name in self.syringes]

    @property
    def elsewhere(self) -> bool:
        """Whether a zone outside the plan has a volume or a mistake."""
        return any(field.value() or field.errors for _name, fields in self.others() for field in fields)

    def _row(self, zone: Zone) -> tuple[str, list[forms.BoundField]]:
        return zone.name, [self[f"zone_{zone.id}_{name}"] for name in self.syringes]

    def told(self) -> dict[str, Any]:
        """The keyword arguments of the service."""
        clean = self.cleaned_data
        given = [
            Given(zone.id, name, _microlitres(clean.get(f"zone_{zone.id}_{name}")))
            for zone, _planned in self.zones
            for name in self.syringes
            if clean.get(f"zone_{zone.id}_{name}")
        ]
        rest = [
            Rest(name, _microlitres(clean.get(f"left_over_{name}")), _microlitres(clean.get(f"discarded_{name}")))
            for name in self.syringes
        ]
        plain = ("version", "technique", "depth_mm", "pain", "bleeding", "none_observed", "deviations")
        return {"given": given, "rest": rest, **{name: clean[name] for name in plain}}


class ActForm(VersionedForm):
    """A button that changes the record."""


class ReasonForm(ClinicForm):
    """Why a record is set aside."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=2000,
        widget=forms.Textarea({"rows": 2}),
        error_messages={"required": _("Enter the reason.")},
    )


class AddendumForm(ClinicForm):
    """What is added to a locked record."""

    text = forms.CharField(
        label=_("Addendum"),
        max_length=LONG_TEXT,
        widget=forms.Textarea({"rows": 3}),
        error_messages={"required": _("Enter the text of the addendum.")},
    )


def _is_volume(number: Decimal) -> bool:
    if not number.is_finite() or not 0 <= number < MICROLITRES_PER_ML:
        return False
    return number * MICROLITRES_PER_ML % 1 == 0


def _microlitres(volume: Decimal | None) -> int:
    return int((volume or Decimal(0)) * MICROLITRES_PER_ML)


def _labelled(name: Any, form: DeliveryForm, syringe: str) -> str:
    text = str(name)[:1].upper() + str(name)[1:]
    return f"{text}, mL" if len(form.syringes) == 1 else f"{text}, {_('syringe')} {syringe}, mL"
