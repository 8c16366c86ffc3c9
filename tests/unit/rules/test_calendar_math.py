from datetime import date

import pytest

from mesoclinic.rules.calendar_math import add_months, completed_months, completed_years, days_between


@pytest.mark.parametrize(
    ("born", "on", "years"),
    [
        (date(1992, 3, 14), date(2010, 3, 13), 17),
        (date(1992, 3, 14), date(2010, 3, 14), 18),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
        (date(2004, 2, 29), date(2024, 2, 29), 20),
    ],
)
def test_age_counts_completed_years(born, on, years):
    assert completed_years(born, on) == years


@pytest.mark.parametrize(
    ("start", "on", "months"),
    [
        (date(2025, 8, 31), date(2026, 2, 28), 5),
        (date(2025, 8, 31), date(2026, 3, 1), 6),
        (date(2025, 12, 15), date(2026, 1, 14), 0),
        (date(2025, 12, 15), date(2026, 1, 15), 1),
    ],
)
def test_a_month_is_complete_when_its_day_is_reached(start, on, months):
    assert completed_months(start, on) == months


@pytest.mark.parametrize(
    ("start", "months", "day"),
    [
        (date(2025, 8, 31), 6, date(2026, 3, 1)),
        (date(2025, 8, 15), 6, date(2026, 2, 15)),
        (date(2025, 12, 31), 2, date(2026, 3, 1)),
        (date(2025, 10, 31), 1, date(2025, 12, 1)),
        (date(2025, 11, 30), 1, date(2025, 12, 30)),
    ],
)
def test_adding_months_gives_the_first_day_on_which_they_are_complete(start, months, day):
    assert add_months(start, months) == day


def test_days_between_is_negative_for_a_later_start():
    assert days_between(date(2026, 3, 2), date(2026, 3, 1)) == -1
