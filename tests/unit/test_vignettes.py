"""Acceptance cases written as data (clinical.md 14)."""

import json
from copy import deepcopy
from functools import cache

import pytest

from protocols.release_files import shipped_cases
from sessions.rules.vignette_inputs import Unreadable
from sessions.rules.vignettes import FORMAT, run_file
from tests.builders.facts import shipped

CONTENT = json.loads(shipped_cases())


@cache
def results():
    return {result.id: result for result in run_file(CONTENT, shipped())}


def run(*cases):
    return run_file({"format": FORMAT, "shared": CONTENT["shared"], "cases": list(cases)}, shipped())


def case(name, **over):
    return deepcopy(next(each for each in CONTENT["cases"] if each["id"] == name)) | over


@pytest.mark.parametrize("name", [each["id"] for each in CONTENT["cases"]])
def test_every_engine_agrees_with_the_case(name):
    result = results()[name]
    assert not result.problem
    assert not result.disagreements


def test_all_cases_of_the_file_are_run():
    assert len(results()) == len(CONTENT["cases"]) == 45


@pytest.mark.parametrize(
    ("name", "expect", "field"),
    [
        ("X1", {"verdict": "proceed"}, "verdict"),
        ("X1", {"fired": ["DX-01", "SV-02"]}, "fired"),
        ("X1", {"excluded": {}}, "excluded"),
        ("X2", {"formulation": {"solution_ml": "2.01"}}, "formulation.solution_ml"),
        ("X3", {"schedule": {"window": {"latest": "2026-03-20"}}}, "schedule.window.latest"),
        ("X4", {"session_day": {"may_start": True}}, "session_day.may_start"),
        ("X4", {"session_day": {"may_start": 0}}, "session_day.may_start"),
        ("X5", {"aftercare": {"AC-10": {"stop": None}}}, "aftercare.AC-10"),
        ("X6", {"messages": {"MSG-01": "2026-02-27T18:30+01:00"}}, "messages"),
        ("X7", {"outcome": {"class": "stabilised"}}, "outcome.class"),
        ("X7", {"no_such_answer": 1}, "no_such_answer"),
    ],
)
def test_names_the_field_that_disagrees(name, expect, field):
    (result,) = run(case(name, expect=expect))
    assert [difference.field for difference in result.disagreements] == [field]


def test_compares_numbers_by_value_and_findings_without_order():
    expect = {
        "formulation": {"solution_ml": 2, "findings": ["missing FX-00 weight_kg", "block FX-07 HA_NCL", "block FX-06e"]}
    }
    assert run(case("X2", expect=expect))[0].agrees


@pytest.mark.parametrize("wanted", ["NaN", "sNaN", "Infinity", "1e999999999999999999999"])
def test_what_is_no_number_only_differs(wanted):
    (result,) = run(case("X2", expect={"formulation": {"solution_ml": wanted}}))
    assert [difference.field for difference in result.disagreements] == ["formulation.solution_ml"]


def test_an_answer_expected_to_be_absent_agrees_when_it_is():
    assert run(case("X5", expect={"aftercare": {"AC-10": None}}))[0].agrees


@pytest.mark.parametrize(
    "broken",
    [
        {"evaluated_on": "2026-02-30"},
        {"evaluated_on": None},
        {"patient": {"base": "NOBODY"}},
        {"patient": []},
        {"schedule": {"protocol": "P77"}},
        {"schedule": {"protocol": "P1", "done": ["yesterday"]}},
        {"schedule": {"protocol": "P1", "start": "9999-12-30"}},
        {"schedule": {"protocol": "P1", "closed_weekdays": ["someday"]}},
        {"messages": {"time_zone": "Mars/Base"}},
        {"messages": {"time_zone": "Europe/Madrid", "starts_at": "tomorrow"}},
        {"aftercare": {"time_zone": "Europe/Madrid", "sessions": [{"ended_at": 5}]}},
        {"outcome": {"om02_ratings": ["much better"]}},
        {"salt": {"top": "101", "back": "0", "left": "0", "right": "0"}},
        {"salt": {"top": "1"}},
        {"expect": 5},
        {"formulation": {"mix": "NOTHING"}},
    ],
)
def test_a_case_that_cannot_be_read_is_named_and_the_others_still_run(broken):
    bad, good = run(case("X1", id="bad") | broken, case("X1"))
    assert bad.id == "bad"
    assert bad.problem
    assert good.agrees


def test_a_case_without_end_is_named():
    endless: list = []
    for _ in range(100_000):
        endless = [endless]
    assert run(case("X1", expect={"fired": endless}))[0].problem


def test_an_id_given_twice_is_named():
    with pytest.raises(Unreadable, match="twice: X1"):
        run(case("X1"), case("X1"))


@pytest.mark.parametrize("content", [[], {}, {"format": "other"}, {"format": FORMAT}, {"format": FORMAT, "cases": {}}])
def test_a_file_in_another_format_is_refused(content):
    with pytest.raises(Unreadable):
        run_file(content, shipped())


def test_a_base_that_leads_back_to_itself_is_refused():
    shared = {"A": {"base": "B"}, "B": {"base": "A"}}
    (result,) = run_file({"format": FORMAT, "shared": shared, "cases": [case("X1", patient={"base": "A"})]}, shipped())
    assert "itself" in result.problem


def test_a_case_replaces_the_date_that_its_base_counts_from():
    shared = CONTENT["shared"] | {"DATED": {"base": "BASE-M", "dates": {"inr_age_days": "2020-01-01"}}}
    patient = {"base": "DATED", "anticoagulant": "warfarin", "inr": "2.5", "inr_age_days": 3}
    one = case("X1", patient=patient, expect={"missing": [], "fired": ["BL-05", "DX-01", "SV-02"]})
    assert run_file({"format": FORMAT, "shared": shared, "cases": [one]}, shipped())[0].agrees
