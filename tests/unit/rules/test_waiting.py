"""In which order those who wait are asked."""

from datetime import UTC, date, datetime

from sessions.rules.waiting import Waiting, in_turn

SOON, LATER = date(2026, 3, 9), date(2026, 3, 16)
FIRST, SECOND = datetime(2026, 3, 2, 9, tzinfo=UTC), datetime(2026, 3, 2, 10, tzinfo=UTC)


def test_whoever_runs_out_of_time_comes_first_then_whoever_waits_longest():
    waiting = [
        Waiting(1, None, FIRST),
        Waiting(2, LATER, FIRST),
        Waiting(6, SOON, SECOND),
        Waiting(5, SOON, SECOND),
        Waiting(4, SOON, FIRST),
    ]
    assert in_turn(waiting) == in_turn(reversed(waiting)) == [4, 5, 6, 2, 1]
