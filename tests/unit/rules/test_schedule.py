"""When sessions may take place (clinical.md 6, 6.2)."""

from datetime import date, timedelta

import pytest

from mesoclinic.rules.tri import Tri
from protocols.rules.kinds.schedule import Interval, Protocol
from sessions.rules.schedule import Closed, CourseState, last_safe_date, plan_course
from tests.builders.facts import shipped

MONDAY = date(2026, 3, 2)
WEEKEND = frozenset({5, 6})


def day(offset):
    return MONDAY + timedelta(days=offset)


def planned(protocol="P1", done=(0,), requested=7, evaluated=None, **over):
    wanted = None if requested is None else day(requested)
    on = wanted or day(max(done, default=0)) if evaluated is None else day(evaluated)
    dates = tuple(day(each) for each in done)
    return plan_course(CourseState(protocol, on, done=dates, requested_on=wanted, **over), shipped())


def codes(schedule):
    return [finding.code for finding in schedule.findings]


@pytest.mark.parametrize("row", shipped().of(Protocol), ids=lambda row: row.id)
def test_the_target_days_of_a_protocol_are_its_intervals_added_up(row):
    days = [0]
    for name in row.intervals:
        days.append(days[-1] + shipped().row(Interval, name).target_days)
    assert list(row.target_days) == days
    assert len(days) == row.sessions


@pytest.mark.parametrize(
    ("protocol", "done", "bounds"),
    [
        ("P1", (0,), (6, 10, 20)),
        ("P2", (0, 7, 14, 21), (12, 21, 42)),
        ("P9", (0,), (18, 28, 56)),
        ("P2", (0, 7, 14, 21, 35, 49), (25, 42, 84)),
        ("P4", (0,), (80, 120, 240)),
        ("MT-1", (0,), (60, 180, 360)),
    ],
)
def test_the_gap_decides_between_too_soon_fine_late_and_too_late(protocol, done, bounds):
    fewest, most, longest = bounds
    expected = {
        fewest - 1: ["block SD-01"],
        fewest: [],
        most: [],
        most + 1: ["warn SD-02"],
        longest: ["warn SD-02"],
        longest + 1: ["block SD-06"],
    }
    recorded = frozenset({"interim", "interim2", "final"})
    for gap, findings in expected.items():
        assert codes(planned(protocol, done, done[-1] + gap, assessments_recorded=recorded)) == findings


def test_a_finding_carries_what_it_was_read_from():
    (soon,) = planned(requested=5).findings
    assert soon.inputs == (("last_session_on", "2026-03-02"), ("requested_on", "2026-03-07"), ("gap_days", "5"))
    (overdue,) = planned("P5", (0, 7, 14, 21, 35), 50).findings
    assert overdue.inputs == (("evaluated_on", "2026-04-21"), ("assessments_overdue", "interim"))
    (grave,) = planned(unresolved_grade=2).findings
    assert grave.inputs == (("unresolved_ae_grade", "2"), ("sentinel_open", "no"))


def test_a_window_without_an_open_day_is_told_beside_an_event_but_not_beside_a_wrong_gap():
    closed = Closed(dates=frozenset(day(offset) for offset in range(21)))
    assert codes(planned(closed=closed, unresolved_grade=2)) == ["block SD-05", "block SD-07"]
    assert codes(planned(requested=5, closed=closed)) == ["block SD-01"]


def test_a_blocked_date_gives_no_dates_and_a_late_one_plans_the_rest_from_itself():
    assert planned(requested=5).sessions == ()
    late = planned(done=(0, 7), requested=22)
    assert late.result == "ok_with_warnings"
    assert late.sessions[2:5] == (day(22), day(29), day(36))
    assert len(late.sessions) == 10


@pytest.mark.parametrize(("evaluated", "findings"), [(49, []), (50, ["block SD-03"])])
def test_an_assessment_overdue_for_more_than_14_days_blocks(evaluated, findings):
    state = {"protocol": "P5", "done": (0, 7, 14, 21, 35), "requested": 50, "evaluated": evaluated}
    assert codes(planned(**state)) == findings
    assert codes(planned(**state, assessments_recorded=frozenset({"interim"}))) == []


def test_an_assessment_of_a_session_not_given_yet_is_not_overdue():
    assert codes(planned("P5", (0, 7, 14, 21), 35, 70)) == []


def test_more_sessions_than_planned_block_and_the_gap_no_longer_matters():
    done = tuple(range(0, 70, 7))
    assert codes(planned("P1", done, 65)) == ["block SD-04"]
    assert codes(planned("P1", (0, 7), 14, planned_count=2)) == ["block SD-04"]


@pytest.mark.parametrize(("requested", "findings"), [(364, ["block SD-04"]), (365, [])])
def test_maintenance_has_four_sessions_within_any_365_days(requested, findings):
    assert codes(planned("MT-1", (0, 90, 180, 270), requested)) == findings


@pytest.mark.parametrize(
    ("over", "findings"),
    [
        ({"unresolved_grade": 1}, []),
        ({"unresolved_grade": 2}, ["block SD-05"]),
        ({"sentinel_open": Tri.YES}, ["block SD-05"]),
        ({"sentinel_open": Tri.UNKNOWN}, ["block SD-05"]),
    ],
)
def test_an_unsettled_adverse_event_blocks(over, findings):
    assert codes(planned(**over)) == findings


@pytest.mark.parametrize(
    ("over", "findings"),
    [
        ({}, []),
        ({"consent_on": date(2025, 3, 9)}, []),
        ({"consent_on": date(2025, 3, 8)}, ["block SD-08"]),
        ({"consent_on": date(2026, 3, 1), "consent_form_current": Tri.NO}, ["block SD-08"]),
        ({"consent_on": date(2026, 3, 1), "consent_form_current": Tri.YES}, []),
    ],
)
def test_a_lapsed_consent_blocks_booking_and_a_missing_one_does_not(over, findings):
    assert codes(planned(requested=7, **over)) == findings


def test_a_closed_target_moves_to_the_nearest_open_day_and_the_later_of_two():
    closed = Closed(dates=frozenset({day(14)}))
    assert planned(closed=closed).sessions[1:4] == (day(7), day(15), day(22))
    closed = Closed(dates=frozenset({day(14), day(15)}))
    assert planned(closed=closed).sessions[2] == day(13)


def test_a_window_without_an_open_day_blocks():
    closed = Closed(dates=frozenset(day(offset) for offset in range(13, 18)))
    schedule = planned(closed=closed)
    assert (schedule.result, codes(schedule)) == ("blocked", ["block SD-07"])


def test_a_closed_first_day_and_a_closed_assessment_move_to_the_next_open_day():
    closed = Closed(WEEKEND, frozenset({MONDAY, day(106)}))
    state = CourseState("P1", MONDAY, start=day(-1), closed=closed)
    schedule = plan_course(state, shipped())
    assert schedule.sessions[0] == day(1)
    assert schedule.assessments["final"] == day(107)
    assert all(each.weekday() not in WEEKEND for each in schedule.sessions)


def test_a_clinic_that_never_opens_cannot_be_planned():
    state = CourseState("P1", MONDAY, start=MONDAY, closed=Closed(frozenset(range(7))))
    assert codes(plan_course(state, shipped())) == ["block SD-07"]


def test_an_assessment_keeps_its_distance_from_its_session_and_later_ones_do_not_move_it():
    late = planned("P7", (0, 7, 14, 21, 35), 55, assessments_recorded=frozenset({"interim"}))
    assert late.assessments == {"interim": day(42), "interim2": day(55 + 56 + 21), "final": day(55 + 56 + 63)}


def test_the_window_after_the_last_session_is_shown_and_there_is_none_after_the_course():
    window = planned("P2", (0, 7), None).window
    assert (window.earliest, window.target, window.latest) == (day(13), day(14), day(17))
    assert planned("P4", (0, 90, 180), None).window is None
    assert last_safe_date(3, day(7), shipped().row(Protocol, "P2"), shipped()) == day(17)
