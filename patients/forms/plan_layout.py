"""How a plan stands on the screen: ranges and limits beside what was typed, doses beside their highest, findings."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from functools import cached_property
from typing import Any

from django.forms import BoundField
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mesoclinic.rules.finding import Finding, Level
from patients.forms.plan import MIXED, NUMBING, SYRINGES, PlanForm, numbs
from patients.queries.candidacy import shown
from patients.rules.suggested import Suggestion, suggestions
from protocols.models import Product
from protocols.rules.exclusions import excluded
from protocols.rules.facts import Facts
from protocols.rules.formulation import PAIRS_IN_SESSION, FormulationResult
from protocols.rules.kinds.candidacy import ExclusionRule
from protocols.rules.kinds.formulation import AnaestheticLimit, FormulationRule
from protocols.rules.kinds.ingredients import Ingredient
from protocols.rules.kinds.inputs import Input
from protocols.rules.kinds.schedule import Protocol
from protocols.rules.kinds.technique import Range, Technique, TechniqueRule
from protocols.rules.technique import FIXED

ORDER = (Level.BLOCK, Level.MISSING, Level.WARN)
WIDTH = Decimal(240)
NEAR = Decimal("0.8")
STRENGTH, STEP_ML = Decimal("0.01"), Decimal("0.1")
# What only the vial in hand can show; nothing is said of it before the day.
OF_THE_DAY = ("FX-07", "FX-15")
NUMBED = ("FX-10", "FX-10s")
# The zones that are treated most often; the others come into sight when one is picked.
FIRST_ZONES = ("frontal", "mid_scalp", "vertex")


@dataclass(frozen=True, slots=True)
class Bar:
    """How far something has come to its highest, in the drawing's own units."""

    name: str | Promise
    value: Decimal | None
    most: Decimal | None
    unit: str = ""
    warns_from: Decimal | None = None
    only_warns: bool = False

    @property
    def filled(self) -> Decimal:
        """How much of the drawing is filled; it is as long as the larger of value and highest."""
        return self._at(self.value)

    @property
    def soft(self) -> Decimal:
        """Where the warning begins; 0 when there is none."""
        return self._at(self.warns_from)

    @property
    def hard(self) -> Decimal:
        """Where the highest is, once it is passed; 0 until then."""
        return self._at(self.most) if self.over else Decimal(0)

    @property
    def over(self) -> bool:
        """Whether the highest is passed."""
        return self.value is not None and self.most is not None and self.value > self.most

    @property
    def level(self) -> str:
        """b above the highest, w near it or above where it warns, nothing below."""
        if self.value is None or self.most is None:
            return ""
        if self.over and not self.only_warns:
            return "b"
        near = self.value > self.warns_from if self.warns_from is not None else self.value >= self.most * NEAR
        return "w" if near else ""

    def _at(self, value: Decimal | None) -> Decimal:
        if value is None or not self.most:
            return Decimal(0)
        return (value / max(self.most, self.value or Decimal(0)) * WIDTH).quantize(STEP_ML)


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the mixture with what follows from it."""

    number: int
    product: BoundField
    volume: BoundField
    syringe: BoundField
    strength: Decimal | None
    in_mixture: Decimal | None
    mg: Decimal | None
    bar: Bar | None
    barred: tuple[str, ...]
    used: bool


@dataclass(frozen=True, slots=True)
class ZoneLine:
    """One zone: its measured area, what is usual there, the points it gets; `first` ones are always in sight."""

    id: str
    field: BoundField
    usual: Decimal | None
    points: int | None
    first: bool


@dataclass(frozen=True, slots=True)
class SyringeSum:
    """What is drawn into one syringe."""

    name: str | Promise
    volume_ml: Decimal


@dataclass(frozen=True, slots=True)
class Barred:
    """Ingredients that cannot be added for the same reasons."""

    rules: tuple[str, ...]
    names: tuple[str, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fix:
    """A change that is offered with a finding: what is taken over (`field=value`), and its words."""

    take: str
    value: Decimal | str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """A finding with its sources written out and the change that is offered."""

    finding: Finding
    citations: tuple[str, ...]
    fix: Fix | None


class PlanLayout:
    """A plan's form beside its safety check."""

    def __init__(self, form: PlanForm, check: FormulationResult, facts: Facts, *, granted: frozenset[str]) -> None:
        self.form, self.check, self.facts, self.catalogue = form, check, facts, form.catalogue
        self.granted = granted
        self._excluded = excluded(facts, form.catalogue)
        self._parts = form.parts()

    @cached_property
    def technique(self) -> Technique | None:
        """The chosen technique."""
        chosen = self.form.cleaned_data.get("technique", "")
        return self.catalogue.row(Technique, chosen) if self.catalogue.has(Technique, chosen) else None

    @cached_property
    def protocol(self) -> Protocol | None:
        """The chosen protocol."""
        chosen = self.form.cleaned_data.get("protocol", "")
        return self.catalogue.row(Protocol, chosen) if self.catalogue.has(Protocol, chosen) else None

    @property
    def allowed(self) -> bool:
        """Whether the protocol allows the technique."""
        if self.protocol is None or self.technique is None:
            return False
        return not self.protocol.techniques or self.technique.id in self.protocol.techniques

    @property
    def spacing(self) -> Range | None:
        return self.technique.spacing_cm if self.technique else None

    @property
    def per_point(self) -> Range | None:
        return self.technique.ml_per_point if self.technique else None

    @property
    def depth(self) -> Range | None:
        return self.technique.depth_mm if self.technique else None

    @cached_property
    def zones(self) -> tuple[ZoneLine, ...]:
        """Every zone, the usual ones first."""
        points = self.check.technique.points_by_zone if self.check.technique else {}
        return tuple(
            ZoneLine(zone.id, self.form[f"zone__{zone.id}"], zone.area_cm2, points.get(zone.id), zone.id in FIRST_ZONES)
            for zone in self.form.zones
        )

    @property
    def chosen_zones(self) -> frozenset[str]:
        """The zones with an area."""
        return frozenset(zone.id for zone in self.zones if self.form.cleaned_data.get(f"zone__{zone.id}") is not None)

    @property
    def area_cm2(self) -> Decimal:
        """What is treated altogether."""
        areas = (self.form.cleaned_data.get(f"zone__{zone.id}") for zone in self.form.zones)
        return sum((area for area in areas if area is not None), Decimal(0))

    @property
    def spaced(self) -> Decimal | None:
        """The spacing as typed."""
        value: Decimal | None = self.form.cleaned_data.get("spacing_cm")
        return value

    @property
    def pointed(self) -> Decimal | None:
        """The volume of a point as typed."""
        value: Decimal | None = self.form.cleaned_data.get("ml_per_point")
        return value

    @cached_property
    def mixed(self) -> tuple[Line, ...]:
        """The rows of the mixture."""
        return tuple(self._line(number) for number in MIXED)

    @cached_property
    def numbing(self) -> tuple[Line, ...]:
        """The rows of the local anaesthetic."""
        return tuple(self._line(number) for number in NUMBING)

    @property
    def lines(self) -> tuple[Line, ...]:
        """Every row."""
        return (*self.mixed, *self.numbing)

    @property
    def component_count(self) -> int:
        """How many products are in the plan."""
        return len(self._parts)

    @cached_property
    def syringes(self) -> tuple[SyringeSum, ...]:
        """What goes into each syringe that is used."""
        sums = ((name, words, self._syringe_ml(name)) for name, words in SYRINGES)
        return tuple(SyringeSum(words if name == SYRINGES[-1][0] else name, ml) for name, words, ml in sums if ml)

    @property
    def fits_technique(self) -> bool | None:
        """Whether the mixture is as much as the technique places; None while one of them is not known."""
        planned = self.check.technique.volume_ml if self.check.technique else None
        return None if planned is None or not self.check.solution_ml else planned == self.check.solution_ml

    @cached_property
    def limits(self) -> tuple[Bar, ...]:
        """What the whole session is held against."""
        hard, soft = (self.catalogue.row(FormulationRule, rule).limit("total") for rule in ("FX-09", "FX-09s"))
        planned = self.check.technique.volume_ml if self.check.technique else None
        actives = self.catalogue.row(FormulationRule, "FX-13").limit("actives")
        ratio = self.catalogue.row(FormulationRule, "FX-10").limit("ratio")
        many = {dose.active for dose in self.check.doses} - self._anaesthetics
        return (
            Bar(_("Solution"), max(self.check.solution_ml, planned or Decimal(0)), hard, "mL", soft),
            *self._points(),
            Bar(_("Different actives"), Decimal(len(many)), actives, warns_from=actives, only_warns=True),
            Bar(_("Anaesthetic ratio"), self.check.la_ratio, ratio),
        )

    @cached_property
    def findings(self) -> tuple[Told, ...]:
        """Stops first, then what could not be checked, then warnings."""
        ordered = sorted(self.check.findings, key=lambda each: ORDER.index(each.level))
        return tuple(Told(each, shown(each, self.catalogue).citations, self._fix(each)) for each in ordered)

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """How many findings there are of each kind."""
        return {level.value: sum(each.level is level for each in self.check.findings) for level in ORDER}

    @property
    def unchecked(self) -> int:
        """How much nobody could check: inputs that are needed, and those that are only worth asking."""
        return self.counts[Level.MISSING.value] + len(self.check.not_checked)

    @cached_property
    def not_checked(self) -> tuple[str, ...]:
        """Optional questions whose answer would bear on this mixture."""
        return tuple(self.catalogue.row(Input, name).question for name in self.check.not_checked)

    @property
    def passed(self) -> int:
        """How many rules were looked at and found nothing."""
        rules = {row.id for kind in (FormulationRule, TechniqueRule) for row in self.catalogue.of(kind)}
        unread = {*OF_THE_DAY, *(NUMBED if self.check.la_ratio is None else ())}
        return len(rules - unread - {each.rule for each in self.check.findings})

    @cached_property
    def barred(self) -> tuple[Barred, ...]:
        """What cannot be added for this patient, in this mixture or at all, by reason."""
        groups: dict[tuple[str, ...], list[str]] = {}
        for row in self.catalogue.of(Ingredient):
            rules = tuple(self._bars(row))
            if rules:
                groups.setdefault(rules, []).append(row.name)
        return tuple(
            Barred(rules, tuple(names), tuple(dict.fromkeys(self._reason(rule) for rule in rules)))
            for rules, names in groups.items()
        )

    @property
    def barred_count(self) -> int:
        """How many ingredients cannot be added."""
        return sum(len(each.names) for each in self.barred)

    @cached_property
    def suggestions(self) -> tuple[Suggestion, ...]:
        """The table of 6.1; the doctor decides."""
        return suggestions(self.facts, self.catalogue)

    @cached_property
    def live(self) -> str:
        """What is wrong where, as JSON, for the page beside the check."""
        wrong = {name: errors for name, errors in self.form.errors.items() if name in self.form.fields}
        told = {"wrong": {name: " ".join(map(str, errors)) for name, errors in wrong.items()}}
        return json.dumps(told, ensure_ascii=False)

    @property
    def when_fixed(self) -> str:
        """When a set volume is asked for."""
        return _when("protocol", [row.id for row in self.catalogue.of(Protocol) if row.volume_mode == FIXED])

    @property
    def when_by_area(self) -> str:
        """When a spacing is asked for."""
        return _when("protocol", [row.id for row in self.catalogue.of(Protocol) if row.volume_mode != FIXED])

    @property
    def when_pointed(self) -> str:
        """When a volume for each point is asked for."""
        return _when("technique", [row.id for row in self.catalogue.of(Technique) if row.ml_per_cm2 is None])

    @property
    def when_lidocaine(self) -> str:
        """When a reason for much lidocaine can be given."""
        wanted = self.catalogue.row(FormulationRule, "FX-10s").one_of
        return self._when_any_row([key for key, each in self.form.products.items() if each.ingredient in wanted])

    @property
    def when_director_only(self) -> str:
        """When a sign-off can be asked for."""
        keys = [key for key, product in self.form.products.items() if self._director_only(product.ingredient)]
        return self._when_any_row(keys)

    def _when_any_row(self, keys: list[str]) -> str:
        rows = (f"part__{number}__product" for number in (*MIXED, *NUMBING))
        return json.dumps([[{"input": name, "any": keys, "none": []}] for name in rows if keys])

    @cached_property
    def _anaesthetics(self) -> frozenset[str]:
        return frozenset(row.active for row in self.catalogue.of(Ingredient) if row.anaesthetic)

    def _points(self) -> Iterator[Bar]:
        points = self.check.technique.points if self.check.technique else None
        if self.technique is not None and self.technique.points_hard is not None:
            soft = self.technique.points_soft
            counted = Decimal(points) if points is not None else None
            warns = Decimal(soft) if soft is not None else None
            yield Bar(_("Points"), counted, Decimal(self.technique.points_hard), warns_from=warns)

    def _line(self, number: int) -> Line:
        clean, names = self.form.cleaned_data, [f"part__{number}__{part}" for part in ("product", "volume", "syringe")]
        product, volume = self.form.products.get(clean.get(names[0], "")), clean.get(names[1])
        strength = product.mg_per_ml if product else None
        mg = strength * volume if strength is not None and volume is not None else None
        syringe_ml = self._syringe_ml(clean.get(names[2]) or SYRINGES[0][0])
        return Line(
            number,
            self.form[names[0]],
            self.form[names[1]],
            self.form[names[2]],
            strength=strength,
            in_mixture=(mg / syringe_ml).quantize(STRENGTH) if mg is not None and syringe_ml else None,
            mg=mg,
            bar=self._bar(product) if product else None,
            barred=self._excluded.get(product.ingredient, ()) if product else (),
            used=product is not None,
        )

    def _syringe_ml(self, syringe: str) -> Decimal:
        return sum((part.volume_ml for part in self._parts if part.syringe == syringe), Decimal(0))

    def _bar(self, product: Product) -> Bar | None:
        """The dose of the active against its highest in mg, or in mL where only that is stated."""
        if not self.catalogue.has(Ingredient, product.ingredient):
            return None
        row = self.catalogue.row(Ingredient, product.ingredient)
        dose = next((each for each in self.check.doses if each.active == row.active), None)
        if dose is None:
            return None
        if row.anaesthetic:
            hard, soft = self._numbing_limits(product.ingredient)
            return Bar(dose.name, dose.mg, hard, "mg", soft) if hard is not None else None
        if dose.max_mg is not None:
            return Bar(dose.name, dose.mg, dose.max_mg, "mg")
        return Bar(dose.name, dose.volume_ml, dose.max_ml, "mL") if dose.max_ml is not None else None

    def _numbing_limits(self, ingredient: str) -> tuple[Decimal | None, Decimal | None]:
        """The most mg of an anaesthetic for this weight, and from where it warns."""
        weight = self.facts.fresh("weight_kg")
        if not isinstance(weight, Decimal) or not self.catalogue.has(AnaestheticLimit, ingredient):
            return None, None
        row = self.catalogue.row(AnaestheticLimit, ingredient)
        hard = min(row.mg_per_kg * weight, row.max_mg)
        if row.soft_mg_per_kg is None or row.soft_max_mg is None:
            return hard, None
        return hard, min(row.soft_mg_per_kg * weight, row.soft_max_mg)

    def _bars(self, row: Ingredient) -> Iterator[str]:
        """Why an ingredient cannot be added: the patient, the catalogue, the director, what is in the mixture."""
        yield from self._excluded.get(row.id, ())
        if row.permitted == "not_for_injection":
            yield "FX-04"
        present = {part.product.ingredient for part in self._parts}
        if row.id in present:
            return
        if self._director_only(row.id) and row.id not in self.granted:
            yield "FX-14"
        for rule in PAIRS_IN_SESSION:
            pair = self.catalogue.row(FormulationRule, rule)
            for mine, others in ((pair.one_of, pair.with_any_of), (pair.with_any_of, pair.one_of)):
                if row.id in mine and present & set(others):
                    yield rule

    def _director_only(self, ingredient: str) -> bool:
        known = self.catalogue.has(Ingredient, ingredient)
        return known and self.catalogue.row(Ingredient, ingredient).permitted == "director_only"

    def _reason(self, rule: str) -> str:
        if self.catalogue.has(ExclusionRule, rule):
            return self.catalogue.row(ExclusionRule, rule).reason
        return self.catalogue.row(FormulationRule, rule).reason

    def _fix(self, finding: Finding) -> Fix | None:
        """The change that would settle a finding, where there is one that only makes the session milder."""
        if finding.rule in NUMBED:
            return self._less_anaesthetic()
        usual = {"T-01": ("depth_mm", self.depth, "mm"), "T-02": ("ml_per_point", self.per_point, "mL")}
        name, allowed, unit = usual.get(finding.rule, ("", None, ""))
        if allowed is not None:
            return Fix(f"{name}={allowed.usual}", allowed.usual, unit)
        if finding.rule == "T-04" and self.protocol is not None:
            return Fix(f"technique={self.protocol.techniques[0]}", self.protocol.techniques[0])
        return None

    def _less_anaesthetic(self) -> Fix | None:
        """As much of the only anaesthetic as neither stops nor warns."""
        numbing = [line for line in self.lines if line.used and line.bar is not None and self._numbs(line)]
        if len(numbing) != 1 or numbing[0].strength is None or numbing[0].bar is None:
            return None
        most = numbing[0].bar.warns_from or numbing[0].bar.most
        volume = (most / numbing[0].strength).quantize(STEP_ML, ROUND_DOWN) if most is not None else Decimal(0)
        return Fix(f"part__{numbing[0].number}__volume={volume}", volume, "mL") if volume > 0 else None

    def _numbs(self, line: Line) -> bool:
        product = self.form.products.get(self.form.cleaned_data.get(line.product.html_name, ""))
        return product is not None and numbs(product.ingredient, self.catalogue)


def _when(name: str, values: list[str]) -> str:
    condition: dict[str, Any] = {"input": name, "any": values, "none": []}
    return json.dumps([[condition]])
