"""Ages, months and the year of a consent, over every kind of day: month ends, 29 February, whole centuries."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mesoclinic.rules.calendar_math import add_months, completed_months, completed_years, days_between
from mesoclinic.rules.tri import Tri
from patients.rules.consent import Given, required_elements, valid_through, validity
from protocols.rules.kinds.schedule import ScheduleRule
from sessions.rules.schedule import consent_lapsed
from tests.builders.facts import shipped

DAY = timedelta(days=1)
LEAP_DAYS = st.sampled_from([date(2020, 2, 29), date(2024, 2, 29), date(2028, 2, 29), date(2096, 2, 29)])
MONTH_ENDS = st.builds(lambda year, month: date(year, month, 1) - DAY, st.integers(1950, 2100), st.integers(1, 12))
DAYS = st.one_of(st.dates(date(1920, 1, 1), date(2100, 12, 31)), LEAP_DAYS, MONTH_ENDS)
FORM, ELEMENTS = "treatment-1", frozenset(required_elements(shipped()))
SD_08 = shipped().row(ScheduleRule, "SD-08")


@given(start=DAYS, months=st.integers(0, 1440))
def test_so_many_months_are_complete_from_their_day_on_and_not_before(start, months):
    reached = add_months(start, months)
    assert completed_months(start, reached) == months
    assert completed_months(start, reached - DAY) == months - 1
    assert reached.day in (start.day, 1)


@given(born=DAYS, years=st.integers(0, 120))
def test_an_age_counts_up_on_the_birthday_and_on_1_march_for_those_born_on_29_february(born, years):
    birthday = add_months(born, years * 12)
    assert (completed_years(born, birthday), completed_years(born, birthday - DAY)) == (years, years - 1)
    same_day = (birthday.month, birthday.day) == (born.month, born.day)
    assert same_day or (born.month, born.day, birthday.month, birthday.day) == (2, 29, 3, 1)


@given(first=DAYS, second=DAYS, third=DAYS)
def test_days_add_up(first, second, third):
    assert days_between(first, second) + days_between(second, third) == days_between(first, third)
    assert days_between(first, second) == -days_between(second, first)


@given(signed=DAYS)
def test_a_consent_is_valid_through_the_same_calendar_day_a_year_later(signed):
    last = valid_through(signed, 12)
    day = 28 if (signed.month, signed.day) == (2, 29) else signed.day
    assert last == date(signed.year + 1, signed.month, day)


@given(signed=DAYS, later=st.integers(-3, 370))
def test_a_consent_covers_each_of_its_days_and_no_other(signed, later):
    on = signed + later * DAY
    consent = Given(plan_version=1, form=FORM, elements=ELEMENTS, signed_on=signed)
    held = validity(consent, plan_version=1, form=FORM, on=on, catalogue=shipped()).holds
    within = signed <= on <= valid_through(signed, 12)
    assert held is (Tri.YES if within else Tri.NO)
    if later >= 0:
        assert consent_lapsed(on, signed, Tri.YES, SD_08) is (Tri.NO if within else Tri.YES)


@given(signed=DAYS, current=st.sampled_from(Tri))
def test_a_consent_nobody_can_judge_is_not_a_valid_one(signed, current):
    assert consent_lapsed(signed, None, current, SD_08) is not Tri.NO
    assert (consent_lapsed(signed, signed, current, SD_08) is Tri.NO) == (current is Tri.YES)
