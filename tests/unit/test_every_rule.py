"""Every rule of the catalogue fires in a written case and stays silent in another, as the cases themselves expect.

What a case expects of a field is exact, so each rule of that field that it does not name is expected to be silent.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest

from mesoclinic.rules.tri import Tri
from patients.rules.candidacy import Verdict
from protocols.rules.kinds.aftercare import Aftercare
from protocols.rules.kinds.candidacy import CandidacyRule, ExclusionRule
from protocols.rules.kinds.formulation import FormulationRule
from protocols.rules.kinds.messages import MessageRow
from protocols.rules.kinds.outcome import OutcomeChange, ResponseClass
from protocols.rules.kinds.schedule import CourseRule, ScheduleRule
from protocols.rules.kinds.session_day import DayRule
from protocols.rules.kinds.technique import TechniqueRule
from sessions.rules.outcome import Response
from sessions.rules.stopping import CourseEvents, hair_growth_claims_from, may_maintain, stops
from sessions.rules.vignette_inputs import patient_inputs
from tests.builders.facts import TODAY, shipped

FILES = sorted((Path(__file__).parent.parent / "vignettes").glob("*.json"))
CONSENT_OF_THE_DAY = "SD-08"
Heard = tuple[str, set[str], set[str]]
"""Name of a case, the rules that fire in it, and those that could have."""

# What stops a course and what may follow it is told to the engines alone: the format of cases has no field for it.
COURSES: Mapping[str, tuple[CourseEvents, set[str]]] = {
    "nothing has happened": (CourseEvents(), set()),
    "no benefit": (CourseEvents(final_response=Response.NON_RESPONDER), {"STOP-1"}),
    "worse": (CourseEvents(worse=Tri.YES), {"STOP-2"}),
    "a sentinel event": (CourseEvents(sentinel_event=Tri.YES), {"STOP-3"}),
    "a specialist is needed": (CourseEvents(verdict=Verdict.REFER), {"STOP-4"}),
    "consent is withdrawn": (CourseEvents(withdrawn=True), {"STOP-5"}),
}


def rules() -> dict[str, set[str]]:
    """Ids of the rules by the field of a case that names them."""

    def of(kind, wanted=lambda row: True) -> set[str]:
        return {row.id for row in shipped().of(kind) if wanted(row)}

    return {
        "fired": of(CandidacyRule, lambda row: row.outcome != "missing"),
        "missing": of(CandidacyRule, lambda row: row.outcome == "missing"),
        "excluded": of(ExclusionRule, lambda row: not row.warning_only),
        "formulation": of(FormulationRule) | of(ExclusionRule, lambda row: row.warning_only),
        "technique": of(TechniqueRule),
        "schedule": of(ScheduleRule),
        "day": of(DayRule),
        "aftercare": of(Aftercare),
        "messages": of(MessageRow),
        "measures": of(OutcomeChange),
        "class": of(ResponseClass),
        "course": of(CourseRule),
    }


RULES = rules()


def cases() -> Iterator[tuple[str, dict, dict]]:
    """Each written case under a name that finds it, with what its file shares."""
    for file in FILES:
        content = json.loads(file.read_text(encoding="utf-8"))
        for case in content["cases"]:
            yield f"{file.name} {case['id']}", case, content.get("shared", {})


def heard(name: str, case: dict, shared: dict) -> Iterator[Heard]:
    """What the case expects of each field that names rules."""
    expect = case.get("expect", {})
    if "fired" in expect:
        yield name, set(expect["fired"]), RULES["fired"]
        if case.get("session"):
            yield name, *_judged_again(set(expect["fired"]))
            yield name, {"DY-05"} if _changed(case, shared) else set(), {"DY-05"}
    if "missing" in expect:
        yield name, {code.partition(":")[0] for code in expect["missing"]}, RULES["missing"]
    if "excluded" in expect:
        yield name, {rule for found in expect["excluded"].values() for rule in found}, RULES["excluded"]
    mixture, technique = expect.get("formulation", {}), expect.get("technique", {})
    if "findings" in mixture:
        could = RULES["formulation"] | (RULES["technique"] if case.get("technique") else set())
        yield name, _named(mixture), could
    if "findings" in technique:
        yield name, _named(technique), RULES["technique"]
    yield from _course(name, expect)
    if "findings" in expect.get("session_day", {}):
        asked = {row.id for row in shipped().of(DayRule) if row.level != "recompute"} | {CONSENT_OF_THE_DAY}
        yield name, _named(expect["session_day"]), asked
    yield from _afterwards(name, expect)


def _named(section: Mapping) -> set[str]:
    """`warn SD-02`, `block FX-07 HA_NCL`: the second word is the rule."""
    return {finding.split()[1] for finding in section["findings"]}


def _judged_again(fired: set[str]) -> tuple[set[str], set[str]]:
    """A rule of the day that speaks through other rules fires when one of those does."""
    rows = [row for row in shipped().of(DayRule) if row.recomputes]
    return {row.id for row in rows if fired & set(row.recomputes)}, {row.id for row in rows}


def _changed(case: dict, shared: dict) -> bool:
    """Whether the day gives an input another value than the patient had (DY-05: all rules judge the day's)."""
    had = patient_inputs(case["patient"], shared)
    return any(name in had and had[name] != value for name, value in case["session"].items())


def _course(name: str, expect: dict) -> Iterator[Heard]:
    schedule = expect.get("schedule", {})
    if "findings" in schedule:
        yield name, _named(schedule), RULES["schedule"] - {"SD-09"}
    if "assessments" in schedule:
        # SD-09 says nothing: it plans the assessments.
        yield name, {"SD-09"} if schedule["assessments"] else set(), {"SD-09"}


def _afterwards(name: str, expect: dict) -> Iterator[Heard]:
    sheet, outcome = expect.get("aftercare", {}), expect.get("outcome", {})
    if sheet:
        yield name, {rule for rule, times in sheet.items() if times is not None}, set(sheet)
    if "messages" in expect:
        yield name, set(expect["messages"]), RULES["messages"]
    if outcome.get("measures"):
        measures = outcome["measures"]
        yield name, {rule for rule, change in measures.items() if change in ("improved", "worse")}, set(measures)
    if "class" in outcome:
        yield name, {outcome["class"]}, RULES["class"]


def courses() -> Iterator[Heard]:
    """The rules of a whole course."""
    for name, (events, _) in COURSES.items():
        could = RULES["course"] - {"MT-1", "STOP-6"}
        yield name, {finding.rule for finding in stops(events, shipped())}, could
    for response in (Response.RESPONDER, Response.STABILISED):
        refused = may_maintain(response, (), TODAY, shipped())
        yield f"maintenance for a {response} patient", {finding.rule for finding in refused}, {"MT-1"}
    spoken_of = hair_growth_claims_from(TODAY, shipped())
    for on in (spoken_of - timedelta(days=1), spoken_of):
        yield f"growth on {on}", {"STOP-6"} if on < spoken_of else set(), {"STOP-6"}


@cache
def tried() -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Rule id -> a case in which it fires, and one in which it could and does not."""
    fires: dict[str, str] = {}
    silent: dict[str, str] = {}
    for name, found, could in (*(each for case in cases() for each in heard(*case)), *courses()):
        fires.update(dict.fromkeys(found, name))
        silent.update(dict.fromkeys(could - found, name))
    return fires, silent


@pytest.mark.parametrize("rule", sorted(set().union(*RULES.values())))
def test_fires_in_one_case_and_stays_silent_in_another(rule):
    fires, silent = tried()
    assert rule in fires, f"{rule} fires in no case"
    assert rule in silent, f"{rule} stays silent in no case that could make it fire"


def test_cases_name_only_rules_that_there_are():
    known = set().union(*RULES.values())
    fires, _ = tried()
    assert fires.keys() <= known


@pytest.mark.parametrize("name", COURSES)
def test_a_course_stops_by_these_rules(name):
    events, wanted = COURSES[name]
    assert {finding.rule for finding in stops(events, shipped())} == wanted
