"""Whether a session may start today (clinical.md 7.1)."""

from datetime import date

import pytest

from sessions.rules.day import check_day
from tests.builders.facts import TODAY, man, shipped, woman

READY = {
    "rescreen_on": TODAY.isoformat(),
    "temperature_c": "36.8",
    "acute_systemic_infection": "no",
    "adrenaline_present": "yes",
    "adrenaline_expiry": TODAY.isoformat(),
    "trained_person_present": "yes",
    "impaired": "no",
    "consent_on": "2026-02-01",
    "consent_form_current": "yes",
}


def checked(formulation="ok", person=man, **over):
    return check_day(person(**(READY | over)), formulation, shipped())


def codes(check):
    return [finding.code for finding in check.findings]


def test_a_patient_who_is_well_and_ready_may_start():
    check = checked()
    assert check.may_start
    assert codes(check) == []


@pytest.mark.parametrize(
    ("over", "finding", "may_start"),
    [
        ({"rescreen_on": "2026-03-01"}, "block DY-01", False),
        ({"rescreen_on": None}, "block DY-01", False),
        ({"rescreen_on": "soon"}, "block DY-01", False),
        ({"temperature_c": "38.0"}, "defer DY-02", False),
        ({"acute_systemic_infection": "yes"}, "defer DY-02", False),
        ({"hours_since_meal": "4.5", "needle": "vasovagal"}, "caution DY-06", True),
        ({"adrenaline_present": "no"}, "block DY-08", False),
        ({"adrenaline_present": None}, "block DY-08", False),
        ({"adrenaline_expiry": "2026-03-01"}, "block DY-08", False),
        ({"adrenaline_expiry": None}, "block DY-08", False),
        ({"trained_person_present": "unknown"}, "block DY-08", False),
        ({"impaired": "yes"}, "defer DY-09", False),
        ({"vaccination_7d": "yes"}, "record DY-10", True),
        ({"consent_on": "2025-03-01"}, "block SD-08", False),
        ({"consent_on": None}, "block SD-08", False),
        ({"consent_on": "2026-03-03"}, "block SD-08", False),
        ({"consent_form_current": "no"}, "block SD-08", False),
        ({"consent_form_current": None}, "block SD-08", False),
    ],
)
def test_each_rule_of_the_day_speaks(over, finding, may_start):
    check = checked(**over)
    assert codes(check) == [finding]
    assert check.may_start is may_start


def test_a_finding_of_the_day_carries_what_it_was_read_from():
    fever, lapsed = checked(temperature_c="38.0", consent_on="2025-03-01").findings
    assert fever.inputs == (("temperature_c", "38.0"), ("acute_systemic_infection", "no"))
    assert lapsed.inputs == (("consent_on", "2025-03-01"), ("consent_form_current", "yes"))


@pytest.mark.parametrize(
    "over",
    [
        {"temperature_c": "37.9"},
        {"hours_since_meal": "4", "needle": "vasovagal"},
        {"hours_since_meal": "9"},
        {"consent_on": "2025-03-02"},
        {"consent_on": TODAY.isoformat()},
    ],
)
def test_a_value_just_inside_its_limit_is_fine(over):
    check = checked(**over)
    assert (codes(check), check.may_start) == ([], True)


@pytest.mark.parametrize(
    ("over", "missing"),
    [
        ({"bp_sys": None}, "MI-01:bp_sys"),
        ({"bp_dia": None}, "MI-01:bp_dia"),
        ({"temperature_c": None}, "MI-01:temperature_c"),
        ({"temperature_c": "46"}, "MI-01:temperature_c"),
        ({"acute_systemic_infection": None}, "MI-01:acute_systemic_infection"),
        ({"impaired": None}, "MI-01:impaired"),
        ({"needle": "vasovagal"}, "MI-01:hours_since_meal"),
    ],
)
def test_what_was_not_asked_today_is_never_a_pass(over, missing):
    check = checked(**over)
    assert check.candidacy.missing == (missing,)
    assert (check.candidacy.verdict, check.may_start) == ("cannot_conclude", False)


@pytest.mark.parametrize(
    ("person", "over", "rule"),
    [
        (man, {"bp_sys": 185}, "CV-02"),
        (woman, {"pregnancy_status": "possible"}, "RP-02"),
        (woman, {"pregnancy_status": "pregnant"}, "RP-01"),
        (man, {"scalp_infection": "bacterial"}, "SC-01"),
    ],
)
def test_todays_values_are_judged_by_the_candidacy_rules(person, over, rule):
    check = checked(person=person, **over)
    assert rule in {finding.rule for finding in check.candidacy.fired}
    assert not check.may_start


@pytest.mark.parametrize("formulation", ["blocked", "cannot_conclude", None])
def test_a_formulation_that_is_not_shown_to_be_safe_keeps_the_session_from_starting(formulation):
    assert not checked(formulation).may_start
    assert checked("ok_with_warnings").may_start


def test_consent_counts_on_the_day_of_the_session():
    facts = man(on=date(2027, 2, 2), **(READY | {"rescreen_on": "2027-02-02", "adrenaline_expiry": "2028-01-01"}))
    assert codes(check_day(facts, "ok", shipped())) == ["block SD-08"]
