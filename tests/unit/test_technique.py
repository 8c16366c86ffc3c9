"""Rules of technique at their exact boundaries, and the arithmetic of points and volumes (clinical.md 5)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from protocols.rules.formulation import technique_alone
from protocols.rules.kinds.formulation import FormulationRule
from protocols.rules.kinds.schedule import Protocol
from protocols.rules.kinds.technique import Technique, TechniqueRule
from protocols.rules.technique import TechniqueResult, ZoneArea, check_technique, parse_plan
from tests.builders.facts import shipped

PLAN = {"technique": "T-PAP", "zones": [{"zone": "top", "area_cm2": "80"}], "spacing_cm": "1.0", "ml_per_point": "0.05"}
NAP = {"technique": "T-NAP", "spacing_cm": "0.5", "ml_per_point": "0.01"}
PPP = {"technique": "T-PPP", "spacing_cm": "1.5", "ml_per_point": "0.10"}
EPI = {"technique": "T-EPI", "spacing_cm": "0.3", "ml_per_point": None}
FIXED = {"volume_mode": "fixed", "volume_ml": "1.0", "spacing_cm": None}


def area(*sizes: str) -> dict[str, Any]:
    return {"zones": [{"zone": f"zone{place}", "area_cm2": size} for place, size in enumerate(sizes)]}


def judge(**over: Any) -> TechniqueResult:
    return check_technique(parse_plan(PLAN | over), catalogue=shipped())


def codes(result: TechniqueResult) -> set[str]:
    return {finding.code for finding in result.findings}


TABLE: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]]]] = {
    "T-01": (
        [{"depth_mm": "4.01"}, {**EPI, "depth_mm": "13"}],
        [{"depth_mm": "4"}, {**PPP, "depth_mm": "4.0"}, {"depth_mm": "3"}, {"depth_mm": None}],
    ),
    "T-02": (
        [{"ml_per_point": "0.019"}, {"ml_per_point": "0.101"}, {**NAP, "ml_per_point": "0.004"},
         {**NAP, "ml_per_point": "0.021"}, {**PPP, "ml_per_point": "0.049"}, {**PPP, "ml_per_point": "0.101"}],
        [{"ml_per_point": "0.02"}, {"ml_per_point": "0.10"}, {**NAP, "ml_per_point": "0.005"},
         {**NAP, "ml_per_point": "0.02"}, {**PPP, "ml_per_point": "0.05"}, {**PPP, "ml_per_point": "0.1"},
         {**EPI, "ml_per_point": "5"}],
    ),
    "T-03": (
        [{"spacing_cm": "0.79"}, {"spacing_cm": "1.51"}, {**NAP, "spacing_cm": "0.19"}, {**NAP, "spacing_cm": "0.51"},
         {**PPP, "spacing_cm": "0.99"}, {**PPP, "spacing_cm": "2.01"}, {**EPI, "spacing_cm": "0.51"},
         FIXED, {**FIXED, "volume_ml": "0.04"}, {**FIXED, "ml_per_point": "0.02", **area("31.5")}],
        [{"spacing_cm": "0.8"}, {"spacing_cm": "1.5"}, {**NAP, "spacing_cm": "0.2"}, {**NAP, "spacing_cm": "0.5"},
         {**PPP, "spacing_cm": "1"}, {**PPP, "spacing_cm": "2"}, {**EPI, "spacing_cm": "0.5"},
         {**FIXED, "ml_per_point": "0.02"}, {**FIXED, **area("45")}, {**FIXED, "spacing_cm": "9", **area("45")},
         # 1.5033 cm is 1.50 as shown, and so inside.
         {**FIXED, **area("45.2")}, {**EPI, **FIXED}],
    ),
    "T-04": (
        [{"protocol": "P2", **PPP}, {"protocol": "P1", **NAP}, {"protocol": "P9", **EPI}, {"protocol": "P99"}],
        [{"protocol": "P2", **NAP}, {"protocol": "P1"}, {"protocol": "P5", **EPI}, {}],
    ),
    "T-05": (
        [{**area("401")}, {**NAP, **area("500.1")}, {**PPP, **area("902")}],
        [{**area("400")}, {**NAP, **area("500")}, {**PPP, **area("900")}, {**EPI, **area("5000")}],
    ),
    "T-05s": (
        [{**area("201")}, {**area("400")}, {**area("401")}, {**NAP, **area("250.1")}, {**PPP, **area("452")}],
        [{**area("200")}, {**NAP, **area("250")}, {**PPP, **area("450")}, {**EPI, **area("5000")}],
    ),
}  # fmt: skip
LEVEL = dict.fromkeys(TABLE, "block") | {"T-05s": "warn"}


def test_every_rule_is_listed_here():
    assert set(TABLE) == {row.id for row in shipped().of(TechniqueRule)}


@pytest.mark.parametrize(("rule", "over"), [(rule, over) for rule, (fires, _) in TABLE.items() for over in fires])
def test_a_rule_fires(rule, over):
    assert f"{LEVEL[rule]} {rule}" in codes(judge(**over))


@pytest.mark.parametrize(("rule", "over"), [(rule, over) for rule, (_, silent) in TABLE.items() for over in silent])
def test_a_rule_stays_silent(rule, over):
    result = judge(**over)
    assert rule not in {finding.rule for finding in result.findings}
    assert "missing" not in {finding.level.value for finding in result.findings}


ALLOWED = {
    **{key: {"T-PAP", "T-PPP"} for key in ("P1", "P3", "P4", "P7", "P8")},
    **{key: {"T-NAP", "T-PAP"} for key in ("P2", "P9")},
    **{key: {"T-EPI", "T-NAP", "T-PAP"} for key in ("P5", "P6")},
}


def test_each_protocol_allows_the_techniques_of_its_table():
    assert {row.id: set(row.techniques) for row in shipped().of(Protocol) if row.id in ALLOWED} == ALLOWED
    modes = {row.id: row.volume_mode for row in shipped().of(Protocol) if row.id in ALLOWED}
    assert {protocol for protocol, mode in modes.items() if mode != "fixed"} == {"P5", "P6"}


def test_each_technique_has_its_ranges():
    rows = {row.id: row for row in shipped().of(Technique)}
    spacing = {each: tuple(map(str, (row.spacing_cm.low, row.spacing_cm.high))) for each, row in rows.items()}
    assert spacing == {
        "T-EPI": ("0.2", "0.5"),
        "T-NAP": ("0.2", "0.5"),
        "T-PAP": ("0.8", "1.5"),
        "T-PPP": ("1.0", "2.0"),
    }


@pytest.mark.parametrize(
    ("over", "points", "volume", "spacing"),
    [
        ({}, 80, "4.00", None),
        (NAP, 320, "3.20", None),
        ({**PPP, **area("100")}, 45, "4.50", None),
        ({**area("40.5")}, 41, "2.05", None),
        # Rounded up in each zone, then summed.
        ({**area("40.1", "40.1")}, 82, "4.10", None),
        ({**EPI}, None, "1.60", None),
        (FIXED, 20, "1.0", "2.00"),
        ({**FIXED, "ml_per_point": "0.02"}, 50, "1.0", "1.26"),
        ({**FIXED, "ml_per_point": "0.03"}, 33, "1.0", "1.56"),
        ({**FIXED, **area("40", "40")}, 20, "1.0", "2.00"),
        ({**FIXED, "volume_ml": "0.01"}, 0, "0.01", None),
        ({**FIXED, "volume_ml": "0"}, 0, "0", None),
        # Three decimals are kept, halves up.
        ({"ml_per_point": "0.0125", **area("3")}, 3, "0.038", None),
        ({**FIXED, **EPI}, None, "1.0", None),
    ],
)
def test_points_volume_and_spacing_follow_from_the_plan(over, points, volume, spacing):
    result = judge(**over)
    assert (result.points, result.volume_ml) == (points, Decimal(volume))
    assert result.implied_spacing_cm == (Decimal(spacing) if spacing else None)


@pytest.mark.parametrize(
    ("over", "missing"),
    [
        ({"technique": None}, {"technique"}),
        ({"technique": "T-XXX"}, {"technique"}),
        ({"zones": []}, {"zones"}),
        ({"zones": "top"}, {"zones"}),
        (area("80", ""), {"area_cm2"}),
        (area("0"), {"area_cm2"}),
        ({"spacing_cm": None}, {"spacing_cm"}),
        ({"spacing_cm": "1e-999999"}, {"spacing_cm"}),
        ({"ml_per_point": "1e999999"}, {"ml_per_point"}),
        ({**EPI, **FIXED, "volume_ml": "0"}, {"volume_ml"}),
        ({**FIXED, "volume_ml": None, **area("45")}, {"volume_ml"}),
        ({"zones": [], "spacing_cm": None, "ml_per_point": None}, {"zones", "spacing_cm", "ml_per_point"}),
    ],
)
def test_what_the_arithmetic_needs_is_missing_and_never_a_pass(over, missing):
    result, found = technique_alone(parse_plan(PLAN | over), catalogue=shipped())
    assert {finding.about for finding in found.findings} == missing
    assert (result, found.points) == ("cannot_conclude", None)


@pytest.mark.parametrize(
    ("over", "missing"),
    [
        ({"volume_mode": "by eye"}, "volume_mode"),
        ({"zones": [{"zone": "top", "area_cm2": "80"}, "vertex"]}, "area_cm2"),
    ],
)
def test_what_cannot_be_read_is_missing(over, missing):
    result, found = technique_alone(parse_plan(PLAN | over), catalogue=shipped())
    assert (result, codes(found)) == ("cannot_conclude", {f"missing FX-00 {missing}"})


@pytest.mark.parametrize(("depth", "usual"), [("0.99", True), ("1", False), ("1.00", False)])
def test_the_most_superficial_technique_stays_below_one_millimetre(depth, usual):
    allowed = shipped().row(Technique, "T-EPI").depth_mm
    assert (allowed.low <= Decimal(depth) <= allowed.high) is usual


def test_a_limit_that_is_broken_is_said_although_something_else_is_missing():
    result, found = technique_alone(parse_plan(PLAN | {"zones": [], "spacing_cm": "3"}), catalogue=shipped())
    assert (result, codes(found)) == ("blocked", {"block T-03", "missing FX-00 zones"})


@pytest.mark.parametrize(
    ("over", "code"),
    [
        ({"ml_per_point": "0"}, "block T-02"),
        ({"ml_per_point": "-0.05"}, "block T-02"),
        ({**FIXED, "ml_per_point": "0"}, "block T-02"),
        ({"spacing_cm": "0"}, "block T-03"),
        ({"spacing_cm": "-1"}, "block T-03"),
        ({**FIXED, "volume_ml": "0"}, "block T-03"),
        ({**FIXED, "volume_ml": "-1"}, "block T-03"),
        ({**EPI, **FIXED, "spacing_cm": "0.6"}, "block T-03"),
    ],
)
def test_nothing_at_all_is_outside_every_range(over, code):
    assert codes(judge(**over)) == {code}


@pytest.mark.parametrize("name", [None, "T-XXX"])
def test_a_depth_beyond_the_limit_stops_whatever_the_technique(name):
    assert codes(judge(technique=name, depth_mm="4.1")) == {"block T-01", "missing FX-00 technique"}


def test_a_finding_says_what_it_was_read_from():
    (finding,) = judge(**area("201")).findings
    assert {"points": "201", "volume_ml": "10.05", "spacing_cm": "1.0"}.items() <= dict(finding.inputs).items()


def test_an_area_of_nothing_is_not_measured_wherever_it_comes_from():
    plan = replace(parse_plan(PLAN), zones=(ZoneArea("top", Decimal(0)),))
    assert codes(check_technique(plan, catalogue=shipped())) == {"missing FX-00 area_cm2"}


def test_what_is_missing_carries_its_action_and_strength():
    row = shipped().row(FormulationRule, "FX-00")
    (finding,) = judge(zones=[]).findings
    assert (finding.version, finding.action, finding.strength) == (row.version, row.action, row.strength)
