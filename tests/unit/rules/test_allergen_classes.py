"""Each allergen class of clinical.md 4.3: the ingredients it bars, the labels it is looked for on, the materials."""

import pytest

from patients.rules.candidacy import evaluate
from protocols.rules.exclusions import cream_exclusions, excluded, label_exclusions, unclarified_mix
from protocols.rules.kinds.ingredients import Allergen
from tests.builders.facts import man, shipped

BARRED = {
    "biotin": {"VIT_BIOTIN"},
    "panthenol": {"VIT_PANTHENOL", "DEXPANTHENOL"},
    "zinc": {"MIN_ZINC"},
    "arginine": {"AA_ARGININE"},
    "cysteine": {"AA_CYSTEINE"},
    "hyaluronic_acid": {"HA_NCL"},
    "minoxidil": {"DRG_MINOXIDIL"},
    "dutasteride": {"DRG_DUTASTERIDE"},
    "finasteride": {"DRG_FINASTERIDE"},
    "ginseng": {"PLT_GINSENG"},
    "ginkgo": {"PLT_GINKGO"},
    "saw_palmetto": {"PLT_SAWPALMETTO"},
    "vitamin_e": {"AOX_VITE"},
    "vitamin_c": {"AOX_VITC"},
    "glutathione": {"AOX_GLUTATHIONE"},
    "coq10": {"COQ10"},
    "peptide_product": {"PEP_BIOMIMETIC"},
    "collagenase": {"ENZ_COLLAGENASE"},
    "iron": {"MIN_IRON"},
    "thiamine": {"VIT_BCOMPLEX"},
    "cobalt": {"VIT_BCOMPLEX"},
    "fish": {"NUC_PDRN"},
    "bee_wasp_venom": {"ENZ_HYALURONIDASE"},
    "hyaluronidase": {"ENZ_HYALURONIDASE"},
    "copper": {"PEP_GHKCU"},
    "sulfite": {"LA_LIDOCAINE_EPI", "LA_PROCAINE"},
}
ANAESTHETICS = {
    "ester_la": {"LA_PROCAINE"},
    "paba": {"LA_PROCAINE"},
    "amide_la": {"LA_LIDOCAINE", "LA_LIDOCAINE_EPI"},
    "la_unspecified": {"LA_LIDOCAINE", "LA_LIDOCAINE_EPI", "LA_PROCAINE"},
}
ONLY_ON_LABELS = ("propylene_glycol", "benzyl_alcohol", "methylparaben", "soy", "streptococcal_protein")
MATERIALS = ("latex", "chlorhexidine", "povidone_iodine", "adhesive")
UNIDENTIFIED = ("mesotherapy_mix_unknown", "injection_unknown")


def allergic(allergen: str):
    return man(allergies=[{"class": allergen, "reaction": "contact"}])


def test_every_class_of_the_catalogue_is_asked_for_here():
    here = {*BARRED, *ANAESTHETICS, *ONLY_ON_LABELS, *MATERIALS, *UNIDENTIFIED}
    assert {row.id for row in shipped().of(Allergen)} == here


@pytest.mark.parametrize("allergen", BARRED)
def test_a_substance_bars_its_ingredients(allergen):
    assert excluded(allergic(allergen), shipped()) == dict.fromkeys(BARRED[allergen], ("AL-02",))


@pytest.mark.parametrize("allergen", ANAESTHETICS)
def test_an_anaesthetic_bars_its_ingredients(allergen):
    assert excluded(allergic(allergen), shipped()) == dict.fromkeys(ANAESTHETICS[allergen], ("AL-04",))


@pytest.mark.parametrize("allergen", ["amide_la", "la_unspecified"])
@pytest.mark.parametrize("cream", ["lidocaine", "lidocaine_prilocaine"])
def test_an_amide_bars_both_creams(allergen, cream):
    assert cream_exclusions(cream, allergic(allergen), shipped()) == ("AL-04",)


@pytest.mark.parametrize("allergen", [*BARRED, *ONLY_ON_LABELS])
def test_a_label_that_lists_the_substance_bars_the_product(allergen):
    assert label_exclusions((allergen,), allergic(allergen), shipped()) == ("AL-02",)


@pytest.mark.parametrize("allergen", ANAESTHETICS)
def test_a_label_that_lists_the_anaesthetic_bars_the_product(allergen):
    assert label_exclusions((allergen,), allergic(allergen), shipped()) == ("AL-04",)


@pytest.mark.parametrize("allergen", [*ONLY_ON_LABELS, *MATERIALS, *UNIDENTIFIED])
def test_other_classes_bar_no_ingredient(allergen):
    assert excluded(allergic(allergen), shipped()) == {}


@pytest.mark.parametrize("allergen", MATERIALS)
def test_a_material_is_a_caution_to_change_it(allergen):
    result = evaluate(allergic(allergen), shipped())
    assert (result.verdict, "AL-05" in {finding.rule for finding in result.fired}) == ("caution", True)


@pytest.mark.parametrize("allergen", UNIDENTIFIED)
def test_something_unidentified_leaves_mixtures_unclear(allergen):
    assert unclarified_mix(allergic(allergen), shipped())
