"""The measures of an assessment as they are typed; nothing is asked for that was not measured."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import QuerySet
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from mesoclinic.accounts import User
from mesoclinic.fields import AmountField, DayField
from mesoclinic.forms import LONG_TEXT, ClinicForm
from mesoclinic.rules.tri import Tri
from mesoclinic.widgets import TRI_CHOICES, TriState
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.diagnosis import SeverityScale, SeverityStage
from protocols.rules.kinds.technique import Zone
from sessions.queries.measures import BASELINE, FINAL, VALUES, Told, mean_of

RATINGS = (1, 2, 3)
MORNINGS = ("morning_1", "morning_2", "morning_3")
COUNT = "OM-05 60-s"
# The name of each field and what it measures.
NUMBERS = {
    "density": "OM-03",
    "diameter": "OM-04 diameter",
    "thin_hairs": "OM-04 thin",
    "terminal_to_vellus": "OM-04 T:V",
    "pull": "OM-05 pull",
    "self_rating": "OM-06 self",
    "satisfaction": "OM-06 satisfaction",
    "distress": "OM-06 distress",
    "quality_of_life": "OM-07",
    "pain": "OM-09 pain",
}
LABELS = {
    "density": _("Hair density, hairs/cm²"),
    "diameter": _("Mean shaft diameter, µm"),
    "thin_hairs": _("Hairs thinner than 30 µm, %"),
    "terminal_to_vellus": _("Terminal to vellus ratio, number to 1"),
    "pull": _("Pull test, hairs per pull"),
    "morning_1": _("60-second count, first morning"),
    "morning_2": _("Second morning"),
    "morning_3": _("Third morning"),
    "self_rating": _("Patient's own score, −3 much worse to +3 much better"),
    "satisfaction": _("Satisfaction, 0 to 10"),
    "distress": _("Distress by the hair loss, 0 to 10"),
    "quality_of_life": _("Quality of life (DLQI), 0 to 30"),
    "pain": _("Worst pain of the sessions, 0 to 10"),
}
POINTS = [("", "—"), *((str(points), f"{points:+d}".replace("-", "−")) for points in range(-3, 4))]


def _number(name: str) -> AmountField:
    value = VALUES[NUMBERS.get(name, COUNT)]
    limits = {"low": f"{value.lowest:f}", "high": f"{value.highest:f}"}
    words = _("Enter a number from %(low)s to %(high)s.") % limits
    validators = [MinValueValidator(value.lowest, words), MaxValueValidator(value.highest, words)]
    return AmountField(
        label=LABELS[name],
        required=False,
        max_digits=7,
        decimal_places=value.places,
        validators=validators,
        error_messages={"invalid": words},
    )


def _tri(label: Any, help_text: Any = "") -> forms.ChoiceField:
    return forms.ChoiceField(label=label, help_text=help_text, required=False, choices=TRI_CHOICES, widget=TriState())


class AssessmentForm(ClinicForm):
    """The measures of one visit; those that its stage does not have are left out."""

    may_be_empty = False

    taken_on = DayField(label=_("Measured on"), error_messages={"required": _("Enter a day, for example 26 11 2026.")})
    scalp_site = forms.ChoiceField(label=_("Place on the scalp"), required=False)
    device = forms.CharField(label=_("Device and magnification"), required=False, max_length=80)
    photos = _tri(
        _("Six standard photographs taken, comparable with the baseline"),
        _("Same room, light, distance, head tilt; dry hair, combed alike."),
    )
    stage = forms.ChoiceField(label=_("Stage"), required=False)
    progression = _tri(_("Was the hair loss progressing before the course?"))
    none_observed = forms.ChoiceField(
        label=_("Adverse events since the last visit"),
        required=False,
        choices=[("", _("Not asked")), ("yes", _("None observed")), ("no", _("Recorded as adverse events"))],
    )
    remark = forms.CharField(
        label=_("Remark"), required=False, max_length=LONG_TEXT, widget=forms.Textarea({"rows": 2})
    )

    def __init__(
        self, data: Any = None, *, stage: str, catalogue: Catalogue, raters: QuerySet[User], **options: Any
    ) -> None:
        super().__init__(data, **options)
        self.at = stage
        for name in LABELS:
            if _asked(name, stage):
                self.fields[name] = _number(name)
        if stage == BASELINE:
            self.fields["photos"].label = now_("Six standard photographs taken")
            self.fields.pop("none_observed")
        else:
            self.fields.pop("progression")
            self._rated(raters)
        zones = [(row.id, row.name) for row in catalogue.of(Zone) if not row.parts]
        cast(forms.ChoiceField, self.fields["scalp_site"]).choices = [("", "—"), *zones]
        cast(forms.ChoiceField, self.fields["stage"]).choices = [("", "—"), *_stages(catalogue)]

    def _rated(self, raters: QuerySet[User]) -> None:
        for number in RATINGS:
            self.fields[f"rating_{number}"] = forms.TypedChoiceField(
                label=now_("Rating %(number)d") % {"number": number},
                choices=POINTS,
                coerce=int,
                empty_value=None,
                required=False,
            )
            self.fields[f"rater_{number}"] = forms.ModelChoiceField(
                label=now_("Rater %(number)d") % {"number": number}, queryset=raters, required=False
            )

    def clean(self) -> dict[str, Any]:
        """A rating needs its rater; a part of the three mornings is told, never averaged."""
        data = self.cleaned_data
        for number in RATINGS:
            points, rater = data.get(f"rating_{number}"), data.get(f"rater_{number}")
            if points is not None and rater is None and f"rater_{number}" not in self.errors:
                self.add_error(f"rater_{number}", now_("Say who rated."))
        counted = [data.get(name) for name in MORNINGS]
        if any(each is not None for each in counted) and mean_of(counted) is None:
            self.add_error("morning_3", now_("The count is the mean of three mornings: enter all three, or none."))
        if not self.errors and not (self.may_be_empty or self.told().anything):
            self.add_error(None, now_("Nothing is entered yet. Enter what was measured, or what the patient told."))
        return data

    @property
    def numbers(self) -> Mapping[str, forms.BoundField]:
        """The numbers that this stage has, by name."""
        return {name: self[name] for name in LABELS if name in self.fields}

    @property
    def ratings(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """Each rating beside its rater; a baseline has none."""
        return [(self[f"rating_{each}"], self[f"rater_{each}"]) for each in RATINGS if f"rating_{each}" in self.fields]

    def told(self) -> Told:
        """What the service takes."""
        data = self.cleaned_data
        scale, _sep, stage = str(data.get("stage") or "").partition(":")
        return Told(
            values=self._values(),
            ratings=tuple(
                (data[f"rater_{each}"].pk, data[f"rating_{each}"])
                for each in RATINGS
                if data.get(f"rating_{each}") is not None
            ),
            scalp_site=data["scalp_site"],
            device=data["device"],
            photos=_said(data.get("photos")),
            progression=_said(data.get("progression")),
            scale=scale,
            stage=stage,
            none_observed=_said(data.get("none_observed")),
            remark=data["remark"],
        )

    def given(self) -> dict[str, Any]:
        return {"taken_on": self.cleaned_data["taken_on"], "told": self.told()}

    def _values(self) -> dict[str, Decimal]:
        data = self.cleaned_data
        found = {code: data[name] for name, code in NUMBERS.items() if data.get(name) is not None}
        mean = mean_of([data.get(name) for name in MORNINGS])
        return found if mean is None else found | {COUNT: round(mean, 1)}


class CorrectionForm(AssessmentForm):
    """The same measures, put right, and why; all of them may have been somebody else's."""

    may_be_empty = True

    reason = forms.CharField(
        label=_("What was wrong"),
        max_length=LONG_TEXT,
        widget=forms.Textarea({"rows": 2}),
        error_messages={"required": _("Enter the reason.")},
    )

    def given(self) -> dict[str, Any]:
        return {**super().given(), "reason": self.cleaned_data["reason"]}


def initial_of(told: Told) -> dict[str, Any]:
    """A record as the form shows it again."""
    shown: dict[str, Any] = {name: _plain(told.values[code]) for name, code in NUMBERS.items() if code in told.values}
    if COUNT in told.values:
        shown |= dict.fromkeys(MORNINGS, _plain(told.values[COUNT]))
    for number, (rater, points) in enumerate(told.ratings, start=1):
        shown |= {f"rater_{number}": rater, f"rating_{number}": points}
    for name in ("photos", "progression", "none_observed"):
        said = getattr(told, name)
        shown[name] = "" if said is Tri.UNKNOWN and name == "none_observed" else said.value
    stage = f"{told.scale}:{told.stage}" if told.stage else ""
    return shown | {"scalp_site": told.scalp_site, "device": told.device, "stage": stage, "remark": told.remark}


def _asked(name: str, stage: str) -> bool:
    if name in ("self_rating", "satisfaction", "pain"):
        return stage != BASELINE
    if name == "distress":
        return stage == BASELINE
    return name != "quality_of_life" or stage in (BASELINE, FINAL)


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _said(value: object) -> Tri:
    return Tri(str(value)) if value else Tri.UNKNOWN


def _stages(catalogue: Catalogue) -> list[tuple[str, str]]:
    names = {row.id: row.name for row in catalogue.of(SeverityScale)}
    return [(f"{row.scale}:{row.stage}", f"{names[row.scale]} {row.stage}") for row in catalogue.of(SeverityStage)]
