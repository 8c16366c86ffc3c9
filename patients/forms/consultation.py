"""The consultation form, built from the catalogue's input dictionary: each input of every rule is asked here."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mesoclinic.forms import LONG_TEXT, ClinicForm
from mesoclinic.typed import parse_date
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.diagnosis import Diagnosis, SeverityScale, SeverityStage
from protocols.rules.kinds.ingredients import Allergen
from protocols.rules.kinds.inputs import ExaminationItem, ExpectationItem, FormSection, Input

ALLERGY_ROWS = 6
NUMBER_LENGTH = 20
DAY_SECTION = "day"
# Known from registration; the consultation shows them, registration corrects them.
ELSEWHERE = {"age_years"}
_FIRST = ("complaint", "examination")


class NumberField(forms.CharField):
    """A number typed with point or comma, within the hard range of its input."""

    def __init__(self, row: Input | ExaminationItem | SeverityScale, **options: Any) -> None:
        widget = forms.TextInput({"inputmode": "decimal", "autocomplete": "off", "maxlength": NUMBER_LENGTH})
        super().__init__(required=False, max_length=NUMBER_LENGTH, widget=widget, **options)
        self.row = row

    def to_python(self, value: Any) -> Any:
        text = (super().to_python(value) or "").replace(",", ".")
        if not text:
            return None
        try:
            number = Decimal(text)
        except InvalidOperation as problem:
            raise forms.ValidationError(self._range()) from problem
        low, high = self.row.hard_min, self.row.hard_max
        if not number.is_finite() or (low is not None and number < low) or (high is not None and number > high):
            raise forms.ValidationError(self._range())
        if getattr(self.row, "type", "") == "whole" and number != number.to_integral_value():
            raise forms.ValidationError(_("Enter a whole number."))
        return str(number)

    def validate(self, value: Any) -> None:
        """Nothing is left to check once the text is a number in range."""

    def run_validators(self, value: Any) -> None:
        """The length was limited by the browser; what is a number in range is short enough."""

    def _range(self) -> str:
        unit = f" {self.row.unit}" if self.row.unit else ""
        if self.row.hard_min is None or self.row.hard_max is None:
            return str(_("Enter a number."))
        return str(_("Enter a number from %(low)s to %(high)s%(unit)s.")) % {
            "low": self.row.hard_min,
            "high": self.row.hard_max,
            "unit": unit,
        }


class DayField(forms.CharField):
    """A date as people type it, kept as ISO text; not in the future."""

    def __init__(self, today: date, **options: Any) -> None:
        super().__init__(required=False, max_length=40, widget=forms.TextInput({"autocomplete": "off"}), **options)
        self.today = today

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        day = parse_date(text)
        if day is None:
            raise forms.ValidationError(_("Enter a date with day, month and year, for example 14 3 2026."))
        if day > self.today:
            raise forms.ValidationError(_("This date must not be in the future."))
        return day.isoformat()


@dataclass(frozen=True, slots=True)
class Section:
    """One card of the form."""

    id: str
    title: str
    items: tuple[str, ...]
    fields: tuple[forms.BoundField, ...]
    notes: forms.BoundField


class ConsultationForm(ClinicForm):
    """All questions, none of them required by the form: what is missing is the verdict's to say."""

    def __init__(
        self, data: Any = None, *, catalogue: Catalogue, today: date, initial: Mapping[str, Any] | None = None
    ):
        super().__init__(data, initial=dict(initial or {}), label_suffix="")
        self.catalogue, self.today = catalogue, today
        self.inputs = {row.id: row for row in catalogue.of(Input) if _asked(row)}
        self.placed: dict[str, list[str]] = {section.id: [] for section in self._sections()}
        for row in self.inputs.values():
            self._ask(row)
        for item in catalogue.of(ExaminationItem):
            self._place("examination", f"exam__{item.id}", self._examination(item))
        for wish in catalogue.of(ExpectationItem):
            self._place("psychology", f"expect__{wish.id}", _expectation(wish))
        for section in self._sections():
            notes = forms.Textarea({"rows": 2})
            self.fields[f"notes__{section.id}"] = forms.CharField(
                label=_("Notes"), required=False, max_length=LONG_TEXT, widget=notes
            )

    def sections(self) -> Iterator[Section]:
        """The cards in the order in which a consultation goes."""
        for row in self._sections():
            fields = tuple(self[name] for name in self.placed[row.id])
            yield Section(row.id, row.title, row.items, fields, self[f"notes__{row.id}"])

    def facts(self) -> dict[str, dict[str, Any]]:
        """The sheet: {name: {value, observed_on}}, only of what was answered."""
        today, clean = self.today.isoformat(), self.cleaned_data
        sheet = {}
        for name, row in self.inputs.items():
            key, value = self._stored(row, clean)
            if value not in (None, "", []):
                observed = clean.get(f"{name}__observed_on") or today
                sheet[key] = {"value": value, "observed_on": observed}
        if clean.get("allergies_reviewed") == "yes":
            sheet.setdefault("allergies", {"value": [], "observed_on": today})
        return sheet

    def narrative(self) -> dict[str, Any]:
        """History, examination and expectations as text, for the frozen record."""
        kept = ("notes__", "exam__", "expect__")
        return {name: text for name, text in self.cleaned_data.items() if name.startswith(kept) and text}

    def _sections(self) -> list[FormSection]:
        rows = [row for row in self.catalogue.of(FormSection) if row.id != DAY_SECTION]
        return sorted(rows, key=lambda row: _FIRST.index(row.id) if row.id in _FIRST else len(_FIRST))

    def _place(self, section: str, name: str, field: forms.Field) -> None:
        self.fields[name] = field
        self.placed[section].append(name)

    def _ask(self, row: Input) -> None:
        if row.type == "severity":
            self._ask_severity(row)
        elif row.type == "allergies":
            self._ask_allergies(row)
        elif row.stored_as:
            self._place(row.section, row.stored_as, DayField(self.today, label=_since(row), help_text=row.help))
        else:
            self._place(row.section, row.id, self._field(row))
            if any(aged.age_of == row.id for aged in self.catalogue.of(Input)):
                label = _("Date of the sample")
                self._place(row.section, f"{row.id}__observed_on", DayField(self.today, label=label))

    def _field(self, row: Input) -> forms.Field:
        options: dict[str, Any] = {"label": row.question, "help_text": row.help, "required": False}
        if row.type in {"whole", "decimal"}:
            del options["required"]
            return NumberField(row, **options)
        if row.type in {"choices", "diagnoses"}:
            return forms.MultipleChoiceField(choices=self._choices(row), widget=forms.CheckboxSelectMultiple, **options)
        return forms.ChoiceField(choices=self._choices(row), widget=forms.RadioSelect, **options)

    def _choices(self, row: Input) -> list[tuple[str, Any]]:
        if row.type == "diagnoses":
            return [(found.id, found.name) for found in self.catalogue.of(Diagnosis)]
        if row.type == "yes_no":
            return [("yes", _("Yes")), ("no", _("No")), ("unknown", _("Not known"))]
        labels = row.labels or tuple(value.replace("_", " ") for value in row.values)
        choices: list[tuple[str, Any]] = list(zip(row.values, labels, strict=True))
        if row.type == "choice" and row.required != "optional" and "unknown" not in row.values:
            choices.append(("unknown", _("Not known")))
        return choices

    def _ask_severity(self, row: Input) -> None:
        for scale in self.catalogue.of(SeverityScale):
            label = f"{scale.name}"
            if scale.measure == "score":
                self._place(row.section, f"severity__{scale.id}", NumberField(scale, label=f"{label} ({scale.unit})"))
                continue
            stages = [stage for stage in self.catalogue.of(SeverityStage) if stage.scale == scale.id]
            choices = [(stage.stage, f"{stage.stage}: {stage.descriptor}") for stage in stages]
            field = forms.ChoiceField(label=label, required=False, choices=[("", _("Not graded")), *choices])
            self._place(row.section, f"severity__{scale.id}", field)

    def _ask_allergies(self, row: Input) -> None:
        classes = [(found.id, found.id.replace("_", " ")) for found in self.catalogue.of(Allergen)]
        reactions = [(reaction, reaction.replace("_", " ")) for reaction in row.reactions]
        for number in range(ALLERGY_ROWS):
            place = {"number": number + 1}
            allergen = forms.ChoiceField(
                label=_("Allergy %(number)d") % place, required=False, choices=[("", _("None recorded")), *classes]
            )
            reaction = forms.ChoiceField(
                label=_("Reaction %(number)d") % place, required=False, choices=[("", _("Not asked")), *reactions]
            )
            self._place(row.section, f"allergy__{number}__class", allergen)
            self._place(row.section, f"allergy__{number}__reaction", reaction)

    def _examination(self, item: ExaminationItem) -> forms.Field:
        label = item.name[:1].upper() + item.name[1:] + (f" ({item.unit})" if item.unit else "")
        if item.hard_min is not None:
            return NumberField(item, label=label, help_text=item.reference)
        return forms.CharField(label=label, required=False, max_length=300, help_text=item.reference)

    def _stored(self, row: Input, clean: Mapping[str, Any]) -> tuple[str, Any]:
        if row.type == "severity":
            return row.id, [entry for scale in self.catalogue.of(SeverityScale) if (entry := _graded(scale, clean))]
        if row.type == "allergies":
            return row.id, _allergies(clean)
        if row.stored_as:
            return row.stored_as, clean.get(row.stored_as)
        return row.id, clean.get(row.id)


def initial_of(facts: Mapping[str, Any], catalogue: Catalogue) -> dict[str, Any]:
    """The form's answers for a stored sheet, so that a new consultation starts from what is known."""
    initial: dict[str, Any] = {}
    for name, entry in facts.items():
        value = entry.get("value")
        if name == "severity":
            initial |= {f"severity__{graded['scale']}": graded.get("stage") or graded.get("score") for graded in value}
        elif name == "allergies":
            for number, allergy in enumerate(value[:ALLERGY_ROWS]):
                initial[f"allergy__{number}__class"] = allergy["class"]
                initial[f"allergy__{number}__reaction"] = allergy.get("reaction", "")
        else:
            initial[name] = value
            initial[f"{name}__observed_on"] = entry.get("observed_on")
    return initial


def _asked(row: Input) -> bool:
    return row.id not in ELSEWHERE and row.section != DAY_SECTION and not row.age_of


def _since(row: Input) -> str:
    return row.question


def _graded(scale: SeverityScale, clean: Mapping[str, Any]) -> dict[str, str] | None:
    value = clean.get(f"severity__{scale.id}")
    return {"scale": scale.id, scale.measure: value} if value else None


def _allergies(clean: Mapping[str, Any]) -> list[dict[str, str]]:
    rows = [
        {"class": clean.get(f"allergy__{number}__class", ""), "reaction": clean.get(f"allergy__{number}__reaction", "")}
        for number in range(ALLERGY_ROWS)
    ]
    return [{**row, "reaction": row["reaction"] or "unknown"} for row in rows if row["class"]]


def _expectation(wish: ExpectationItem) -> forms.Field:
    if wish.type in {"choice", "yes_no"}:
        values = wish.values or ("yes", "no")
        choices = [("", _("Not asked")), *((value, value[:1].upper() + value[1:]) for value in values)]
        return forms.ChoiceField(label=wish.question, required=False, choices=choices)
    return forms.CharField(label=wish.question, required=False, max_length=200)
