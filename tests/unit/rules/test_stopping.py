"""When a course stops, and who may have maintenance (clinical.md 6.3)."""

from datetime import date

import pytest

from mesoclinic.rules.tri import Tri
from patients.rules.candidacy import Verdict
from protocols.rules.kinds.schedule import CourseRule
from sessions.rules.outcome import Response
from sessions.rules.stopping import CourseEvents, hair_growth_claims_from, may_maintain, stops
from tests.builders.facts import shipped


@pytest.mark.parametrize(
    ("events", "rules"),
    [
        ({}, set()),
        (
            {"final_response": Response.RESPONDER, "worse": Tri.NO, "highest_grade": 2, "verdict": Verdict.CAUTION},
            set(),
        ),
        ({"final_response": Response.NON_RESPONDER}, {"STOP-1"}),
        ({"worse": Tri.YES}, {"STOP-2"}),
        ({"final_response": Response.WORSENED}, {"STOP-2"}),
        ({"sentinel_event": Tri.YES}, {"STOP-3"}),
        ({"sentinel_event": Tri.UNKNOWN}, {"STOP-3"}),
        ({"highest_grade": 3}, {"STOP-3"}),
        ({"highest_grade": 2}, set()),
        ({"stopping_event": Tri.YES, "highest_grade": 2}, {"STOP-3"}),
        ({"stopping_event": Tri.UNKNOWN}, {"STOP-3"}),
        ({"final_response": Response.STABILISED}, set()),
        ({"final_response": Response.NOT_ASSESSABLE}, set()),
        ({"verdict": Verdict.CANNOT_CONCLUDE}, set()),
        ({"verdict": Verdict.CONTRAINDICATED}, {"STOP-4"}),
        ({"verdict": Verdict.REFER}, {"STOP-4"}),
        ({"verdict": Verdict.DEFER}, set()),
        ({"withdrawn": True}, {"STOP-5"}),
    ],
)
def test_each_rule_stops_the_course(events, rules):
    assert {finding.rule for finding in stops(CourseEvents(**events), shipped())} == rules


def test_maintenance_is_for_responders_four_times_in_365_days():
    done = tuple(date(2026, month, 1) for month in (1, 4, 7, 10))
    on = date(2026, 12, 31)
    assert may_maintain(Response.RESPONDER, done[:3], on, shipped()) == ()
    assert [each.rule for each in may_maintain(Response.RESPONDER, done, on, shipped())] == ["MT-1"]
    assert may_maintain(Response.RESPONDER, done, date(2027, 1, 1), shipped()) == ()
    for response in (None, Response.STABILISED, Response.NON_RESPONDER, Response.NOT_ASSESSABLE):
        assert may_maintain(response, (), on, shipped())


def test_a_stop_carries_what_fired_it_and_says_why_in_plain_words():
    (stop,) = stops(CourseEvents(highest_grade=3), shipped())
    assert stop.inputs == (("sentinel_event", "no"), ("stopping_event", "no"), ("highest_grade", "3"))
    assert "->" not in stop.reason
    assert (stop.version, stop.action, stop.strength) == (1, "stop", "P")


@pytest.mark.parametrize("row", shipped().of(CourseRule), ids=lambda row: row.id)
def test_every_rule_of_a_course_has_a_plain_reason(row):
    assert row.reason
    assert row.action


def test_hair_growth_is_not_judged_before_six_months():
    assert hair_growth_claims_from(date(2026, 8, 31), shipped()) == date(2027, 3, 1)
