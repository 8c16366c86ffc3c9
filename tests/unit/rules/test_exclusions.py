"""Each ingredient-scope rule of clinical.md 3.10 at its boundary, and the allergen classes of 4.3."""

import pytest

from protocols.rules.exclusions import (
    CONDITIONS,
    cream_exclusions,
    excluded,
    label_exclusions,
    unclarified_mix,
    warnings,
)
from protocols.rules.kinds.candidacy import ExclusionRule
from protocols.rules.kinds.ingredients import Allergen, Ingredient
from tests.builders.facts import man, shipped

FIVE_ARI = {"DRG_DUTASTERIDE", "DRG_FINASTERIDE"}
THINNERS = {"PLT_GINKGO", "PLT_GINSENG", "PLT_SAWPALMETTO", "AOX_VITE"}
GROWTH = {"PEP_BIOMIMETIC", "PEP_GHKCU", "NUC_PDRN"}
PANTHENOLS = {"VIT_PANTHENOL", "DEXPANTHENOL"}
NONE: set[str] = set()


def allergic(*classes: str, reaction: str = "contact") -> dict[str, object]:
    return {"allergies": [{"class": one, "reaction": reaction} for one in classes]}


@pytest.mark.parametrize(
    ("rule", "over", "ingredients"),
    [
        ("RP-04", {"childbearing_potential": "yes"}, FIVE_ARI),
        ("RP-04", {"childbearing_potential": "unknown"}, NONE),
        ("RP-05", {"conception_plan_6mo": "yes"}, {*FIVE_ARI, "PLT_SAWPALMETTO"}),
        ("RP-05", {"conception_plan_6mo": "yes", "sex_at_birth": "intersex"},
         {*FIVE_ARI, "PLT_SAWPALMETTO", "DRG_MINOXIDIL"}),
        ("SX-01", {"sexual_dysfunction_or_abnormal_semen": "yes"}, FIVE_ARI),
        ("BL-09", {"anticoagulant": "doac"}, THINNERS),
        ("BL-09", {"anticoagulant": "warfarin"}, {*THINNERS, "COQ10"}),
        ("BL-09", {"antiplatelet": "single"}, THINNERS),
        ("BL-09", {"bleeding_disorder": "yes"}, THINNERS),
        ("BL-09", {"anticoagulant": None, "antiplatelet": None, "bleeding_disorder": None}, NONE),
        ("BL-10", {"bleeding_disorder": "yes"}, PANTHENOLS),
        ("CV-04", {"cardiac": ["pericardial_disease"]}, {"DRG_MINOXIDIL"}),
        ("CV-04", {"cardiac": ["mi"], "months_since_cv_event": "5.9"}, {"DRG_MINOXIDIL"}),
        ("CV-04", {"cardiac": ["mi"], "months_since_cv_event": 6}, NONE),
        ("CV-04", {"cardiac": ["mi"]}, NONE),
        ("CV-04", {"bp_sys": 99}, {"DRG_MINOXIDIL"}),
        ("CV-04", {"bp_sys": 100}, NONE),
        ("CV-04", {"egfr": 29}, {"DRG_MINOXIDIL"}),
        ("CV-04", {"egfr": 30}, NONE),
        ("CV-06", {"cardiac": ["arrhythmia"]}, {"LA_LIDOCAINE_EPI"}),
        ("CV-06", {"cardiac": ["unstable_angina"], "months_since_cv_event": 60}, {"LA_LIDOCAINE_EPI"}),
        ("CV-06", {"cardiac": ["stable_angina"]}, NONE),
        ("CV-06", {"cardiac": ["stroke_tia"], "months_since_cv_event": "5.9"}, {"LA_LIDOCAINE_EPI"}),
        ("CV-06", {"bp_sys": 160}, {"LA_LIDOCAINE_EPI"}),
        ("CV-06", {"bp_dia": 100}, {"LA_LIDOCAINE_EPI"}),
        ("CV-06", {"bp_sys": 159, "bp_dia": 99}, NONE),
        ("EP-03", {"epilepsy": "yes"}, {"PLT_GINKGO"}),
        ("ON-05", {"cancer": "active"}, GROWTH),
        ("ON-05", {"cancer": "remission", "months_since_cancer_treatment": "59.9"}, GROWTH),
        ("ON-05", {"cancer": "remission", "months_since_cancer_treatment": 60}, NONE),
        ("ON-05", {"cancer": "remission"}, GROWTH),
        ("ON-05", {"cancer": None, "months_since_cancer_treatment": 3}, NONE),
        ("ON-06", {"hormone_sensitive_cancer": "yes"}, {*FIVE_ARI, "PLT_SAWPALMETTO"}),
        ("HP-01", {"hepatic_impairment": "severe"}, {"DRG_DUTASTERIDE"}),
        ("HP-01", {"hepatic_impairment": "moderate"}, NONE),
        ("WD-01", {"wilson": "yes"}, {"PEP_GHKCU"}),
        ("G6-01", {"g6pd": "yes"}, {"AOX_VITC"}),
        ("AL-02", allergic("fish"), {"NUC_PDRN"}),
        ("AL-02", allergic("panthenol", reaction="unknown"), PANTHENOLS),
        ("AL-02", allergic("sulfite"), {"LA_LIDOCAINE_EPI", "LA_PROCAINE"}),
        ("AL-02", allergic("thiamine", "cobalt"), {"VIT_BCOMPLEX"}),
        ("AL-02", allergic("bee_wasp_venom"), {"ENZ_HYALURONIDASE"}),
        ("AL-02", allergic("latex", "soy", "injection_unknown", "amide_la"), NONE),
        ("AL-04", allergic("ester_la"), {"LA_PROCAINE"}),
        ("AL-04", allergic("paba"), {"LA_PROCAINE"}),
        ("AL-04", allergic("amide_la"), {"LA_LIDOCAINE", "LA_LIDOCAINE_EPI"}),
        ("AL-04", allergic("la_unspecified"), {"LA_LIDOCAINE", "LA_LIDOCAINE_EPI", "LA_PROCAINE"}),
    ],
)  # fmt: skip
def test_excludes_exactly(rule, over, ingredients):
    found = excluded(man(**over), shipped())
    assert {ingredient for ingredient, rules in found.items() if rule in rules} == ingredients


def test_nothing_is_excluded_for_the_healthy():
    assert dict(excluded(man(), shipped())) == {}


def test_names_every_rule_that_excludes_an_ingredient():
    found = excluded(man(anticoagulant="warfarin", epilepsy="yes", **allergic("ginkgo")), shipped())
    assert found["PLT_GINKGO"] == ("AL-02", "BL-09", "EP-03")


@pytest.mark.parametrize(
    ("over", "warned"),
    [
        ({"oral_minoxidil": "yes"}, {"DRG_MINOXIDIL": ("CV-05",)}),
        ({"antihypertensives": "yes"}, {"DRG_MINOXIDIL": ("CV-05",)}),
        ({"egfr": 30}, {"DRG_MINOXIDIL": ("CV-05",)}),
        ({"egfr": 59}, {"DRG_MINOXIDIL": ("CV-05",)}),
        ({"egfr": 60}, {}),
        ({"egfr": 29}, {}),
        ({"cyp3a4_strong_inhibitor": "yes"}, {"DRG_DUTASTERIDE": ("IN-DUT",)}),
        ({"oral_5ari": "yes"}, {"DRG_DUTASTERIDE": ("IN-DUT",)}),
        ({}, {}),
    ],
)
def test_only_warns_of(over, warned):
    facts = man(**over)
    assert dict(warnings(facts, shipped())) == warned
    assert not set(warned) & set(excluded(facts, shipped()))


@pytest.mark.parametrize(
    ("cream", "over", "rules"),
    [
        ("lidocaine", allergic("amide_la"), ("AL-04",)),
        ("lidocaine_prilocaine", {"g6pd": "yes"}, ("G6-01",)),
        ("lidocaine", {"g6pd": "yes"}, ()),
        ("lidocaine_prilocaine", {"g6pd": "yes", **allergic("la_unspecified")}, ("AL-04", "G6-01")),
        ("lidocaine", allergic("ester_la"), ()),
        ("none", allergic("amide_la"), ()),
        ("a cream from abroad", allergic("amide_la"), ("AL-04",)),
        ("a cream from abroad", {"g6pd": "yes"}, ("G6-01",)),
        ("a cream from abroad", {}, ()),
    ],
)
def test_a_cream_is_excluded_like_its_anaesthetic(cream, over, rules):
    assert cream_exclusions(cream, man(**over), shipped()) == rules


@pytest.mark.parametrize(
    ("label", "over", "rules"),
    [
        (("sulfite", "soy"), allergic("soy"), ("AL-02",)),
        (("paba",), allergic("paba"), ("AL-04",)),
        (("soy",), allergic("sulfite"), ()),
        (("latex",), allergic("latex"), ()),
        ((), allergic("soy"), ()),
    ],
)
def test_a_label_that_lists_the_allergen_excludes_the_product(label, over, rules):
    assert label_exclusions(label, man(**over), shipped()) == rules


@pytest.mark.parametrize(
    ("allergen", "reaction", "unclear"),
    [
        ("injection_unknown", "urticaria", True),
        ("mesotherapy_mix_unknown", "unknown", True),
        ("injection_unknown", "anaphylaxis", False),
        ("injection_unknown", "angioedema", False),
        ("fish", "urticaria", False),
    ],
)
def test_a_milder_reaction_to_something_unidentified_leaves_mixtures_unclear(allergen, reaction, unclear):
    assert unclarified_mix(man(**allergic(allergen, reaction=reaction)), shipped()) is unclear


def test_a_further_known_allergy_does_not_clear_an_unidentified_one():
    assert unclarified_mix(man(**allergic("fish", "injection_unknown")), shipped())
    assert not unclarified_mix(man(), shipped())


def test_every_row_has_its_condition_and_every_ingredient_its_allergen():
    rows = {row.id for row in shipped().of(ExclusionRule)}
    assert rows == {*CONDITIONS, "AL-02", "AL-04"}
    mapped = {ingredient for row in shipped().of(Allergen) for ingredient in row.excludes}
    assert mapped == {row.id for row in shipped().of(Ingredient)}
