"""Each rule of a mixture (clinical.md 4.4) at its exact boundary: where it fires and where it stays silent."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from mesoclinic.rules.finding import Level
from protocols.rules.catalogue import Catalogue
from protocols.rules.facts import Facts
from protocols.rules.formulation import CONDITIONS, FormulationResult, check_mixture
from protocols.rules.kinds.candidacy import ExclusionRule
from protocols.rules.kinds.formulation import FormulationRule
from protocols.rules.kinds.ingredients import Ingredient
from protocols.rules.mixture import Component, Formulation, parse_formulation
from protocols.rules.technique import parse_plan
from tests.builders.facts import TODAY, man, shipped, woman

ELSEWHERE = {"FX-00", "FX-01", "FX-10s"}
MEASURED = {"DRG_MINOXIDIL", "DRG_DUTASTERIDE", "LA_LIDOCAINE", "LA_PROCAINE"}
SIX = ("VIT_BIOTIN", "DEXPANTHENOL", "AA_ARGININE", "HA_NCL", "COQ10", "MIN_ZINC")


def part(ingredient: str, volume: object = "1.0", **over: Any) -> dict[str, Any]:
    return {"ingredient": ingredient, "volume_ml": volume, **over}


def with_product(ingredient: str, **product: object) -> list[dict[str, Any]]:
    return [part(ingredient, percent="0.01", product=product)]


def check(
    components: list[dict[str, Any]],
    facts: Facts | None = None,
    *,
    on: date = TODAY,
    plan: dict[str, Any] | None = None,
    catalogue: Catalogue | None = None,
    **over: Any,
) -> FormulationResult:
    return check_mixture(
        parse_formulation({"components": components, **over}),
        parse_plan(plan) if plan else None,
        facts=facts or man(),
        evaluated_on=on,
        catalogue=catalogue or shipped(),
    )


def codes(result: FormulationResult) -> set[str]:
    return {finding.code for finding in result.findings}


MINOXIDIL = part("DRG_MINOXIDIL", percent="0.5")
DUTASTERIDE = part("DRG_DUTASTERIDE", percent="0.05")
PDRN = part("NUC_PDRN", "2.0", mg_per_ml="7.5")
PEPTIDE = part("PEP_BIOMIMETIC", "1.5")
SIGNED = {"director_sign_off": ["PEP_BIOMIMETIC", "PEP_GHKCU", "AOX_GLUTATHIONE", "DRG_FINASTERIDE"]}
VIAL = {"container": "multi_dose", "opened_on": "2026-02-02"}
EPI = part("LA_LIDOCAINE_EPI", percent="1", syringe="LA")

# rule -> ([(code it gives, components, further keys)], [(components, further keys) on which it stays silent])
Said = list[tuple[str, list[dict[str, Any]], dict[str, Any]]]
Silent = list[tuple[list[dict[str, Any]], dict[str, Any]]]
TABLE: dict[str, tuple[Said, Silent]] = {
    "FX-02": (
        [(f"block FX-02 {each}", with_product(each, vehicle=["water", vehicle]), {})
         for each, vehicle in (("VIT_BIOTIN", "ethanol"), ("DRG_MINOXIDIL", "propylene_glycol"), ("AOX_VITE", "oil"))],
        [(with_product("VIT_BIOTIN", vehicle=[vehicle]), {}) for vehicle in ("water", "saline", "other")],
    ),
    "FX-03": (
        [("block FX-03 HA_NCL", with_product("HA_NCL", cross_linked=said), {}) for said in ("yes", "unknown", None)],
        [([part("HA_NCL")], {}), (with_product("VIT_BIOTIN", cross_linked="yes"), {})],
    ),
    "FX-04": (
        [("block FX-04 MIN_IRON", [part("MIN_IRON")], {}),
         ("block FX-04 ENZ_COLLAGENASE", [part("ENZ_COLLAGENASE")], {})],
        [([part("ENZ_HYALURONIDASE")], {}), ([part("MIN_ZINC")], {})],
    ),
    "FX-05": (
        [("block FX-05 DRG_MINOXIDIL", [part("DRG_MINOXIDIL", "1.2", percent="0.5")], {}),
         ("block FX-05 DRG_MINOXIDIL", [part("DRG_MINOXIDIL", "0.5", percent="0.501")], {}),
         ("block FX-05 DRG_MINOXIDIL", [part("DRG_MINOXIDIL", "1.2", percent="0.5"), part("DRG_MINOXIDIL")], {}),
         ("block FX-05 DRG_MINOXIDIL",
          [part("DRG_MINOXIDIL", "0.6", percent="0.5"), part("DRG_MINOXIDIL", "0.6", percent="0.5", syringe="2")], {}),
         # No volume weakens what is alone in its syringe, and no further dose.
         ("block FX-05 DRG_MINOXIDIL", [part("DRG_MINOXIDIL", None, percent="2")], {}),
         ("block FX-05 DRG_MINOXIDIL",
          [part("DRG_MINOXIDIL", "0.2", percent="2"), part("DRG_MINOXIDIL", "0.2")], {}),
         ("block FX-05 DRG_DUTASTERIDE", [part("DRG_DUTASTERIDE", "1.1", percent="0.05")], {}),
         ("block FX-05 DRG_DUTASTERIDE", [part("DRG_DUTASTERIDE", "0.5", percent="0.051")], {}),
         ("block FX-05 PEP_BIOMIMETIC", [part("PEP_BIOMIMETIC", "1.501")], SIGNED),
         ("block FX-05 PEP_BIOMIMETIC", [part("PEP_BIOMIMETIC"), part("PEP_BIOMIMETIC", "0.6", syringe="2")], SIGNED),
         ("block FX-05 NUC_PDRN", [part("NUC_PDRN", "2.01", mg_per_ml="7.5")], {})],
        [([MINOXIDIL], {}), ([DUTASTERIDE], {}), ([PDRN], {}), ([PEPTIDE], SIGNED), ([part("MIN_IRON")], {}),
         ([part("DRG_MINOXIDIL", None, percent="0.5")], {}),
         # What another component thins is not known before its volume is.
         ([part("DRG_MINOXIDIL", "0.2", percent="2"), part("HA_NCL", None)], {}),
         # The finished syringe counts: 2 % in four times its volume is 0.5 %.
         ([part("DRG_MINOXIDIL", "0.2", percent="2"), part("HA_NCL", "0.6")], {}),
         ([part("LA_LIDOCAINE", percent="4")], {})],
    ),
    "FX-05n": (
        [(f"block FX-05n {each.id}", with_product(each.id, **{record: "no"}), {})
         for each in shipped().of(Ingredient) if each.id not in MEASURED
         for record in ("label_concentration", "injectable_proof", "director_approved")],
        [(with_product(each, director_approved="no", label_concentration="no"), {}) for each in MEASURED],
    ),
    "FX-06a": (
        [("block FX-06a", [part("HA_NCL"), part("ENZ_HYALURONIDASE", syringe="2")], {})],
        [([part("HA_NCL"), part("VIT_BIOTIN")], {}), ([part("ENZ_HYALURONIDASE")], {})],
    ),
    "FX-06b": (
        [("block FX-06b", [part(metal), part(reducer, syringe="2")], SIGNED)
         for metal in ("MIN_ZINC", "PEP_GHKCU") for reducer in ("AOX_VITC", "AA_CYSTEINE", "AOX_GLUTATHIONE")],
        [([part("MIN_ZINC"), part("PEP_GHKCU")], SIGNED), ([part("AOX_VITC"), part("AA_CYSTEINE")], {})],
    ),
    "FX-06c": (
        [("block FX-06c", [part("VIT_BCOMPLEX"), part(each, percent="1")], {})
         for each in ("LA_LIDOCAINE_EPI", "LA_PROCAINE")],
        [([part("VIT_BCOMPLEX"), part("LA_PROCAINE", percent="1", syringe="2")], {}),
         ([part("VIT_BCOMPLEX"), part("LA_LIDOCAINE", percent="1")], {})],
    ),
    "FX-06d": (
        [("block FX-06d", [part("VIT_BCOMPLEX"), part("AOX_VITC")], {})],
        [([part("VIT_BCOMPLEX"), part("AOX_VITC", syringe="2")], {})],
    ),
    "FX-06e": (
        [("block FX-06e", [each, part("HA_NCL")], SIGNED)
         for each in (MINOXIDIL, DUTASTERIDE, PDRN, PEPTIDE, part("PEP_GHKCU"), part("DRG_FINASTERIDE"))]
        + [("block FX-06e", [MINOXIDIL, DUTASTERIDE], {}),
           ("block FX-06e", [MINOXIDIL, part("HA_NCL")], {"syringes": [{"id": "2", "compat_recorded": "yes"}]}),
           ("block FX-06e", [MINOXIDIL, part("HA_NCL")], {"syringes": [{"id": "1", "compat_recorded": "unknown"}]})],
        [([MINOXIDIL, part("HA_NCL")], {"syringes": [{"id": "1", "compat_recorded": "yes"}]}),
         ([MINOXIDIL, part("HA_NCL", syringe="2")], {}), ([MINOXIDIL, part("LA_LIDOCAINE", percent="1")], {}),
         ([part("HA_NCL"), part("VIT_BIOTIN")], {}), ([MINOXIDIL, MINOXIDIL], {})],
    ),
    "FX-06f": (
        [("block FX-06f", [part("LA_LIDOCAINE_EPI", percent="1"), part(other, percent="1")],
          {"syringes": [{"id": "1", "compat_recorded": "yes"}]}) for other in ("VIT_BIOTIN", "LA_LIDOCAINE")],
        [([EPI, part("VIT_BIOTIN")], {}), ([EPI, EPI], {}), ([part("LA_LIDOCAINE", percent="1"), part("HA_NCL")], {})],
    ),
    "FX-07": (
        [("block FX-07 VIT_BIOTIN", with_product("VIT_BIOTIN", **product), {}) for product in (
            {"lot_expiry": "2026-03-01"}, {"lot_expiry": "2026-02"}, {"lot_expiry": "soon"}, {"reused": "yes"},
            {"open_limit_days": "many"}, {"open_limit_days": "-1"}, {"open_limit_days": "1e999999999"},
            {"container": "multi_dose", "opened_on": "2026-02-01"}, {"container": "multi_dose", "opened_on": "x"},
            {**VIAL, "open_limit_days": 27})]
        + [("block FX-07 syringe:1", [part("VIT_BIOTIN")], {"syringes": [{"id": "1", "minutes_since_mixing": minutes}]})
           for minutes in (61, "60.1", "an hour", -1)],
        [(with_product("VIT_BIOTIN", **product), {}) for product in (
            {"lot_expiry": "2026-03-02"}, {"lot_expiry": "2026-03"}, {"lot_expiry": None}, {"reused": "no"}, VIAL,
            {"lot_expiry": "9999-12"}, {"open_limit_days": None},
            {"container": "multi_dose", "opened_on": "2026-02-01", "open_limit_days": 29},
            # To be used again is what a multi-dose vial is for.
            {**VIAL, "reused": "yes"})]
        + [([part("VIT_BIOTIN")], {"syringes": [{"id": "1", "minutes_since_mixing": 60}]})],
    ),
    "FX-08": (
        [("block FX-08 VIT_BIOTIN", with_product("VIT_BIOTIN", **product), {}) for product in (
            {"sterile": "no"}, {"sterile": "unknown"}, {"for_injection": "no"}, {"cosmetic": "yes"},
            {"cosmetic": "unknown"}, {"composition_known": "no"}, {"lot": ""}, {"lot": None}, {"vehicle": []},
            {"vehicle": ["water", "unknown"]}, {"label_allergens": "soy"})]
        + [("block FX-08 SECRET_SERUM", [part("SECRET_SERUM")], {}),
           ("block FX-08 VIT_BIOTIN", [part("VIT_BIOTIN", product="unlabelled")], {}),
           ("block FX-08", [part("VIT_BIOTIN"), "VIT_BIOTIN"], {})],
        [([part("VIT_BIOTIN")], {}), (with_product("VIT_BIOTIN", sterile="yes", cosmetic="no", lot="7"), {})],
    ),
    "FX-09": (
        [("block FX-09", [part("VIT_BIOTIN", "10.001")], {}),
         ("block FX-09", [part("VIT_BIOTIN", "6"), part("HA_NCL", "4.1", syringe="2")], {})],
        [([part("VIT_BIOTIN", "10")], {}), ([part("VIT_BIOTIN", "10"), part("LA_PROCAINE", "5", percent="1")], {})],
    ),
    "FX-09s": (
        [("warn FX-09s", [part("VIT_BIOTIN", "5.001")], {}), ("warn FX-09s", [part("VIT_BIOTIN", "10")], {})],
        [([part("VIT_BIOTIN", "5")], {}), ([part("VIT_BIOTIN", "10.001")], {})],
    ),
    "FX-10": (
        [("block FX-10", [part("LA_PROCAINE", "17.501", percent="2")], {})],
        [([part("LA_PROCAINE", "17.5", percent="2")], {})],
    ),
    "FX-11": (
        [("warn FX-11", [part("VIT_BIOTIN")], {"anaesthetic_cream": each}) for each in
         ("lidocaine", "lidocaine_prilocaine", "something")],
        [([part("VIT_BIOTIN")], {"anaesthetic_cream": "none"}), ([part("VIT_BIOTIN")], {})],
    ),
    "FX-12": (
        [("warn FX-12", [part("VIT_PANTHENOL"), part("DEXPANTHENOL", syringe="2")], {}),
         ("warn FX-12", [part("VIT_BIOTIN"), part("VIT_BIOTIN", syringe="2")], {})],
        [([part("VIT_BIOTIN"), part("HA_NCL")], {}), ([EPI, EPI], {})],
    ),
    "FX-13": (
        [("warn FX-13", [part(each, "0.1") for each in SIX], {})],
        [([part(each, "0.1") for each in SIX[:5]], {}),
         ([part(each, "0.1") for each in (*SIX[:5], "VIT_PANTHENOL")], {}),
         ([*(part(each, "0.1") for each in SIX[:5]), EPI], {})],
    ),
    "FX-14": (
        [(f"block FX-14 {each}", [part(each)], {}) for each in
         ("PEP_BIOMIMETIC", "PEP_GHKCU", "AOX_GLUTATHIONE", "DRG_FINASTERIDE")],
        [([part(each)], SIGNED) for each in SIGNED["director_sign_off"]] + [([part("VIT_BIOTIN")], {})],
    ),
    "FX-15": (
        [("block FX-15 VIT_BIOTIN", with_product("VIT_BIOTIN", lot_status=each), {}) for each in
         ("quarantined", "recalled", "", None)],
        [(with_product("VIT_BIOTIN", lot_status="released"), {}), ([part("VIT_BIOTIN")], {})],
    ),
}  # fmt: skip


def test_every_rule_is_listed_here_and_in_the_catalogue():
    assert set(TABLE) == set(CONDITIONS)
    assert set(TABLE) | ELSEWHERE == {row.id for row in shipped().of(FormulationRule)}


@pytest.mark.parametrize(
    ("code", "components", "over"), [case for said, _ in TABLE.values() for case in said], ids=lambda value: ""
)
def test_a_rule_fires(code, components, over):
    result = check(components, **over)
    assert code in codes(result)
    stops = code.startswith("block")
    assert result.result == "blocked" if stops else result.result != "ok"


@pytest.mark.parametrize(
    ("rule", "components", "over"),
    [(rule, *case) for rule, (_, silent) in TABLE.items() for case in silent],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_rule_stays_silent(rule, components, over):
    assert rule not in {finding.rule for finding in check(components, **over).findings}


def test_a_finding_carries_its_reason_its_action_and_where_it_comes_from():
    (finding,) = check([part("VIT_BIOTIN", "10.001")]).findings
    row = shipped().row(FormulationRule, "FX-09")
    assert (finding.reason, finding.action, finding.version) == (row.reason, row.action, row.version)


@pytest.mark.parametrize(
    ("code", "components", "over"), [case for said, _ in TABLE.values() for case in said], ids=lambda value: ""
)
def test_every_finding_says_what_fired_it_why_and_what_to_do(code, components, over):
    for finding in check(components, **over).findings:
        assert finding.reason
        assert finding.action
        assert finding.strength
        assert finding.version == 1
        assert finding.inputs or finding.level is Level.MISSING


@pytest.mark.parametrize(
    ("components", "over", "recorded"),
    [
        ([part("VIT_BIOTIN", "10.001")], {}, {("total_ml", "10.001")}),
        (with_product("VIT_BIOTIN", lot="B7", lot_status="recalled"), {}, {("lot", "B7"), ("lot_status", "recalled")}),
        (with_product("VIT_BIOTIN", vehicle=["oil", "water"]), {}, {("vehicle", "oil, water")}),
        ([part("DRG_MINOXIDIL", "1.2", percent="0.5")], {},
         {("volume_ml", "1.2"), ("mg_per_ml", "5.0"), ("mg", "6.00"), ("syringe", "1")}),
        ([part("VIT_BIOTIN")], {"syringes": [{"id": "1", "minutes_since_mixing": 61}]},
         {("minutes_since_mixing", "61"), ("unreadable", "no")}),
        ([part("LA_PROCAINE", "17.501", percent="2")], {}, {("la_ratio", "1.000"), ("weight_kg", "78")}),
    ],
)  # fmt: skip
def test_a_finding_names_the_values_it_was_read_from(components, over, recorded):
    (finding,) = check(components, **over).findings
    assert set(finding.inputs) == recorded


def test_an_exclusion_says_the_reasons_the_actions_and_the_sources_of_its_rules():
    facts = man(allergies=[{"class": "amide_la", "reaction": "contact"}, {"class": "sulfite", "reaction": "contact"}])
    (finding,) = check([EPI], facts).findings
    rows = [shipped().row(ExclusionRule, rule) for rule in ("AL-02", "AL-04")]
    assert all(row.reason in finding.reason and row.action in finding.action for row in rows)
    assert {"S01", "S32", "S33"} == set(finding.sources)


def test_an_amount_of_nothing_is_not_recorded_wherever_it_comes_from():
    empty = Formulation((Component("DRG_MINOXIDIL", Decimal(0), Decimal(0)),))
    result = check_mixture(empty, facts=man(), evaluated_on=TODAY, catalogue=shipped())
    assert (result.result, set(result.missing)) == ("cannot_conclude", {"volume_ml", "concentration"})


def test_a_percentage_and_a_number_must_say_the_same():
    assert check([part("DRG_MINOXIDIL", percent="0.5", mg_per_ml="5")]).result == "ok"
    assert check([part("DRG_MINOXIDIL", percent="0.5", mg_per_ml="20")]).missing == ("concentration",)


def test_what_the_soft_limit_and_the_cream_read_is_shown_as_not_checked():
    assert check([part("LA_LIDOCAINE", percent="1")]).not_checked == ("hepatic_impairment",)
    assert "g6pd" in check([part("VIT_BIOTIN")], anaesthetic_cream="lidocaine_prilocaine").not_checked
    assert "g6pd" not in check([part("VIT_BIOTIN")], anaesthetic_cream="lidocaine").not_checked


def test_a_mixture_without_findings_is_ok():
    result = check([part("VIT_BIOTIN"), part("HA_NCL")])
    assert (result.result, result.findings) == ("ok", ())


@pytest.mark.parametrize(
    ("components", "over", "result"),
    [
        ([part("VIT_BIOTIN", "5.1")], {}, "ok_with_warnings"),
        ([part("VIT_BIOTIN", "5.1"), part("HA_NCL", None)], {}, "cannot_conclude"),
        ([part("VIT_BIOTIN", "10.1"), part("HA_NCL", None)], {}, "blocked"),
    ],
)
def test_the_gravest_finding_makes_the_verdict(components, over, result):
    assert check(components, **over).result == result


LA, EPI_ONLY = "LA_LIDOCAINE", "LA_LIDOCAINE_EPI"
HEART = ("cardiac", "bp_sys")
# ingredient -> every input that FX-00 asks of a man, of a woman besides, and with an event or a cancer besides.
NEEDS: dict[str, set[str]] = {
    **{key: {"weight_kg", "concentration"} for key in ("LA_LIDOCAINE", "LA_PROCAINE")},
    "LA_LIDOCAINE_EPI": {"weight_kg", "concentration", *HEART, "bp_dia"},
    "DRG_MINOXIDIL": {"concentration", *HEART, "sex_at_birth"},
    "DRG_DUTASTERIDE": {"concentration", "sex_at_birth", "conception_plan_6mo", "cancer"},
    "DRG_FINASTERIDE": {"sex_at_birth", "conception_plan_6mo", "cancer"},
    "PLT_SAWPALMETTO": {"conception_plan_6mo", "anticoagulant", "antiplatelet", "bleeding_disorder", "cancer"},
    "PLT_GINKGO": {"anticoagulant", "antiplatelet", "bleeding_disorder", "epilepsy"},
    **{key: {"anticoagulant", "antiplatelet", "bleeding_disorder"} for key in ("PLT_GINSENG", "AOX_VITE")},
    "COQ10": {"anticoagulant"},
    **{key: {"bleeding_disorder"} for key in ("VIT_PANTHENOL", "DEXPANTHENOL")},
    **{key: {"cancer"} for key in ("PEP_BIOMIMETIC", "PEP_GHKCU")},
    "NUC_PDRN": {"concentration", "cancer"},
}
FEMALE = {
    "DRG_MINOXIDIL": {"conception_plan_6mo"},
    **{key: {"childbearing_potential", "conception_plan_6mo"} for key in ("DRG_DUTASTERIDE", "DRG_FINASTERIDE")},
    "PLT_SAWPALMETTO": {"conception_plan_6mo"},
}
NOTHING = dict.fromkeys(
    ("weight_kg", *HEART, "bp_dia", "sex_at_birth", "conception_plan_6mo", "cancer", "anticoagulant", "antiplatelet",
     "bleeding_disorder", "epilepsy", "allergies_reviewed", "childbearing_potential", "hormone_sensitive_cancer")
)  # fmt: skip


@pytest.mark.parametrize("ingredient", [row.id for row in shipped().of(Ingredient)])
def test_everything_an_ingredient_needs_is_asked_when_nothing_is_known(ingredient):
    wanted = NEEDS.get(ingredient, set()) | {"allergies_reviewed", "volume_ml"}
    assert set(check([part(ingredient, None)], man(**NOTHING)).missing) == wanted


@pytest.mark.parametrize("ingredient", sorted(FEMALE))
def test_a_woman_is_asked_for_more(ingredient):
    unknown = woman(childbearing_potential=None, conception_plan_6mo=None)
    missing = set(check([part(ingredient, percent="0.01")], unknown).missing)
    assert missing == FEMALE[ingredient]


@pytest.mark.parametrize("ingredient", ["DRG_MINOXIDIL", "LA_LIDOCAINE_EPI"])
@pytest.mark.parametrize("event", ["mi", "stroke_tia", "unstable_angina"])
def test_an_event_of_the_heart_asks_when_it_was(ingredient, event):
    assert check([part(ingredient, percent="0.1")], man(cardiac=[event])).missing == ("months_since_cv_event",)
    assert check([part(ingredient, percent="0.1")], man(cardiac=["stable_angina"])).missing == ()


@pytest.mark.parametrize("ingredient", ["DRG_DUTASTERIDE", "DRG_FINASTERIDE", "PLT_SAWPALMETTO"])
@pytest.mark.parametrize("cancer", ["active", "remission"])
def test_a_cancer_asks_whether_hormones_drive_it(ingredient, cancer):
    assert check([part(ingredient, percent="0.01")], man(cancer=cancer)).missing == ("hormone_sensitive_cancer",)


@pytest.mark.parametrize("said", [None, "no", "unknown"])
def test_allergies_that_were_not_asked_are_missing_for_every_mixture(said):
    result = check([part("VIT_BIOTIN")], man(allergies_reviewed=said))
    assert (result.missing, result.result) == (("allergies_reviewed",), "cannot_conclude")


@pytest.mark.parametrize("volume", [None, "", "0", "-1", "a lot", "1e999999", "1e-999999", "NaN", True])
def test_a_volume_that_is_none_is_missing(volume):
    assert check([part("VIT_BIOTIN", volume)]).missing == ("volume_ml",)


@pytest.mark.parametrize("percent", ["much", 0, "-1", True, []])
def test_a_percentage_that_cannot_be_read_is_not_made_good_by_another_number(percent):
    assert check([part("DRG_MINOXIDIL", percent=percent, mg_per_ml="5")]).missing == ("concentration",)


def test_only_words_are_a_reason_to_go_above_the_soft_limit():
    old = man(age_years=65)
    lidocaine = [part("LA_LIDOCAINE", "21", percent="1")]
    for reason in (True, 7, ["wished"], "  "):
        assert "block FX-10s" in codes(check(lidocaine, old, la_soft_limit_reason=reason))
    assert "warn FX-10s" in codes(check(lidocaine, old, la_soft_limit_reason="wished"))


def test_an_invalid_input_counts_as_missing():
    result = check([part("LA_LIDOCAINE", percent="1")], man(weight_kg="301"))
    assert (result.missing, result.la_ratio) == (("weight_kg",), None)


def test_a_missing_dose_does_not_hide_that_the_known_one_is_too_much():
    parts = [part("DRG_MINOXIDIL", "1.2", percent="0.5"), part("DRG_MINOXIDIL", syringe="2")]
    assert "block FX-05 DRG_MINOXIDIL" in codes(check(parts))


def test_optional_inputs_nobody_recorded_are_shown_as_not_checked():
    assert "egfr" in check([MINOXIDIL]).not_checked
    assert "egfr" not in check([MINOXIDIL], man(egfr=90)).not_checked


@pytest.mark.parametrize(
    ("over", "components", "code"),
    [
        ({"anticoagulant": "doac", "epilepsy": "yes"}, [part("PLT_GINKGO")], "block FX-01 PLT_GINKGO BL-09+EP-03"),
        ({"childbearing_potential": "yes"}, [DUTASTERIDE], "block FX-01 DRG_DUTASTERIDE RP-04"),
        (
            {"allergies": [{"class": "soy", "reaction": "contact"}]},
            with_product("AOX_VITE", label_allergens=["soy"]),
            "block FX-01 AOX_VITE AL-02",
        ),
        (
            {"allergies": [{"class": "amide_la", "reaction": "contact"}]},
            with_product("VIT_BIOTIN", label_allergens=["amide_la"]),
            "block FX-01 VIT_BIOTIN AL-04",
        ),
    ],
)
def test_an_excluded_ingredient_blocks_and_names_every_rule(over, components, code):
    assert code in codes(check(components, man(**over)))


def unclarified(reaction: str) -> Facts:
    return man(allergies=[{"class": "injection_unknown", "reaction": reaction}])


@pytest.mark.parametrize("reaction", ["contact", "urticaria", "unknown"])
def test_a_reaction_to_an_unknown_injection_blocks_every_part_of_a_mixture(reaction):
    found = codes(check([part("VIT_BIOTIN"), part("LA_PROCAINE", percent="1")], unclarified(reaction)))
    assert found == {"block FX-01 VIT_BIOTIN AL-02", "block FX-01 LA_PROCAINE AL-02"}


@pytest.mark.parametrize(
    "components", [[part("VIT_BIOTIN")], [part("VIT_BIOTIN")] * 2, [part("VIT_PANTHENOL"), part("DEXPANTHENOL")]]
)
def test_one_active_alone_is_no_unclarified_mixture(components):
    assert "FX-01" not in {finding.rule for finding in check(components, unclarified("contact")).findings}


@pytest.mark.parametrize(
    ("over", "cream", "detail"),
    [
        ({"g6pd": "yes"}, "lidocaine_prilocaine", "G6-01"),
        ({"g6pd": "yes"}, "lidocaine", None),
        ({"allergies": [{"class": "amide_la", "reaction": "contact"}]}, "lidocaine", "AL-04"),
        ({"allergies": [{"class": "la_unspecified", "reaction": "contact"}]}, "lidocaine_prilocaine", "AL-04"),
        ({"allergies": [{"class": "ester_la", "reaction": "contact"}]}, "lidocaine", None),
    ],
)
def test_a_cream_that_the_patient_may_not_have_blocks(over, cream, detail):
    found = codes(check([part("VIT_BIOTIN")], man(**over), anaesthetic_cream=cream))
    assert "warn FX-11" in found
    assert {code for code in found if "FX-01" in code} == (
        {f"block FX-01 anaesthetic_cream {detail}"} if detail else set()
    )


@pytest.mark.parametrize(
    ("over", "code"),
    [
        ({"oral_minoxidil": "yes"}, "warn CV-05 DRG_MINOXIDIL"),
        ({"antihypertensives": "yes"}, "warn CV-05 DRG_MINOXIDIL"),
        ({"egfr": 30}, "warn CV-05 DRG_MINOXIDIL"),
        ({"egfr": 59}, "warn CV-05 DRG_MINOXIDIL"),
        ({"egfr": 60}, None),
        ({"cyp3a4_strong_inhibitor": "yes"}, "warn IN-DUT DRG_DUTASTERIDE"),
        ({"oral_5ari": "yes"}, "warn IN-DUT DRG_DUTASTERIDE"),
    ],
)
def test_rules_that_only_warn_speak_of_the_ingredient_that_is_planned(over, code):
    mixture = [MINOXIDIL, {**DUTASTERIDE, "syringe": "2"}]
    found = {each for each in codes(check(mixture, man(**over))) if each.startswith("warn")}
    assert found == ({code} if code else set())
    assert not check([part("VIT_BIOTIN")], man(**over)).findings


def test_a_warning_stands_beside_an_exclusion():
    found = codes(check([MINOXIDIL], man(oral_minoxidil="yes", cardiac=["heart_failure"])))
    assert found == {"warn CV-05 DRG_MINOXIDIL", "block FX-01 DRG_MINOXIDIL CV-04"}


def test_the_larger_of_mixture_and_technique_is_the_total():
    plan = {
        "technique": "T-PAP",
        "zones": [{"zone": "top", "area_cm2": "101"}],
        "spacing_cm": "1",
        "ml_per_point": "0.05",
    }
    assert "warn FX-09s" in codes(check([part("VIT_BIOTIN", "1")], plan=plan))
    plan["zones"][0]["area_cm2"] = "100"
    assert codes(check([part("VIT_BIOTIN", "1")], plan=plan)) == set()
    assert "warn FX-09s" in codes(check([part("VIT_BIOTIN", "5.1")], plan=plan))


def test_findings_of_the_technique_join_the_verdict():
    plan = {
        "technique": "T-PAP",
        "zones": [{"zone": "top", "area_cm2": "10"}],
        "spacing_cm": "1",
        "ml_per_point": "0.2",
    }
    result = check([part("VIT_BIOTIN")], plan=plan)
    assert (result.result, codes(result)) == ("blocked", {"block T-02"})
    del plan["spacing_cm"], plan["ml_per_point"]
    assert check([part("VIT_BIOTIN")], plan=plan).result == "cannot_conclude"


@pytest.mark.parametrize(
    ("ingredient", "percent", "volume", "mg"),
    [
        ("DRG_MINOXIDIL", "0.5", "1.0", "5.00"),
        ("DRG_MINOXIDIL", "0.5", "1.2", "6.00"),
        ("DRG_DUTASTERIDE", "0.01", "1.0", "0.10"),
        ("DRG_DUTASTERIDE", "0.05", "1.1", "0.55"),
        ("LA_PROCAINE", "2", "8", "160"),
    ],
)
def test_doses_follow_from_percent_and_volume(ingredient, percent, volume, mg):
    (dose,) = check([part(ingredient, volume, percent=percent)]).doses
    assert str(dose.mg.normalize()) == str(type(dose.mg)(mg).normalize())


def test_aliases_are_one_dose():
    (dose,) = check([part("VIT_PANTHENOL", "0.4", percent="1"), part("DEXPANTHENOL", "0.6", percent="1")]).doses
    assert dose.active == "dexpanthenol"
    assert dose.volume_ml == 1
    assert dose.mg == 10
