"""Each rule of clinical.md 3.1 to 3.9 at its exact boundary: the answers on which it fires and those on which not."""

import pytest

from patients.rules.candidacy import GAP, evaluate
from patients.rules.conditions import CONDITIONS
from protocols.rules.kinds.candidacy import CandidacyRule
from tests.builders.facts import MAN, WOMAN, facts, shipped

TE = {"dx": ["TE"], "severity": None}
TESTED = {"ferritin_age_days": 14, "hb_in_range": "yes", "hb_age_days": 14, "tsh_status": "normal", "tsh_age_days": 14}
SCAR = {"dx": ["AGA_M", "TRAUMA_SCAR"]}
WARFARIN = {"anticoagulant": "warfarin", "inr_age_days": 7}
SUGAR = {"diabetes": "type2", "hba1c_age_days": 90}
FAINT = {"class": "injection_unknown", "reaction": "angioedema"}


def stage(scale: str, name: object) -> dict[str, object]:
    return {"severity": [{"scale": scale, "stage": name}]}


def allergic(allergen: str, reaction: str) -> dict[str, object]:
    return {"allergies": [{"class": allergen, "reaction": reaction}]}


# rule -> (answers on which it fires, answers on which it stays silent), as overrides of a healthy man.
TABLE: dict[str, tuple[list[dict[str, object]], list[dict[str, object]]]] = {
    "DX-01": ([{}, {"dx": ["FPHL"]}], [{"dx": ["AA"]}, {"dx": None}]),
    "DX-02": (
        [{"dx": ["LPP"]}, {"dx": ["AGA_M", "PSEUDOPELADE"]}, {"scarring_status": "confirmed"}],
        [{"scarring_status": "suspected"}, {**SCAR, "scarring_status": "confirmed"}, {"dx": ["TRAUMA_SCAR"]},
         {"dx": None, "scarring_status": "confirmed"}],
    ),
    "DX-03": (
        [{**SCAR, "scar_in_treatment_area": "yes"}, {"dx": ["TRAUMA_SCAR"]}, {"dx": ["TRAUMA_SCAR", "AA"]}],
        [SCAR, {**SCAR, "scar_in_treatment_area": "no"}, {"dx": ["TRAUMA_SCAR", "TRACTION"]}],
    ),
    "DX-04": (
        [{**SCAR, "scar_in_treatment_area": "no"}],
        [{**SCAR, "scar_in_treatment_area": "yes"}, {"dx": ["TRAUMA_SCAR"], "scar_in_treatment_area": "no"}],
    ),
    "DX-05": ([{"scarring_status": "suspected"}], [{"scarring_status": "none"}]),
    "DX-06": ([{"dx": ["AA"]}], [{"dx": ["AE"]}]),
    "DX-07": ([{**TE, "duration_months": "5.9"}], [{**TE, "duration_months": 6}, TE, {"duration_months": 3}]),
    "DX-08": ([{**TE, "duration_months": 6}], [{**TE, "duration_months": "5.9"}, TE, {"duration_months": 7}]),
    "DX-09": (
        [{**TE, "cause_addressed": "no"}, {"dx": ["TRACTION"], "cause_addressed": "no"}],
        [{**TE, "cause_addressed": "yes"}, TE, {"cause_addressed": "no"}],
    ),
    "DX-10": ([{"dx": ["TRACTION"], "cause_addressed": "yes"}], [{**TE, "cause_addressed": "yes"}]),
    "DX-11": ([{"dx": ["TTM"]}], [{}]),
    "DX-12": ([{"dx": ["AE"]}], [{"dx": ["AA"]}]),
    "DX-13": ([{"dx": ["UNSPECIFIED"]}], [{}]),
    "DX-14": ([{"drug_induced_suspected": "yes"}], [{"drug_induced_suspected": "no"}, {}]),
    "DX-15": (
        [{"hyperandrogenism_signs": "yes", "sex_at_birth": "intersex"}],
        [{"hyperandrogenism_signs": "yes"}, {"hyperandrogenism_signs": "yes", "sex_at_birth": None}],
    ),
    "SV-01": ([stage("norwood", "I")], [stage("norwood", "II")]),
    "SV-02": (
        [stage("norwood", "II"), stage("norwood", "III-vertex"), {**stage("ludwig", "I"), "pattern": "diffuse"}],
        [stage("norwood", "I"), stage("norwood", "IV"), stage("ludwig", "I")],
    ),
    "SV-03": ([stage("norwood", "IVa")], [stage("norwood", "IIIa"), stage("norwood", "V")]),
    "SV-04": ([stage("norwood", "V"), stage("norwood", "VII")], [stage("norwood", "IVa")]),
    "SV-05": (
        [{"severity": None}, {"severity": []}, {"severity": [{"scale": "salt", "score": 18}]}],
        [{}, stage("norwood", "IX"), stage("sinclair", "1"), {"dx": ["AA"], "severity": None}],
    ),
    "SV-06": (
        [stage("norwood", "IX"), stage("sinclair", "1"), stage("ludwig", "I"), {"severity": "III"},
         {"severity": [{"scale": "norwood"}]}, {"severity": [{"scale": "norwood", "stage": "III", "score": 3}]},
         {"dx": ["FPHL"]}, {"dx": ["AA"], "severity": [{"scale": "salt", "score": "100.1"}]}],
        [{}, {"severity": None}, {"dx": ["FPHL"], "pattern": "male_pattern"},
         {"dx": ["AA"], "severity": [{"scale": "salt", "score": 100}]}],
    ),
    "AG-01": ([{"age_years": 17}], [{"age_years": 18}, {"age_years": None}]),
    "AG-02": ([{"age_years": 65}], [{"age_years": 64}]),
    "RP-01": ([{"pregnancy_status": "pregnant"}], [{"pregnancy_status": "possible"}]),
    "RP-02": ([{"pregnancy_status": "possible"}], [{"pregnancy_status": "unknown"}]),
    "RP-03": ([{"breastfeeding": "yes"}], [{"breastfeeding": "no"}]),
    "RP-06": (
        [{"conception_plan_6mo": "yes", "sex_at_birth": "female"}],
        [{"conception_plan_6mo": "yes"}, {"conception_plan_6mo": "yes", "sex_at_birth": None}],
    ),
    "AL-00": ([{"allergies_reviewed": "no"}, {"allergies_reviewed": None}], [{}]),
    "AL-01": (
        [{"allergies": [FAINT]}, allergic("mesotherapy_mix_unknown", "anaphylaxis")],
        [allergic("mesotherapy_mix_unknown", "urticaria"), allergic("fish", "anaphylaxis")],
    ),
    "AL-03": (
        [allergic("fish", "anaphylaxis"), allergic("latex", "anaphylaxis")],
        [allergic("fish", "angioedema"), allergic("injection_unknown", "anaphylaxis"), {"allergies": None}],
    ),
    "AL-05": ([allergic("adhesive", "contact")], [allergic("sulfite", "contact")]),
    "AL-06": (
        [{"drug_allergy_count": 3}, {"mast_cell_disorder": "yes"}, {"uncontrolled_asthma": "yes"}],
        [{"drug_allergy_count": 2}, {}],
    ),
    "PR-01": ([{"prior_meso_reaction": "sentinel"}], [{"prior_meso_reaction": "grade3"}]),
    "PR-02": ([{"prior_meso_reaction": "grade3"}], [{"prior_meso_reaction": "mild"}]),
    "PR-03": ([{"prior_meso_reaction": "grade2_unresolved"}], [{"prior_meso_reaction": "mild"}]),
    "PR-04": ([{"prior_course": "non_responder"}], [{"prior_course": "responder"}]),
    "SC-01": (
        [{"scalp_infection": "fungal"}, {"days_since_resolved": 13}, {"days_since_resolved": 0}],
        [{"days_since_resolved": 14}, {}],
    ),
    "SC-02": ([{"scalp_inflammation": "moderate_severe"}], [{"scalp_inflammation": "mild"}]),
    "SC-03": ([{"scalp_inflammation": "mild"}], [{"scalp_inflammation": "none"}]),
    "SC-04": ([{"herpes": "active"}, {"days_since_healed": 13}], [{"days_since_healed": 14}, {"herpes": "recurrent"}]),
    "SC-05": ([{"herpes": "recurrent"}], [{"herpes": "active"}]),
    "SC-06": ([{"suspicious_lesion": "yes"}], [{}]),
    "SC-07": ([{"scalp_wound": "yes"}], [{}]),
    "SC-08": (
        [{"days_since_transplant": 89}, {"days_since_scalp_procedure": 13}],
        [{"days_since_transplant": 90, "days_since_scalp_procedure": 14}],
    ),
    "KE-01": ([{"keloid": "head_neck"}], [{"keloid": "elsewhere"}]),
    "KE-02": ([{"keloid": "elsewhere"}], [{"keloid": "head_neck"}]),
    "PT-01": ([{"fitzpatrick": "IV"}, {"fitzpatrick": "VI"}], [{"fitzpatrick": "III"}, {"fitzpatrick": None}]),
    "BL-01": ([{"bleeding_disorder": "yes"}], [{}]),
    "BL-02": ([{"platelets": 49}], [{"platelets": 50}, {}]),
    "BL-03": (
        [{"anticoagulant": "warfarin"}, {**WARFARIN, "inr": 2, "inr_age_days": 8}, {**WARFARIN, "inr": "high"},
         {**WARFARIN, "inr": 2, "inr_age_days": None}],
        [{**WARFARIN, "inr": 2}, {"anticoagulant": "doac"}],
    ),
    "BL-04": (
        [{**WARFARIN, "inr": "3.51"}],
        [{**WARFARIN, "inr": "3.5"}, {**WARFARIN, "inr": 4, "inr_age_days": 8}, {"inr": 4, "inr_age_days": 1}],
    ),
    "BL-05": (
        [{**WARFARIN, "inr": "3.5"}, {"anticoagulant": "doac"}, {"anticoagulant": "heparin"}],
        [{**WARFARIN, "inr": "3.51"}, {**WARFARIN, "inr": 2, "inr_age_days": 8}, {"anticoagulant": "warfarin"}, {}],
    ),
    "BL-06": (
        [{"antiplatelet": "single"}],
        [{"antiplatelet": "single", "anticoagulant": None}, {"antiplatelet": "dual"}],
    ),
    "BL-07": (
        [{"antiplatelet": "dual"}, {"antiplatelet": "single", "anticoagulant": "doac"}],
        [{"antiplatelet": "single"}, {"antiplatelet": "single", "anticoagulant": None}],
    ),
    "BL-08": ([{"otc_bleeding_supplements": "yes"}], [{}]),
    "IM-01": ([{"immunosuppression": "significant"}], [{"immunosuppression": "mild"}]),
    "IM-02": ([{"immunosuppression": "mild"}], [{}]),
    "ON-01": ([{"cancer": "active"}], [{"cancer": "remission"}]),
    "ON-02": (
        [{"cancer": "remission", "months_since_cancer_treatment": "11.9"}],
        [{"cancer": "remission", "months_since_cancer_treatment": 12}, {"months_since_cancer_treatment": 3}],
    ),
    "ON-03": (
        [{"cancer": "remission", "months_since_cancer_treatment": 12}],
        [{"cancer": "remission", "months_since_cancer_treatment": "11.9"}, {"cancer": "remission"}],
    ),
    "ON-04": ([{"scalp_radiotherapy_or_skin_cancer": "yes"}], [{}]),
    "DM-01": ([{**SUGAR, "hba1c": "8.5"}], [{**SUGAR, "hba1c": "8.4"}, {**SUGAR, "hba1c": 9, "hba1c_age_days": 91}]),
    "DM-02": ([{**SUGAR, "hba1c": "8.4"}], [{**SUGAR, "hba1c": "8.5"}, {"hba1c": "7", "hba1c_age_days": 1}]),
    "DM-03": ([{**SUGAR}, {**SUGAR, "hba1c": 9, "hba1c_age_days": 91}], [{**SUGAR, "hba1c": 9}, {}]),
    "AI-01": ([{"autoimmune": "flare"}], [{"autoimmune": "stable"}]),
    "AI-02": ([{"autoimmune": "stable"}], [{}]),
    "EP-01": (
        [{"epilepsy": "yes", "months_since_seizure": "5.9"}],
        [{"epilepsy": "yes", "months_since_seizure": 6}, {"epilepsy": "yes"}],
    ),
    "EP-02": ([{"epilepsy": "yes", "months_since_seizure": 6}], [{"epilepsy": "yes", "months_since_seizure": "5.9"}]),
    "CV-01": (
        [{"cardiac": ["mi"], "months_since_cv_event": "5.9"}, {"cardiac": ["none", "mi"], "months_since_cv_event": 1}],
        [{"cardiac": ["mi"], "months_since_cv_event": 6}, {"cardiac": ["arrhythmia"], "months_since_cv_event": 1}],
    ),
    "CV-02": (
        [{"bp_sys": 180}, {"bp_dia": 110}, {"bp_sys": 185, "bp_dia": None}],
        [{"bp_sys": 179, "bp_dia": 109}, {"bp_sys": None, "bp_dia": None}],
    ),
    "CV-03": (
        [{"bp_sys": 160}, {"bp_dia": 100}, {"bp_sys": 179, "bp_dia": 109}, {"bp_sys": 165, "bp_dia": None}],
        [{"bp_sys": 159, "bp_dia": 99}, {"bp_sys": 180}, {"bp_sys": 165, "bp_dia": 110}],
    ),
    "CV-07": (
        [{"cardiac": ["stable_angina"]}, {"cardiac": ["phaeochromocytoma"]},
         {"cardiac": ["stroke_tia"], "months_since_cv_event": 6}],
        [{"cardiac": ["stroke_tia"], "months_since_cv_event": "5.9"}, {"cardiac": ["mi"]}, {}],
    ),
    "MD-01": (
        [{"isotretinoin": "current"}, {"isotretinoin": "stopped", "days_since_isotretinoin": 29}],
        [{"isotretinoin": "stopped", "days_since_isotretinoin": 30}, {"days_since_isotretinoin": 3}],
    ),
    "MD-02": (
        [{"isotretinoin": "stopped", "days_since_isotretinoin": days} for days in (30, 179)],
        [{"isotretinoin": "stopped", "days_since_isotretinoin": days} for days in (29, 180)],
    ),
    "MD-03": ([{"beta_blocker": "yes"}], [{}]),
    "PS-01": ([{"expectations": "unrealistic"}], [{}]),
    "PS-02": ([{"bdd_screen": "positive"}], [{"bdd_screen": "not_done"}]),
    "PS-03": ([{"needle": "vasovagal"}, {"needle": "phobia"}], [{"needle": "none"}]),
    "LB-01": (
        [{**TE, **TESTED, "ferritin": "29.9"}, {**TE, "hb_in_range": "no", "hb_age_days": 180}],
        [{**TE, **TESTED, "ferritin": 30}, {**TE, "ferritin": 12, "ferritin_age_days": 181}, {"ferritin": 12}],
    ),
    "LB-02": (
        [{"ferritin": "29.9"}, {"hb_in_range": "no"}],
        [{"ferritin": 30}, {**TE, **TESTED, "ferritin": 12}, {"dx": None, "ferritin": 12}],
    ),
    "LB-03": (
        [{"tsh_status": "abnormal_untreated"}, {**TE, "tsh_status": "abnormal_untreated", "tsh_age_days": 180}],
        [{"tsh_status": "abnormal_treated"}, {**TE, "tsh_status": "abnormal_untreated", "tsh_age_days": 181}],
    ),
    "LB-04": (
        [TE, {**TE, **TESTED}, {**TE, **TESTED, "ferritin": 40, "tsh_age_days": 181}],
        [{**TE, **TESTED, "ferritin": 40}, {}],
    ),
    "LB-05": ([{"vitd": "19.9"}], [{"vitd": 20}]),
}  # fmt: skip


def reported(over: dict[str, object]) -> set[str]:
    result = evaluate(facts(MAN, **over), shipped())
    return {finding.rule for finding in (*result.fired, *result.gaps)}


def test_the_table_has_every_rule_of_the_catalogue():
    rows = {row.id for row in shipped().of(CandidacyRule)}
    assert set(TABLE) | {GAP} == rows
    assert set(CONDITIONS) | {GAP} == rows


@pytest.mark.parametrize("rule", TABLE)
def test_fires_on(rule):
    for over in TABLE[rule][0]:
        assert rule in reported(over), over


@pytest.mark.parametrize("rule", TABLE)
def test_stays_silent_on(rule):
    for over in TABLE[rule][1]:
        assert rule not in reported(over), over


def test_the_healthy_fire_nothing_but_proceed():
    for raw, sex in ((MAN, "male"), (WOMAN, "female")):
        result = evaluate(facts(raw, sex_at_birth=sex), shipped())
        assert [finding.rule for finding in result.fired] == ["DX-01", "SV-02"]
        assert result.missing == ()
        assert result.verdict == "proceed"
