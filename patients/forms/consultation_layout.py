"""How a consultation stands on the screen: parts, cards, and of each question when it applies and if it is open."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.forms import BoundField
from django.utils.formats import localize
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from mesoclinic.rules.arithmetic import round_half_up
from mesoclinic.rules.tri import Tri
from mesoclinic.templatetags.components import error_target, plain
from patients.forms.consultation import REGION, SALT, ConsultationForm
from patients.forms.still_true import Last, last_answer
from patients.queries.candidacy import Gap, Panel
from patients.rules.still_true import asked_when
from protocols.rules.facts import Facts
from protocols.rules.kinds.diagnosis import Fit, SaltBand, SaltRegion, ScarringSign, SeverityScale
from protocols.rules.kinds.inputs import Condition, Definition, ExaminationItem, FormSection, Input
from protocols.rules.units import in_other_unit

# The sections of the catalogue in the order of a consultation; one that is named nowhere stands in the last part.
PARTS: tuple[tuple[str, str | Promise, tuple[str, ...]], ...] = (
    ("history", _("History"), ("complaint", "person", "prior_treatment", "triggers", "family", "lifestyle")),
    ("examination", _("Examination"), ("examination",)),
    ("safety", _("Safety"), ("allergies", "medical", "drugs", "reproductive")),
    ("tests", _("Tests"), ("laboratory",)),
    ("expectations", _("Expectations"), ("psychology", "preferences")),
)
# Yes is the good answer here.
GOOD_IF_YES = frozenset({"allergies_reviewed", "cause_addressed", "hb_in_range"})
# As long as their words are together, a question and its choices fit one line.
SHORT_CHOICES = 34
BORN = "id_date_of_birth"


@dataclass(frozen=True, slots=True)
class Question:
    """One row: its field, the date of its sample, when it applies (JSON) and what its reader should know.

    `needed` names what it answers for a verdict: one answer of several rows that share it is enough.
    """

    field: BoundField
    sample: BoundField | None = None
    unit: str = ""
    wide: bool = False
    good_if_yes: bool = False
    when: str = ""
    open: bool = False
    unconfirmed: bool = False
    needed: str = ""
    counted: str = ""
    last: Last | None = None
    regions: tuple[tuple[str, BoundField], ...] = ()
    definitions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Derived:
    """What an examination comes to, and by which rule."""

    name: str
    title: str
    words: str
    rule: str


@dataclass(frozen=True, slots=True)
class Card:
    """One section of the catalogue. `words_only` cards ask nothing but notes."""

    id: str
    title: str
    questions: tuple[Question, ...]
    measures: tuple[Question, ...]
    allergies: tuple[tuple[BoundField, BoundField], ...]
    notes: BoundField
    shows_age: bool
    derived: tuple[Derived, ...]

    @property
    def words_only(self) -> bool:
        return not (self.questions or self.measures or self.allergies)

    @property
    def open(self) -> int:
        """How many answers a verdict waits for here."""
        return sum(question.open or question.unconfirmed for question in self.questions)

    @property
    def still(self) -> int:
        """How many earlier answers may be confirmed together."""
        return sum(
            question.unconfirmed and bool(question.last and question.last.together) for question in self.questions
        )

    @property
    def measured(self) -> bool:
        """Whether any measurement was taken."""
        return any(question.field.value() or question.field.errors for question in self.measures)


@dataclass(frozen=True, slots=True)
class Part:
    """One step of the consultation."""

    id: str
    title: str | Promise
    cards: tuple[Card, ...]

    @property
    def open(self) -> int:
        return sum(card.open for card in self.cards)


@dataclass(frozen=True, slots=True)
class OpenGap:
    """A gap, and where each answer that fills it is given: (id of the control, question)."""

    gap: Gap
    places: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """An earlier answer that nobody has confirmed: the id of its control, the question, and what was answered."""

    place: str
    question: str
    last: Last | None


class Layout:
    """The questions of a form beside the verdict on its answers and what was known before."""

    def __init__(self, form: ConsultationForm, *, facts: Facts, panel: Panel) -> None:
        self.form, self.facts, self.panel = form, facts, panel
        self.catalogue = form.catalogue
        self._open = {field.name for name in panel.open for field in self._fields_of(name)[:1]}

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The steps of the consultation with their cards."""
        sections = {row.id: row for row in self.catalogue.of(FormSection) if row.id in self.form.placed}
        named = {name for _id, _title, names in PARTS for name in names}
        rest = tuple(name for name in sections if name not in named)
        last = PARTS[-1][0]
        return tuple(
            Part(each, title, tuple(self._card(sections[name]) for name in names + (rest if each == last else ())))
            for each, title, names in PARTS
        )

    @cached_property
    def gaps(self) -> tuple[OpenGap, ...]:
        """Everything missing with the controls that take the answers; each of them stands in the page."""
        return tuple(
            OpenGap(gap, tuple((self._place_of(name), question) for name, question in gap.inputs))
            for gap in self.panel.gaps
        )

    @cached_property
    def unconfirmed(self) -> tuple[Unconfirmed, ...]:
        """What was known before and is not confirmed, but for what stands among the gaps already."""
        rows = ((name, self._row_of(name)) for name in self.panel.unconfirmed)
        return tuple(
            Unconfirmed(self._place_of(row.id), row.question, last_answer(name, row, self.form.known, self.catalogue))
            for name, row in rows
            if row is not None and row.id not in self.panel.open
        )

    @cached_property
    def live(self) -> str:
        """What changes in the page with each answer, as JSON: open questions, counts, and what is wrong where."""
        questions = [question for part in self.parts for card in part.cards for question in card.questions]
        wrong = {name: errors for name, errors in self.form.errors.items() if name in self.form.fields}
        told = {
            "open": [each.field.name for each in questions if each.open or each.unconfirmed],
            "still": {card.id: card.still for part in self.parts for card in part.cards},
            "parts": {part.id: part.open for part in self.parts},
            "counted": {each.field.name: each.counted for each in questions if each.counted} | self.form.derived(),
            "wrong": {name: " ".join(map(str, errors)) for name, errors in wrong.items()},
        }
        return json.dumps(told, ensure_ascii=False)

    def _card(self, section: FormSection) -> Card:
        names = self.form.placed[section.id]
        elsewhere = ("exam__", "allergy__", REGION)
        asked = [name for name in names if not name.startswith(elsewhere) and "__observed" not in name]
        # The grade comes first: it is what the doctor looks at.
        asked.sort(key=lambda name: not name.startswith("severity__"))
        allergies = self.form.allergy_rows() if any(name.startswith("allergy__") for name in names) else ()
        return Card(
            id=section.id,
            title=section.title,
            questions=tuple(self._question(name) for name in asked),
            measures=tuple(Question(self.form[name]) for name in names if name.startswith("exam__")),
            allergies=tuple(
                (self.form[f"allergy__{number}__class"], self.form[f"allergy__{number}__reaction"])
                for number in allergies
            ),
            notes=self.form[f"notes__{section.id}"],
            shows_age=self.catalogue.row(Input, "age_years").section == section.id,
            derived=tuple(self._derived()) if section.id == "examination" else (),
        )

    def _derived(self) -> Iterator[Derived]:
        words = self.form.derived()
        for item in self.catalogue.of(ExaminationItem):
            if item.derived:
                name = f"exam__{item.id}"
                yield Derived(name, item.name, words[name], f"{item.method}. {item.reference}")

    def _question(self, name: str) -> Question:
        row = self._row_of(name)
        sampled = f"{name}__observed_on"
        return Question(
            field=self.form[name],
            sample=self.form[sampled] if sampled in self.form.fields else None,
            unit=_spelled(row.unit) if row is not None and not row.stored_as else "",
            wide=self._wide(name),
            good_if_yes=name in GOOD_IF_YES,
            when=json.dumps(list(self._applies(name, row))),
            open=name in self._open or sampled in self._open,
            unconfirmed=name in self.panel.unconfirmed,
            needed=_needed(name, row),
            counted=self._worked_out(row) if row is not None else self._banded(name),
            regions=tuple(self._regions(name)),
            last=self._last(name, row),
            definitions=tuple(self._definitions(name)),
        )

    def _row_of(self, name: str) -> Input | None:
        rows = (row for row in self.form.inputs.values() if name in (row.id, row.stored_as))
        return next(rows, None)

    def _wide(self, name: str) -> bool:
        field = self.form.fields[name]
        words = [str(label) for _value, label in getattr(field, "choices", ())]
        return name.startswith("severity__") or sum(map(len, words)) > SHORT_CHOICES

    def _applies(self, name: str, row: Input | None) -> Iterator[list[dict[str, Any]]]:
        """Alternatives, each a list of conditions that must all hold; none at all means always."""
        if name.startswith("severity__"):
            for fit in self.catalogue.row(SeverityScale, name.removeprefix("severity__")).fits:
                pattern = [_condition(Condition(input="pattern", any_of=(fit.pattern,)))] if fit.pattern else []
                yield [_condition(Condition(input="dx", any_of=(fit.diagnosis,))), *pattern]
        elif row is not None and (condition := asked_when(row)):
            yield [_condition(condition)]

    def _worked_out(self, row: Input) -> str:
        """What an answer comes to: how long ago, in another unit, or that it is seldom so low or high."""
        return " · ".join(filter(None, (self._counted(row), self._in_other_unit(row), self._unusual(row))))

    def _in_other_unit(self, row: Input) -> str:
        value = in_other_unit(row, self.facts.get(row.id))
        return f"{round_half_up(value)} {row.other_unit.unit}" if row.other_unit and value is not None else ""

    def _unusual(self, row: Input) -> str:
        if row.id not in self.facts.unusual:
            return ""
        usual = {"low": row.soft_min, "high": row.soft_max, "unit": _spelled(row.unit)}
        return str(_("Usually %(low)s to %(high)s %(unit)s: check the number.")) % usual

    def _counted(self, row: Input) -> str:
        """How long ago a date is, in the unit that the rules count it in."""
        value = self.facts.get(row.id) if row.counted else None
        if not isinstance(value, int | Decimal):
            return ""
        if row.counted == "months":
            words = ngettext("%(number)d month ago", "%(number)d months ago", int(value))
        else:
            words = ngettext("%(number)d day ago", "%(number)d days ago", int(value))
        return words % {"number": value}

    def _banded(self, name: str) -> str:
        found = self.form.salt() if name == f"severity__{SALT}" else None
        if found is None:
            return ""
        band = self.catalogue.row(SaltBand, found.band).name
        return str(_("SALT %(score)s: %(band)s")) % {"score": localize(plain(found.score)), "band": band}

    def _regions(self, name: str) -> Iterator[tuple[str, BoundField]]:
        """The drawing of each area of the score, and its field."""
        if name == f"severity__{SALT}":
            for region in self.catalogue.of(SaltRegion):
                yield f"scalp/{region.id}.svg", self.form[f"{REGION}{region.id}"]

    def _last(self, name: str, row: Input | None) -> Last | None:
        asked = row or (self.catalogue.row(Input, "severity") if name.startswith("severity__") else None)
        return last_answer(name, asked, self.form.known, self.catalogue) if asked else None

    def _definitions(self, name: str) -> Iterator[str]:
        yield from (f"{row.term}: {row.text}" for row in self.catalogue.of(Definition) if row.id.startswith(f"{name}_"))
        if name == "scarring_status":
            yield from (row.text for row in self.catalogue.of(ScarringSign))

    def _fields_of(self, name: str) -> list[BoundField]:
        """The fields that answer an input, the one to begin with first."""
        row = self.catalogue.row(Input, name)
        if name == "severity":
            return [self.form[f"severity__{scale}"] for scale in self._scales()]
        names = [f"{row.age_of}__observed_on" if row.age_of else row.stored_as or row.id]
        return [self.form[each] for each in names if each in self.form.fields]

    def _scales(self) -> Iterable[str]:
        """Scales in the order in which they are worth answering: recorded ones, fitting ones, the others."""
        recorded = [entry.scale for entry in self.facts.severity()]
        scales = self.catalogue.of(SeverityScale)
        fitting = [scale.id for scale in scales if any(self._fits(fit) for fit in scale.fits)]
        return dict.fromkeys((*recorded, *fitting, *(scale.id for scale in scales)))

    def _fits(self, fit: Fit) -> bool:
        diagnosed = self.facts.includes("dx", fit.diagnosis) is Tri.YES
        return diagnosed and fit.pattern in ("", self.facts.get("pattern"))

    def _place_of(self, name: str) -> str:
        fields = self._fields_of(name)
        return error_target(fields[0]) if fields else BORN


def _needed(name: str, row: Input | None) -> str:
    if name.startswith("severity__"):
        return "severity"
    conditional = row is not None and row.required == "when" and asked_when(row) is not None
    return name if row is not None and (conditional or row.required in ("always", "planned")) else ""


def _spelled(unit: str) -> str:
    """A unit of the catalogue as it is printed."""
    return unit.replace("10^9", "10⁹").replace("m2", "m²")


def _condition(condition: Condition) -> dict[str, Any]:
    return {"input": condition.input, "any": condition.any_of, "none": condition.none_of}
