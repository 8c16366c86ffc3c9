"""Which of two records stays, and of which one each detail is kept."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from mesoclinic.forms import ClinicForm
from mesoclinic.templatetags.components import birth_date
from patients.models import Patient, Sex
from patients.queries.merging import differing_details
from patients.queries.people import PERSON

LABELS = {
    "given_name": _("Given name"),
    "family_name": _("Family name"),
    "birth_date": _("Birth date"),
    "sex_at_birth": _("Sex at birth"),
    "gender": _("Gender, if different"),
    "email": _("E-mail"),
    "phone": _("Phone"),
    "language": _("Language"),
    "contact_by_email": _("The clinic may write e-mails"),
    "contact_by_phone": _("The clinic may call"),
    "contact_by_sms": _("The clinic may send text messages"),
}
# A permission was given for one address: it comes from the record that the address comes from.
PERMISSIONS = {"contact_by_email": "email", "contact_by_phone": "phone", "contact_by_sms": "phone"}


@dataclass(frozen=True, slots=True)
class Line:
    """One detail of both records in words; `chosen` is the key of the record whose value is kept, 0 when they agree."""

    name: str
    label: str
    one: str
    other: str
    chosen: int
    errors: list[str]


class MergeForm(ClinicForm):
    """The choice between two records that were seen side by side."""

    keep = forms.TypedChoiceField(
        label=_("This record stays"),
        coerce=int,
        error_messages={"required": _("Choose which record stays."), "invalid_choice": _("Choose one of the two.")},
    )
    one_version = forms.IntegerField(min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)
    other_version = forms.IntegerField(min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None = None, *, one: Patient, other: Patient) -> None:
        self.one, self.other = one, other
        first = min(one, other, key=lambda each: (each.registered_at, each.pk))
        initial: dict[str, Any] = {"keep": first.pk, "one_version": one.version, "other_version": other.version}
        super().__init__(data, initial=initial)
        choices = [(one.pk, one.record_number), (other.pk, other.record_number)]
        self._choice("keep").choices = choices
        for name in self.differing:
            self.fields[name] = forms.TypedChoiceField(
                label=LABELS[name],
                coerce=int,
                choices=choices,
                initial=self._first_choice(name, first),
                error_messages={"required": _("Choose one of the two."), "invalid_choice": _("Choose one of the two.")},
            )

    @property
    def differing(self) -> list[str]:
        return differing_details(self.one, self.other)

    @property
    def lines(self) -> Iterator[Line]:
        """Every detail, the differing ones with the choice between them."""
        for name in PERSON:
            one, other = (_words(name, getattr(each, name)) for each in (self.one, self.other))
            differs = name in self.fields
            chosen = int(self[name].value() or 0) if differs and str(self[name].value()).isdigit() else 0
            errors = [str(each) for each in self.errors.get(name, ())] if self.is_bound else []
            yield Line(name, str(LABELS[name]), one, other, chosen if differs else 0, errors)

    def choice(self) -> dict[str, Any]:
        """What the service takes."""
        kept = self.cleaned_data["keep"]
        merged = self.other.pk if kept == self.one.pk else self.one.pk
        return {
            "kept_id": kept,
            "merged_id": merged,
            "seen": {
                self.one.pk: self.cleaned_data["one_version"],
                self.other.pk: self.cleaned_data["other_version"],
            },
            "taken": [name for name in self.differing if self.cleaned_data[name] == merged],
        }

    def _first_choice(self, name: str, first: Patient) -> int:
        """The value of the older record, unless it says nothing; a permission goes with its address."""
        second = self.other if first == self.one else self.one
        address = PERMISSIONS.get(name, name)
        return first.pk if getattr(first, address) or not getattr(second, address) else second.pk

    def _choice(self, name: str) -> forms.TypedChoiceField:
        field = self.fields[name]
        assert isinstance(field, forms.TypedChoiceField)
        return field


class UndoForm(ClinicForm):
    """Why two records part again."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        help_text=_("For example: two sisters who share a phone."),
        error_messages={"required": _("Enter the reason.")},
    )


def _words(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return now_("Yes") if value else now_("No")
    if name == "birth_date":
        return birth_date(value)
    known = {"language": dict(settings.LANGUAGES), "sex_at_birth": dict(Sex.choices)}.get(name, {})
    return str(known.get(value, value) or now_("Not recorded"))
