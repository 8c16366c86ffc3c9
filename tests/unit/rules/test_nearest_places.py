"""What is offered in place of a time that is taken."""

from datetime import UTC, date, datetime, time

from sessions.rules.free_time import Wish, nearest_places
from tests.builders.free_clinic import CLINIC, MADRID, MONDAY


def offered(hour, minute=0, *, day=MONDAY, days=7, count=3, wish=None, clinic=CLINIC):
    wanted = datetime.combine(day, time(hour, minute), MADRID).astimezone(UTC)
    found = nearest_places(clinic, wanted, wish or Wish(), days=days, count=count)
    return [f"{place.starts_at.astimezone(MADRID):%a %H:%M}" for place in found]


def test_the_nearest_times_come_first_whether_before_or_after():
    assert offered(10) == ["Mon 10:00", "Mon 09:30", "Mon 10:30"]
    assert offered(10, count=2) == ["Mon 10:00", "Mon 09:30"]


def test_the_next_days_are_looked_at_only_while_too_few_are_found():
    assert offered(10, count=4) == ["Mon 10:00", "Mon 09:30", "Mon 10:30", "Mon 09:00"]
    assert offered(10, count=6) == ["Mon 10:00", "Mon 09:30", "Mon 10:30", "Mon 09:00", "Tue 09:00", "Tue 09:30"]
    assert offered(12, count=4) == ["Mon 10:30", "Mon 10:00", "Mon 09:30", "Mon 09:00"]
    assert offered(23, count=4) == ["Mon 10:30", "Mon 10:00", "Mon 09:30", "Mon 09:00"]
    assert offered(10, days=1, count=6) == ["Mon 10:00", "Mon 09:30", "Mon 10:30", "Mon 09:00"]


def test_closed_days_offer_nothing_and_the_day_is_that_of_the_clinic():
    assert offered(10, day=date(2026, 3, 7), count=1) == ["Mon 09:00"]
    assert offered(0, 30, day=date(2026, 3, 3), count=1) == ["Tue 09:00"]


def test_wishes_are_kept():
    assert offered(10, wish=Wish(earliest=time(10, 30)), count=2) == ["Mon 10:30", "Tue 10:30"]
