"""What was injected where, what is left of each syringe, and how the patient took it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mesoclinic.forms import LONG_TEXT, VersionedForm
from mesoclinic.rules.arithmetic import MICROLITRES_PER_ML
from mesoclinic.widgets import Chips
from protocols.rules.kinds.technique import Technique, Zone
from sessions.queries.room import BLEEDING
from sessions.rules.totals import Given, Rest

PAIN = [(str(grade), str(grade)) for grade in range(11)]


class MillilitreField(forms.CharField):
    """mL with point or comma, in whole microlitres, 0 or more; cleaned to Decimal mL or None."""

    def __init__(self, *, syringe: str = "", **options: Any) -> None:
        widget = forms.TextInput({"inputmode": "decimal", "autocomplete": "off", "maxlength": 9})
        if syringe:
            widget.attrs["data-of"] = syringe
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


class DepthField(forms.DecimalField):
    """mm with point or comma."""

    def __init__(self, **options: Any) -> None:
        words = _("Enter the depth in mm, for example 1.5.")
        messages = dict.fromkeys(
            ("required", "invalid", "max_digits", "max_decimal_places", "max_whole_digits", "min_value", "max_value"),
            words,
        )
        widget = forms.TextInput({"inputmode": "decimal", "autocomplete": "off", "maxlength": 6})
        limits: dict[str, Any] = {"min_value": 0, "max_value": 20, "max_digits": 4, "decimal_places": 2}
        super().__init__(widget=widget, error_messages=messages, **limits, **options)
        for check in self.validators:
            check.message = words  # type: ignore[attr-defined]

    def to_python(self, value: Any) -> Any:
        return super().to_python(str(value or "").replace(",", "."))


@dataclass(frozen=True, slots=True)
class RestRow:
    """One syringe: what it held, and the fields for what is left of that."""

    syringe: str
    drawn_ml: Decimal
    left_over: forms.BoundField
    discarded: forms.BoundField


class DeliveryForm(VersionedForm):
    """What was injected where, what is left of each syringe, and how the patient took it."""

    technique = forms.ChoiceField(label=_("Technique"))
    depth_mm = DepthField(label=_("Depth, mm"))
    pain = forms.TypedChoiceField(
        label=_("Pain, 0 to 10"),
        coerce=int,
        choices=PAIN,
        widget=Chips,
        error_messages={"required": _("Choose the pain from 0 to 10."), "invalid_choice": _("Choose from 0 to 10.")},
    )
    bleeding = forms.ChoiceField(
        label=_("Bleeding"),
        choices=list(BLEEDING.items()),
        widget=Chips,
        error_messages={"required": _("Choose how much it bled.")},
    )
    none_observed = forms.BooleanField(label=_("Looked for reactions: none seen"), required=False)
    deviations = forms.CharField(
        label=_("Differences from the plan"), required=False, max_length=LONG_TEXT, widget=forms.Textarea({"rows": 2})
    )

    def __init__(
        self,
        data: Any = None,
        *,
        zones: Iterable[tuple[Zone, bool]],
        drawn: Mapping[str, Decimal],
        techniques: Iterable[Technique],
        **options: Any,
    ) -> None:
        super().__init__(data, auto_id="delivery_%s", label_suffix="", **options)
        field = self.fields["technique"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(row.id, row.name) for row in techniques]
        self.zones, self.drawn, self.syringes = list(zones), drawn, list(drawn)
        for zone, _planned in self.zones:
            for syringe in self.syringes:
                self._add(f"zone_{zone.id}", zone.name, syringe)
        for syringe in self.syringes:
            self._add("left_over", _("Left over"), syringe)
            self._add("discarded", _("Discarded"), syringe)

    def planned(self) -> list[tuple[str, list[forms.BoundField]]]:
        """Zones of the plan, each with a volume for every syringe."""
        return [self._row(zone) for zone, planned in self.zones if planned]

    def others(self) -> list[tuple[str, list[forms.BoundField]]]:
        """All other zones, each with a volume for every syringe."""
        return [self._row(zone) for zone, planned in self.zones if not planned]

    def reconcile(self) -> list[RestRow]:
        """What is left of each syringe."""
        return [
            RestRow(name, drawn_ml, self[f"left_over_{name}"], self[f"discarded_{name}"])
            for name, drawn_ml in self.drawn.items()
        ]

    @property
    def elsewhere(self) -> bool:
        """Whether a zone outside the plan has a volume or a mistake."""
        return any(field.value() or field.errors for _name, fields in self.others() for field in fields)

    def _add(self, name: str, label: Any, syringe: str) -> None:
        self.fields[f"{name}_{syringe}"] = MillilitreField(label=_labelled(label, self, syringe), syringe=syringe)

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


def _is_volume(number: Decimal) -> bool:
    if not number.is_finite() or not 0 <= number < MICROLITRES_PER_ML:
        return False
    return number * MICROLITRES_PER_ML % 1 == 0


def _microlitres(volume: Decimal | None) -> int:
    return int((volume or Decimal(0)) * MICROLITRES_PER_ML)


def _labelled(name: Any, form: DeliveryForm, syringe: str) -> str:
    text = str(name)[:1].upper() + str(name)[1:]
    return f"{text}, mL" if len(form.syringes) == 1 else f"{text}, {_('syringe')} {syringe}, mL"
