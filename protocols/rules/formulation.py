"""Formulation safety: every reason a mixture may not be injected, and everything missing to say so (4.4)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal

from mesoclinic.rules.arithmetic import PERCENT_TO_MG_PER_ML
from mesoclinic.rules.finding import Finding, Level
from mesoclinic.rules.tri import Tri
from protocols.rules import anaesthetic
from protocols.rules.anaesthetic import Load
from protocols.rules.catalogue import Catalogue
from protocols.rules.exclusions import (
    NO_CREAM,
    cream_exclusions,
    excluded,
    label_exclusions,
    unclarified_mix,
    warnings,
)
from protocols.rules.facts import Facts, holds
from protocols.rules.kinds.candidacy import ExclusionRule
from protocols.rules.kinds.formulation import FormulationNeed, FormulationRule
from protocols.rules.kinds.ingredients import Ingredient
from protocols.rules.mixture import Component, Formulation, Part, Product, Syringe, by_syringe, parts_of, solution_ml
from protocols.rules.technique import TechniquePlan, TechniqueResult, check_technique

CREAM = "anaesthetic_cream"
SYRINGE = "syringe:"
MULTI_DOSE = "multi_dose"
PAIRS_IN_SESSION = ("FX-06a", "FX-06b")
PAIRS_IN_SYRINGE = ("FX-06c", "FX-06d")


@dataclass(frozen=True, slots=True)
class Dose:
    """What one active adds up to over the session, beside its limits."""

    active: str
    name: str
    volume_ml: Decimal
    mg: Decimal | None
    max_mg: Decimal | None
    max_ml: Decimal | None


@dataclass(frozen=True, slots=True)
class FormulationResult:
    """blocked, cannot_conclude, ok_with_warnings or ok. `not_checked` are optional inputs that nobody recorded."""

    result: str
    findings: tuple[Finding, ...]
    solution_ml: Decimal
    la_ratio: Decimal | None
    technique: TechniqueResult | None
    doses: tuple[Dose, ...]
    not_checked: tuple[str, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """The fields without which nothing can be concluded."""
        return tuple(finding.about for finding in self.findings if finding.level is Level.MISSING)


@dataclass(frozen=True, slots=True)
class Case:
    """Everything a rule of the mixture may look at."""

    formulation: Formulation
    parts: tuple[Part, ...]
    technique: TechniqueResult | None
    facts: Facts
    on: date
    catalogue: Catalogue
    load: Load

    @property
    def total_ml(self) -> Decimal:
        """The larger of the mixture without anaesthetics and the volume of the technique plan (FX-09)."""
        planned = self.technique.volume_ml if self.technique else None
        return max(solution_ml(self.parts), planned or Decimal(0))

    @property
    def actives(self) -> frozenset[str]:
        """The different non-anaesthetic substances."""
        return frozenset(part.active for part in self.parts if not part.anaesthetic)


Where = Iterable[str]
Condition = Callable[[Case, FormulationRule], Where]
CONDITIONS: dict[str, Condition] = {}


def check_mixture(
    formulation: Formulation,
    plan: TechniquePlan | None = None,
    *,
    facts: Facts,
    evaluated_on: date,
    catalogue: Catalogue,
) -> FormulationResult:
    """The safety check of a mixture for this patient on this day; missing inputs never count as safe."""
    parts = parts_of(formulation, catalogue)
    technique = check_technique(plan, catalogue=catalogue) if plan else None
    load = anaesthetic.load_of(parts, facts, catalogue)
    case = Case(formulation, parts, technique, facts, evaluated_on, catalogue, load)
    found = [*_exclusions(case), *_warnings(case), *_rules(case), *_soft_limit(case), *_gaps(case)]
    found += technique.findings if technique else ()
    findings = tuple(sorted({finding.code: finding for finding in found}.values(), key=lambda each: each.code))
    return FormulationResult(
        result=result_of(findings),
        findings=findings,
        solution_ml=solution_ml(parts),
        la_ratio=load.shown,
        technique=technique,
        doses=_doses(parts),
        not_checked=_not_checked(case),
    )


def result_of(findings: Iterable[Finding]) -> str:
    """The verdict that findings add up to."""
    levels = {finding.level for finding in findings}
    if Level.BLOCK in levels:
        return "blocked"
    if Level.MISSING in levels:
        return "cannot_conclude"
    return "ok_with_warnings" if Level.WARN in levels else "ok"


def _fires(rule: str) -> Callable[[Condition], Condition]:
    def keep(condition: Condition) -> Condition:
        CONDITIONS[rule] = condition
        return condition

    return keep


def _rules(case: Case) -> Iterable[Finding]:
    for row in case.catalogue.of(FormulationRule):
        if row.id in CONDITIONS:
            for where in dict.fromkeys(CONDITIONS[row.id](case, row)):
                yield _finding(row, about=where, inputs=_recorded(row, where, case))


def _finding(row: FormulationRule, about: str = "", **over: object) -> Finding:
    said: dict[str, object] = {
        "rule": row.id,
        "version": row.version,
        "level": Level(row.result),
        "about": about,
        "reason": row.reason,
        "action": row.action,
        "sources": row.sources,
        "strength": row.strength,
    }
    return Finding(**(said | over))  # type: ignore[arg-type]


def _exclusions(case: Case) -> Iterable[Finding]:
    """FX-01: what the patient may not have, with the rules that say so."""
    row = case.catalogue.row(FormulationRule, "FX-01")
    barred = excluded(case.facts, case.catalogue)
    mixed = len({part.active for part in case.parts}) > 1 and unclarified_mix(case.facts, case.catalogue)
    rules: dict[str, set[str]] = {}
    for part in case.parts:
        ids = {*barred.get(part.component.ingredient, ())}
        ids |= set(label_exclusions(part.component.product.label_allergens, case.facts, case.catalogue))
        ids |= {"AL-02"} if mixed else set()
        rules.setdefault(part.component.ingredient, set()).update(ids)
    rules[CREAM] = set(cream_exclusions(case.formulation.anaesthetic_cream, case.facts, case.catalogue))
    for about, ids in rules.items():
        if ids:
            yield _excluded(row, about, tuple(sorted(ids)), case)


def _excluded(row: FormulationRule, about: str, ids: tuple[str, ...], case: Case) -> Finding:
    """FX-01 with the reasons, the actions and the sources of the rules that exclude."""
    rules = [case.catalogue.row(ExclusionRule, rule) for rule in ids]
    reasons = "; ".join(rule.reason for rule in rules)
    return _finding(
        row,
        about,
        detail=ids,
        inputs=case.facts.recorded(dict.fromkeys(name for rule in rules for name in rule.inputs)),
        reason=f"{row.reason}: {reasons}",
        action="; ".join(dict.fromkeys([row.action, *(rule.action for rule in rules if rule.action)])),
        sources=tuple(dict.fromkeys([*row.sources, *(source for rule in rules for source in rule.sources)])),
    )


def _warnings(case: Case) -> Iterable[Finding]:
    """CV-05 and IN-DUT: exclusions that only warn."""
    present = {part.component.ingredient for part in case.parts}
    for ingredient, rules in warnings(case.facts, case.catalogue).items():
        for rule in rules if ingredient in present else ():
            row = case.catalogue.row(ExclusionRule, rule)
            yield Finding(
                rule=rule,
                version=row.version,
                level=Level.WARN,
                about=ingredient,
                inputs=case.facts.recorded(row.inputs),
                reason=row.reason,
                action=row.action,
                sources=row.sources,
                strength=row.strength,
            )


def _soft_limit(case: Case) -> Iterable[Finding]:
    """FX-10s: a warning that becomes a stop for sensitive patients, unless the doctor recorded a reason."""
    if anaesthetic.above_soft_limit(case.load):
        stop = anaesthetic.sensitive(case.facts, case.catalogue) and not case.formulation.la_soft_limit_reason
        row = case.catalogue.row(FormulationRule, anaesthetic.SOFT)
        inputs = (("plain_lidocaine_mg", str(case.load.plain_lidocaine_mg)), *case.facts.recorded(row.inputs))
        yield _finding(row, level=Level.BLOCK if stop else Level.WARN, inputs=inputs)


def _gaps(case: Case) -> Iterable[Finding]:
    """FX-00: every field that a formulation with these ingredients needs and nobody recorded."""
    row = case.catalogue.row(FormulationRule, "FX-00")
    for name in _needed(case):
        yield _finding(row, about=name)


def _needed(case: Case) -> Iterable[str]:
    if case.facts.get("allergies_reviewed") != "yes" and case.parts:
        yield "allergies_reviewed"
    if any(part.component.volume_ml is None for part in case.parts):
        yield "volume_ml"
    for need in case.catalogue.of(FormulationNeed):
        parts = [part for part in case.parts if part.component.ingredient in need.ingredients]
        if parts and need.concentration and any(part.component.mg_per_ml is None for part in parts):
            yield "concentration"
        for wanted in need.inputs if parts else ():
            known = case.facts.fresh(wanted.input) is not None and wanted.input not in case.facts.invalid
            if holds(wanted.when, case.facts) is Tri.YES and not known:
                yield wanted.input


def _not_checked(case: Case) -> tuple[str, ...]:
    present = {part.component.ingredient for part in case.parts}
    cream = {case.formulation.anaesthetic_cream}
    read = {
        name
        for row in case.catalogue.of(ExclusionRule)
        if present & {*row.excludes, *row.also_excludes} or cream & set(row.excludes_creams)
        for name in row.inputs
    }
    soft = case.catalogue.row(FormulationRule, anaesthetic.SOFT)
    read |= set(soft.inputs) if present & set(soft.one_of) else set()
    return tuple(sorted(name for name in read if case.facts.get(name) is None))


def _recorded(row: FormulationRule, where: str, case: Case) -> tuple[tuple[str, str], ...]:
    """What a rule was read from: of the ingredient or the syringe it is about, of the session, of the patient."""
    session: dict[str, object] = {
        "ingredients": sorted({part.component.ingredient for part in case.parts}),
        "total_ml": case.total_ml,
        "actives": sorted(case.actives),
        "la_ratio": case.load.shown,
        "anaesthetic_cream": case.formulation.anaesthetic_cream,
    }
    parts = [part.component for part in case.parts if part.component.ingredient == where]
    entries = [session, *(_fields(part.product) | _fields(part) | {"mg": part.mg} for part in parts)]
    entries += [_fields(each) for each in case.formulation.syringes if f"{SYRINGE}{each.id}" == where]
    said = [(name, _text(entry[name])) for entry in entries for name in row.reads if entry.get(name) is not None]
    return (*dict.fromkeys(each for each in said if each[1]), *case.facts.recorded(row.inputs))


def _fields(record: Component | Product | Syringe) -> dict[str, object]:
    return {field.name: getattr(record, field.name) for field in fields(record)}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, list | tuple) else str(value)


def _doses(parts: Iterable[Part]) -> tuple[Dose, ...]:
    groups: dict[str, list[Part]] = {}
    for part in parts:
        groups.setdefault(part.active, []).append(part)
    return tuple(_dose(active, group) for active, group in sorted(groups.items()))


def _dose(active: str, parts: list[Part]) -> Dose:
    doses = [part.component.mg for part in parts]
    known = [dose for dose in doses if dose is not None]
    row = parts[0].row
    return Dose(
        active=active,
        name=row.name if row else active,
        volume_ml=sum((part.component.volume_ml or Decimal(0) for part in parts), Decimal(0)),
        mg=sum(known, Decimal(0)) if len(known) == len(doses) else None,
        max_mg=row.max_session_mg if row else None,
        max_ml=row.max_session_ml if row else None,
    )


@_fires("FX-02")
def _forbidden_vehicle(case: Case, row: FormulationRule) -> Where:
    forbidden = set(row.vehicles)
    return (part.component.ingredient for part in case.parts if forbidden & set(part.component.product.vehicle))


@_fires("FX-03")
def _cross_linked(case: Case, row: FormulationRule) -> Where:
    return (
        part.component.ingredient
        for part in case.parts
        if part.component.ingredient in row.one_of and part.component.product.cross_linked != "no"
    )


@_fires("FX-04")
def _not_for_injection(case: Case, _: FormulationRule) -> Where:
    return (part.component.ingredient for part in case.parts if part.row and part.row.permitted == "not_for_injection")


@_fires("FX-05")
def _above_maximum(case: Case, _: FormulationRule) -> Where:
    strengths = _strengths(case.parts)
    doses = {dose.active: dose for dose in _doses(case.parts)}
    for part in case.parts:
        row = part.row
        if row is None or row.anaesthetic or row.permitted == "not_for_injection":
            continue
        too_strong = any(_over_percent(row, strength) for strength in strengths.get(part.active, ()))
        too_much = _over(_known_mg(case.parts, part.active), row.max_session_mg)
        if too_strong or too_much or _over(doses[part.active].volume_ml, row.max_session_ml):
            yield part.component.ingredient


def _known_mg(parts: Iterable[Part], active: str) -> Decimal:
    """What is certainly in there: a further dose that nobody recorded can only add to it."""
    doses = (part.component.mg for part in parts if part.active == active)
    return sum((dose for dose in doses if dose is not None), Decimal(0))


def _strengths(parts: tuple[Part, ...]) -> Mapping[str, list[Decimal]]:
    """Active -> its mg/mL in each finished syringe, or what it cannot be below while a dose there is not known."""
    found: dict[str, list[Decimal]] = {}
    for content in by_syringe(parts).values():
        for active in {part.active for part in content}:
            strength = _strength_of(active, content)
            if strength is not None:
                found.setdefault(active, []).append(strength)
    return found


def _strength_of(active: str, content: tuple[Part, ...]) -> Decimal | None:
    volumes = [part.component.volume_ml for part in content]
    known = [volume for volume in volumes if volume is not None]
    if len(known) == len(volumes):
        return _known_mg(content, active) / sum(known, Decimal(0))
    # In a syringe with nothing else no volume thins it below its weakest part.
    strengths = [part.component.mg_per_ml for part in content if part.active == active]
    weakest = [strength for strength in strengths if strength is not None]
    return min(weakest) if len(weakest) == len(content) else None


def _over_percent(row: Ingredient, mg_per_ml: Decimal) -> bool:
    return row.max_percent is not None and mg_per_ml > row.max_percent * PERCENT_TO_MG_PER_ML


def _over(value: Decimal | None, limit: Decimal | None) -> bool:
    return value is not None and limit is not None and value > limit


@_fires("FX-05n")
def _record_incomplete(case: Case, _: FormulationRule) -> Where:
    for part in case.parts:
        product = part.component.product
        proven = product.label_concentration and product.injectable_proof and product.director_approved
        if part.row is not None and part.row.label_only and not proven:
            yield part.component.ingredient


def _pair_in_session(case: Case, row: FormulationRule) -> Where:
    return [""] if _together(case.parts, row) else []


def _pair_in_syringe(case: Case, row: FormulationRule) -> Where:
    return [""] if any(_together(content, row) for content in by_syringe(case.parts).values()) else []


def _together(parts: Iterable[Part], row: FormulationRule) -> bool:
    present = {part.component.ingredient for part in parts}
    return bool(present & set(row.one_of)) and bool(present & set(row.with_any_of))


CONDITIONS |= dict.fromkeys(PAIRS_IN_SESSION, _pair_in_session) | dict.fromkeys(PAIRS_IN_SYRINGE, _pair_in_syringe)


@_fires("FX-06e")
def _drug_in_mix(case: Case, _: FormulationRule) -> Where:
    recorded = {syringe.id for syringe in case.formulation.syringes if syringe.compat_recorded}
    for syringe, content in by_syringe(case.parts).items():
        others = {part.component.ingredient for part in content if not part.anaesthetic}
        drugs = any(part.row is not None and part.row.separate_syringe for part in content)
        if drugs and len(others) > 1 and syringe not in recorded:
            yield ""


@_fires("FX-06f")
def _adrenaline_in_mix(case: Case, row: FormulationRule) -> Where:
    for content in by_syringe(case.parts).values():
        present = {part.component.ingredient for part in content}
        if present & set(row.one_of) and present - set(row.one_of):
            yield ""


@_fires("FX-07")
def _out_of_date(case: Case, row: FormulationRule) -> Where:
    for part in case.parts:
        product = part.component.product
        expired = product.lot_expiry is not None and case.on > product.lot_expiry
        reused = product.reused and product.container != MULTI_DOSE
        if expired or product.unreadable or reused or _opened_too_long(part, case.on, row):
            yield part.component.ingredient
    for syringe in case.formulation.syringes:
        minutes = syringe.minutes_since_mixing
        if syringe.unreadable or (minutes is not None and minutes > row.limit("mixed_minutes")):
            yield f"{SYRINGE}{syringe.id}"


def _opened_too_long(part: Part, on: date, row: FormulationRule) -> bool:
    product = part.component.product
    if product.container != MULTI_DOSE or product.opened_on is None:
        return False
    allowed = row.limit("open_days") if product.open_limit_days is None else product.open_limit_days
    return (on - product.opened_on).days > allowed


@_fires("FX-08")
def _not_injectable(case: Case, row: FormulationRule) -> Where:
    for part in case.parts:
        product = part.component.product
        proven = product.sterile and product.for_injection and not product.cosmetic and product.composition_known
        stated = bool(product.vehicle) and set(product.vehicle) <= set(row.vehicles)
        if not proven or not product.lot or not stated or part.row is None:
            yield part.component.ingredient


@_fires("FX-09")
def _too_much_solution(case: Case, row: FormulationRule) -> Where:
    return [""] if case.total_ml > row.limit("total") else []


@_fires("FX-09s")
def _much_solution(case: Case, row: FormulationRule) -> Where:
    hard = case.catalogue.row(FormulationRule, "FX-09").limit("total")
    return [""] if row.limit("total") < case.total_ml <= hard else []


@_fires("FX-10")
def _too_much_anaesthetic(case: Case, _: FormulationRule) -> Where:
    return [""] if anaesthetic.too_much(case.load, case.catalogue) else []


@_fires("FX-11")
def _cream(case: Case, _: FormulationRule) -> Where:
    return [""] if case.formulation.anaesthetic_cream != NO_CREAM else []


@_fires("FX-12")
def _same_active_twice(case: Case, _: FormulationRule) -> Where:
    actives = [part.active for part in case.parts if not part.anaesthetic]
    return [""] if len(actives) > len(set(actives)) else []


@_fires("FX-13")
def _many_actives(case: Case, row: FormulationRule) -> Where:
    return [""] if len(case.actives) > row.limit("actives") else []


@_fires("FX-14")
def _needs_director(case: Case, _: FormulationRule) -> Where:
    signed = case.formulation.director_sign_off
    for part in case.parts:
        ingredient = part.component.ingredient
        if part.row is not None and part.row.permitted == "director_only" and ingredient not in signed:
            yield ingredient


@_fires("FX-15")
def _withheld_lot(case: Case, _: FormulationRule) -> Where:
    return (part.component.ingredient for part in case.parts if part.component.product.lot_status != "released")


def technique_alone(plan: TechniquePlan, *, catalogue: Catalogue) -> tuple[str, TechniqueResult]:
    """The verdict on a technique without a mixture, and what it found."""
    result = check_technique(plan, catalogue=catalogue)
    return result_of(result.findings), result


__all__ = ["CONDITIONS", "Dose", "FormulationResult", "check_mixture", "result_of", "technique_alone"]
