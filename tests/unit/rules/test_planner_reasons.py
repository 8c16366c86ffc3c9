"""Why a session is late or has no place."""

from datetime import timedelta

import pytest

from sessions.rules.planner import plan_series
from sessions.rules.series_places import Course, Interval, Preferences, Why
from tests.builders.free_clinic import CLINIC, MONDAY

WEEKLY = Interval(5, 7, 9, 1, 20)


def planned(course):
    return plan_series(CLINIC, course, Preferences(MONDAY), search_days=30, choices=3).sessions


@pytest.mark.parametrize(
    ("days_ago", "why"),
    [(7, None), (9, Why.PASSED), (10, Why.LATE), (20, Why.LATE), (21, Why.LAPSED)],
)
def test_after_its_window_a_session_is_late_and_after_the_longest_gap_it_has_lapsed(days_ago, why):
    (session,) = planned(Course((WEEKLY,), done=(MONDAY - timedelta(days=days_ago),)))
    assert (session.why, session.place is None) == (why, why in (Why.LATE, Why.LAPSED))
