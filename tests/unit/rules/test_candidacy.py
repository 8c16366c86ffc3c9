"""How rules combine into a verdict (clinical.md 3.0)."""

from datetime import date

import pytest

from patients.rules.candidacy import evaluate
from protocols.rules.facts import parse_facts
from tests.builders.facts import MAN, man, shipped, woman


def judged(facts, **options):
    return evaluate(facts, shipped(), **options)


def test_the_most_severe_finding_sets_the_headline_and_all_stay_visible():
    result = judged(man(keloid="elsewhere", expectations="unrealistic", suspicious_lesion="yes"))
    assert result.verdict == result.provisional == "refer"
    assert {finding.rule for finding in result.fired} == {"DX-01", "SV-02", "KE-02", "PS-01", "SC-06"}


def test_a_contraindication_stands_although_data_are_missing():
    result = judged(man(keloid="head_neck", epilepsy=None))
    assert (result.verdict, result.missing) == ("contraindicated", ("MI-01:epilepsy",))


@pytest.mark.parametrize("name", ["epilepsy", "sex_at_birth", "age_years", "cardiac", "expectations", "dx"])
def test_a_missing_answer_never_lets_anyone_proceed(name):
    result = judged(man(**{name: None}))
    assert result.verdict == "cannot_conclude"
    assert f"MI-01:{name}" in result.missing


def test_shows_the_provisional_verdict_beside_cannot_conclude():
    result = judged(man(epilepsy=None, keloid="elsewhere"))
    assert (result.verdict, result.provisional) == ("cannot_conclude", "caution")


def test_nothing_fired_is_a_referral():
    assert judged(parse_facts({}, evaluated_on=date(2026, 3, 2), catalogue=shipped())).provisional == "refer"


@pytest.mark.parametrize(
    ("over", "temporary"),
    [
        ({"platelets": 20}, True),
        ({"platelets": 20, "cancer": "active"}, True),
        ({"platelets": 20, "keloid": "head_neck"}, False),
        ({"keloid": "head_neck"}, False),
        ({}, False),
    ],
)
def test_is_temporary_only_if_every_contraindication_is(over, temporary):
    assert judged(man(**over)).temporary is temporary


def test_asks_only_what_a_known_answer_requires():
    assert judged(woman(sex_at_birth=None, childbearing_potential=None)).missing == ("MI-01:sex_at_birth",)
    missing = judged(woman(childbearing_potential="yes", pregnancy_status=None, breastfeeding="unknown")).missing
    assert missing == ("MI-01:pregnancy_status", "MI-01:breastfeeding")


@pytest.mark.parametrize(
    ("over", "missing"),
    [
        ({"dx": ["TRACTION"], "severity": None}, {"MI-01:cause_addressed"}),
        ({"dx": ["AGA_M", "TRAUMA_SCAR"]}, {"MI-01:scar_in_treatment_area"}),
        ({"dx": ["TE"], "severity": None}, {"MI-01:duration_months", "MI-01:cause_addressed", "LB-04"}),
        ({"cancer": "remission"}, {"MI-01:months_since_cancer_treatment"}),
        ({"epilepsy": "yes"}, {"MI-01:months_since_seizure"}),
        ({"cardiac": ["unstable_angina"]}, {"MI-01:months_since_cv_event"}),
        ({"cardiac": ["arrhythmia"]}, set()),
        ({"isotretinoin": "stopped"}, {"MI-01:days_since_isotretinoin"}),
        ({"anticoagulant": "warfarin"}, {"BL-03"}),
        ({"diabetes": "other"}, {"DM-03"}),
        ({"allergies_reviewed": "no"}, {"AL-00"}),
        ({"severity": None}, {"SV-05"}),
        ({"weight_kg": None, "bp_sys": None, "conception_plan_6mo": None, "allergies": None}, set()),
    ],
)
def test_a_gap_is_reported_once_by_its_own_code(over, missing):
    assert set(judged(man(**over)).missing) == missing


@pytest.mark.parametrize(
    ("over", "missing"),
    [
        ({"egfr": -1}, {"MI-01:egfr"}),
        ({"bp_sys": 301}, {"MI-01:bp_sys"}),
        ({"weight_kg": "400"}, set()),
        ({"inr": "high"}, {"MI-01:inr"}),
        ({"inr": "high", "anticoagulant": "warfarin", "inr_age_days": 1}, {"BL-03"}),
        ({"hba1c": 30, "hba1c_age_days": 5, "diabetes": "type1"}, {"DM-03"}),
        ({"allergies_reviewed": "perhaps"}, {"AL-00"}),
        ({"allergies": [{"class": "cats", "reaction": "contact"}]}, {"MI-01:allergies"}),
        ({"severity": [{"scale": "norwood", "stage": "III"}, {"scale": "ludwig", "stage": "I"}]}, {"SV-06"}),
        ({"dx": ["AGA_M", "BALD"]}, {"MI-01:dx"}),
        ({"cardiac": ["none", "heart_failure"]}, {"MI-01:cardiac"}),
    ],
)
def test_an_invalid_value_always_reports_its_code(over, missing):
    result = judged(man(**over))
    assert set(result.missing) == missing
    assert result.verdict == ("cannot_conclude" if missing else "proceed")


def test_a_valid_scale_still_speaks_beside_an_invalid_one():
    result = judged(man(severity=[{"scale": "norwood", "stage": "V"}, {"scale": "sinclair", "stage": "1"}]))
    assert "SV-04" in {finding.rule for finding in result.fired}
    assert result.missing == ("SV-06",)


def test_of_two_fitting_scales_the_more_severe_counts():
    stages = [{"scale": "norwood", "stage": "II"}, {"scale": "ludwig", "stage": "III"}]
    assert judged(man(severity=stages, pattern="diffuse")).verdict == "refer"


def test_a_finding_carries_its_row_and_what_it_was_read_from():
    (finding,) = (found for found in judged(man(platelets=49)).fired if found.rule == "BL-02")
    assert finding.inputs == (("platelets", "49"),)
    assert (finding.reason, finding.action, finding.strength) == ("Platelets too low", "haematology", "P")
    assert finding.temporary


def test_a_session_day_asks_for_the_measures_of_the_day():
    measured = {"temperature_c": "36.6", "acute_systemic_infection": "no", "impaired": "no"}
    assert judged(man(**measured), on_day=True).missing == ()
    missing = judged(man(bp_dia=None, needle="vasovagal"), on_day=True).missing
    asked = ("bp_dia", "temperature_c", "acute_systemic_infection", "impaired", "hours_since_meal")
    assert set(missing) == {f"MI-01:{name}" for name in asked}


def test_the_day_before_an_eighteenth_birthday_is_too_early():
    verdicts = [
        judged(parse_facts(MAN | {"date_of_birth": "2008-02-29"}, evaluated_on=day, catalogue=shipped())).verdict
        for day in (date(2026, 2, 28), date(2026, 3, 1))
    ]
    assert verdicts == ["contraindicated", "proceed"]


def test_each_verdict_has_words_for_the_patient():
    assert judged(man()).patient_text.startswith("You appear suitable")
    assert judged(man(epilepsy=None)).patient_text == "We still need the listed information."
