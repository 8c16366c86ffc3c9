"""What may be taken over from the last consultation (docs/decisions/017): every question of the form by name."""

import pytest

from patients.rules.still_true import Manner, asked_when, manner_of, unconfirmed
from protocols.rules.facts import from_sheet
from protocols.rules.kinds.inputs import Input
from tests.builders.facts import TODAY, shipped

MANNERS = {
    Manner.TOGETHER: """sex_at_birth date_of_birth dx pattern onset_on transplant_on
        hyperandrogenism_signs bleeding_disorder keloid immunosuppression cancer cancer_treatment_ended_on
        hormone_sensitive_cancer scalp_radiotherapy_or_skin_cancer diabetes autoimmune epilepsy last_seizure_on cardiac
        cv_event_on hepatic_impairment g6pd wilson bdd_screen needle""",
    Manner.SINGLY: """infection_resolved_on herpes_healed_on fitzpatrick platelets inr hba1c egfr ferritin hb_in_range
        tsh_status vitd""",
    Manner.ANEW: """childbearing_potential pregnancy_status breastfeeding conception_plan_6mo cause_addressed
        drug_induced_suspected scarring_status scar_in_treatment_area scalp_infection scalp_inflammation scalp_wound
        suspicious_lesion herpes scalp_procedure_on allergies_reviewed drug_allergy_count mast_cell_disorder
        uncontrolled_asthma prior_meso_reaction prior_course anticoagulant antiplatelet otc_bleeding_supplements
        isotretinoin isotretinoin_stopped_on antihypertensives beta_blocker oral_minoxidil oral_5ari
        cyp3a4_strong_inhibitor sexual_dysfunction_or_abnormal_semen expectations""",
    Manner.MEASURED: "weight_kg severity bp_sys bp_dia",
    Manner.LISTED: "allergies",
}


def test_every_question_has_its_manner():
    found = {row.stored_as or row.id: manner_of(row) for row in shipped().of(Input) if row.section != "day"}
    wanted = {name: manner for manner, names in MANNERS.items() for name in names.split()}
    samples = {row.id for row in shipped().of(Input) if row.age_of}
    assert {name: found[name] for name in found if name not in samples} == wanted


def left(known, given):
    sheet = {name: {"value": value, "observed_on": "2026-01-05"} for name, value in known.items()}
    today = {name: {"value": value, "observed_on": TODAY.isoformat()} for name, value in given.items()}
    facts = from_sheet(today, evaluated_on=TODAY, catalogue=shipped())
    return unconfirmed(sheet, today, facts, shipped())


@pytest.mark.parametrize(
    ("known", "given", "names"),
    [
        ({"wilson": "yes", "epilepsy": "no"}, {}, ("epilepsy", "wilson")),
        ({"wilson": "yes", "epilepsy": "no"}, {"wilson": "unknown", "epilepsy": "yes"}, ()),
        ({"wilson": "unknown", "allergies": [], "keloid": ""}, {}, ()),
        ({"allergies": [{"class": "fish", "reaction": "urticaria"}]}, {}, ("allergies",)),
        ({"weight_kg": "62", "bp_sys": "120", "severity": [{"scale": "ludwig", "stage": "I"}]}, {}, ()),
        ({"temperature_c": "36.6", "date_of_birth": "1992-03-14"}, {}, ()),
        ({"cancer": "remission", "cancer_treatment_ended_on": "2020-01-01"}, {"cancer": "none"}, ()),
        (
            {"cancer": "remission", "cancer_treatment_ended_on": "2020-01-01"},
            {"cancer": "remission"},
            ("cancer_treatment_ended_on",),
        ),
        ({"hormone_sensitive_cancer": "yes"}, {"cancer": "none"}, ()),
        ({"hormone_sensitive_cancer": "yes"}, {"cancer": "remission"}, ("hormone_sensitive_cancer",)),
        ({"ferritin": "18"}, {"dx": ["FPHL"]}, ("ferritin",)),
    ],
)
def test_what_was_known_waits_until_it_is_confirmed_or_answered(known, given, names):
    assert left(known, given) == names


def test_a_question_of_everybody_has_no_condition():
    rows = {row.id: row for row in shipped().of(Input)}
    assert asked_when(rows["ferritin"]) is None
    assert asked_when(rows["pregnancy_status"]) == rows["pregnancy_status"].when
