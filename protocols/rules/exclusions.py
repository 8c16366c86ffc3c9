"""Which ingredients, products and creams this patient may not have, and why (clinical.md 3.10, 4.3)."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from mesoclinic.rules.tri import (
    Tri,
    and_,
    at_least,
    differs,
    equals,
    less,
    or_,
)
from protocols.rules.catalogue import Catalogue
from protocols.rules.facts import Facts
from protocols.rules.kinds.candidacy import ExclusionRule
from protocols.rules.kinds.ingredients import Allergen

__all__ = ["CV_EVENTS", "NO_CREAM", "cream_exclusions", "excluded", "label_exclusions", "unclarified_mix", "warnings"]

Condition = Callable[[Facts, ExclusionRule], Tri]
CV_EVENTS = ("mi", "stroke_tia", "unstable_angina")
SEVERE_REACTIONS = ("anaphylaxis", "angioedema")
ALLERGY, ANAESTHETIC_ALLERGY = "AL-02", "AL-04"
NO_CREAM = "none"

CONDITIONS: dict[str, Condition] = {}
NARROWER: dict[str, Condition] = {}


def _excludes(rule: str, register: dict[str, Condition] = CONDITIONS) -> Callable[[Condition], Condition]:
    def keep(condition: Condition) -> Condition:
        register[rule] = condition
        return condition

    return keep


def excluded(facts: Facts, catalogue: Catalogue) -> Mapping[str, tuple[str, ...]]:
    """Ingredient -> rule ids in alphabetical order, for every ingredient of 4.1 that 3.10 excludes.

    Labels of products and unclarified mixtures are left aside: `label_exclusions` and `unclarified_mix` answer those.
    """
    found: dict[str, set[str]] = {}
    for row in catalogue.of(ExclusionRule):
        if not row.warning_only:
            for ingredient in _ingredients(row, facts, catalogue):
                found.setdefault(ingredient, set()).add(row.id)
    return MappingProxyType({ingredient: tuple(sorted(rules)) for ingredient, rules in sorted(found.items())})


def warnings(facts: Facts, catalogue: Catalogue) -> Mapping[str, tuple[str, ...]]:
    """Ingredient -> ids of the rules that only warn of it (CV-05, IN-DUT)."""
    found: dict[str, list[str]] = {}
    for row in catalogue.of(ExclusionRule):
        if row.warning_only and CONDITIONS[row.id](facts, row) is Tri.YES:
            for ingredient in row.excludes:
                found.setdefault(ingredient, []).append(row.id)
    return MappingProxyType({ingredient: tuple(sorted(rules)) for ingredient, rules in sorted(found.items())})


def cream_exclusions(cream: str, facts: Facts, catalogue: Catalogue) -> tuple[str, ...]:
    """Rules that exclude an anaesthetic cream; none for `none`. A cream nobody knows may hold any anaesthetic."""
    rows = [row for row in catalogue.of(ExclusionRule) if row.id in CONDITIONS]
    known = {each for row in catalogue.of(ExclusionRule) for each in row.excludes_creams}
    holds = {cream} if cream in known else known if cream != NO_CREAM else set()
    rules = {row.id for row in rows if holds & set(row.excludes_creams) and CONDITIONS[row.id](facts, row) is Tri.YES}
    rules |= {_allergy_rule(each) for each in _allergens(facts, catalogue) if holds & set(each.excludes_creams)}
    return tuple(sorted(rules))


def label_exclusions(label_allergens: tuple[str, ...], facts: Facts, catalogue: Catalogue) -> tuple[str, ...]:
    """Rules that exclude a product because its label lists an allergen of this patient."""
    listed = [row for row in _allergens(facts, catalogue) if row.on_labels and row.id in label_allergens]
    return tuple(sorted({_allergy_rule(row) for row in listed}))


def unclarified_mix(facts: Facts, catalogue: Catalogue) -> bool:
    """Whether a past reaction to an unidentified injection, short of AL-01, excludes every mixture (as AL-02)."""
    unidentified = {row.id for row in catalogue.of(Allergen) if row.group == "unidentified"}
    return any(entry.allergen in unidentified and entry.reaction not in SEVERE_REACTIONS for entry in facts.allergies())


def recent_event(facts: Facts, months: object) -> Tri:
    """A heart attack, stroke or unstable angina less than so many months ago."""
    return and_(facts.includes("cardiac", *CV_EVENTS), less(facts.get("months_since_cv_event"), months))


def _ingredients(row: ExclusionRule, facts: Facts, catalogue: Catalogue) -> set[str]:
    if row.id in (ALLERGY, ANAESTHETIC_ALLERGY):
        mapped = [allergen for allergen in _allergens(facts, catalogue) if _allergy_rule(allergen) == row.id]
        return {ingredient for allergen in mapped for ingredient in allergen.excludes}
    wide = set(row.excludes) if CONDITIONS[row.id](facts, row) is Tri.YES else set()
    narrow = set(row.also_excludes) if row.id in NARROWER and NARROWER[row.id](facts, row) is Tri.YES else set()
    return wide | narrow


def _allergens(facts: Facts, catalogue: Catalogue) -> list[Allergen]:
    return [catalogue.row(Allergen, entry.allergen) for entry in facts.allergies()]


def _allergy_rule(allergen: Allergen) -> str:
    return ANAESTHETIC_ALLERGY if allergen.group == "anaesthetic" else ALLERGY


@_excludes("RP-04")
def _could_become_pregnant(facts: Facts, _: ExclusionRule) -> Tri:
    return equals(facts.get("childbearing_potential"), "yes")


@_excludes("RP-05")
def _conception_planned(facts: Facts, _: ExclusionRule) -> Tri:
    return equals(facts.get("conception_plan_6mo"), "yes")


@_excludes("RP-05", NARROWER)
def _conception_planned_not_male(facts: Facts, row: ExclusionRule) -> Tri:
    return and_(_conception_planned(facts, row), differs(facts.get("sex_at_birth"), "male"))


@_excludes("SX-01")
def _sexual_dysfunction(facts: Facts, _: ExclusionRule) -> Tri:
    return equals(facts.get("sexual_dysfunction_or_abnormal_semen"), "yes")


@_excludes("BL-09")
def _bleeding_tendency(facts: Facts, _: ExclusionRule) -> Tri:
    return or_(
        differs(facts.get("anticoagulant"), "none"),
        differs(facts.get("antiplatelet"), "none"),
        equals(facts.get("bleeding_disorder"), "yes"),
    )


@_excludes("BL-09", NARROWER)
def _on_warfarin(facts: Facts, _: ExclusionRule) -> Tri:
    return equals(facts.get("anticoagulant"), "warfarin")


@_excludes("BL-10")
def _bleeding_disorder(facts: Facts, _: ExclusionRule) -> Tri:
    return equals(facts.get("bleeding_disorder"), "yes")


@_excludes("CV-04")
def _no_vasodilator(facts: Facts, row: ExclusionRule) -> Tri:
    return or_(
        facts.includes(
            "cardiac", "heart_failure", "pericardial_disease", "pulm_htn_mitral_stenosis", "phaeochromocytoma"
        ),
        recent_event(facts, row.limit("since_event")),
        less(facts.get("bp_sys"), row.limit("bp_sys")),
        less(facts.get("egfr"), row.limit("egfr")),
    )


@_excludes("CV-05")
def _additive_hypotension(facts: Facts, row: ExclusionRule) -> Tri:
    egfr = facts.get("egfr")
    return or_(
        equals(facts.get("oral_minoxidil"), "yes"),
        equals(facts.get("antihypertensives"), "yes"),
        and_(at_least(egfr, row.limit("egfr_from")), less(egfr, row.limit("egfr_below"))),
    )


@_excludes("CV-06")
def _no_adrenaline(facts: Facts, row: ExclusionRule) -> Tri:
    return or_(
        facts.includes("cardiac", "arrhythmia", "phaeochromocytoma", "unstable_angina"),
        recent_event(facts, row.limit("since_event")),
        at_least(facts.get("bp_sys"), row.limit("bp_sys")),
        at_least(facts.get("bp_dia"), row.limit("bp_dia")),
    )


@_excludes("EP-03")
def _epilepsy(facts: Facts, _: ExclusionRule) -> Tri:
    return equals(facts.get("epilepsy"), "yes")


@_excludes("ON-05")
def _cancer_too_recent(facts: Facts, row: ExclusionRule) -> Tri:
    cancer, months = facts.get("cancer"), facts.get("months_since_cancer_treatment")
    # Here alone an unknown number excludes, by the rule's own wording.
    recent = Tri.YES if months is None else less(months, row.limit("since_treatment"))
    return or_(equals(cancer, "active"), and_(equals(cancer, "remission"), recent))


@_excludes("ON-06")
def _hormone_sensitive_cancer(facts: Facts, _: ExclusionRule) -> Tri:
    return equals(facts.get("hormone_sensitive_cancer"), "yes")


@_excludes("HP-01")
def _severe_hepatic_impairment(facts: Facts, _: ExclusionRule) -> Tri:
    return equals(facts.get("hepatic_impairment"), "severe")


@_excludes("WD-01")
def _wilson(facts: Facts, _: ExclusionRule) -> Tri:
    return equals(facts.get("wilson"), "yes")


@_excludes("G6-01")
def _g6pd(facts: Facts, _: ExclusionRule) -> Tri:
    return equals(facts.get("g6pd"), "yes")


@_excludes("IN-DUT")
def _higher_dutasteride_exposure(facts: Facts, _: ExclusionRule) -> Tri:
    return or_(equals(facts.get("cyp3a4_strong_inhibitor"), "yes"), equals(facts.get("oral_5ari"), "yes"))
