"""Forms of the treatment room; each carries the version of the record that its user saw."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from mesoclinic.forms import LONG_TEXT, ClinicForm, VersionedForm
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.adverse_events import AdverseEventGrade, AdverseEventType
from protocols.rules.kinds.session_day import SessionStep
from sessions.forms.delivery import MillilitreField
from sessions.queries.room import WORDS

REST = "rest"


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
