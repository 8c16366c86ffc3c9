"""The consultation form, built from the catalogue's input dictionary: each input of every rule is asked here."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from mesoclinic.forms import LONG_TEXT, ClinicForm, Difference
from mesoclinic.rules.tri import Tri
from mesoclinic.templatetags.components import plain
from mesoclinic.widgets import Chips, ManyChips, PictureRadio, TriState
from patients.forms.consultation_fields import DayField, NumberField
from patients.rules.faga import Reading, asked, supports
from patients.rules.severity import Salt, salt, salt_band
from patients.rules.still_true import Manner, manner_of
from protocols.rules.answers import measured
from protocols.rules.catalogue import Catalogue
from protocols.rules.kinds.diagnosis import Diagnosis, SaltRegion, SeverityScale, SeverityStage
from protocols.rules.kinds.ingredients import Allergen
from protocols.rules.kinds.inputs import ExaminationItem, ExpectationItem, FagaCriterion, FormSection, Input

ALLERGY_ROWS = 6
MOST_ALLERGY_ROWS = 30
DAY_SECTION = "day"
# Known from registration; the consultation shows them, registration corrects them.
ELSEWHERE = {"age_years"}
# Prompts of the history that are questions of their own.
_ASKED_ABOVE = frozenset(
    {
        "date of birth", "sex at birth", "weight", "onset date", "all section 3 conditions", "pregnancy",
        "breastfeeding", "expectation", "BDD screen", "needle fear", "see the examination items",
        "see the laboratory tests",
    }
)  # fmt: skip
READING = "exam__faga__"
SALT, REGION = "salt", "salt__"
_SUPPORTED = {
    Tri.YES: _("Fulfilled: they support the diagnosis of female pattern hair loss."),
    Tri.NO: _("Not fulfilled."),
    Tri.UNKNOWN: _("Not enough was measured to tell."),
}
_ALLERGY = re.compile(r"allergy__(\d{1,2})__(?:class|reaction)")


class ConsultationForm(ClinicForm):
    """All questions, none of them required by the form: what is missing is the verdict's to say."""

    # Facts of before, by the name that a sheet keeps.
    known: Mapping[str, Any] = MappingProxyType({})

    def __init__(
        self,
        data: Any = None,
        *,
        catalogue: Catalogue,
        today: date,
        initial: Mapping[str, Any] | None = None,
        known: Mapping[str, Any] | None = None,
    ):
        super().__init__(data, initial=dict(initial or {}), label_suffix="")
        self.catalogue, self.today, self.known = catalogue, today, known or self.known
        self.inputs = {row.id: row for row in catalogue.of(Input) if _asked(row)}
        self.placed: dict[str, list[str]] = {section.id: [] for section in self._sections()}
        for row in self.inputs.values():
            self._ask(row)
        for item in catalogue.of(ExaminationItem):
            if not item.derived:
                self._place("examination", f"exam__{item.id}", self._examination(item))
            self._ask_criteria(item)
        for wish in catalogue.of(ExpectationItem):
            self._place("psychology", f"expect__{wish.id}", _expectation(wish))
        for section in self._sections():
            prompts = " · ".join(item for item in section.items if item not in _ASKED_ABOVE)
            notes = forms.Textarea({"rows": 2})
            self.fields[f"notes__{section.id}"] = forms.CharField(
                label=_("Notes"), help_text=prompts, required=False, max_length=LONG_TEXT, widget=notes
            )

    def clean(self) -> dict[str, Any]:
        clean = super().clean() or self.cleaned_data
        for name, row in self.inputs.items():
            chosen = clean.get(name)
            if row.alone and isinstance(chosen, list) and row.alone in chosen and len(chosen) > 1:
                self.add_error(name, _("“None” stands alone. Take it away, or the others."))
                # The others still count: what was ticked is never left out of the verdict.
                clean[name] = chosen
        empty = [name for name in self._regions() if clean.get(name) is None and name not in self.errors]
        if empty and len(empty) < len(self._regions()):
            self.add_error(empty[0], _("Enter every area. 0 is no loss."))
        for number in self.allergy_rows():
            if clean.get(f"allergy__{number}__reaction") and not clean.get(f"allergy__{number}__class"):
                self.add_error(f"allergy__{number}__class", _("Choose what this reaction was to."))
        return clean

    def facts(self) -> dict[str, dict[str, Any]]:
        """The sheet: {name: {value, observed_on}}, only of what was answered."""
        today, clean = self.today.isoformat(), self.cleaned_data
        sheet = {}
        for row in self.inputs.values():
            key, value = self._stored(row, clean)
            if value not in (None, "", []):
                sheet[key] = {"value": value, "observed_on": self._observed_on(row, key, value)}
        if clean.get("allergies_reviewed") == "yes":
            sheet.setdefault("allergies", {"value": [], "observed_on": today})
        return sheet

    def _observed_on(self, row: Input, key: str, value: Any) -> str:
        """Today, but for samples and for what stands here unasked: those keep the day that they are of."""
        dated = f"{row.id}__observed_on"
        if dated in self.fields:
            # A sample whose date nobody gave has no age: it is never taken for today's.
            return self.cleaned_data.get(dated) or ""
        before = self.known.get(key, {})
        unasked = row.type == "allergies" and self.cleaned_data.get("allergies_reviewed") != "yes"
        kept = (unasked or manner_of(row) is Manner.SINGLY) and before.get("value") == value
        return str(before.get("observed_on") if kept else self.today.isoformat())

    def narrative(self) -> dict[str, Any]:
        """History, examination and expectations as text, for the frozen record."""
        kept = ("notes__", "exam__", "expect__", REGION)
        said = {name: text for name, text in self.cleaned_data.items() if name.startswith(kept) and text}
        return said | {name: text for name, text in self.derived().items() if text}

    def derived(self) -> dict[str, str]:
        """What the measurements come to, by the name of the examination; empty while nothing was measured for it."""
        taken = any(name.startswith(READING) and text for name, text in self.cleaned_data.items())
        words = str(_SUPPORTED[supports(self._readings(), self.catalogue)]) if taken else ""
        return {f"exam__{item.id}": words for item in self.catalogue.of(ExaminationItem) if item.derived}

    def salt(self) -> Salt | None:
        """The SALT score and its band: of the four areas, or of a score that is known alone."""
        loss = {name.removeprefix(REGION): self.cleaned_data.get(name) for name in self._regions()}
        measured = {region: Decimal(text) for region, text in loss.items() if text is not None}
        if measured and len(measured) == len(loss):
            return salt(measured, self.catalogue)
        score = self.cleaned_data.get(f"severity__{SALT}")
        return Salt(Decimal(score), salt_band(Decimal(score), self.catalogue)) if score and not measured else None

    def _regions(self) -> list[str]:
        return [name for name in self.fields if name.startswith(REGION)]

    def _readings(self) -> dict[str, Reading]:
        clean = self.cleaned_data
        return {
            row.id: Reading(
                **{part: measured(clean.get(f"{READING}{row.id}__{part}")) for part, _question in asked(row)}
            )
            for row in self.catalogue.of(FagaCriterion)
        }

    def _ask_criteria(self, item: ExaminationItem) -> None:
        for row in self.catalogue.of(FagaCriterion):
            for part, question in asked(row) if row.item == item.id else ():
                label = f"{question} ({row.unit})" if row.unit else question
                self._place("examination", f"{READING}{row.id}__{part}", NumberField(row, label=label))

    def differences(self, sent: QueryDict, saved: Mapping[str, list[str]]) -> list[Difference]:
        """Both versions of every answer that is not the saved one, in words."""
        for_each = ((name, sent.getlist(name), saved.get(name, [])) for name in self.fields)
        return [
            Difference(name, str(self.fields[name].label), self._words(name, theirs), self._words(name, mine))
            for name, mine, theirs in for_each
            if [text for text in mine if text] != [text for text in theirs if text]
        ]

    def _words(self, name: str, texts: list[str]) -> str:
        choices = {str(value): str(label) for value, label in getattr(self.fields[name], "choices", ())}
        return ", ".join(choices.get(text, text) for text in texts if text) or str(_("Not answered"))

    def _sections(self) -> list[FormSection]:
        return [row for row in self.catalogue.of(FormSection) if row.id != DAY_SECTION]

    def _place(self, section: str, name: str, field: forms.Field) -> None:
        self.fields[name] = field
        self.placed[section].append(name)

    def _ask(self, row: Input) -> None:
        if row.type == "severity":
            self._ask_severity(row)
        elif row.type == "allergies":
            self._ask_allergies(row)
        elif row.stored_as:
            field = DayField(self.today, counts=row, label=row.question, help_text=row.help)
            self._place(row.section, row.stored_as, field)
        else:
            self._place(row.section, row.id, self._field(row))
            for aged in (each for each in self.catalogue.of(Input) if each.age_of == row.id):
                sampled = DayField(self.today, counts=aged, label=aged.question)
                self._place(row.section, f"{row.id}__observed_on", sampled)

    def _field(self, row: Input) -> forms.Field:
        options: dict[str, Any] = {"label": row.question, "help_text": row.help, "required": False}
        if row.type in {"whole", "decimal"}:
            del options["required"]
            return NumberField(row, **options)
        if row.type in {"choices", "diagnoses"}:
            return forms.MultipleChoiceField(choices=self._choices(row), widget=ManyChips, **options)
        return forms.ChoiceField(
            choices=self._choices(row), widget=TriState if row.type == "yes_no" else Chips, **options
        )

    def _choices(self, row: Input) -> list[tuple[str, Any]]:
        if row.type == "diagnoses":
            return [(found.id, found.name) for found in self.catalogue.of(Diagnosis)]
        if row.type == "yes_no":
            return [("yes", _("Yes")), ("no", _("No")), ("unknown", _("Unknown"))]
        labels = row.labels or tuple(value.replace("_", " ") for value in row.values)
        choices: list[tuple[str, Any]] = list(zip(row.values, labels, strict=True))
        if row.type == "choice" and "unknown" not in row.values:
            choices.append(("unknown", _("Unknown")))
        return choices

    def _ask_severity(self, row: Input) -> None:
        for scale in self.catalogue.of(SeverityScale):
            label = f"{scale.name}"
            if scale.measure == "score":
                if scale.id == SALT:
                    self._ask_regions(row, scale)
                self._place(row.section, f"severity__{scale.id}", NumberField(scale, label=f"{label} ({scale.unit})"))
                continue
            stages = [stage for stage in self.catalogue.of(SeverityStage) if stage.scale == scale.id]
            pictures = {each.stage: (f"severity/{each.id}.svg", each.descriptor) for each in stages}
            field = forms.ChoiceField(
                label=label,
                required=False,
                choices=[*((each.stage, each.stage) for each in stages), ("", _("Not graded"))],
                widget=PictureRadio(pictures=pictures),
            )
            self._place(row.section, f"severity__{scale.id}", field)

    def _ask_regions(self, row: Input, scale: SeverityScale) -> None:
        for region in self.catalogue.of(SaltRegion):
            place = {"region": region.name, "share": plain(region.weight * 100)}
            label = _("%(region)s (%(share)s %% of the scalp)") % place
            self._place(row.section, f"{REGION}{region.id}", NumberField(scale, label=label))

    def _ask_allergies(self, row: Input) -> None:
        classes = [(found.id, found.id.replace("_", " ")) for found in self.catalogue.of(Allergen)]
        reactions = [(reaction, reaction.replace("_", " ")) for reaction in row.reactions]
        for number in self.allergy_rows():
            place = {"number": number + 1}
            allergen = forms.ChoiceField(
                label=_("Allergy %(number)d") % place, required=False, choices=[("", _("None recorded")), *classes]
            )
            reaction = forms.ChoiceField(
                label=_("Reaction %(number)d") % place, required=False, choices=[("", _("Not asked")), *reactions]
            )
            self._place(row.section, f"allergy__{number}__class", allergen)
            self._place(row.section, f"allergy__{number}__reaction", reaction)

    def allergy_rows(self) -> range:
        """As many rows as were sent, or are known, and one more to fill in."""
        sent = [int(found[1]) for name in (*self.data, *self.initial) if (found := _ALLERGY.fullmatch(name))]
        return range(min(max([ALLERGY_ROWS, *(number + 2 for number in sent)]), MOST_ALLERGY_ROWS))

    def _examination(self, item: ExaminationItem) -> forms.Field:
        label = item.name[:1].upper() + item.name[1:] + (f" ({item.unit})" if item.unit else "")
        if item.hard_min is not None:
            return NumberField(item, label=label, help_text=item.reference)
        return forms.CharField(label=label, required=False, max_length=300, help_text=item.reference)

    def _allergies(self, clean: Mapping[str, Any]) -> Iterator[dict[str, str]]:
        for number in self.allergy_rows():
            allergen, reaction = (clean.get(f"allergy__{number}__{part}", "") for part in ("class", "reaction"))
            if allergen:
                yield {"class": allergen, "reaction": reaction or "unknown"}

    def _stored(self, row: Input, clean: Mapping[str, Any]) -> tuple[str, Any]:
        if row.type == "severity":
            found = self.salt()
            graded = {**clean, f"severity__{SALT}": str(plain(found.score))} if found else clean
            return row.id, [entry for scale in self.catalogue.of(SeverityScale) if (entry := _graded(scale, graded))]
        if row.type == "allergies":
            return row.id, list(self._allergies(clean))
        if row.stored_as:
            return row.stored_as, clean.get(row.stored_as)
        return row.id, clean.get(row.id)


def initial_of(facts: Mapping[str, Any], catalogue: Catalogue) -> dict[str, Any]:
    """The form's answers for a stored sheet, so that a new consultation starts from what is known."""
    initial: dict[str, Any] = {}
    dates = {row.stored_as for row in catalogue.of(Input)}
    for name, entry in facts.items():
        value = entry.get("value")
        if name == "severity":
            initial |= {f"severity__{graded['scale']}": graded.get("stage") or graded.get("score") for graded in value}
        elif name == "allergies":
            for number, allergy in enumerate(value):
                initial[f"allergy__{number}__class"] = allergy["class"]
                initial[f"allergy__{number}__reaction"] = allergy.get("reaction", "")
        else:
            initial[name] = _as_typed(value) if name in dates else value
            initial[f"{name}__observed_on"] = _as_typed(entry.get("observed_on"))
    return initial


def _as_typed(day: Any) -> Any:
    """An ISO date as somebody types it, `14 3 2026`; anything else as it is."""
    try:
        found = date.fromisoformat(str(day))
    except ValueError:
        return day
    return f"{found.day} {found.month} {found.year}"


def _asked(row: Input) -> bool:
    return row.id not in ELSEWHERE and row.section != DAY_SECTION and not row.age_of


def _graded(scale: SeverityScale, clean: Mapping[str, Any]) -> dict[str, str] | None:
    value = clean.get(f"severity__{scale.id}")
    return {"scale": scale.id, scale.measure: value} if value else None


def _expectation(wish: ExpectationItem) -> forms.Field:
    if wish.type in {"choice", "yes_no"}:
        values = wish.values or ("yes", "no")
        choices = [*((value, value[:1].upper() + value[1:]) for value in values), ("", _("Not asked"))]
        return forms.ChoiceField(label=wish.question, required=False, choices=choices, widget=Chips)
    return forms.CharField(label=wish.question, required=False, max_length=200)
