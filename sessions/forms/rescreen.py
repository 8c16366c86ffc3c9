"""The re-screen of the day, built from the catalogue's input dictionary."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mesoclinic.forms import ClinicForm
from mesoclinic.rules.tri import Tri
from mesoclinic.typed import parse_date
from mesoclinic.widgets import Chips, ManyChips
from patients.forms.consultation import ConsultationForm, initial_of
from protocols.rules.catalogue import Catalogue
from protocols.rules.facts import from_sheet, holds
from protocols.rules.kinds.inputs import Input
from sessions.queries.clearing import KEY_INPUTS

VERSION_MAX = 2**31 - 1
# What the system knows by itself.
DERIVED = frozenset({"rescreen_on", "consent_on", "consent_form_current"})
ALLERGIES = "allergies"


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
        """What may have changed, but for the allergies, which are rows of two."""
        return self._fields_of(row for row in self.change_rows if row.type != ALLERGIES)

    def allergies(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """Each allergy that is known, and an empty row: what, and how it showed."""
        rows = self._allergy_rows()
        return rows[: 1 + sum(bool(what.value()) for what, _how in rows)]

    def more_allergies(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """Further empty rows."""
        return self._allergy_rows()[len(self.allergies()) :]

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
        for name in self.placed[row.id]:
            _tapped(self.fields[name])

    def _allergy_rows(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        fields = list(self._fields_of(row for row in self.change_rows if row.type == ALLERGIES))
        return list(zip(fields[::2], fields[1::2], strict=True))

    def _fields_of(self, rows: Iterable[Input]) -> Iterator[forms.BoundField]:
        return (self[name] for row in rows for name in self.placed[row.id])


def _tapped(field: forms.Field) -> None:
    """Choices become chips, which a gloved finger meets."""
    if isinstance(field, forms.ChoiceField) and isinstance(field.widget, forms.RadioSelect):
        many = isinstance(field.widget, forms.CheckboxSelectMultiple)
        field.widget = (ManyChips if many else Chips)(choices=list(field.choices))  # type: ignore[arg-type]
