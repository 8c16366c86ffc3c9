"""Completed years, months and days between dates (clinical.md 3.0 item 9)."""

from datetime import date, timedelta

from mesoclinic.rules.arithmetic import MONTHS_PER_YEAR

ONE_DAY = timedelta(days=1)


def completed_months(start: date, on: date) -> int:
    """Whole calendar months from start to on; a month is complete when the day of the month is reached."""
    months = (on.year - start.year) * MONTHS_PER_YEAR + on.month - start.month
    return months if on.day >= start.day else months - 1


def completed_years(born: date, on: date) -> int:
    """Age in completed years; born 29 February counts up on 1 March in common years."""
    return completed_months(born, on) // MONTHS_PER_YEAR


def days_between(start: date, on: date) -> int:
    """Whole days from start to on; negative when start lies after on."""
    return (on - start).days


def add_months(start: date, months: int) -> date:
    """The first day on which so many months are complete (31 August + 6 = 1 March)."""
    year, month = divmod(start.year * MONTHS_PER_YEAR + start.month - 1 + months, MONTHS_PER_YEAR)
    first = date(year, month + 1, 1)
    reached = first + timedelta(days=start.day - 1)
    if reached.month == first.month:
        return reached
    following = year * MONTHS_PER_YEAR + month + 1
    return date(following // MONTHS_PER_YEAR, following % MONTHS_PER_YEAR + 1, 1)
