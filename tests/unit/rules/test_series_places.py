"""What a course asks for and what a proposal says of itself."""

from datetime import UTC, datetime

import pytest

from sessions.rules.free_time import Place, Worker
from sessions.rules.series_places import Course, Interval, Placed, Proposal, Why

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
PLACE = Place(NINE, NINE, NINE, NINE, Worker(1, "Dr 1", {}, ()), room=None, device=None)


def test_a_course_reaches_as_far_as_its_windows_and_one_override():
    assert Course((Interval(5, 7, 9, 1, 20), Interval(10, 14, 18, 1, 30))).horizon_days == 9 + 18 + 30
    assert Course(()).horizon_days == 0


@pytest.mark.parametrize(
    ("place", "why", "adjusted"),
    [(PLACE, Why.CLOSED, True), (PLACE, Why.HELD, False), (PLACE, None, False), (None, Why.CLOSED, False)],
)
def test_a_session_is_adjusted_when_something_moved_it(place, why, adjusted):
    session = Placed(2, None, place, why=why)
    assert session.adjusted is adjusted
    assert Proposal((session, session, Placed(3, None, PLACE))).adjusted == 2 * adjusted
